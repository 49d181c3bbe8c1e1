"""Generated journey instances as rows of the landing, as the loader would write them, or as the Parquet files it reads.

python -m benchmarks.measure.landing DIRECTORY --events 1000000 [--files]
"""

from __future__ import annotations

import argparse
from datetime import UTC, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure.generated_instances import Chunk, chunks
from benchmarks.measure.maps import AS_OF, KEY, write_workspace
from benchmarks.measure.rows import answers, as_landed, events, instances, table

if TYPE_CHECKING:
    import duckdb

LAST_DAY = AS_OF - timedelta(days=1)
WAREHOUSE = "warehouse.duckdb"
LAST_DAY_DATABASE = "last_day.duckdb"
MEMORY = "1200MB"
_KINDS = {"touchpoints": ("touchpoint_events", "occurred_at"), "responses": ("survey_responses", "responded_at")}


def make(workspace: Path, memory_limit: str | None = None) -> None:
    """Make a workspace. Its warehouse has the map and no events."""
    from jkpi.journeys.map_tables import write_map
    from jkpi.journeys.reader import read_journeys
    from jkpi.loading.workspace import read_sources
    from jkpi.warehouse.landing import ensure_landing
    from jkpi.warehouse.open import open_warehouse

    write_workspace(workspace, memory_limit)
    for name in (WAREHOUSE, LAST_DAY_DATABASE):
        (workspace / name).unlink(missing_ok=True)
        with open_warehouse(f"duckdb:///{workspace / name}") as warehouse:
            ensure_landing(warehouse)
            if name == WAREHOUSE:
                write_map(
                    warehouse, read_journeys(workspace, {}), read_sources(workspace), LAST_DAY.replace(tzinfo=UTC)
                )


def land(workspace: Path, count: int, seed: int = 7) -> int:
    """Land about count events and a tenth as many responses. The last day is kept for land_last_day.

    Returns the number of events, with those of the last day.
    """
    with _connect(workspace) as connection:
        for number, chunk in enumerate(chunks(count, seed)):
            _register(connection, chunk)
            rows = as_landed(number)
            for name, time in _KINDS.values():
                connection.execute(f"create or replace temp table chunk as {rows[name]}")
                for database, when in (("main_rows", "<"), ("last_day_rows", ">=")):
                    connection.execute(
                        f"insert into {database}.raw.{name} by name select * from chunk where {time} {when} $last_day",
                        {"last_day": LAST_DAY},
                    )
        connection.execute("drop table chunk")
        for database in ("main_rows", "last_day_rows"):
            _write_load_log(connection, database)
        counted = "select (select count(*) from main_rows.raw.{t}) + (select count(*) from last_day_rows.raw.{t})"
        (total,) = connection.execute(counted.format(t="touchpoint_events")).fetchone() or (0,)
    return int(total)


def land_last_day(workspace: Path) -> int:
    """Land the last day, as batches of its own. Returns the number of its events."""
    with _connect(workspace) as connection:
        for name in (*(name for name, _ in _KINDS.values()), "load_batches"):
            connection.execute(f"insert into main_rows.raw.{name} select * from last_day_rows.raw.{name}")
        (landed,) = connection.execute("select count(*) from last_day_rows.raw.touchpoint_events").fetchone() or (0,)
    return int(landed)


def write_files(workspace: Path, count: int, seed: int = 7) -> None:
    """Write the same rows as files of data/, for jkpi load, with customer numbers instead of pseudonyms."""
    import duckdb

    write_workspace(workspace)
    with duckdb.connect() as connection:
        for number, chunk in enumerate(chunks(count, seed)):
            _register(connection, chunk)
            for folder, query in {"events": events(number), **answers(number)}.items():
                target = workspace / "data" / folder / f"{number:05}.parquet"
                target.parent.mkdir(parents=True, exist_ok=True)
                connection.execute(f"copy ({query}) to '{target}' (format parquet)")


def _connect(workspace: Path) -> duckdb.DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"set memory_limit = '{MEMORY}'; set enable_progress_bar = false; set TimeZone = 'UTC'")
    connection.execute(f"set temp_directory = '{workspace / 'spill'}'")
    connection.execute(
        f"attach '{workspace / WAREHOUSE}' as main_rows; attach '{workspace / LAST_DAY_DATABASE}' as last_day_rows"
    )
    return connection


def _register(connection: duckdb.DuckDBPyConnection, chunk: Chunk) -> None:
    """Register the chunk as tables instances, chunk_events and chunk_answers. Each instance has one pseudonym."""
    from jkpi.loading.expressions import hmac_pads, pseudonym

    connection.register("instances_in", instances(chunk))
    connection.execute(
        "create or replace temp table instances as"
        f" select *, {pseudonym('customer')} as pseudonym from"
        " (select instance, 'C' || lpad(cast(number as varchar), 9, '0') as customer, journey, tier, region"
        " from instances_in)",
        hmac_pads(KEY.encode()),
    )
    event_columns = {"touchpoint": chunk.touchpoint, "at": chunk.occurred, "tier": chunk.tier}
    connection.register("chunk_events", table(instance=chunk.event_instance, **event_columns))
    answer_columns = {"question": chunk.question, "score": chunk.score, "at": chunk.answered}
    connection.register("chunk_answers", table(instance=chunk.answer_instance, **answer_columns))


def _write_load_log(connection: duckdb.DuckDBPyConnection, database: str) -> None:
    """Write the load log: one row of raw.load_batches for each landed batch."""
    for kind, (name, time) in _KINDS.items():
        connection.execute(
            f"insert into {database}.raw.load_batches by name"
            f" select batch_id, source, '{kind}' as kind, source || ' ' || batch_id as origin, batch_id as fingerprint,"
            " 'loaded' as status, dense_rank() over (order by max(loaded_at), batch_id) as load_number,"
            " count(*) as rows_read, count(*) as loaded, 0 as rejected, 0 as duplicates,"
            f" 0 as skipped, min({time}) as first_at, max({time}) as last_at, max(loaded_at) as started_at,"
            f" max(loaded_at) as loaded_at from {database}.raw.{name} group by batch_id, source"
        )


def main() -> None:
    """Make a workspace to experiment with: rows already landed, or files for jkpi load."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--files", action="store_true", help="write files below data/ and land nothing")
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    make(options.directory)
    if options.files:
        write_files(options.directory, options.events, options.seed)
    else:
        print(f"{land(options.directory, options.events, options.seed):,} events; those of the last day are kept apart")


if __name__ == "__main__":
    main()
