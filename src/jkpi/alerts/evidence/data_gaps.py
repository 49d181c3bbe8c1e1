"""Why readings are withheld: the blind spots of the sources that feed them, as the checks of the data found them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from jkpi.alerts.series.watched import Watched
from jkpi.formatting.numbers import plain
from jkpi.warehouse.base import Warehouse

_MOST = 5
_DECIDED = """
select max(matures_at) as decided_at
from marts.fct_kpi_readings
where journey = :journey and kpi = :kpi and statistic = :statistic and period = :period and segment = 'all'
    and status = 'withheld' and period_start >= :since
"""
_SPOTS = """
select distinct spots.source, spots.starts_at, spots.ends_at, spots.reason
from raw.blind_spots as spots
inner join intermediate.int_kpi_sources as sources on spots.source = sources.source
where sources.journey = :journey and sources.kpi = :kpi and spots.starts_at < :decided and spots.ends_at > :starts
order by spots.starts_at desc, spots.source
"""


def blind_spots(w: Warehouse, watched: Watched, since: date, zone: str) -> tuple[str, ...]:
    """What left us blind for the readings from a day on, a sentence each, the newest first; days are cut in `zone`.

    A reading rests on all that its sources tell until the last of its cases is decided: what was not seen may lie days
    after it.
    """
    if not (w.table_exists("raw", "blind_spots") and w.table_exists("intermediate", "int_kpi_sources")):
        return ()
    keys = {"journey": watched.journey, "kpi": watched.kpi}
    readings = {**keys, "statistic": watched.statistic, "period": watched.period, "since": since}
    (row,) = w.rows(_DECIDED, readings)
    if row["decided_at"] is None:
        return ()
    starts = datetime.combine(since, time(), ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None)
    found = w.rows(_SPOTS, {**keys, "starts": starts, "decided": row["decided_at"]})
    told = [
        f"{plain(spot['source'])}: {plain(spot['reason'], 200)}"
        f" ({spot['starts_at']:%Y-%m-%d %H:%M} to {spot['ends_at']:%Y-%m-%d %H:%M} UTC)"
        for spot in found[:_MOST]
    ]
    return (*told, *([f"and {len(found) - _MOST} more: see jkpi check"] if len(found) > _MOST else []))
