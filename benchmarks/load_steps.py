"""The two loads that load.py compares, and the file that they read."""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

STARTED = time.perf_counter()
COLUMNS = ("number", "customer", "case_number", "state", "channel", "updated_at", "priority", "region")
SLICE = 500_000

WORKSPACE = """\
workspace: benchmark
as_of: 2026-12-01T00:00:00Z
synthetic: true
"""
SOURCE = """\
source: tickets
kind: touchpoints
from: {files: data/events.csv}
format: {timestamps: "%Y-%m-%d %H:%M:%S", timezone: Europe/Paris, nulls: ["?"]}
columns:
  event_id: number
  customer_id: customer
  case_id: case_number
  touchpoint: state
  channel: channel
  occurred_at: updated_at
  segments: [priority, region]
touchpoints: {New: fault_reported, Active: work_started, Resolved: repair_confirmed, Closed: case_closed}
"""


def write_csv(path: Path, rows: int, seed: int = 7) -> int:
    """Write a CSV of generated events, the same for the same seed. Returns its size in bytes."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv as pacsv

    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    options = pacsv.WriteOptions(quoting_style="none")
    words = {
        "state": ["New", "Active", "Resolved", "Closed"],
        "channel": ["phone", "email", "web"],
        "priority": ["1", "2", "3", "4", "?"],
        "region": ["north", "south", "east", "west"],
    }
    with pacsv.CSVWriter(path, pa.schema([(name, pa.string()) for name in COLUMNS]), write_options=options) as out:
        for start in range(0, rows, SLICE):
            count = min(SLICE, rows - start)
            moments = np.datetime64("2026-01-01T00:00:00") + random.integers(0, 270 * 86400, count).astype(
                "timedelta64[s]"
            )
            columns = {
                "number": [f"E{number:09d}" for number in range(start, start + count)],
                "customer": [f"C{number:07d}" for number in random.integers(0, rows // 20 + 1, count)],
                "case_number": [f"K{number:08d}" for number in random.integers(0, rows // 6 + 1, count)],
                "updated_at": np.char.replace(np.datetime_as_string(moments, unit="s"), "T", " "),
            }
            columns |= {name: random.choice(np.array(values), count) for name, values in words.items()}
            out.write_table(pa.table({name: pa.array(columns[name], pa.string()) for name in COLUMNS}))
    return path.stat().st_size


def write_workspace(workspace: Path) -> None:
    """A workspace around `data/events.csv`."""
    (workspace / "sources").mkdir(exist_ok=True)
    (workspace / "jkpi.yml").write_text(WORKSPACE)
    (workspace / "sources" / "tickets.yml").write_text(SOURCE)


def plain(workspace: Path) -> tuple[float, float]:
    """DuckDB alone: texts and one timestamp. Returns seconds of start, seconds of the load."""
    import duckdb

    database = workspace / "plain.duckdb"
    database.unlink(missing_ok=True)
    with duckdb.connect(str(database)) as connection:
        types = ", ".join(f"{name} {'timestamp' if name == 'updated_at' else 'text'}" for name in COLUMNS)
        connection.execute(f"create table events ({types})")
        connection.execute("set enable_progress_bar = false")
        begin = time.perf_counter()
        connection.execute(f"insert into events select * from read_csv('{workspace / 'data' / 'events.csv'}')")
        return begin - STARTED, time.perf_counter() - begin


def checked(workspace: Path, with_checks: bool) -> tuple[float, float]:
    """The whole load of jkpi. Returns seconds of start, seconds of the load."""
    import pandas as pd

    from jkpi.config.settings import load_settings
    from jkpi.loading.load import load_source
    from jkpi.loading.workspace import read_sources
    from jkpi.warehouse.landing import ensure_landing
    from jkpi.warehouse.open import open_warehouse

    (workspace / "warehouse.duckdb").unlink(missing_ok=True)
    settings = load_settings(workspace, datetime(2026, 12, 1, tzinfo=UTC))
    (source,) = read_sources(workspace)
    inspector = None
    if with_checks:
        from jkpi.quality.incoming import incoming_validator

        inspector = incoming_validator(settings)
        # The first call imports Great Expectations: that is start, not load.
        texts = ("event_id", "customer_id", "case_id", "touchpoint", "channel", "segments", "attributes")
        moment = pd.Timestamp("2026-03-01")
        row = {**dict.fromkeys(texts, "x"), "occurred_at": moment, "due_at": moment}
        inspector(source.kind, source.source, pd.DataFrame([row]))
    with open_warehouse(settings) as warehouse:
        ensure_landing(warehouse)
        begin = time.perf_counter()
        (report,) = load_source(source, settings, warehouse, inspector)
        seconds = time.perf_counter() - begin
    assert report.read == report.loaded, report
    return begin - STARTED, seconds


def peak() -> float:
    """Peak memory of this process in megabytes, without the peak of its parent, which Linux inherits."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)


if __name__ == "__main__":
    name, folder, checks = sys.argv[1:]
    before = peak()
    start, seconds = plain(Path(folder)) if name == "duckdb" else checked(Path(folder), checks == "checked")
    print(
        json.dumps(
            {"start": start, "seconds": seconds, "cpu": time.process_time(), "rss_before": before, "rss_peak": peak()}
        )
    )
