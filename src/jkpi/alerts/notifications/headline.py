"""Headlines of notifications, and lines of the watch list. Pure; plain text.

Segment values come from the data and are reduced to one plain line.
"""

from __future__ import annotations

from datetime import date, timedelta

from jkpi.alerts.detection.episodes import Detection, Episode, SeriesResult
from jkpi.alerts.detection.state_machine import SeriesState
from jkpi.alerts.evidence.alert_context import AlertContext, main_detection
from jkpi.alerts.notifications import slowdown_text, wave_text
from jkpi.alerts.notifications.figures import KpiFormatter
from jkpi.alerts.series.watched import Series, WatchedMoment
from jkpi.alerts.transitions.model import EvaluatedSeries, Transition
from jkpi.formatting.dates import format_day, format_period
from jkpi.formatting.numbers import format_count, format_percent, pluralize, sanitize


def alert_headline(context: AlertContext) -> str:
    """One line: which moment, and what happened."""
    transition, series = context.transition, context.series
    segment_suffix = (
        "" if series is None or series.is_total else f" ({sanitize(series.segment)} {sanitize(series.segment_value)})"
    )
    name = f"{context.title}{segment_suffix}"
    if context.condition is not None:
        return context.condition.headline
    if transition.transition_type == "ended":
        return f"{name}: ended"
    if transition.kind == "data_gap":
        return f"{name}: data gap"
    if transition.kind == "error":
        return f"{name}: cannot be evaluated"
    if transition.kind == "early_warning":
        detail = early_warning_detail(transition.evaluated)
        return f"{name}: early warning" + (f": {detail}" if detail else "")
    if transition.transition_type == "superseded":
        return f"{name}: closed, {'no longer in the data' if transition.series_missing else 'the map has changed'}"
    if transition.transition_type == "corrected":
        return f"{name}: corrected: it was a false alarm"
    if transition.transition_type == "resolved" and transition.episode is None:
        return f"{name}: resolved, nothing low since"
    if series is None or transition.episode is None:
        return f"{name}: still open; its readings are not available today" if transition.stored_alert else name
    detection = main_detection(transition.episode, transition.transition_type)
    watched, value_of = series.watched, KpiFormatter(series.watched).from_rate
    kpi_prefix = _kpi_prefix(watched)
    if transition.transition_type == "resolved":
        limit = detection.within_seconds
        within_text = f" within {slowdown_text.format_time_limit(limit, watched)}" if limit else ""
        back_at = value_of((detection.recovery or detection.drop).rate)
        if detection.comparison is not None and detection.comparison.recovery_wave is not None:
            within_text = f", {wave_text.wave_names([detection.comparison.recovery_wave])}"
        return f"{name}: {kpi_prefix}back at {back_at}{within_text}"
    continuation = _continuation(transition, detection)
    effect = context.effect
    rate = effect.rate if effect is not None else detection.drop.rate
    if detection.line == "median":
        prefix = f"{continuation} " if continuation else ""
        slowdown = slowdown_text.slowdown_headline(detection, watched, prefix, rate)
        return f"{name}: {slowdown}{_current_suffix(detection, series)}"
    is_estimate = effect is not None or detection.comparison is None
    now, expected = f"{'about ' if is_estimate else ''}{value_of(rate)}", value_of(expected_rate(series, detection))
    is_lower_better = watched.direction == "lower"
    wave_suffix = f", {wave_text.against_text(detection.comparison)}" if detection.comparison else ""
    if detection.line == "promise":
        prefix = f"{continuation} " if continuation else ""
        side, current_suffix = "up" if is_lower_better else "down", _current_suffix(detection, series)
        return f"{name}: {kpi_prefix}{prefix}{side} to {now}{current_suffix}, promised {expected}{wave_suffix}"
    verb = "rose" if is_lower_better else "dropped"
    phrase = {"also": f"also {verb}", "": verb}.get(continuation, f"{verb} {continuation},")
    size = f" by {KpiFormatter(watched).effect_text(effect)}," if effect is not None else ""
    suffix = wave_suffix or _current_suffix(detection, series)
    return f"{name}: {kpi_prefix}{phrase}{size} from {expected} to {now}{suffix}"


