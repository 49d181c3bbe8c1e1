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


# A load batch keeps its name when it is taken out and loaded again by other rules, so its content is told apart by a
# sum over the first hex digits of its rows' hashes: in words that every engine knows, and cheap beside counting.
_DIGEST = " + ".join(
    f"{257**place} * cast(ascii(substr(content_hash, {place + 1}, 1)) as bigint)" for place in range(6)
)
_BATCHES = (
    "select batch_id, count(*) as count_rows,"
    f" cast(coalesce(sum({_DIGEST}), 0) as decimal(38, 0)) as digest"
    " from raw.touchpoint_events group by batch_id"
)


def ensure_runs(warehouse: Warehouse) -> None:
    """The tables of runs, one row each, numbered from 1, and of the batches that the last one has counted.

    `as_of` is naive UTC.
    """
    warehouse.execute(
        "create table if not exists raw.measured_batches (batch_id text, count_rows bigint, digest decimal(38, 0))"
    )
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
        return "the map, or how it is counted, has changed"
    if last[0]["as_of"] > as_of:
        return "time was set back"
    changed = warehouse.scalar(
        "select count(*) from (select batch_id, count_rows, digest from raw.measured_batches"
        f" except {_BATCHES}) as changed"
    )
    return "a batch was taken back" if changed else ""


def record_run(warehouse: Warehouse, as_of: datetime, current: str, refreshed: str, seconds: float) -> None:
    """Remember this run, and the batches that it has counted. `as_of` is naive UTC."""
    warehouse.execute("delete from raw.measured_batches")
    warehouse.execute(f"insert into raw.measured_batches (batch_id, count_rows, digest) {_BATCHES}")
    warehouse.execute(
        "insert into raw.measure_runs select coalesce(max(run_number), 0) + 1, cast(:as_of as timestamp),"
        " cast(:fingerprint as text), cast(:refreshed as text), cast(:seconds as double precision)"
        " from raw.measure_runs",
        {"as_of": as_of, "fingerprint": current, "refreshed": refreshed, "seconds": seconds},
    )
