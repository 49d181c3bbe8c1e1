"""The daily readings behind an alert: read from the marts, and kept as they were when it was told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from jkpi.alerts.series.watched import Series, WatchedMoment
from jkpi.alerts.statistics.beta_binomial import wilson_interval
from jkpi.alerts.statistics.running_sums import PooledSample
from jkpi.warehouse.base import Warehouse

_COLUMNS = "period_start, value, numerator, denominator, ci_low, ci_high, status"
_DAILY_READINGS = f"""
select segment, segment_value, {_COLUMNS}
from marts.fct_kpi_readings
where journey = :journey and kpi = :kpi and statistic = :statistic and period = :period
    and period_start between :first and :last
order by period_start
"""
_COUNT_WITHIN = "sum(case when at_most_seconds <= {within:.0f} then count_spells else 0 end)"
_STATUS_WITHIN = (
    "min(case when decided_seconds > {within:.0f} then 'final' when status = 'withheld' then status"
    " else 'provisional' end)"
)
_READINGS_WITHIN = f"""
select
    segment, segment_value, period_start,
    cast({_COUNT_WITHIN} as double precision) as numerator,
    cast(sum(count_spells) as double precision) as denominator,
    {_STATUS_WITHIN} as status
from marts.fct_duration_counts
where journey = :journey and kpi = :kpi and period = :period and period_start between :first and :last
group by segment, segment_value, period_start
order by period_start
"""


@dataclass(frozen=True)
class DailyReading:
    """A day's reading, in the KPI's own unit and direction, with its 95 % interval."""

    period_start: date
    value: float | None
    numerator: float | None
    denominator: float | None
    ci_low: float | None
    ci_high: float | None
    status: str


ReadingsBySegment = Mapping[tuple[str, str], Sequence[DailyReading]]
"""Segment and value -> days in order."""


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
    """The readings of a KPI in all its segments, whatever their status, as they are now; with `within` the shares of
    its cases that were done in so many seconds."""
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


def readings_sql(series: Series, first: date, last: date, within_seconds: float | None = None) -> str:
    """The query that shows the readings of a series from one day to another. `within` as in `read_days`."""
    lines = [f"select {_COLUMNS}", _from_where(series, within_seconds)]
    if within_seconds is not None:
        count_within = _COUNT_WITHIN.format(within=within_seconds)
        lines[0] = (
            f"select period_start, 1.0 * {count_within} / sum(count_spells) as value,\n  {count_within} as numerator,\n"
            f"  sum(count_spells) as denominator,\n  {_STATUS_WITHIN.format(within=within_seconds)} as status"
        )
    lines.append(f"  and period_start between date '{first}' and date '{last}'")
    return "\n".join(
        [*lines, *(["group by period_start"] if within_seconds is not None else []), "order by period_start"]
    )


def value_sql(
    series: Series, sample: PooledSample, readings: Iterable[DailyReading], within_seconds: float | None = None
) -> str:
    """The query that gives the number told of pooled days; "" where these readings do not add up to it.

    Days with too few cases were not judged, and are left out of it as well.
    """
    final_readings = [
        reading
        for reading in readings
        if reading.status == "final" and sample.first_day <= reading.period_start <= sample.last_day
    ]
    if not _adds_up(
        series.watched,
        [reading for reading in final_readings if reading.period_start not in sample.skipped_days],
        sample,
    ):
        return ""
    skipped = [
        reading.period_start
        for reading in final_readings
        if reading.denominator and reading.period_start in sample.skipped_days
    ]
    successes, n, is_final = "sum(numerator)", "sum(denominator)", "status = 'final'"
    if within_seconds is not None:
        successes, n, is_final = (
            _COUNT_WITHIN.format(within=within_seconds),
            "sum(count_spells)",
            f"decided_seconds > {within_seconds:.0f}",
        )
    value = f"200.0 * {successes} / {n} - 100" if series.watched.statistic == "nps" else f"1.0 * {successes} / {n}"
    lines = [
        f"select {value} as value, {n} as n",
        _from_where(series, within_seconds),
        f"  and {is_final}",
        f"  and period_start between date '{sample.first_day}' and date '{sample.last_day}'",
    ]
    if skipped:
        skipped_list = ", ".join(f"date '{reading}'" for reading in skipped)
        lines.append(f"  and period_start not in ({skipped_list})")
    return "\n".join(lines)


def _adds_up(watched: WatchedMoment, readings: Sequence[DailyReading], sample: PooledSample) -> bool:
    n, numerator = (
        sum(reading.denominator or 0.0 for reading in readings),
        sum(reading.numerator or 0.0 for reading in readings),
    )
    successes = n - numerator if watched.direction == "lower" else numerator
    return abs(n - sample.n) < 1e-6 and abs(successes - sample.successes) < 1e-6


def _from_where(series: Series, within_seconds: float | None) -> str:
    watched = series.watched
    table = "fct_kpi_readings" if within_seconds is None else "fct_duration_counts"
    conditions = {
        "journey": watched.journey,
        "kpi": watched.kpi,
        "statistic": watched.statistic,
        "period": watched.period,
        "segment": series.segment,
        "segment_value": series.segment_value,
    }
    if within_seconds is not None:
        del conditions["statistic"]
    clauses = "\n  and ".join(f"{column} = {_sql_literal(value)}" for column, value in conditions.items())
    return f"from marts.{table}\nwhere {clauses}"


def _sql_literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
