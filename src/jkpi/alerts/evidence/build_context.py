"""Gather the evidence behind a transition from the warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from jkpi.alerts.evidence.alert_context import AlertContext, main_detection, period_of, within_seconds_of
from jkpi.alerts.evidence.contributions import Contribution, contributions
from jkpi.alerts.evidence.daily_readings import (
    BASELINE_FROM,
    BASELINE_TO,
    DailyReading,
    ReadingsBySegment,
    early_warning_sql,
    readings_sql,
    value_sql,
)
from jkpi.alerts.evidence.data_gaps import data_gaps
from jkpi.alerts.evidence.mix_and_rate import MixRateDecomposition, SegmentCounts, decompose
from jkpi.alerts.evidence.reading_cache import DAYS_BEFORE, ReadingCache
from jkpi.alerts.series.moment_context import MomentContext
from jkpi.alerts.series.watched import ALL_CUSTOMERS, WatchedMoment
from jkpi.alerts.transitions.model import StoredAlert, Transition
from jkpi.formatting.numbers import sanitize
from jkpi.warehouse.base import Warehouse

_COMMENTS = """
select comment
from raw.survey_responses
where survey = :survey and comment is not null and comment <> ''
    and responded_at >= :first and responded_at < :after
group by comment
order by max(responded_at) desc, comment
limit :number
"""


def build_context(
    warehouse: Warehouse,
    transition: Transition,
    moment_context: MomentContext | None,
    cache: ReadingCache,
    max_comments: int = 0,
) -> AlertContext:
    """Evidence of a transition of a series. max_comments: number of comments of customers to include."""
    evaluated, stored_alert = transition.evaluated, transition.stored_alert
    earlier_receivers = stored_alert.receivers if stored_alert else ()
    if evaluated is None:
        title = _stored_title(stored_alert) if stored_alert else transition.alert_id
        return AlertContext(
            transition,
            title,
            stored_alert.owner if stored_alert else "",
            earlier_receivers,
            moment_context=moment_context,
        )
    series, (first, last), within_seconds = evaluated.series, period_of(transition), within_seconds_of(transition)
    daily_readings = cache.days(series, first, last, within_seconds)
    readings_query = readings_sql(series, first - DAYS_BEFORE, last, within_seconds)
    if transition.kind == "early_warning":
        daily_readings, readings_query = (
            (),
            early_warning_sql(series.watched, evaluated.early_warning) if evaluated.early_warning else "",
        )
    value_query, contributions_found, mix_and_rate = "", list[Contribution](), tuple[MixRateDecomposition, ...]()
    if transition.episode is not None:
        detection = main_detection(transition.episode, transition.transition_type)
        sample = (
            detection.recovery if transition.transition_type == "resolved" and detection.recovery else detection.drop
        )
        value_query = value_sql(series, sample, daily_readings, within_seconds)
        if transition.transition_type != "resolved":
            drop, all_readings = detection.drop, cache.by_segment(series.watched, within_seconds)
            own_readings = {
                key: segment_readings for key, segment_readings in all_readings.items() if series.contains(*key)
            }
            contributions_found = contributions(
                own_readings, series.watched, first, last, drop.expected - drop.successes, drop.n
            )
            mix_and_rate = _mix_and_rate(all_readings, series.watched, first, last) if series.is_total else ()
    gaps: tuple[str, ...] = ()
    if transition.kind == "data_gap" and moment_context:
        gaps = data_gaps(warehouse, series.watched, transition.onset, moment_context.timezone)
    comments_found: tuple[str, ...] = ()
    if (
        max_comments
        and moment_context
        and moment_context.survey
        and transition.kind == "drop"
        and transition.transition_type != "superseded"
    ):
        comments_found = _comments(
            warehouse, moment_context.survey, first, series.watched.period_end(last), max_comments
        )
    return AlertContext(
        transition,
        series.watched.title,
        series.watched.owner,
        tuple(dict.fromkeys((*series.watched.receivers, *earlier_receivers))),
        tuple(contributions_found),
        readings_query,
        sum(first <= day <= last for day in evaluated.suspended_days) if transition.kind == "drop" else 0,
        value_query,
        mix_and_rate,
        daily_readings,
        (first, last),
        comments_found,
        gaps,
        moment_context,
    )


def _stored_title(alert: StoredAlert) -> str:
    """Title of an alert whose series is missing."""
    if alert.kind != "drop" or alert.segment == ALL_CUSTOMERS[0]:
        return alert.title
    return f"{alert.title} ({sanitize(alert.segment)} {sanitize(alert.segment_value)})"


def _mix_and_rate(
    readings: ReadingsBySegment, watched: WatchedMoment, first: date, last: date
) -> tuple[MixRateDecomposition, ...]:
    """Mix and rate by each segment of the map, against the weeks before, as rates where higher is better."""

    def summed(readings: Sequence[DailyReading]) -> SegmentCounts:
        sums = [0.0] * 4
        for reading in readings:
            during = first <= reading.period_start <= last
            before = first - BASELINE_FROM <= reading.period_start <= first - BASELINE_TO
            if reading.status == "final" and reading.denominator and (during or before):
                successes = reading.numerator or 0.0
                successes = reading.denominator - successes if watched.direction == "lower" else successes
                sums[2 * during] += successes
                sums[2 * during + 1] += reading.denominator
        return SegmentCounts(*sums)

    total = summed(readings.get(ALL_CUSTOMERS, ()))
    groups: dict[str, list[SegmentCounts]] = {}
    for (segment, _), days in readings.items():
        if segment != ALL_CUSTOMERS[0]:
            groups.setdefault(segment, []).append(summed(days))
    decompositions = (decompose(segment, group_members, total) for segment, group_members in sorted(groups.items()))
    return tuple(decomposition for decomposition in decompositions if decomposition is not None)


def _comments(warehouse: Warehouse, survey: str, first: date, last: date, limit: int) -> tuple[str, ...]:
    if not warehouse.table_exists("raw", "survey_responses"):
        return ()
    period = {"first": first, "after": last + timedelta(days=1)}
    return tuple(row["comment"] for row in warehouse.rows(_COMMENTS, {"survey": survey, "number": limit, **period}))
