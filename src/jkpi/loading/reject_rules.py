"""Reject rules: SQL conditions with a fixed reason each. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jkpi.loading.expressions import TimeParser, as_number, literal, looks_like_decimal_comma
from jkpi.loading.landing_schema import LandingTable
from jkpi.loading.model import Source
from jkpi.loading.rows import WAVE_COLUMN

MIN_WEIGHT, MAX_WEIGHT = 1e-6, 1e6
"""Survey weights are summed in decimals of 20 places, so that the order of rows changes no digit."""
_COMMA_HINT = " (a decimal comma? write format: {decimal: ','} in the source)"


@dataclass(frozen=True)
class RejectRule:
    """SQL over the CTE `parsed`: a condition, and the reason and detail if it is true."""

    condition: str
    reason: str
    detail: str


def reject_rules(source: Source, landing: LandingTable, times: TimeParser, latest: datetime) -> list[RejectRule]:
    """The rules in order; the first true condition gives the reason. latest: naive UTC; later rows are rejected."""
    columns = source.columns
    rules: list[RejectRule] = []
    if columns.response_id:
        # A row without an id that has only a comment: what it lacks first of all is the answer.
        rules.append(RejectRule("key_text is null and t_value is null and t_emotion is null", "'no score'", "null"))
    if columns.event_id or columns.response_id or columns.invitation_id:
        rules.append(RejectRule("key_text is null", "'missing id'", literal(landing.id_column)))
    if source.kind == "customers":
        rules.append(RejectRule("customer_id is null", "'missing id'", "'customer_id'"))
    elif source.kind != "counts" and (
        source.kind == "touchpoints" or not (columns.response_id or columns.invitation_id)
    ):
        no_person = "customer_id is null and t_case_id is null"
        rules.append(RejectRule(no_person, "'no customer and no case'", "null"))
    if landing.latest:
        cursor = literal(f"{source.origin.cursor}: ")
        rules.append(RejectRule("t_cursor is null", "'missing cursor'", literal(source.origin.cursor)))
        rules.append(
            RejectRule("cursor_position is null", "'cursor is neither a time nor a number'", f"{cursor} || t_cursor")
        )
    if source.kind != "customers" or columns.valid_from:
        optional = source.kind == "customers"
        rules.extend(_time_rules(times, "t_at", "event_at", landing.time_column, latest, optional))
    rules.extend(_touchpoint_rules(source))
    for field in ("due_at", "asked_at"):
        if getattr(columns, field):
            rules.append(_unreadable_rule(times, f"t_{field}", field, field))
    if source.kind in ("responses", "invitations"):
        rules.append(RejectRule("t_survey is null", "'missing survey'", "null"))
    if source.wave == "file":
        # A line that was split by hand lost the name of its file.
        rules.append(RejectRule("t_wave is null", "'missing wave'", literal(WAVE_COLUMN)))
    if source.kind == "responses":
        rules.extend(_response_rules(source))
    if source.kind == "counts":
        rules.extend(_count_rules(source))
    if columns.eligible:
        not_boolean = "t_eligible is not null and try_cast(t_eligible as boolean) is null"
        rules.append(RejectRule(not_boolean, "'not a boolean'", "'eligible: ' || t_eligible"))
    return rules


def _time_rules(
    times: TimeParser, text: str, value: str, field: str, latest: datetime, optional: bool
) -> list[RejectRule]:
    detail = f"'{field}: ' || {text}"
    missing = [] if optional else [RejectRule(f"{text} is null", "'missing date'", literal(field))]
    return [
        *missing,
        _unreadable_rule(times, text, value, field),
        RejectRule(f"{value} > timestamp '{latest:%Y-%m-%d %H:%M:%S}'", "'date in the future'", detail),
        RejectRule(f"{value} < timestamp '1970-01-01'", "'date before 1970'", detail),
    ]


def _unreadable_rule(times: TimeParser, text: str, value: str, field: str) -> RejectRule:
    reason = f"case when {times.is_impossible_date(text)} then 'impossible date' else 'unreadable date' end"
    return RejectRule(f"{text} is not null and {value} is null", reason, f"'{field}: ' || {text}")


def _touchpoint_rules(source: Source) -> list[RejectRule]:
    if source.kind == "customers" or source.milestones or not source.columns.touchpoint:
        return []
    missing = "missing touchpoint" if source.kind == "touchpoints" else "response without touchpoint"
    return [
        RejectRule("touchpoint is null and t_touchpoint is null", literal(missing), "null"),
        RejectRule("touchpoint is null", "'unknown touchpoint'", "t_touchpoint"),
    ]


def _response_rules(source: Source) -> list[RejectRule]:
    value = f"({as_number('t_value', source.format.decimal)})"
    is_not_number = f"t_value is not null and ({value} is null or not isfinite({value}))"
    rules = [RejectRule(is_not_number, "'score is not a number'", _not_a_number("t_value", source))]
    if source.scale:
        low, high = source.scale
        outside = f"{value} not between {low!r} and {high!r}"
        rules.append(
            RejectRule(outside, "'score outside its scale'", f"t_value || ' is not within {low:g} to {high:g}'")
        )
    if source.columns.weight:
        rules += _weight_rules(source)
    if source.columns.emotion_state:
        unknown_state = "lower(t_emotion_state) not in ('present', 'absent', 'unknown')"
        rules.append(RejectRule(unknown_state, "'unknown emotion state'", "t_emotion_state"))
    return rules


def _weight_rules(source: Source) -> list[RejectRule]:
    weight = f"({as_number('t_weight', source.format.decimal)})"
    return [
        RejectRule("t_weight is null", "'missing weight'", "null"),
        RejectRule(
            f"{weight} is null or not isfinite({weight})", "'weight is not a number'", _not_a_number("t_weight", source)
        ),
        RejectRule(f"{weight} <= 0", "'weight is not above zero'", "t_weight"),
        RejectRule(
            f"{weight} not between {MIN_WEIGHT!r} and {MAX_WEIGHT!r}",
            "'weight is out of range'",
            f"t_weight || ' is not within {MIN_WEIGHT:.6f} to {MAX_WEIGHT:.0f}'",
        ),
    ]


def _not_a_number(text: str, source: Source) -> str:
    """The text, with a hint if it looks like a number with a decimal comma."""
    if source.format.decimal is not None:
        return text
    return f"{text} || case when {looks_like_decimal_comma(text)} then {literal(_COMMA_HINT)} else '' end"


def _count_rules(source: Source) -> list[RejectRule]:
    numerator, denominator = (
        f"({as_number(text, source.format.decimal)})" for text in ("t_numerator", "t_denominator")
    )
    detail = "coalesce(t_numerator, '?') || ' of ' || coalesce(t_denominator, '?')"
    numbers = (
        f"{numerator} is null or {denominator} is null or not isfinite({numerator}) or not isfinite({denominator})"
    )
    return [
        RejectRule(
            f"event_at <> date_trunc({literal(source.period)}, event_at)",
            literal(f"not the first day of a {source.period}"),
            "t_at",
        ),
        RejectRule("t_numerator is null or t_denominator is null", "'incomplete count'", detail),
        RejectRule(numbers, "'count is not a number'", detail),
        RejectRule(
            f"{numerator} <> floor({numerator}) or {denominator} <> floor({denominator})",
            "'count is not whole'",
            detail,
        ),
        RejectRule(f"{numerator} < 0 or {denominator} < 0", "'count below zero'", detail),
        RejectRule(f"{numerator} > {denominator}", "'numerator above denominator'", detail),
    ]
