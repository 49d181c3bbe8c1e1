"""The definition of each KPI in words: what is counted, when a reading is final, and the caption of a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jkpi.formatting.durations import IN_OPEN_HOURS, OPEN_SECONDS
from jkpi.formatting.numbers import titleize
from jkpi.living_map import page_text
from jkpi.living_map.page_data import KpiData

DEFAULT_STATISTICS: Mapping[str, str] = {
    "csat": "top_box",
    "csat_mean": "mean",
    "nps": "nps",
    "ces": "share_easy",
    "drop_off": "drop_off",
    "conversion": "conversion",
    "time_to_resolve": "share_within",
    "promises_kept": "promises_kept",
    "time_in_stage": "median",
    "repeat_contact": "repeat_contact",
    "occurrence": "occurrence",
    "volume": "volume",
}
"""The statistic of a KPI kind, used when there is no reading yet."""

_UNIT_BY_STATISTIC: Mapping[str, str] = {
    "nps": "points",
    "mean": "points",
    "median": "seconds",
    "p90": "seconds",
    "peak_end": "score",
    "unknown": "count",
    "without_promise": "count",
    "volume": "count",
}

_OPEN_CASES_TEXT = " A case that is still open counts as a miss once it has taken longer; until then it is not mature."


def unit_of_statistic(statistic: str, parameters: Mapping[str, Any]) -> str:
    """share, seconds, points, score or count; open_seconds where a calendar counts them."""
    unit = _UNIT_BY_STATISTIC.get(statistic, "share")
    return OPEN_SECONDS if unit == "seconds" and parameters.get("calendar") else unit


def format_within(seconds: float, parameters: Mapping[str, Any]) -> str:
    """The time limit of an alert: 5.1 h; 5 h 7 min of open time."""
    return (
        page_text.format_declared_duration(seconds, open_hours=True)
        if parameters.get("calendar")
        else page_text.format_rounded_duration(seconds)
    )


def caption(kpi: KpiData, statistic: str) -> str:
    """The caption of a value: what it is a share or a duration of."""
    parameters = kpi.parameters
    if statistic == "share_within":
        return f"done within {_tolerance_text(parameters)}"
    fixed_captions = {
        "nps": "promoters minus detractors",
        "share_easy": "found it easy",
        "mean": f"mean score on the scale {_scale_text(parameters)}",
        "median": f"median{_open_hours_suffix(parameters)}",
        "p90": f"90th percentile{_open_hours_suffix(parameters)}",
        "unknown": "responses without an answer",
        "without_promise": "cases that began without a promise",
        "closed_within": f"of the cases that began were closed within {_early_part_text(parameters)}",
        "coverage": "of journey instances gave a score",
        "promoters": "promoters",
        "passives": "passives",
        "detractors": "detractors",
    }
    if statistic in fixed_captions:
        return fixed_captions[statistic]
    captions: Mapping[str, Callable[[], str]] = {
        "csat": lambda: f"gave {_top_box_text(parameters)}",
        "drop_off": lambda: f"dropped off{_within_window(parameters)}",
        "conversion": lambda: f"{'progressed' if kpi.stage else 'completed the journey'}{_within_window(parameters)}",
        "repeat_contact": lambda: "of all journey instances",
        "occurrence": lambda: "of all journey instances",
        "first_contact": lambda: "of instances with a contact were resolved at the first",
        "self_service": lambda: "of completed instances met no staff",
        "emotion": lambda: f"felt {_quoted_name(parameters.get('emotion'))}",
        "promises_kept": lambda: "of the promises due were kept",
        "response_rate": lambda: f"of the invitations were answered{_within_window(parameters)}",
        "peak_end": lambda: "from 0, the worst, to 1",
        "volume": lambda: "in the week",
        "rate": lambda: f"were {_quoted_name(parameters.get('measure'))}",
    }
    return captions[kpi.kind]() if kpi.kind in captions else titleize(statistic).lower()


def formula(kpi: KpiData) -> str:
    """The definition in one or two sentences."""
    parameters = kpi.parameters
    responses_text = f"the responses to {_survey_text(parameters)}{_touchpoint_suffix(parameters)}"
    touchpoint_text = _quoted_name(parameters.get("of_touchpoint"))
    formulas: Mapping[str, Callable[[], str]] = {
        "rate": lambda: (
            f"How many were {_quoted_name(parameters.get('measure'))}, out of all that were counted in the period."
        ),
        "csat": lambda: f"Of {responses_text}, the share in the top box ({_top_box_text(parameters)}).",
        "csat_mean": lambda: (
            f"The mean of {responses_text}, on its own scale {_scale_text(parameters)}, with a t interval."
        ),
        "nps": lambda: (
            f"Of {responses_text}, the share of promoters (9 or 10) minus the share of detractors (0 to 6), times 100. "
            "The interval follows from the variance of the three shares."
        ),
        "ces": lambda: (
            f"Of {responses_text}, the share on the easy side of the scale {_scale_text(parameters)}"
            f" ({_polarity_text(parameters)})."
        ),
        "drop_off": lambda: (
            f"Of the visits that entered this stage, the share that reached no later stage{_within_window(parameters)}."
            " A skipped stage is not counted."
        ),
        "conversion": lambda: (
            f"Of the visits that entered this stage, the share that reached a later one{_within_window(parameters)}."
            if kpi.stage
            else f"Of the journeys that began, the share that reached the last stage{_within_window(parameters)}."
        ),
        "time_to_resolve": lambda: (
            f"From {_quoted_name(parameters.get('from_touchpoint'))}"
            f" to {_quoted_name(parameters.get('to_touchpoint'))}: "
            + (
                f"the share done within {_tolerance_text(parameters)}.{_OPEN_CASES_TEXT} For the median and the 90th"
                " percentile an open case counts with its time so far (Kaplan-Meier)."
                if parameters.get("tolerance_seconds")
                else "how long it takes; an open case counts with its time so far (Kaplan-Meier)."
            )
            + _calendar_sentence(parameters)
        ),
        "promises_kept": lambda: (
            f"From {_quoted_name(parameters.get('from_touchpoint'))}"
            f" to {_quoted_name(parameters.get('to_touchpoint'))}: of the promises that fall due, the share that was"
            " kept. Each case has its own date (due_at). Cases without a promise are counted separately. Closed early"
            f" means within {_early_part_text(parameters)}; it counts on the day of the start."
        ),
        "time_in_stage": lambda: _time_in_stage_text(parameters) + _calendar_sentence(parameters),
        "repeat_contact": lambda: (
            f"Of the journeys that began, the share in which {touchpoint_text} happened"
            f" {_minimum_count_text(parameters, 2)}."
        ),
        "occurrence": lambda: (
            f"Of the journeys that began, the share in which {touchpoint_text} happened"
            f" {_minimum_count_text(parameters, 1)}."
        ),
        "first_contact": lambda: (
            f"Of the journeys with at least one {touchpoint_text if parameters.get('of_touchpoint') else 'contact'},"
            " the share that was completed with exactly one."
        ),
        "self_service": lambda: "Of the journeys that were completed, the share that met no staffed touchpoint.",
        "emotion": lambda: (
            f"Of {responses_text} that say whether {_quoted_name(parameters.get('emotion'))} was present or absent,"
            " the share in which it was present. Responses that do not say are counted separately. An emotion is"
            " present or absent; it has no degree."
        ),
        "response_rate": lambda: (
            f"Of the eligible invitations to {_survey_text(parameters)}, the share that was answered"
            f"{_within_window(parameters)}. An invitation of unknown eligibility counts as eligible."
        ),
        "peak_end": lambda: (
            "For each journey the mean of its most extreme and its last score, each from 0 (the bad end of its scale) "
            "to 1; then the mean over the journeys that gave any."
        ),
        "volume": lambda: (
            f"How often {touchpoint_text} happened."
            if parameters.get("of_touchpoint")
            else _volume_formula("stage" if kpi.stage else "journey")
        ),
    }
    return formulas[kpi.kind]() if kpi.kind in formulas else f"A {titleize(kpi.kind).lower()} reading."


def maturity(kpi: KpiData) -> str:
    """When a number of this kind is final, and to which day it belongs."""
    lateness_text = "plus the allowed lateness"
    if kpi.kind == "response_rate":
        after = _after_window(kpi.parameters)
        return f"Belongs to the day of the invitation; final once{after} that day is over, {lateness_text}."
    if kpi.kind == "peak_end":
        window_seconds = _number_or_default(kpi.parameters, "window_seconds", 0)
        window = page_text.format_declared_duration(window_seconds)
        return (
            f"Belongs to the day the journey began; final {window} after the journey has ended or its window has"
            f" passed, {lateness_text}."
        )
    if kpi.kind in ("csat", "csat_mean", "nps", "ces", "emotion"):
        return f"Belongs to the day of the response; final when that day is over, {lateness_text}."
    if kpi.kind == "volume":
        return f"Belongs to the day it happened; final when that day is over, {lateness_text}."
    if kpi.kind == "rate":
        return f"Belongs to the day, week or month that was counted; final when that is over, {lateness_text}."
    if kpi.kind in ("drop_off", "conversion") and kpi.stage:
        after = _after_window(kpi.parameters)
        return f"Belongs to the day the stage was entered; final once{after} every visit is mature, {lateness_text}."
    if kpi.kind == "time_in_stage":
        return (
            f"Belongs to the day the stage was entered; final once the visits of that day are mature, {lateness_text}."
        )
    if kpi.kind == "promises_kept":
        return f"Belongs to the day on which the promise falls due; final when that day is over, {lateness_text}."
    if kpi.kind == "time_to_resolve":
        start_touchpoint = _quoted_name(kpi.parameters.get("from_touchpoint"))
        return (
            f"Belongs to the day of {start_touchpoint}; final once the cases of that day are mature, {lateness_text}."
        )
    return (
        "Belongs to the day the journey began; final once the journey has ended or its window has passed,"
        f" {lateness_text}."
    )


def _time_in_stage_text(parameters: Mapping[str, Any]) -> str:
    if parameters.get("tolerance_seconds"):
        return (
            f"From entering this stage to leaving it: the share done within {_tolerance_text(parameters)}."
            f"{_OPEN_CASES_TEXT} For the median and the 90th percentile an open visit counts with its time so far"
            " (Kaplan-Meier)."
        )
    return "The time from entering this stage to leaving it; an open visit counts with its time so far (Kaplan-Meier)."


def _number_or_default(parameters: Mapping[str, Any], key: str, default: float) -> float:
    value = parameters.get(key)
    return default if value is None else float(value)


def _quoted_name(touchpoint: Any) -> str:
    return f"“{titleize(str(touchpoint)).lower()}”" if touchpoint else "the touchpoint"


def _survey_text(parameters: Mapping[str, Any]) -> str:
    survey = _quoted_name(parameters["survey"]) if parameters.get("survey") else "every survey"
    return f"{survey}, question {_quoted_name(parameters['question'])}" if parameters.get("question") else survey


def _touchpoint_suffix(parameters: Mapping[str, Any]) -> str:
    return f" about {_quoted_name(parameters['on_touchpoint'])}" if parameters.get("on_touchpoint") else ""


def _open_hours_suffix(parameters: Mapping[str, Any]) -> str:
    return f" {IN_OPEN_HOURS}" if parameters.get("calendar") else ""


def _calendar_sentence(parameters: Mapping[str, Any]) -> str:
    calendar = parameters.get("calendar")
    return f" Only the open hours of {_quoted_name(calendar)} count." if calendar else ""


def _scale_text(parameters: Mapping[str, Any]) -> str:
    if parameters.get("scale_min") is None or parameters.get("scale_max") is None:
        return "of the survey"
    return f"{parameters['scale_min']:g} to {parameters['scale_max']:g}"


def _top_box_text(parameters: Mapping[str, Any]) -> str:
    if parameters.get("box_min") is None:
        return "top of the scale"
    low, high = parameters["box_min"], parameters.get("scale_max")
    return f"{low:g} or more" if high is None else f"{low:g} to {high:g} on the scale {_scale_text(parameters)}"


def _polarity_text(parameters: Mapping[str, Any]) -> str:
    return "low is easy" if parameters.get("polarity") == "low_is_easy" else "high is easy"


def _within_window(parameters: Mapping[str, Any]) -> str:
    seconds = parameters.get("window_seconds")
    return f" within {page_text.format_declared_duration(seconds)}" if seconds else ""


def _after_window(parameters: Mapping[str, Any]) -> str:
    seconds = parameters.get("window_seconds")
    return f" {page_text.format_declared_duration(seconds)} have passed and" if seconds else ""


def _tolerance_text(parameters: Mapping[str, Any]) -> str:
    seconds = parameters.get("tolerance_seconds")
    if not seconds:
        return "tolerance"
    return (
        page_text.format_declared_duration(seconds, open_hours=True)
        if parameters.get("calendar")
        else page_text.format_declared_duration(seconds)
    )


def _early_part_text(parameters: Mapping[str, Any]) -> str:
    """The time from the start that closed_within asks for."""
    seconds = parameters.get("within_seconds")
    return page_text.format_declared_duration(seconds) if seconds else "a quarter of the promised time, at most 7 days"


def _minimum_count_text(parameters: Mapping[str, Any], default: int) -> str:
    minimum = int(_number_or_default(parameters, "at_least", default))
    return "at least once" if minimum == 1 else "more than once" if minimum == 2 else f"{minimum} times or more"


def _volume_formula(counted_level: str) -> str:
    return "How many journeys visited this stage." if counted_level == "stage" else "How many journeys began."
