"""Data gaps of the sources behind withheld readings, as the quality checks found them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from jkpi.alerts.series.watched import WatchedMoment
from jkpi.formatting.numbers import sanitize
from jkpi.warehouse.base import Warehouse

_MAX_LISTED = 5
_LAST_MATURITY = """
select max(matures_at) as decided_at
from marts.fct_kpi_readings
where journey = :journey and kpi = :kpi and statistic = :statistic and period = :period and segment = 'all'
    and status = 'withheld' and period_start >= :since
"""
_DATA_GAPS = """
select distinct gaps.source, gaps.starts_at, gaps.ends_at, gaps.reason
from raw.blind_spots as gaps
inner join intermediate.int_kpi_sources as sources on gaps.source = sources.source
where sources.journey = :journey and sources.kpi = :kpi and gaps.starts_at < :decided and gaps.ends_at > :starts
order by gaps.starts_at desc, gaps.source
"""


def data_gaps(warehouse: Warehouse, watched: WatchedMoment, first_day: date, timezone: str) -> tuple[str, ...]:
    """Gaps behind the readings from a day on, one sentence each, newest first. Days are those of timezone.

    A reading depends on its sources until its last case is decided, so a gap may lie days after it.
    """
    if not (warehouse.table_exists("raw", "blind_spots") and warehouse.table_exists("intermediate", "int_kpi_sources")):
        return ()
    keys = {"journey": watched.journey, "kpi": watched.kpi}
    readings = {**keys, "statistic": watched.statistic, "period": watched.period, "since": first_day}
    (row,) = warehouse.rows(_LAST_MATURITY, readings)
    if row["decided_at"] is None:
        return ()
    starts = datetime.combine(first_day, time(), ZoneInfo(timezone)).astimezone(UTC).replace(tzinfo=None)
    rows = warehouse.rows(_DATA_GAPS, {**keys, "starts": starts, "decided": row["decided_at"]})
    lines = [
        f"{sanitize(gap['source'])}: {sanitize(gap['reason'], 200)}"
        f" ({gap['starts_at']:%Y-%m-%d %H:%M} to {gap['ends_at']:%Y-%m-%d %H:%M} UTC)"
        for gap in rows[:_MAX_LISTED]
    ]
    return (*lines, *([f"and {len(rows) - _MAX_LISTED} more: see jkpi check"] if len(rows) > _MAX_LISTED else []))
