"""A transition with all that a reader may ask of it, gathered from the warehouse and the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from jkpi.alerts.detection.episodes import Detection, Episode
from jkpi.alerts.evidence.contributions import Contribution, contributions
from jkpi.alerts.evidence.daily_readings import (
    DailyReading,
    ReadingsBySegment,
    read_daily_readings,
    readings_sql,
    value_sql,
)
from jkpi.alerts.evidence.data_gaps import data_gaps
from jkpi.alerts.evidence.mix_and_rate import MixRateDecomposition, SegmentCounts, decompose
from jkpi.alerts.map_health.condition import MapCondition
from jkpi.alerts.series.early_warnings import early_warning_sql
from jkpi.alerts.series.moment_context import MomentContext
from jkpi.alerts.series.watched import ALL_CUSTOMERS, Series, WatchedMoment
from jkpi.alerts.statistics.running_sums import PooledSample
from jkpi.alerts.transitions.model import StoredAlert, Transition, TransitionType
from jkpi.formatting.numbers import sanitize
from jkpi.warehouse.base import Warehouse

DAYS_BEFORE = timedelta(days=28)
_BASELINE_FROM, _BASELINE_TO = timedelta(days=56), timedelta(days=8)
_COMMENTS = """
select comment
from raw.survey_responses
where survey = :survey and comment is not null and comment <> ''
    and responded_at >= :first and responded_at < :after
group by comment
order by max(responded_at) desc, comment
limit :number
"""


@dataclass(frozen=True)
class AlertContext:
    """`held` counts days in its span that could not be trusted; `days` are the readings as they are now, those of
    `span` the ones it speaks of; `comments` are customers' own words, `blind` says what the sources did not tell."""

    transition: Transition
    title: str
    owner: str
    receivers: tuple[str, ...]
    contributions: tuple[Contribution, ...] = ()
    readings_sql: str = ""
    suspended_count: int = 0
    value_sql: str = ""
    effects: tuple[MixRateDecomposition, ...] = ()
    daily_readings: tuple[DailyReading, ...] = ()
    period: tuple[date, date] | None = None
    comments: tuple[str, ...] = ()
    data_gaps: tuple[str, ...] = ()
    moment_context: MomentContext | None = None
    condition: MapCondition | None = None

    @property
    def series(self) -> Series | None:
        return self.transition.evaluated.series if self.transition.evaluated else None

    @property
    def series_id(self) -> str:
        if self.series is not None:
            return self.series.series_id
        if self.condition is not None:
            return self.condition.series_id
        return self.transition.stored_alert.series_id if self.transition.stored_alert else ""


def main_detection(episode: Episode, transition_type: TransitionType) -> Detection:
    """The part a message speaks of: of what is open the fall from the usual if there is one, else the broken promise,
    or that all takes longer where that came later; of what is over the part that ended last."""
    if transition_type == "resolved":
        return max(
            episode.detections, key=lambda detection: (detection.closed_on or date.max, detection.line == "baseline")
        )
    open_detections = [detection for detection in episode.detections if detection.closed_on is None]
    return max(
        open_detections or episode.detections,
        key=lambda detection: (detection.line == "baseline", detection.fired_on, detection.line),
    )


def period_of(transition: Transition) -> tuple[date, date]:
    """The days that a transition speaks of."""
    evaluated = transition.evaluated
    last_day = evaluated.result.last_day if evaluated and evaluated.result.last_day else transition.happened_on
    if transition.episode is None:
        return min(transition.onset, last_day), last_day
    drop = main_detection(transition.episode, transition.transition_type).drop
    return drop.first_day, drop.last_day


def within_seconds_of(transition: Transition) -> float | None:
    """The seconds at which durations are counted in what is told of it; None where it speaks of the KPI's readings."""
    return (
        main_detection(transition.episode, transition.transition_type).within_seconds
        if transition.episode is not None
        else None
    )


_CacheKey = tuple[WatchedMoment, float | None]


class ReadingCache:
    """Reads the days of each moment once, however many of its series have something to tell."""

    def __init__(self, warehouse: Warehouse, transitions: Sequence[Transition]) -> None:
        self._warehouse = warehouse
        self._readings: dict[_CacheKey, ReadingsBySegment] = {}
        self._periods: dict[_CacheKey, tuple[date, date]] = {}
        for transition in transitions:
            if transition.evaluated is not None:
                key = transition.evaluated.series.watched, within_seconds_of(transition)
                self._widen(key, *period_of(transition))

    def _widen(self, key: _CacheKey, first: date, last: date) -> bool:
        before = self._periods.get(key, (first, last))
        self._periods[key] = min(first, before[0]), max(last, before[1])
        return self._periods[key] != before

    def days(self, series: Series, first: date, last: date, within_seconds: float | None) -> tuple[DailyReading, ...]:
        """The days of a series from four weeks before a span to its end. `within` as in `episodes.Part`."""
        key = series.watched, within_seconds
        if self._widen(key, first, last) or key not in self._readings:
            earliest, latest = self._periods[key]
            watched = series.watched
            kpi_key = watched.journey, watched.kpi, watched.statistic
            self._readings[key] = read_daily_readings(
                self._warehouse, *kpi_key, earliest - _BASELINE_FROM, latest, watched.period, within_seconds
            )
        readings = self._readings[key].get((series.segment, series.segment_value), ())
        return tuple(reading for reading in readings if first - DAYS_BEFORE <= reading.period_start <= last)

    def by_segment(self, watched: WatchedMoment, within_seconds: float | None) -> ReadingsBySegment:
        return self._readings.get((watched, within_seconds), {})


def build_context(
    warehouse: Warehouse,
    transition: Transition,
    moment_context: MomentContext | None,
    cache: ReadingCache,
    max_comments: int = 0,
) -> AlertContext:
    """What is to be told of a transition of a series; `comments`: so many of the customers' own words."""
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
    """What an alert is called where its series is not there to say it."""
    if alert.kind != "drop" or alert.segment == ALL_CUSTOMERS[0]:
        return alert.title
    return f"{alert.title} ({sanitize(alert.segment)} {sanitize(alert.segment_value)})"


def _mix_and_rate(
    readings: ReadingsBySegment, watched: WatchedMoment, first: date, last: date
) -> tuple[MixRateDecomposition, ...]:
    """Mix and rate by each segment of the map, against the weeks before, as rates of which higher is better."""

    def summed(readings: Sequence[DailyReading]) -> SegmentCounts:
        sums = [0.0] * 4
        for reading in readings:
            during = first <= reading.period_start <= last
            before = first - _BASELINE_FROM <= reading.period_start <= first - _BASELINE_TO
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


def drop_without_recovery(detection: Detection, watched: WatchedMoment) -> PooledSample:
    """The fallen days or weeks alone, without the clear ones that closed the alert."""
    drop, recovery = detection.drop, detection.recovery
    if recovery is None or recovery.n >= drop.n:
        return drop
    last_day = recovery.first_day - timedelta(days=watched.evaluation_config.step_days)
    return PooledSample(
        drop.first_day, last_day, drop.days - recovery.days, drop.successes - recovery.successes, drop.n - recovery.n
    )
