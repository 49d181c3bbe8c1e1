"""Read the daily readings behind alerts from the marts, once a moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from jkpi.alerts.evidence.alert_context import period_of, within_seconds_of
from jkpi.alerts.evidence.daily_readings import (
    BASELINE_FROM,
    COUNT_WITHIN,
    READING_COLUMNS,
    STATUS_WITHIN,
    DailyReading,
    ReadingsBySegment,
)
from jkpi.alerts.series.watched import Series, WatchedMoment
from jkpi.alerts.statistics.beta_binomial import wilson_interval
from jkpi.alerts.transitions.model import Transition
from jkpi.warehouse.base import Warehouse

DAYS_BEFORE, YEARS_BEFORE = timedelta(days=28), timedelta(days=20 * 365)
_DAILY_READINGS = f"""
select segment, segment_value, {READING_COLUMNS}
from marts.fct_kpi_readings
where journey = :journey and kpi = :kpi and statistic = :statistic and period = :period
    and period_start between :first and :last
order by period_start
"""
_READINGS_WITHIN = f"""
select
    segment, segment_value, period_start,
    cast({COUNT_WITHIN} as double precision) as numerator,
    cast(sum(count_spells) as double precision) as denominator,
    {STATUS_WITHIN} as status
from marts.fct_duration_counts
where journey = :journey and kpi = :kpi and period = :period and period_start between :first and :last
group by segment, segment_value, period_start
order by period_start
"""
_CacheKey = tuple[WatchedMoment, float | None]


def days_before(watched: WatchedMoment) -> timedelta:
    """How long before an alert the readings begin that a message shows: four weeks; of survey waves all."""
    return YEARS_BEFORE if watched.is_by_wave else DAYS_BEFORE


class ReadingCache:
    """Cache of daily readings: the days of a moment are read once, however many of its series have transitions."""

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
        """Days of a series from four weeks before a period to its end; of survey waves all up to its end.
        within_seconds: as in Detection."""
        key = series.watched, within_seconds
        if self._widen(key, first, last) or key not in self._readings:
            earliest, latest = self._periods[key]
            watched = series.watched
            kpi_key = watched.journey, watched.kpi, watched.statistic
            self._readings[key] = read_daily_readings(
                self._warehouse,
                *kpi_key,
                earliest - max(BASELINE_FROM, days_before(watched)),
                latest,
                watched.period,
                within_seconds,
            )
        readings = self._readings[key].get((series.segment, series.segment_value), ())
        return tuple(
            reading for reading in readings if first - days_before(series.watched) <= reading.period_start <= last
        )

    def by_segment(self, watched: WatchedMoment, within_seconds: float | None) -> ReadingsBySegment:
        return self._readings.get((watched, within_seconds), {})


def read_daily_readings(
    warehouse: Warehouse,
    journey: str,
    kpi: str,
    statistic: str,
    first: date,
    last: date,
    period: str = "day",
    within_seconds: float | None = None,
) -> ReadingsBySegment:
    """Readings of a KPI in all segments, of every status, as they are now. If within_seconds is given, shares of
    cases within so many seconds."""
    keys = {"journey": journey, "kpi": kpi, "statistic": statistic, "period": period, "first": first, "last": last}
    if within_seconds is not None:
        del keys["statistic"]
    by_segment: dict[tuple[str, str], list[DailyReading]] = {}
    for row in warehouse.rows(
        _DAILY_READINGS if within_seconds is None else _READINGS_WITHIN.format(within=within_seconds), keys
    ):
        key = (row.pop("segment"), row.pop("segment_value"))
        by_segment.setdefault(key, []).append(DailyReading(**row) if within_seconds is None else _reading_within(**row))
    return by_segment


def _reading_within(period_start: date, numerator: float, denominator: float, status: str) -> DailyReading:
    low, high = wilson_interval(numerator, denominator)
    return DailyReading(period_start, numerator / denominator, numerator, denominator, low, high, status)
