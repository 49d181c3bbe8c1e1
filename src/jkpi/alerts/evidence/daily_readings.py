"""Daily readings behind an alert, and the queries that a message shows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from jkpi.alerts.detection.episodes import EarlyWarning
from jkpi.alerts.series.watched import Series, WatchedMoment
from jkpi.alerts.statistics.running_sums import PooledSample

BASELINE_FROM, BASELINE_TO = timedelta(days=56), timedelta(days=8)
"""Days of an alert are compared with the weeks from so long to so long before its first day."""
READING_COLUMNS = "period_start, value, numerator, denominator, ci_low, ci_high, status"
COUNT_WITHIN = "sum(case when at_most_seconds <= {within:.0f} then count_spells else 0 end)"
STATUS_WITHIN = (
    "min(case when decided_seconds > {within:.0f} then 'final' when status = 'withheld' then status"
    " else 'provisional' end)"
)


@dataclass(frozen=True)
class DailyReading:
    """Reading of one day in the unit and direction of the KPI, with its 95 % interval."""

    period_start: date
    value: float | None
    numerator: float | None
    denominator: float | None
    ci_low: float | None
    ci_high: float | None
    status: str


ReadingsBySegment = Mapping[tuple[str, str], Sequence[DailyReading]]
"""(segment, value) -> days in order."""


def readings_sql(series: Series, first: date, last: date, within_seconds: float | None = None) -> str:
    """Query of the readings of a series from one day to another. within_seconds: as in read_daily_readings."""
    lines = [f"select {READING_COLUMNS}", _from_where(series, within_seconds)]
    if within_seconds is not None:
        count_within = COUNT_WITHIN.format(within=within_seconds)
        lines[0] = (
            f"select period_start, 1.0 * {count_within} / sum(count_spells) as value,\n  {count_within} as numerator,\n"
            f"  sum(count_spells) as denominator,\n  {STATUS_WITHIN.format(within=within_seconds)} as status"
        )
    lines.append(f"  and period_start between date '{first}' and date '{last}'")
    return "\n".join(
        [*lines, *(["group by period_start"] if within_seconds is not None else []), "order by period_start"]
    )


def value_sql(
    series: Series, sample: PooledSample, readings: Iterable[DailyReading], within_seconds: float | None = None
) -> str:
    """Query of the reported value of pooled days; "" if these readings do not add up to it.

    Days with too few cases are not evaluated, and the query leaves them out.
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
            COUNT_WITHIN.format(within=within_seconds),
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


def early_warning_sql(watched: WatchedMoment, warning: EarlyWarning) -> str:
    """Query of the cohorts at the age of a warning, from four weeks before its onset."""
    if watched.is_promise:
        return (
            "select period_start, value, numerator, denominator, ci_low, ci_high, status\n"
            "from marts.fct_kpi_readings\n"
            f"where journey = '{watched.journey}'\n"
            f"  and kpi = '{watched.kpi}'\n"
            "  and statistic = 'closed_within'\n"
            "  and period = 'day'\n"
            "  and segment = 'all'\n"
            f"  and period_start >= date '{warning.onset - timedelta(days=28)}'\n"
            "order by period_start"
        )
    return (
        "select cohort_date, value, numerator, denominator, ci_low, ci_high, status\n"
        "from marts.fct_early_readings\n"
        f"where journey = '{watched.journey}'\n"
        f"  and kpi = '{watched.kpi}'\n"
        "  and segment = 'all'\n"
        f"  and age_seconds = {warning.age // timedelta(seconds=1)}\n"
        f"  and cohort_date >= date '{warning.onset - timedelta(days=28)}'\n"
        "order by cohort_date"
    )


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
