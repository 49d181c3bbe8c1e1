"""The load log, written in the same transaction as the rows: so a crash cannot lose or repeat a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jkpi.loading.report import BatchReport
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.landing import LANDING_TABLES

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Batch:
    """A batch as the load log knows it. Times are naive UTC."""

    batch_id: str
    source: str
    kind: str
    origin: str
    fingerprint: str
    now: datetime
    cursor_value: str | None = None


def loaded_batches(warehouse: Warehouse, source: str) -> set[str]:
    """Ids of loaded batches, and of files known to have no rows."""
    sql = "select batch_id from raw.load_batches where source = :source and status in ('loaded', 'empty')"
    return {row["batch_id"] for row in warehouse.rows(sql, {"source": source})}


def cursor_values(warehouse: Warehouse, source: str) -> list[str]:
    """The watermarks of all loaded queries."""
    sql = (
        "select distinct cursor_value from raw.load_batches"
        " where source = :source and status = 'loaded' and cursor_value is not null"
    )
    return [row["cursor_value"] for row in warehouse.rows(sql, {"source": source})]


def write_load_log(warehouse: Warehouse, batch: Batch, report: BatchReport) -> None:
    """Write the row of a batch, replacing an earlier row of the same batch id."""
    import pyarrow as pa

    warehouse.execute(
        "delete from raw.load_batches where source = :source and batch_id = :batch",
        {"source": batch.source, "batch": batch.batch_id},
    )
    row = {
        "batch_id": batch.batch_id,
        "source": batch.source,
        "kind": batch.kind,
        "origin": batch.origin,
        "fingerprint": batch.fingerprint,
        "status": report.status,
        "reason": report.reason or None,
        "rows_read": report.read,
        "loaded": report.loaded,
        "rejected": report.rejected,
        "duplicates": report.duplicates,
        "skipped": report.skipped,
        "first_at": report.first_at,
        "last_at": report.last_at,
        "cursor_value": batch.cursor_value,
        "started_at": batch.now,
        "loaded_at": batch.now,
        "load_number": _next_load_number(warehouse),
    }
    warehouse.insert("raw.load_batches", pa.Table.from_pylist([row], schema=_arrow_schema("load_batches")))


def _next_load_number(warehouse: Warehouse) -> int:
    """The next load number, higher than any in use: the same batch loaded again is a new load."""
    tables = ("load_batches", "measuring_batches", "measured_batches")
    highest = (warehouse.scalar(f"select max(load_number) from raw.{table}") for table in tables)
    return 1 + max(number or 0 for number in highest)


def write_validation_results(warehouse: Warehouse, batch: Batch, results: Sequence[Mapping[str, Any]]) -> None:
    """Write the validation results of the incoming checkpoint, summed over the chunks of the batch."""
    import pyarrow as pa

    key_columns = ("checkpoint", "subject", "suite", "expectation", "column_name", "severity")
    totals: dict[tuple[Any, ...], dict[str, Any]] = {}
    for result in results:
        key = tuple(result.get(name) for name in key_columns)
        row = totals.setdefault(
            key, {**result, "success": True, "raised_exception": False, "checked": 0, "unexpected": 0, "detail": None}
        )
        row["success"] = row["success"] and bool(result.get("success"))
        row["raised_exception"] = row["raised_exception"] or bool(result.get("raised_exception"))
        row["checked"] += int(result.get("checked") or 0)
        row["unexpected"] += int(result.get("unexpected") or 0)
        row["detail"] = row["detail"] or (result.get("detail") if not result.get("success") else None)
    if not totals:
        return
    schema = _arrow_schema("quality_results")
    run_columns = {"run_id": batch.batch_id, "batch_id": batch.batch_id, "checked_at": batch.now}
    rows = [{"checkpoint": "incoming", "subject": batch.source, **row, **run_columns} for row in totals.values()]
    warehouse.insert(
        "raw.quality_results", pa.Table.from_pylist([{n: r.get(n) for n in schema.names} for r in rows], schema=schema)
    )


_FIRST_REFUSED = """
select min(started_at) from raw.load_batches
where source = :source and batch_id = :batch and status = 'refused'
"""


def record_refused(
    warehouse: Warehouse, batch: Batch, report: BatchReport, results: Sequence[Mapping[str, Any]]
) -> BatchReport:
    """Log that a batch was refused, and why. Nothing else of it lands.

    A batch that was refused before keeps its first timestamp, so that the data gap does not move with each attempt.
    """
    refused = replace(report, status="refused")
    parameters = {"source": batch.source, "batch": batch.batch_id}
    first_refused_at = warehouse.scalar(_FIRST_REFUSED, parameters)
    batch = replace(batch, now=first_refused_at) if first_refused_at is not None else batch
    with warehouse.transaction():
        write_load_log(warehouse, batch, refused)
        write_validation_results(warehouse, batch, results)
    return refused


def record_empty(warehouse: Warehouse, batches: Sequence[Batch]) -> None:
    """Log files without rows, so that each is reported once."""
    with warehouse.transaction():
        for batch in batches:
            write_load_log(warehouse, batch, BatchReport(batch.source, batch.origin, "empty", batch.batch_id))


def delete_source(warehouse: Warehouse, table: str, source: str) -> None:
    """Delete the rows, rejects and load log of a source."""
    for target in (table, "rejected_rows", "deleted_rows", "corrected_rows", "load_batches"):
        warehouse.execute(f"delete from raw.{target} where source = :source", {"source": source})


def _arrow_schema(table: str) -> pa.Schema:
    import pyarrow as pa

    types = {
        "text": pa.string(),
        "bigint": pa.int64(),
        "integer": pa.int32(),
        "boolean": pa.bool_(),
        "timestamp": pa.timestamp("us"),
        "double precision": pa.float64(),
    }
    columns = (column.strip().split(" ", 1) for column in LANDING_TABLES[table].split(","))
    return pa.schema([(name, types[kind]) for name, kind in columns])
