"""Why readings are withheld: the blind spots of the sources that feed them, as the checks of the data found them."""

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
select distinct spots.source, spots.starts_at, spots.ends_at, spots.reason
from raw.blind_spots as spots
inner join intermediate.int_kpi_sources as sources on spots.source = sources.source
where sources.journey = :journey and sources.kpi = :kpi and spots.starts_at < :decided and spots.ends_at > :starts
order by spots.starts_at desc, spots.source
"""


def data_gaps(warehouse: Warehouse, watched: WatchedMoment, first_day: date, timezone: str) -> tuple[str, ...]:
    """What left us blind for the readings from a day on, a sentence each, the newest first; days are cut in `zone`.

    A reading rests on all that its sources tell until the last of its cases is decided: what was not seen may lie days
    after it.
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
