"""How each number is defined, in words: what is counted, when it is settled, and which caption it carries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jkpi.formatting import page_text
from jkpi.formatting.durations import IN_OPEN_HOURS, OPEN_SECONDS
from jkpi.living_map.page_data import Kpi

PRIMARY: Mapping[str, str] = {
    "csat": "top_box",
    "csat_mean": "mean",
    "nps": "nps",
    "ces": "share_easy",
    "drop_off": "drop_off",
    "conversion": "conversion",
    "time_to_resolve": "share_within",
    "time_in_stage": "median",
    "repeat_contact": "repeat_contact",
    "occurrence": "occurrence",
    "volume": "volume",
}
"""The statistic a KPI is told by when no reading says which one it is."""

_UNITS: Mapping[str, str] = {
    "nps": "points",
    "mean": "points",
    "median": "seconds",
    "p90": "seconds",
    "peak_end": "score",
    "unknown": "count",
    "volume": "count",
}


def unit_of(statistic: str, rule: Mapping[str, Any]) -> str:
    """share, seconds, points, score or count; open_seconds where a calendar counts them."""
    unit = _UNITS.get(statistic, "share")
    return OPEN_SECONDS if unit == "seconds" and rule.get("calendar") else unit


def within(seconds: float, rule: Mapping[str, Any]) -> str:
    """A time in which so many are done, as an alert has it: 5.1 h; 5 h 7 min of open time."""
    return page_text.open_span(seconds) if rule.get("calendar") else page_text.duration(seconds)


def caption(kpi: Kpi, statistic: str) -> str:
    """The few words beneath the number: what it is the share, or the length, of."""
    rule = kpi.rule
    if statistic == "share_within":
        return f"done within {_tolerance(rule)}"
    fixed = {
        "nps": "promoters minus detractors",
        "share_easy": "found it easy",
        "mean": f"mean score on the scale {_scale(rule)}",
        "median": f"half were done within this{_open(rule)}",
        "p90": f"nine in ten were done within this{_open(rule)}",
        "unknown": "answers that do not say",
        "coverage": "of the passages gave a score",
        "promoters": "promoters",
        "passives": "passives",
        "detractors": "detractors",
    }
    if statistic in fixed:
        return fixed[statistic]
    captions: Mapping[str, Callable[[], str]] = {
        "csat": lambda: f"gave {_box(rule)}",
        "drop_off": lambda: f"went no further{_within(rule)}",
        "conversion": lambda: f"{'moved on' if kpi.stage else 'came through to the end'}{_within(rule)}",
        "repeat_contact": lambda: "of all passages",
        "occurrence": lambda: "of all passages",
        "first_contact": lambda: "of the passages with a contact had one and were done",
        "self_service": lambda: "of the completed passages met nobody",
        "emotion": lambda: f"felt {_name(rule.get('emotion'))}",
        "response_rate": lambda: f"of the invitations were answered{_within(rule)}",
        "peak_end": lambda: "from 0, the worst, to 1",
        "volume": lambda: "in the week",
        "rate": lambda: f"were {_name(rule.get('measure'))}",
    }
    return captions[kpi.kind]() if kpi.kind in captions else page_text.humanise(statistic).lower()


def formula(kpi: Kpi) -> str:
    """The definition in one or two sentences."""
    rule = kpi.rule
    asked = f"the answers to {_survey(rule)}{_on(rule)}"
    of = _name(rule.get("of_touchpoint"))
    formulas: Mapping[str, Callable[[], str]] = {
        "rate": lambda: (
            f"How many were {_name(rule.get('measure'))}, out of all that were counted with them, in the period."
        ),
        "csat": lambda: f"Of {asked}, the share in the top box ({_box(rule)}).",
        "csat_mean": lambda: f"The mean of {asked}, on its own scale {_scale(rule)}, with a t interval.",
        "nps": lambda: (
            f"Of {asked}, the share of promoters (9 or 10) minus the share of detractors (0 to 6), times 100. "
            "The interval follows from the variance of the three shares."
        ),
        "ces": lambda: f"Of {asked}, the share on the easy side of the scale {_scale(rule)} ({_polarity(rule)}).",
        "drop_off": lambda: (
            f"Of the visits that entered this stage, the share that reached no later stage{_within(rule)}. "
            "A stage that was skipped is not counted."
        ),
        "conversion": lambda: (
            f"Of the visits that entered this stage, the share that reached a later one{_within(rule)}."
            if kpi.stage
            else f"Of the journeys that began, the share that reached the last stage{_within(rule)}."
        ),
        "time_to_resolve": lambda: (
            f"From {_name(rule.get('from_touchpoint'))} to {_name(rule.get('to_touchpoint'))}: the share done within "
            f"{_tolerance(rule)}. An open case already beyond it counts as a miss; one still inside it is undecided. "
            f"For the median and nine-in-ten an open case counts as far as it has come (Kaplan-Meier).{_calendar(rule)}"
        ),
        "time_in_stage": lambda: (
            "The time from entering this stage to leaving it; a visit that has not ended counts as far as it has come "
            f"(Kaplan-Meier).{_calendar(rule)}"
        ),
        "repeat_contact": lambda: f"Of the journeys that began, the share in which {of} happened {_times(rule, 2)}.",
        "occurrence": lambda: f"Of the journeys that began, the share in which {of} happened {_times(rule, 1)}.",
        "first_contact": lambda: (
            f"Of the journeys with at least one {of if rule.get('of_touchpoint') else 'contact'}, the share that was "
            "completed with exactly one."
        ),
        "self_service": lambda: "Of the journeys that were completed, the share that met no staffed touchpoint.",
        "emotion": lambda: (
            f"Of {asked} that say whether {_name(rule.get('emotion'))} was present or absent, the share in which it "
            "was present. What does not say is counted beside it, never guessed; an emotion has no degree."
        ),
        "response_rate": lambda: (
            f"Of the eligible invitations to {_survey(rule)}, the share that was answered{_within(rule)}. An "
            "invitation of which nobody knows whether it was eligible counts as one."
        ),
        "peak_end": lambda: (
            "For each journey the mean of its most extreme and its last score, each from 0 (the bad end of its scale) "
            "to 1; then the mean over the journeys that gave any."
        ),
        "volume": lambda: (
            f"How often {of} happened."
            if rule.get("of_touchpoint")
            else _volume_of("stage" if kpi.stage else "journey")
        ),
    }
    return formulas[kpi.kind]() if kpi.kind in formulas else f"A {page_text.humanise(kpi.kind).lower()} reading."


def maturity(kpi: Kpi) -> str:
    """When a number of this kind is final, and to which day it belongs."""
    late = "plus the time late data may take"
    if kpi.kind == "response_rate":
        return f"Belongs to the day of the invitation; final once{_after(kpi.rule)} that day is over, {late}."
    if kpi.kind == "peak_end":
        wait = _number(kpi.rule, "window_seconds", 0)
        return (
            f"Belongs to the day the journey began; final {page_text.span(wait)} after the journey has ended or its window "
            f"has passed, {late}."
        )
    if kpi.kind in ("csat", "csat_mean", "nps", "ces", "emotion"):
        return f"Belongs to the day of the answer; final when that day is over, {late}."
    if kpi.kind == "volume":
        return f"Belongs to the day it happened; final when that day is over, {late}."
    if kpi.kind == "rate":
        return f"Belongs to the day, week or month that was counted; final when that is over, {late}."
    if kpi.kind in ("drop_off", "conversion") and kpi.stage:
        return f"Belongs to the day the stage was entered; final once{_after(kpi.rule)} every visit is decided, {late}."
    if kpi.kind == "time_in_stage":
        return (
            f"Belongs to the day the stage was entered; final once the visits of that day can change no more, {late}."
        )
    if kpi.kind == "time_to_resolve":
        begun = _name(kpi.rule.get("from_touchpoint"))
        return f"Belongs to the day of {begun}; final once the cases of that day can change no more, {late}."
    return f"Belongs to the day the journey began; final once the journey has ended or its window has passed, {late}."


def _number(rule: Mapping[str, Any], key: str, default: float) -> float:
    value = rule.get(key)
    return default if value is None else float(value)


def _name(touchpoint: Any) -> str:
    return f"“{page_text.humanise(str(touchpoint)).lower()}”" if touchpoint else "the touchpoint"


def _survey(rule: Mapping[str, Any]) -> str:
    survey = _name(rule["survey"]) if rule.get("survey") else "every survey"
    return f"{survey}, question {_name(rule['question'])}" if rule.get("question") else survey


def _on(rule: Mapping[str, Any]) -> str:
    return f" about {_name(rule['on_touchpoint'])}" if rule.get("on_touchpoint") else ""


def _open(rule: Mapping[str, Any]) -> str:
    return f" {IN_OPEN_HOURS}" if rule.get("calendar") else ""


def _calendar(rule: Mapping[str, Any]) -> str:
    calendar = rule.get("calendar")
    return f" Only the open hours of {_name(calendar)} count." if calendar else ""


def _scale(rule: Mapping[str, Any]) -> str:
    if rule.get("scale_min") is None or rule.get("scale_max") is None:
        return "of the survey"
    return f"{rule['scale_min']:g} to {rule['scale_max']:g}"


def _box(rule: Mapping[str, Any]) -> str:
    if rule.get("box_min") is None:
        return "top of the scale"
    low, high = rule["box_min"], rule.get("scale_max")
    return f"{low:g} or more" if high is None else f"{low:g} to {high:g} on the scale {_scale(rule)}"


def _polarity(rule: Mapping[str, Any]) -> str:
    return "low is easy" if rule.get("polarity") == "low_is_easy" else "high is easy"


def _within(rule: Mapping[str, Any]) -> str:
    seconds = rule.get("window_seconds")
    return f" within {page_text.span(seconds)}" if seconds else ""


def _after(rule: Mapping[str, Any]) -> str:
    seconds = rule.get("window_seconds")
    return f" {page_text.span(seconds)} have passed and" if seconds else ""


def _tolerance(rule: Mapping[str, Any]) -> str:
    if rule.get("tolerance_is_due"):
        return "the time promised for the case"
    seconds = rule.get("tolerance_seconds")
    if not seconds:
        return "tolerance"
    return page_text.open_span(seconds) if rule.get("calendar") else page_text.span(seconds)


def _times(rule: Mapping[str, Any], default: int) -> str:
    least = int(_number(rule, "at_least", default))
    return "at least once" if least == 1 else "more than once" if least == 2 else f"{least} times or more"


def _volume_of(what: str) -> str:
    return "How many journeys visited this stage." if what == "stage" else "How many journeys began."
