"""What happened, in one line: the headline of a finding, and a line of the digest. Pure; plain text.

Names of segments come from the data and are cut to one plain line.
"""

from __future__ import annotations

from datetime import date, timedelta

from jkpi.alerts.detection.episodes import Detection, SeriesResult
from jkpi.alerts.detection.state_machine import SeriesState
from jkpi.alerts.evidence.alert_context import AlertContext, main_detection
from jkpi.alerts.notifications import slowdown_text
from jkpi.alerts.notifications.figures import KpiFormatter
from jkpi.alerts.series.watched import Series, WatchedMoment
from jkpi.alerts.transitions.model import EvaluatedSeries, Transition
from jkpi.formatting.dates import format_day, format_period
from jkpi.formatting.numbers import format_count, format_percent, pluralize, sanitize


def alert_headline(context: AlertContext) -> str:
    """One line: what happened to which moment."""
    transition, series = context.transition, context.series
    segment_suffix = (
        "" if series is None or series.is_total else f" ({sanitize(series.segment)} {sanitize(series.segment_value)})"
    )
    name = f"{context.title}{segment_suffix}"
    if context.condition is not None:
        return context.condition.headline
    if transition.transition_type == "ended":
        return f"{name}: no longer so"
    if transition.kind == "data_gap":
        return f"{name}: we are blind here"
    if transition.kind == "error":
        return f"{name}: cannot be judged"
    if transition.kind == "early_warning":
        detail = early_warning_detail(transition.evaluated)
        return f"{name}: early warning" + (f": {detail}" if detail else "")
    if transition.transition_type == "superseded":
        return f"{name}: closed, {'no longer in the data' if transition.series_missing else 'the map has changed'}"
    if transition.transition_type == "corrected":
        return f"{name}: correction, the breach never was"
    if transition.transition_type == "resolved" and transition.episode is None:
        return f"{name}: over, nothing has been low since"
    if series is None or transition.episode is None:
        return f"{name}: still open; its days are not there today" if transition.stored_alert else name
    formatter, detection = KpiFormatter(series.watched), main_detection(transition.episode, transition.transition_type)
    watched = series.watched
    kpi_prefix = _kpi_prefix(watched)
    if transition.transition_type == "resolved":
        within_text = (
            f" within {slowdown_text.format_time_limit(detection.within_seconds, watched)}"
            if detection.within_seconds
            else ""
        )
        return f"{name}: {kpi_prefix}back at {formatter.from_rate((detection.recovery or detection.drop).rate)}{within_text}"
    continuation = _continuation_word(transition, detection)
    if detection.line == "median":
        return f"{name}: {slowdown_text.slowdown_headline(detection, watched, continuation)}"
    direction_word = "up" if series.watched.direction == "lower" else "down"
    promise_suffix = " promised" if detection.line == "promise" else ""
    expected = formatter.from_rate(expected_rate(series, detection)) + promise_suffix
    return f"{name}: {kpi_prefix}{continuation}{direction_word} to {formatter.from_rate(detection.drop.rate)} instead of {expected}"


def _continuation_word(transition: Transition, detection: Detection) -> str:
    """How it goes on from what was told: only of the same figure can more be said."""
    if transition.transition_type not in ("reopened", "worsened"):
        return ""
    if transition.mentioned(detection.line):
        return "again " if transition.transition_type == "reopened" else "further "
    detections = transition.episode.detections if transition.episode else ()
    other_is_open = any(
        other.closed_on is None and (other.line == "median") != (detection.line == "median") for other in detections
    )
    return "also " if other_is_open else ""


def expected_rate(series: Series, detection: Detection) -> float:
    """What the fallen rate is set against: the usual rate, or the promise."""
    promise = series.watched.promise
    return (
        detection.drop.reference if detection.line != "promise" or promise is None else series.watched.to_rate(promise)
    )


def watch_list_line(series: Series, result: SeriesResult, names_journey: bool) -> str:
    """A line of the digest: a coincidence or a pattern, nothing to do about yet."""
    segment_suffix = "" if series.is_total else f" ({sanitize(series.segment)} {sanitize(series.segment_value)})"
    watched, adjective, rate = (
        series.watched,
        "slow" if result.is_slowdown else "bad",
        None if result.is_slowdown else result.rate,
    )
    last_period = _period_name(result.states[-1][0], watched)
    description = f"one {adjective} {watched.period}, {last_period}"
    if result.state is not SeriesState.WATCH:
        description = f"{adjective} {watched.period}s in a row, not enough to be sure, the last one {last_period}"
    value_text = (
        f": {_kpi_prefix(watched)}{KpiFormatter(watched).from_rate(rate)}, n = {format_count(result.n)}"
        if rate is not None and result.n
        else ""
    )
    journey_suffix = f" ({watched.journey_title})" if names_journey else ""
    return f"{watched.title}{journey_suffix}{segment_suffix}: {description}{value_text}"


def _kpi_prefix(watched: WatchedMoment) -> str:
    """A share of which more is better speaks for itself; other numbers are told apart by their name."""
    is_plain_share = watched.unit == "share" and watched.direction == "higher"
    return "" if is_plain_share else f"{watched.kpi_title} "


def _period_name(start: date, watched: WatchedMoment) -> str:
    return format_day(start) if watched.period == "day" else format_period(start, watched.period_end(start))


def early_warning_detail(evaluated: EvaluatedSeries | None) -> str:
    """What the undecided cohorts show already; empty where nothing is known of them."""
    if evaluated is None or evaluated.early_warning is None:
        return ""
    drop = evaluated.early_warning.detection.drop
    age = format_age(evaluated.early_warning.age)
    return f"after {age} {format_percent(drop.rate, 0)} have completed, baseline {format_percent(drop.reference, 0)}"


def format_age(age: timedelta) -> str:
    """1 hour; 4 hours; a day; 3 days."""
    hours = age // timedelta(hours=1)
    return pluralize(hours, "hour") if hours < 24 else pluralize(hours // 24, "day")
