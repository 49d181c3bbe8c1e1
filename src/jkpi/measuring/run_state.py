"""What was measured last, and whether that still holds: else everything is counted anew."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from jkpi.warehouse.base import Warehouse

# The columns on which numbers rest: another title, target or owner changes none of them.
_COUNTED = {
    "map_journeys": "journey, version, timezone, window_seconds, idle_seconds, is_current, valid_from",
    "map_touchpoints": "journey, version, touchpoint, stage, stage_position, position, is_start, is_end, is_staffed",
    "map_kpis": "journey, version, kpi, kind, stage, definition",
    "map_segments": "journey, segment, part, part_position",
    "map_viewpoints": "journey, segment, segment_value",
    "map_moments": "distinct journey, version, kpi",
}

# Each load has a number of its own: a batch that was taken out and loaded again keeps its name, not its number.
_LOADED = "select source, batch_id, load_number from raw.load_batches where status = 'loaded'"


def fingerprint(warehouse: Warehouse, project: Path) -> str:
    """Of all on which numbers rest beside the rows: the map, its calendars, the SQL itself, and what hashes keys."""
    digest = hashlib.sha256()
    for table, columns in _COUNTED.items():
        rows = warehouse.rows(f"select {columns} from raw.{table}")
        digest.update("\n".join(sorted(json.dumps(list(row.values()), default=str) for row in rows)).encode())
    calendars = warehouse.rows("select calendar, fingerprint from raw.map_calendar_prints")
    digest.update(repr(sorted(map(str, calendars))).encode())
    for file in sorted(project.rglob("*.sql")):
        digest.update(file.read_bytes())
    if warehouse.engine == "duckdb":
        digest.update(version("duckdb").encode())
    return digest.hexdigest()


def is_first(warehouse: Warehouse) -> bool:
    """Whether nothing was ever counted here."""
    return not warehouse.table_exists("intermediate", "int_kpi_tallies")


def why_anew(warehouse: Warehouse, current: str, as_of: datetime) -> str:
    """The reason for counting everything anew; empty where adding what is new is exact. `as_of` is naive UTC."""
    if is_first(warehouse):
        return ""
    last = warehouse.rows(
        "select as_of, fingerprint, is_finished from raw.measure_runs order by run_number desc limit 1"
    )
    if not last:
        return "no earlier run is known"
    if not last[0]["is_finished"]:
        return "the last run did not finish"
    if last[0]["fingerprint"] != current:
        return "the map, or how it is counted, has changed"
    if last[0]["as_of"] > as_of:
        return "time was set back"
    gone = f"select count(*) from (select source, batch_id, load_number from raw.measured_batches except {_LOADED}) g"
    return "a batch was taken back" if warehouse.scalar(gone) else ""


def has_added(warehouse: Warehouse) -> bool:
    """Whether the last run only added what was new, as one that follows it does: the views that it made still stand."""
    last = warehouse.rows("select refreshed from raw.measure_runs order by run_number desc limit 1")
    return bool(last) and not last[0]["refreshed"]


def begin_run(warehouse: Warehouse, as_of: datetime, current: str, refreshed: str) -> None:
    """Remember that a run has begun, which batches it counts, and why everything anew. `as_of` is naive UTC.

    A run that is not finished is not built upon: it may have written some tables and not others.
    """
    with warehouse.transaction():
        warehouse.execute("delete from raw.measuring_batches")
        warehouse.execute(f"insert into raw.measuring_batches {_LOADED}")
        if refreshed:
            warehouse.execute("delete from raw.measured_batches")
        warehouse.execute(
            "insert into raw.measure_runs (run_number, as_of, fingerprint, refreshed, is_finished)"
            " select coalesce(max(run_number), 0) + 1, cast(:as_of as timestamp), cast(:fingerprint as text),"
            " cast(:refreshed as text), false from raw.measure_runs",
            {"as_of": as_of, "fingerprint": current, "refreshed": refreshed},
        )


def finish_run(warehouse: Warehouse, seconds: float) -> None:
    """Remember what the run that was begun has counted.

    Rows that landed meanwhile were seen by some models and not by others: then it counts as not finished.
    """
    moved = (
        f"select (select count(*) from ({_LOADED} except select * from raw.measuring_batches) a)"
        f" + (select count(*) from (select * from raw.measuring_batches except {_LOADED}) b)"
    )
    with warehouse.transaction():
        if warehouse.scalar(moved):
            return
        warehouse.execute("delete from raw.measured_batches")
        warehouse.execute("insert into raw.measured_batches select * from raw.measuring_batches")
        warehouse.execute(
            "update raw.measure_runs set is_finished = true, seconds = cast(:seconds as double precision)"
            " where run_number = (select max(run_number) from raw.measure_runs)",
            {"seconds": seconds},
        )
