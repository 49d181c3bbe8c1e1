"""Why a row cannot be understood: conditions in SQL, each with a reason that is the same word every time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jkpi.loading.expressions import Times, as_number, literal, with_comma
from jkpi.loading.landing_schema import Landing
from jkpi.loading.model import Source

_COMMA = " (a decimal comma? write format: {decimal: ','} in the source)"


@dataclass(frozen=True)
class Rule:
    """SQL over the CTE `timed`: a condition, and texts for reason and detail where it holds."""

    condition: str
    reason: str
    detail: str


def rules(source: Source, landing: Landing, times: Times, latest: datetime) -> list[Rule]:
    """In the order in which they are told: the first that holds is the reason. `latest` is naive UTC."""
    columns = source.columns
    found: list[Rule] = []
    if columns.event_id or columns.response_id or columns.invitation_id:
        found.append(Rule("key_text is null", "'missing id'", literal(landing.identity)))
    if source.kind == "customers":
        found.append(Rule("customer_id is null", "'missing id'", "'customer_id'"))
    elif source.kind != "counts" and (
        source.kind == "touchpoints" or not (columns.response_id or columns.invitation_id)
    ):
        nobody = "customer_id is null and t_case_id is null"
        found.append(Rule(nobody, "'no customer and no case'", "null"))
    if source.kind != "customers" or columns.valid_from:
        optional = source.kind == "customers"
        found.extend(_time(times, "t_at", "happened", landing.time, latest, optional))
    found.extend(_touchpoint(source))
    for field in ("due_at", "asked_at"):
        if getattr(columns, field):
            found.append(_unreadable(times, f"t_{field}", field, field))
    if source.kind in ("responses", "invitations"):
        found.append(Rule("t_survey is null", "'missing survey'", "null"))
    if source.kind == "responses":
        found.extend(_answer(source))
    if source.kind == "counts":
        found.extend(_counts(source))
    if columns.eligible:
        unclear = "t_eligible is not null and try_cast(t_eligible as boolean) is null"
        found.append(Rule(unclear, "'neither yes nor no'", "'eligible: ' || t_eligible"))
    return found


def _time(times: Times, text: str, value: str, field: str, latest: datetime, optional: bool) -> list[Rule]:
    told = f"'{field}: ' || {text}"
    missing = [] if optional else [Rule(f"{text} is null", "'missing date'", literal(field))]
    return [
        *missing,
        _unreadable(times, text, value, field),
        Rule(f"{value} > timestamp '{latest:%Y-%m-%d %H:%M:%S}'", "'date in the future'", told),
        Rule(f"{value} < timestamp '1970-01-01'", "'date before 1970'", told),
    ]


def _unreadable(times: Times, text: str, value: str, field: str) -> Rule:
    why = f"case when {times.impossible(text)} then 'impossible date' else 'unreadable date' end"
    return Rule(f"{text} is not null and {value} is null", why, f"'{field}: ' || {text}")


def _touchpoint(source: Source) -> list[Rule]:
    if source.kind == "customers" or source.milestones or not source.columns.touchpoint:
        return []
    missing = "missing touchpoint" if source.kind == "touchpoints" else "answer without touchpoint"
    return [
        Rule("touchpoint is null and t_touchpoint is null", literal(missing), "null"),
        Rule("touchpoint is null", "'unknown touchpoint'", "t_touchpoint"),
    ]


def _answer(source: Source) -> list[Rule]:
    value = f"({as_number('t_answer', source.format.decimal)})"
    not_one = f"t_answer is not null and ({value} is null or not isfinite({value}))"
    found = [Rule(not_one, "'score is not a number'", _not_a_number("t_answer", source))]
    if source.scale:
        low, high = source.scale
        outside = f"{value} not between {low!r} and {high!r}"
        found.append(Rule(outside, "'score outside its scale'", f"t_answer || ' is not within {low:g} to {high:g}'"))
    if source.columns.emotion_state:
        odd = "lower(t_emotion_state) not in ('present', 'absent', 'unknown')"
        found.append(Rule(odd, "'unknown emotion state'", "t_emotion_state"))
    return found


def _not_a_number(text: str, source: Source) -> str:
    """The text, and of a decimal comma how it is said: nobody looks for that among the reasons."""
    if source.format.decimal is not None:
        return text
    return f"{text} || case when {with_comma(text)} then {literal(_COMMA)} else '' end"


def _counts(source: Source) -> list[Rule]:
    many, of = (f"({as_number(text, source.format.decimal)})" for text in ("t_count", "t_of"))
    told = "coalesce(t_count, '?') || ' of ' || coalesce(t_of, '?')"
    numbers = f"{many} is null or {of} is null or not isfinite({many}) or not isfinite({of})"
    return [
        Rule(
            f"happened <> date_trunc({literal(source.covers)}, happened)",
            literal(f"not the first day of a {source.covers}"),
            "t_at",
        ),
        Rule("t_count is null or t_of is null", "'half a count'", told),
        Rule(numbers, "'count is not a number'", told),
        Rule(f"{many} <> floor({many}) or {of} <> floor({of})", "'count is not whole'", told),
        Rule(f"{many} < 0 or {of} < 0", "'count below zero'", told),
        Rule(f"{many} > {of}", "'more counted than there were'", told),
    ]
