"""All small worlds in one workspace, landed and measured by the product on an engine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import yaml

from jkpi.warehouse.landing import ensure_landing
from jkpi.warehouse.open import open_warehouse
from tests.recount.worlds import AS_OF, World

if TYPE_CHECKING:
    import pyarrow as pa

JKPI = Path(sys.executable).parent / "jkpi"
RECEIVERS: dict[str, Any] = {"receivers": {"desk": {"kind": "console"}}}
SOURCE: dict[str, Any] = {
    "kind": "touchpoints",
    "from": {"files": "data/none.csv"},
    "columns": {"event_id": "id", "case_id": "case", "customer_id": "who", "touchpoint": "what", "occurred_at": "at"},
}
"""Rows are landed directly, so only the allowed lateness of a source matters."""


def measure(folder: Path, url: str, worlds: Sequence[World]) -> None:
    """Land the worlds' rows, measure them under each version of their maps in turn, then run the marts checkpoint."""
    workspace(folder, url, worlds)
    _land(url, worlds)
    for number in range(max(len(world.documents) for world in worlds)):
        draw_maps(folder, worlds, number)
        run_jkpi("measure", "--full-refresh", "-w", folder)
    run_jkpi("check", "--checkpoint", "marts", "-w", folder)


def workspace(folder: Path, url: str, worlds: Sequence[World], as_of: pd.Timestamp = AS_OF) -> None:
    """Write settings, sources and calendars: what all versions of the maps share."""
    _write(
        folder / "jkpi.yml", {"workspace": "worlds", "warehouse": url, "as_of": f"{as_of.isoformat()}Z", **RECEIVERS}
    )
    for world in worlds:
        for source, late in world.late.items():
            columns = {**SOURCE["columns"], "segments": _columns(world)}
            source_file = {"source": source, **SOURCE, "columns": columns, "allowed_lateness": late}
            if late == "0d":
                del source_file["allowed_lateness"]
            _write(folder / "sources" / f"{source}.yml", source_file)
        for name, calendar in world.calendars.items():
            _write(folder / "calendars" / f"{name}.yml", calendar)


def draw_maps(folder: Path, worlds: Sequence[World], number: int) -> None:
    """Write version `number` (from 0) of each map, or its last one, into the workspace."""
    for world in worlds:
        document = world.documents[min(number, len(world.documents) - 1)]
        _write(folder / "journeys" / f"{world.name}.yml", document)


def run_jkpi(*arguments: str | Path) -> None:
    done = subprocess.run([JKPI, *arguments], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr


def _columns(world: World) -> list[str]:
    return sorted({column[8:] for column in world.facts().events.columns.astype(str) if column.startswith("segment ")})


def _write(path: Path, document: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))


def _land(url: str, worlds: Iterable[World]) -> None:
    tables: dict[str, list[pd.DataFrame]] = {}
    for world in worlds:
        for table, frame in world.tables.items():
            if len(frame):
                tables.setdefault(table, []).append(frame)
    with open_warehouse(url) as warehouse:
        ensure_landing(warehouse)
        for table, frames in tables.items():
            frame = pd.concat(frames, ignore_index=True)
            if table != "blind_spots":
                frame = frame.assign(batch_id="landed", loaded_at=AS_OF.to_datetime64())
                frame["content_hash"] = [f"{table} {number}" for number in range(len(frame))]
            warehouse.insert(f"raw.{table}", to_arrow(frame))


def to_arrow(frame: pd.DataFrame) -> pa.Table:
    """Convert to Arrow without the columns that are all NULL."""
    import pyarrow as pa

    columns = {name: pa.array(frame[name].tolist(), from_pandas=True) for name in frame}
    columns |= {
        name: pa.array(frame[name].astype("datetime64[us]")) for name in frame.select_dtypes("datetime").columns
    }
    return pa.table({name: column for name, column in columns.items() if column.null_count < len(column)})
