"""The ledger of what was loaded, written in the transaction of the rows: a crash neither loses nor doubles a batch."""

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
    """What the ledger says of a batch. Times are naive UTC."""

    batch_id: str
    source: str
    kind: str
    origin: str
    fingerprint: str
    now: datetime
    cursor_value: str | None = None


def loaded_batches(warehouse: Warehouse, source: str) -> set[str]:
    """Ids of the batches that landed, and of files that are known to hold no rows."""
    sql = "select batch_id from raw.load_batches where source = :source and status in ('loaded', 'empty')"
    return {row["batch_id"] for row in warehouse.rows(sql, {"source": source})}


def cursor_values(warehouse: Warehouse, source: str) -> list[str]:
    """The watermarks of all fetches that landed."""
    sql = (
        "select distinct cursor_value from raw.load_batches"
        " where source = :source and status = 'loaded' and cursor_value is not null"
    )
    return [row["cursor_value"] for row in warehouse.rows(sql, {"source": source})]


def write_ledger(warehouse: Warehouse, batch: Batch, report: BatchReport) -> None:
    """The batch's row in the ledger, in place of an earlier one of the same content."""
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
        "load_number": _next_load(warehouse),
    }
    warehouse.insert("raw.load_batches", pa.Table.from_pylist([row], schema=_schema("load_batches")))


def _next_load(warehouse: Warehouse) -> int:
    """A number that neither the ledger nor the last measuring knows: the same batch loaded anew is another load."""
    tables = ("load_batches", "measuring_batches", "measured_batches")
    highest = (warehouse.scalar(f"select max(load_number) from raw.{table}") for table in tables)
    return 1 + max(number or 0 for number in highest)


def write_results(warehouse: Warehouse, batch: Batch, results: Sequence[Mapping[str, Any]]) -> None:
    """What the first door found, summed over the chunks of the batch."""
    import pyarrow as pa

    names = ("door", "subject", "suite", "expectation", "column_name", "severity")
    summed: dict[tuple[Any, ...], dict[str, Any]] = {}
    for result in results:
        place = tuple(result.get(name) for name in names)
        row = summed.setdefault(
            place, {**result, "success": True, "raised": False, "checked": 0, "unexpected": 0, "detail": None}
        )
        row["success"] = row["success"] and bool(result.get("success"))
        row["raised"] = row["raised"] or bool(result.get("raised"))
        row["checked"] += int(result.get("checked") or 0)
        row["unexpected"] += int(result.get("unexpected") or 0)
        row["detail"] = row["detail"] or (result.get("detail") if not result.get("success") else None)
    if not summed:
        return
    schema = _schema("quality_results")
    told = {"run_id": batch.batch_id, "batch_id": batch.batch_id, "checked_at": batch.now}
    rows = [{"door": "incoming", "subject": batch.source, **row, **told} for row in summed.values()]
    warehouse.insert(
        "raw.quality_results", pa.Table.from_pylist([{n: r.get(n) for n in schema.names} for r in rows], schema=schema)
    )


_FIRST_REFUSED = """
select min(started_at) from raw.load_batches
where source = :source and batch_id = :batch and status = 'refused'
"""


def refuse(
    warehouse: Warehouse, batch: Batch, report: BatchReport, results: Sequence[Mapping[str, Any]]
) -> BatchReport:
    """Write down that a batch was refused, and why: nothing else of it lands.

    One that was refused before is as old as it was then: what is missing does not move on with each further try.
    """
    refused = replace(report, status="refused")
    place = {"source": batch.source, "batch": batch.batch_id}
    first = warehouse.scalar(_FIRST_REFUSED, place)
    batch = replace(batch, now=first) if first is not None else batch
    with warehouse.transaction():
        write_ledger(warehouse, batch, refused)
        write_results(warehouse, batch, results)
    return refused


def remember_empty(warehouse: Warehouse, batches: Sequence[Batch]) -> None:
    """Write down which files hold no rows, so that each is told once."""
    with warehouse.transaction():
        for batch in batches:
            write_ledger(warehouse, batch, BatchReport(batch.source, batch.origin, "empty", batch.batch_id))


def forget(warehouse: Warehouse, table: str, source: str) -> None:
    """Take a source's rows, rejects and ledger out of the landing."""
    for place in (table, "rejected_rows", "load_batches"):
        warehouse.execute(f"delete from raw.{place} where source = :source", {"source": source})


def _schema(table: str) -> pa.Schema:
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
