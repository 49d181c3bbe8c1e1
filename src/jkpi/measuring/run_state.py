"""The state of measure runs: whether the next run can be incremental, or needs a full refresh."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from jkpi.warehouse.base import Warehouse

# The columns that readings depend on; titles, targets and owners are not among them.
_FINGERPRINTED_COLUMNS = {
    "map_journeys": "journey, version, timezone, window_seconds, idle_seconds, is_current, valid_from",
    "map_touchpoints": "journey, version, touchpoint, stage, stage_position, position, is_start, is_end, is_staffed",
    "map_kpis": "journey, version, kpi, kind, stage, definition",
    "map_segments": "journey, segment, part, part_position",
    "map_viewpoints": "journey, segment, segment_value",
    "map_moments": "distinct journey, version, kpi",
}

# A batch that was removed and loaded again keeps its id but gets a new load number.
_LOADED_BATCHES = "select source, batch_id, load_number from raw.load_batches where status = 'loaded'"


def inputs_fingerprint(warehouse: Warehouse, project: Path) -> str:
    """Fingerprint of everything besides rows that readings depend on: maps, calendars, SQL, and the version of DuckDB
    (its hash function)."""
    digest = hashlib.sha256()
    for table, columns in _FINGERPRINTED_COLUMNS.items():
        rows = warehouse.rows(f"select {columns} from raw.{table}")
        digest.update("\n".join(sorted(json.dumps(list(row.values()), default=str) for row in rows)).encode())
    calendars = warehouse.rows("select calendar, fingerprint from raw.map_calendar_prints")
    digest.update(repr(sorted(map(str, calendars))).encode())
    for file in sorted(project.rglob("*.sql")):
        digest.update(file.read_bytes())
    if warehouse.engine == "duckdb":
        digest.update(version("duckdb").encode())
    return digest.hexdigest()


def is_first_run(warehouse: Warehouse) -> bool:
    """Whether this warehouse was never measured."""
    return not warehouse.table_exists("intermediate", "int_kpi_tallies")


def full_refresh_reason(warehouse: Warehouse, current: str, as_of: datetime) -> str:
    """Why a full refresh is needed; "" if the run can be incremental. as_of: naive UTC."""
    if is_first_run(warehouse):
        return ""
    last_run = warehouse.rows(
        "select as_of, fingerprint, is_finished from raw.measure_runs order by run_number desc limit 1"
    )
    if not last_run:
        return "no earlier run is known"
    if not last_run[0]["is_finished"]:
        return "the last run did not finish"
    if last_run[0]["fingerprint"] != current:
        return "the map or the SQL has changed"
    if last_run[0]["as_of"] > as_of:
        return "time was set back"
    removed_batches = (
        "select count(*) from"
        f" (select source, batch_id, load_number from raw.measured_batches except {_LOADED_BATCHES}) removed"
    )
    return "a batch was removed" if warehouse.scalar(removed_batches) else ""


def was_incremental(warehouse: Warehouse) -> bool:
    """Whether the last run was incremental, so that its views are still valid."""
    last_run = warehouse.rows("select refreshed from raw.measure_runs order by run_number desc limit 1")
    return bool(last_run) and not last_run[0]["refreshed"]


def begin_run(warehouse: Warehouse, as_of: datetime, current: str, refresh_reason: str) -> None:
    """Record the start of a run, its batches, and the reason of a full refresh. as_of: naive UTC.

    An unfinished run forces a full refresh, because it may have written only some tables.
    """
    with warehouse.transaction():
        warehouse.execute("delete from raw.measuring_batches")
        warehouse.execute(f"insert into raw.measuring_batches {_LOADED_BATCHES}")
        if refresh_reason:
            warehouse.execute("delete from raw.measured_batches")
        warehouse.execute(
            "insert into raw.measure_runs (run_number, as_of, fingerprint, refreshed, is_finished)"
            " select coalesce(max(run_number), 0) + 1, cast(:as_of as timestamp), cast(:fingerprint as text),"
            " cast(:refreshed as text), false from raw.measure_runs",
            {"as_of": as_of, "fingerprint": current, "refreshed": refresh_reason},
        )


def finish_run(warehouse: Warehouse, seconds: float) -> None:
    """Record the end of the run. If rows landed meanwhile, some models saw them and others did not: the run then counts
    as unfinished."""
    changed_batches = (
        f"select (select count(*) from ({_LOADED_BATCHES} except select * from raw.measuring_batches) a)"
        f" + (select count(*) from (select * from raw.measuring_batches except {_LOADED_BATCHES}) b)"
    )
    with warehouse.transaction():
        if warehouse.scalar(changed_batches):
            return
        warehouse.execute("delete from raw.measured_batches")
        warehouse.execute("insert into raw.measured_batches select * from raw.measuring_batches")
        # What they corrected is measured, and is not needed again.
        warehouse.execute(
            "delete from raw.corrected_rows where (source, batch_id) in"
            " (select source, batch_id from raw.measured_batches)"
        )
        warehouse.execute(
            "update raw.measure_runs set is_finished = true, seconds = cast(:seconds as double precision)"
            " where run_number = (select max(run_number) from raw.measure_runs)",
            {"seconds": seconds},
        )
