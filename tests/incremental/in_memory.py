"""dbt's compiled SQL run on DuckDB in memory: a run takes a fraction of a second instead of many.

The SQL is the product's own, as dbt compiled it for a full refresh and for an incremental run. Only the clock differs:
it is read from the current run, where dbt writes the timestamp into the SQL. Planning takes nearly all of the time, so
views that many models read are tables here, and models that depend on the map alone are built once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from jkpi.loading.landing_schema import LANDING_TABLE_BY_KIND
from jkpi.loading.load_log import Batch
from jkpi.loading.model import SourceKind
from jkpi.loading.report import balanced_report
from jkpi.loading.rows import TransformedChunk
from jkpi.loading.staging import Staging
from jkpi.measuring.run_state import begin_run, finish_run, full_refresh_reason
from jkpi.warehouse.base import Warehouse
from tests.recount.world_workspace import to_arrow

RESULT = "fct_kpi_readings"
CLOCK = "select max_by(runs.as_of, runs.run_number) as as_of from raw.measure_runs as runs"
KIND_BY_TABLE: dict[str, SourceKind] = {landing.table: kind for kind, landing in LANDING_TABLE_BY_KIND.items()}
Frames = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Model:
    """place: `schema.table`. materialized: view, table, or incremental by a strategy. key: what is replaced."""

    name: str
    place: str
    materialized: str
    strategy: str
    touched: str
    key: tuple[str, ...]
    sql: str
    needs: frozenset[str]

    @property
    def is_incremental(self) -> bool:
        return self.materialized == "incremental"


@dataclass(frozen=True)
class Program:
    """The models that the readings and the incremental tables need, in order, as compiled for each kind of run."""

    full: tuple[Model, ...]
    added: tuple[Model, ...]

    def of_the_map(self) -> frozenset[str]:
        """The models that read nothing but the map's tables."""
        found: set[str] = set()
        for model in self.full:
            if model.name != "stg_clock" and all(
                one in found or one.startswith(("raw.map_", "int_map_")) for one in model.needs
            ):
                found.add(model.name)
        return frozenset(found)


def models_of(target: Path, database: str) -> tuple[Model, ...]:
    """Read dbt's manifest below `target`, written by a run of all models."""
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    nodes = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    needs = {key: [one for one in node["depends_on"]["nodes"] if one in nodes] for key, node in nodes.items()}
    wanted = [
        key for key, node in nodes.items()
        if node["name"] == RESULT or node["config"]["materialized"] == "incremental"
    ]  # fmt: skip
    closed: set[str] = set()
    while wanted:
        key = wanted.pop()
        if key not in closed:
            closed.add(key)
            wanted += needs[key]
    order = TopologicalSorter({key: sorted(needs[key]) for key in sorted(closed)}).static_order()
    return tuple(_model(nodes[key], database) for key in order if nodes[key]["config"]["materialized"] != "ephemeral")


def _model(node: Mapping[str, Any], database: str) -> Model:
    config = node["config"]
    meta = config["meta"] if config["materialized"] == "incremental" else {}
    return Model(
        name=node["name"],
        place=f"{node['schema']}.{node['name']}",
        materialized=config["materialized"],
        strategy=config.get("incremental_strategy") or "",
        touched=f"intermediate.{meta['touched']}" if "touched" in meta else "",
        key=tuple(meta.get("key", ())),
        needs=frozenset(".".join(one.split(".")[2:]) for one in node["depends_on"]["nodes"]),
        sql=CLOCK if node["name"] == "stg_clock" else node["compiled_code"].replace(f'"{database}".', ""),
    )


def prepare(warehouse: Warehouse, program: Program, landed: Path) -> None:
    """Create the landing tables, filled with the map of the file `landed` only, and the views."""
    warehouse.execute(f"attach '{landed}' as landed (read_only)")
    for schema in ("raw", *sorted({model.place.split(".")[0] for model in program.full})):
        warehouse.execute(f"create schema {schema}")
    raw = "select table_name from duckdb_tables() where database_name = 'landed' and schema_name = 'raw'"
    tables = warehouse.rows(raw)
    for table in (row["table_name"] for row in tables):
        kept = "true" if table.startswith("map_") else "false"
        warehouse.execute(f"create table raw.{table} as select * from landed.raw.{table} where {kept}")
    warehouse.execute("detach landed")
    once = program.of_the_map()
    for model in program.full:
        if model.name in once or model.name.startswith("stg_"):
            run(warehouse, model, full_refresh=True)


def clear(warehouse: Warehouse) -> None:
    """Delete landed rows and the log of runs. The first run replaces the tables that were measured."""
    raw = "select table_name from duckdb_tables() where schema_name = 'raw'"
    for table in (row["table_name"] for row in warehouse.rows(raw)):
        if not table.startswith("map_"):
            warehouse.execute(f"create or replace table raw.{table} as select * from raw.{table} where false")


