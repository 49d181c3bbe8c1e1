"""The daily readings behind an alert: read from the marts, and kept as they were when it was told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import Connection, insert, select

from jkpi.alerts.pools import Pool
from jkpi.alerts.series import Series, Watched
from jkpi.state import told_readings
from jkpi.warehouse import Warehouse

_COLUMNS = "period_start, value, numerator, denominator, ci_low, ci_high, status"
_DAYS = f"""
select segment, segment_value, {_COLUMNS}
from marts.fct_kpi_readings
where journey = :journey and kpi = :kpi and statistic = :statistic and period = :period
    and period_start between :first and :last
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
    w: Warehouse, journey: str, kpi: str, statistic: str, first: date, last: date, period: str = "day"
) -> Readings:
    """The readings of a KPI in all its segments, whatever their status, as they are now."""
    keys = {"journey": journey, "kpi": kpi, "statistic": statistic, "period": period}
    found: dict[tuple[str, str], list[Day]] = {}
    for row in w.rows(_DAYS, {**keys, "first": first, "last": last}):
        key = (row.pop("segment"), row.pop("segment_value"))
        found.setdefault(key, []).append(Day(**row))
    return found


def keep(connection: Connection, alert_id: str, number: int, days: Iterable[Day]) -> None:
    """The readings that a transition was told from, for good."""
    rows = [{"alert_id": alert_id, "number": number, **asdict(day)} for day in days]
    if rows:
        connection.execute(insert(told_readings), rows)


def kept(connection: Connection, alert_id: str) -> dict[int, list[Day]]:
    """Number of the transition -> the readings as they were then."""
    columns = [told_readings.c[name] for name in Day.__dataclass_fields__]
    rows = connection.execute(
        select(told_readings.c.number, *columns)
        .where(told_readings.c.alert_id == alert_id)
        .order_by(told_readings.c.number, told_readings.c.period_start)
    ).all()
    found: dict[int, list[Day]] = {}
    for row in rows:
        values = dict(row._mapping)
        found.setdefault(values.pop("number"), []).append(Day(**values))
    return found


def readings_sql(series: Series, first: date, last: date) -> str:
    """The query that shows the readings of a series from one day to another."""
    return f"select {_COLUMNS}\n{_where(series)}\n  and period_start between date '{first}' and date '{last}'\n" + (
        "order by period_start"
    )


def number_sql(series: Series, pool: Pool, days: Iterable[Day]) -> str:
    """The query that gives the number told of pooled days; "" where these readings do not add up to it.

    Days with too few cases were not judged. They are found by leaving out the smallest until the sums agree.
    """
    final = [day for day in days if day.status == "final" and pool.first <= day.period_start <= pool.last]
    ordered = sorted(final, key=lambda day: (day.denominator or 0.0, day.period_start))
    for left_out in range(len(ordered)):
        if _adds_up(series.watched, ordered[left_out:], pool):
            without = sorted(day.period_start for day in ordered[:left_out] if day.denominator)
            break
    else:
        return ""
    share = "sum(numerator) / sum(denominator)"
    value = f"200.0 * {share} - 100" if series.watched.statistic == "nps" else f"1.0 * {share}"
    lines = [
        f"select {value} as value, sum(denominator) as n",
        _where(series),
        "  and status = 'final'",
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


def _where(series: Series) -> str:
    watched = series.watched
    conditions = {
        "journey": watched.journey, "kpi": watched.kpi, "statistic": watched.statistic, "period": watched.period,
        "segment": series.segment, "segment_value": series.segment_value,
    }  # fmt: skip
    clauses = "\n  and ".join(f"{column} = {_quoted(value)}" for column, value in conditions.items())
    return f"from marts.fct_kpi_readings\nwhere {clauses}"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
