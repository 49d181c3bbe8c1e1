"""What was measured last, and whether that still holds: else everything is counted anew."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from pathlib import Path

from jkpi.warehouse import Warehouse

# The columns from which passages are cut: another title or KPI does not change them.
_CUTS = {
    "map_journeys": "journey, version, window_seconds, idle_seconds",
    "map_touchpoints": "journey, touchpoint, stage, stage_position, position, is_start, is_end",
}


def ensure_runs(warehouse: Warehouse) -> None:
    """The table of runs, one row each, numbered from 1; `as_of` is naive UTC."""
    warehouse.execute(
        "create table if not exists raw.measure_runs (run_number bigint, as_of timestamp, fingerprint text,"
        " refreshed text, seconds double precision)"
    )


def fingerprint(warehouse: Warehouse, project: Path) -> str:
    """Of what the passages are cut by: the current map, and the SQL itself, which an upgrade can change."""
    digest = hashlib.sha256()
    for table, columns in _CUTS.items():
        rows = warehouse.rows(f"select {columns} from raw.{table} where is_current")
        digest.update("\n".join(sorted(json.dumps(list(row.values())) for row in rows)).encode())
    for file in sorted(project.rglob("*.sql")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def why_anew(warehouse: Warehouse, current: str, as_of: datetime) -> str:
    """The reason for counting everything anew; empty where adding what is new is exact. `as_of` is naive UTC."""
    if not warehouse.table_exists("intermediate", "int_journey_events"):
        return ""
    last = warehouse.rows("select as_of, fingerprint from raw.measure_runs order by run_number desc limit 1")
    if not last:
        return "no earlier run is known"
    if last[0]["fingerprint"] != current:
        return "the map has changed"
    if last[0]["as_of"] > as_of:
        return "time was set back"
    gone = warehouse.scalar(
        "select count(*) from (select distinct batch_id from intermediate.int_journey_events) as known"
        " where batch_id not in (select distinct batch_id from raw.touchpoint_events)"
    )
    return "a batch was taken back" if gone else ""


def record_run(warehouse: Warehouse, as_of: datetime, current: str, refreshed: str, seconds: float) -> None:
    """Remember this run. `as_of` is naive UTC."""
    warehouse.execute(
        "insert into raw.measure_runs select coalesce(max(run_number), 0) + 1, cast(:as_of as timestamp),"
        " cast(:fingerprint as text), cast(:refreshed as text), cast(:seconds as double precision)"
        " from raw.measure_runs",
        {"as_of": as_of, "fingerprint": current, "refreshed": refreshed, "seconds": seconds},
    )