def land(warehouse: Warehouse, frames: Frames, batch: str) -> None:
    """Land rows of the landing's tables as one batch of each of their sources, with the next load numbers."""
    sources = set()
    for table, frame in frames.items():
        if frame.empty:
            continue
        if table != "blind_spots":
            hashes = [f"{table} {batch} {number}" for number in range(len(frame))]
            frame = frame.assign(batch_id=batch, loaded_at=datetime(2026, 12, 1), content_hash=hashes)
            sources |= set(frame["source"])
        warehouse.insert(f"raw.{table}", to_arrow(frame))
    for source in sorted(sources):
        warehouse.execute(
            "insert into raw.load_batches (source, batch_id, status, load_number) values (cast(:source as text),"
            " cast(:batch as text), 'loaded', (select coalesce(max(load_number), 0) + 1 from raw.load_batches))",
            {"source": source, "batch": batch},
        )


def land_latest(warehouse: Warehouse, arrivals: Frames, batch: str) -> None:
    """Land arrivals as sources with `on_conflict: latest` do: with the loader's own staging. See `with_corrections`."""
    for table, frame in arrivals.items():
        landing = replace(LANDING_TABLE_BY_KIND[KIND_BY_TABLE[table]], latest=True)
        for source, rows in frame.groupby("source"):
            content = rows.drop(columns=["revision", "gone"])
            hashes = [hashlib.md5(repr(row).encode()).hexdigest() for row in content.itertuples(index=False)]
            rows = rows.assign(content_hash=hashes, seq=range(len(rows)), cursor_position=rows["revision"].astype(str))
            keys = ["seq", *landing.key_columns, "cursor_position"]
            kept = [name for name in ("seq", *landing.columns, "cursor_position", "content_hash") if name in rows]
            chunk = TransformedChunk(
                rows=to_arrow(rows[~rows["gone"]][kept]),
                rejects=pa.table({name: pa.array([], pa.string()) for name in ("reason", "original")}),
                read=len(rows),
                skipped=int(rows["gone"].sum()),
                deletions=to_arrow(rows[rows["gone"]][keys]),
            )
            batch_id = f"{table} {batch}"
            known = Batch(batch_id, str(source), KIND_BY_TABLE[table], "memory", batch_id, datetime(2026, 12, 1))
            with Staging(warehouse, landing, str(source)) as staging:
                staging.add(chunk)
                staging.deduplicate()
                staging.select_new_rejects()
                staging.commit(known, balanced_report(staging.counts(), str(source), "memory", batch_id))


def count(warehouse: Warehouse, program: Program, as_of: datetime, full_refresh: bool) -> None:
    """Measure once, as `jkpi measure` and dbt would do it."""
    if not full_refresh:
        reason = full_refresh_reason(warehouse, "the same", as_of)
        assert not reason, reason
    begin_run(warehouse, as_of, "the same", "it was requested" if full_refresh else "")
    once = program.of_the_map()
    for model in program.full if full_refresh else program.added:
        if model.name not in once and not model.name.startswith("stg_"):
            run(warehouse, model, full_refresh)
    finish_run(warehouse, 0.0)


def run(warehouse: Warehouse, model: Model, full_refresh: bool) -> None:
    """Build one model as dbt-duckdb does. Views are made once, see above."""
    if model.name.startswith("stg_"):
        _run(warehouse, f"create or replace view {model.place} as {model.sql}")
    elif full_refresh or not model.is_incremental:
        _run(warehouse, f"create or replace table {model.place} as {model.sql}")
    elif model.strategy == "append":
        _run(warehouse, f"insert into {model.place} by name {model.sql}")
    else:
        same = " and ".join(f"touched.{column} = kept.{column}" for column in model.key)
        _run(warehouse, f"create or replace temp table fresh_rows as {model.sql}")
        touched = f"select 1 from {model.touched} as touched where {same}"
        _run(warehouse, f"delete from {model.place} as kept where exists ({touched})")
        _run(warehouse, f"insert into {model.place} by name select * from fresh_rows")


def _run(warehouse: Warehouse, sql: str) -> duckdb.DuckDBPyConnection:
    # Past the warehouse's own way of naming parameters: compiled SQL has none.
    return warehouse._connection.execute(sql)  # type: ignore[attr-defined]


def contents(warehouse: Warehouse, program: Program) -> dict[str, list[tuple[Any, ...]]]:
    """Table -> its sorted rows, for the readings and every incremental table."""
    found = {}
    for model in program.full:
        if model.name == RESULT or model.is_incremental:
            rows = f"select * from {model.place}"
            if model.name == "int_touchpoint_days":
                # Appended to by each run, and summed by whoever reads it.
                rows = (
                    "select source, touchpoint, local_date, sum(count_events) as count_events,"
                    f" min(first_at) as first_at, max(last_at) as last_at from {model.place} group by all"
                )
            found[model.name] = _run(warehouse, f"{rows} order by all").fetchall()
    return found
