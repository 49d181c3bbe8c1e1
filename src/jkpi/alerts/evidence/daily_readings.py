"""The daily readings behind an alert: read from the marts, and kept as they were when it was told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from jkpi.alerts.series.watched import Series, Watched
from jkpi.alerts.statistics.beta_binomial import wilson
from jkpi.alerts.statistics.running_sums import Pool
from jkpi.warehouse.base import Warehouse

_COLUMNS = "period_start, value, numerator, denominator, ci_low, ci_high, status"
_DAYS = f"""
select segment, segment_value, {_COLUMNS}
from marts.fct_kpi_readings
where journey = :journey and kpi = :kpi and statistic = :statistic and period = :period
    and period_start between :first and :last
order by period_start
"""
_DONE = "sum(case when at_most_seconds <= {within:.0f} then count_spells else 0 end)"
_IS_DECIDED = (
    "min(case when decided_seconds > {within:.0f} then 'final' when status = 'withheld' then status"
    " else 'provisional' end)"
)
_TIMES = f"""
select
    segment, segment_value, period_start,
    cast({_DONE} as double precision) as numerator,
    cast(sum(count_spells) as double precision) as denominator,
    {_IS_DECIDED} as status
from marts.fct_duration_counts
where journey = :journey and kpi = :kpi and period = :period and period_start between :first and :last
group by segment, segment_value, period_start
order by period_start
"""


@dataclass(frozen=True)
class Day:
    """A day's reading, in the KPI's own unit and direction, with its 95 % interval."""

    period_start: date
    value: float | None
    numerator: float | None
    denominator: float | None
    ci_low: float | None
    ci_high: float | None
    status: str


Readings = Mapping[tuple[str, str], Sequence[Day]]
"""Segment and value -> days in order."""


def read_days(
    w: Warehouse, journey: str, kpi: str, statistic: str, first: date, last: date, period: str = "day",
    within: float | None = None,
) -> Readings:  # fmt: skip
    """The readings of a KPI in all its segments, whatever their status, as they are now; with `within` the shares of
    its cases that were done in so many seconds."""
    keys = {"journey": journey, "kpi": kpi, "statistic": statistic, "period": period, "first": first, "last": last}
    if within is not None:
        del keys["statistic"]
    found: dict[tuple[str, str], list[Day]] = {}
    for row in w.rows(_DAYS if within is None else _TIMES.format(within=within), keys):
        key = (row.pop("segment"), row.pop("segment_value"))
        found.setdefault(key, []).append(Day(**row) if within is None else _share_of(**row))
    return found


def _share_of(period_start: date, numerator: float, denominator: float, status: str) -> Day:
    low, high = wilson(numerator, denominator)
    return Day(period_start, numerator / denominator, numerator, denominator, low, high, status)


def readings_sql(series: Series, first: date, last: date, within: float | None = None) -> str:
    """The query that shows the readings of a series from one day to another. `within` as in `read_days`."""
    lines = [f"select {_COLUMNS}", _where(series, within)]
    if within is not None:
        done = _DONE.format(within=within)
        lines[0] = (
            f"select period_start, 1.0 * {done} / sum(count_spells) as value,\n  {done} as numerator,\n"
            f"  sum(count_spells) as denominator,\n  {_IS_DECIDED.format(within=within)} as status"
        )
    lines.append(f"  and period_start between date '{first}' and date '{last}'")
    return "\n".join([*lines, *(["group by period_start"] if within is not None else []), "order by period_start"])


def number_sql(series: Series, pool: Pool, days: Iterable[Day], within: float | None = None) -> str:
    """The query that gives the number told of pooled days; "" where these readings do not add up to it.

    Days with too few cases were not judged, and are left out of it as well.
    """
    final = [day for day in days if day.status == "final" and pool.first <= day.period_start <= pool.last]
    if not _adds_up(series.watched, [day for day in final if day.period_start not in pool.left_out], pool):
        return ""
    without = [day.period_start for day in final if day.denominator and day.period_start in pool.left_out]
    good, n, decided = "sum(numerator)", "sum(denominator)", "status = 'final'"
    if within is not None:
        good, n, decided = _DONE.format(within=within), "sum(count_spells)", f"decided_seconds > {within:.0f}"
    value = f"200.0 * {good} / {n} - 100" if series.watched.statistic == "nps" else f"1.0 * {good} / {n}"
    lines = [
        f"select {value} as value, {n} as n",
        _where(series, within),
        f"  and {decided}",
        f"  and period_start between date '{pool.first}' and date '{pool.last}'",
    ]
    if without:
        listed = ", ".join(f"date '{day}'" for day in without)
        lines.append(f"  and period_start not in ({listed})")
    return "\n".join(lines)


def _adds_up(watched: Watched, days: Sequence[Day], pool: Pool) -> bool:
    n, numerator = sum(day.denominator or 0.0 for day in days), sum(day.numerator or 0.0 for day in days)
    good = n - numerator if watched.direction == "lower" else numerator
    return abs(n - pool.n) < 1e-6 and abs(good - pool.good) < 1e-6


def _where(series: Series, within: float | None) -> str:
    watched = series.watched
    table = "fct_kpi_readings" if within is None else "fct_duration_counts"
    conditions = {
        "journey": watched.journey, "kpi": watched.kpi, "statistic": watched.statistic, "period": watched.period,
        "segment": series.segment, "segment_value": series.segment_value,
    }  # fmt: skip
    if within is not None:
        del conditions["statistic"]
    clauses = "\n  and ".join(f"{column} = {_quoted(value)}" for column, value in conditions.items())
    return f"from marts.{table}\nwhere {clauses}"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