def _current_suffix(detection: Detection, series: Series) -> str:
    """Such as ", now 20 %", if the newest week differs from the whole drop by min_drop or more; else empty."""
    newest_week = detection.newest_week
    if newest_week is None or abs(newest_week.rate - detection.drop.rate) < series.watched.rule_for().min_drop:
        return ""
    if detection.line == "median":
        return f", now {format_percent(newest_week.rate, 0)}"
    return f", now {KpiFormatter(series.watched).from_rate(newest_week.rate)}"


def _continuation(transition: Transition, detection: Detection) -> str:
    """`again`, `further` or `also`, as seen from earlier notifications; empty for a new drop."""
    if transition.transition_type not in ("reopened", "worsened"):
        return ""
    if transition.mentioned(detection.line):
        is_relapse = transition.transition_type == "reopened" or earlier_end(transition.episode, detection) is not None
        return "again" if is_relapse else "further"
    detections = transition.episode.detections if transition.episode else ()
    other_is_open = any(
        other.closed_on is None and (other.line == "median") != (detection.line == "median") for other in detections
    )
    return "also" if other_is_open else ""


def earlier_end(episode: Episode | None, detection: Detection) -> date | None:
    """Day on which the same drop was over once before: an earlier detection on this line ended. None if it was not."""
    ends = [
        other.closed_on
        for other in (episode.detections if episode is not None else ())
        if other.line == detection.line and other.closed_on is not None and other.closed_on < detection.fired_on
    ]
    return max(ends, default=None)


def expected_rate(series: Series, detection: Detection) -> float:
    """The rate that the drop is compared with: the baseline, or the promise."""
    promise = series.promise
    if detection.line != "promise" or promise is None:
        return detection.drop.reference
    return series.watched.to_rate(promise)


def watch_list_line(series: Series, result: SeriesResult, names_journey: bool) -> str:
    """A series in state watch or pattern. names_journey: moments of two journeys have this title."""
    segment_suffix = "" if series.is_total else f" ({sanitize(series.segment)} {sanitize(series.segment_value)})"
    watched, adjective = series.watched, "slow" if result.is_slowdown else "bad"
    last_period = _period_name(result.states[-1][0], watched)
    if watched.is_by_wave and result.waves:
        last_period = sanitize(result.waves[-1][1])
    description = f"one {adjective} {watched.period}, {last_period}"
    if result.state is not SeriesState.WATCH:
        description = f"{adjective} {watched.period}s in a row, not enough to be sure, the last one {last_period}"
    value_text = ""
    if not result.is_slowdown and result.rate is not None and result.n:
        value = KpiFormatter(watched).from_rate(result.rate)
        value_text = f": {_kpi_prefix(watched)}{value}, n = {format_count(result.n)}"
    journey_suffix = f" ({watched.journey_title})" if names_journey else ""
    return f"{watched.title}{journey_suffix}{segment_suffix}: {description}{value_text}"


def _kpi_prefix(watched: WatchedMoment) -> str:
    """The name of the KPI, except for a proportion of which more is better."""
    is_plain_share = watched.unit == "share" and watched.direction == "higher"
    return "" if is_plain_share else f"{watched.kpi_title} "


def _period_name(start: date, watched: WatchedMoment) -> str:
    return format_day(start) if watched.period == "day" else format_period(start, watched.period_end(start))


def early_warning_detail(evaluated: EvaluatedSeries | None) -> str:
    """What the undecided cohorts show; empty if there is no early warning now."""
    if evaluated is None or evaluated.early_warning is None:
        return ""
    drop = evaluated.early_warning.detection.drop
    if evaluated.series.watched.is_promise:
        early = format_early_part(evaluated.series.watched)
        return f"{format_percent(drop.rate, 0)} closed within {early}, baseline {format_percent(drop.reference, 0)}"
    age = format_cohort_age(evaluated.early_warning.age)
    return f"after {age} {format_percent(drop.rate, 0)} have completed, baseline {format_percent(drop.reference, 0)}"


def format_early_part(watched: WatchedMoment) -> str:
    """The part of the promised time that closed_within asks for: 2 days; a quarter of the promised time."""
    return "a quarter of the promised time" if watched.within is None else format_cohort_age(watched.early_age)


def format_cohort_age(age: timedelta) -> str:
    """1 hour; 4 hours; a day; 3 days."""
    hours = age // timedelta(hours=1)
    return pluralize(hours, "hour") if hours < 24 else pluralize(hours // 24, "day")
