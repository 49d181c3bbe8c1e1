"""Stage a batch in temporary tables, and commit it to the landing tables as a whole.

The tables are temporary: a process that dies leaves nothing half-written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jkpi.errors import SystemFailure
from jkpi.loading import latest_sql, staging_sql
from jkpi.loading.landing_schema import LandingTable
from jkpi.loading.load_log import Batch, delete_source, write_load_log, write_validation_results
from jkpi.loading.report import BatchReport, StagedCounts
from jkpi.loading.rows import PARTS_PER_ROW, TransformedChunk
from jkpi.warehouse.base import Warehouse

if TYPE_CHECKING:
    import pyarrow as pa


class Staging:
    """The staging tables of one batch; `with` creates and drops them.

    replacing: everything the source landed before is deleted when the batch is committed.
    replaying: the rows are open rejects, so rejects that are known already count again and are not stored again.
    """

    def __init__(
        self, warehouse: Warehouse, landing: LandingTable, source: str, replacing: bool = False, replaying: bool = False
    ) -> None:
        self._warehouse = warehouse
        self._landing = landing
        self._source = source
        self._replacing = replacing
        self._replaying = replaying
        self._count_read = 0
        self._count_skipped = 0

    def __enter__(self) -> Staging:
        self._drop()
        self._warehouse.execute(staging_sql.create_rows_sql(self._landing, self._warehouse.column_type))
        self._warehouse.execute(staging_sql.CREATE_REJECTS)
        if self._landing.latest:
            self._warehouse.execute(latest_sql.create_deletions_sql(self._landing, self._warehouse.column_type))
        return self

    def __exit__(self, *exception: object) -> None:
        self._drop()

    def add(self, chunk: TransformedChunk) -> None:
        """Stage one chunk."""
        self._count_read += chunk.read
        self._count_skipped += chunk.skipped
        # Filtered and joined tables may begin with an empty chunk, which pyarrow 26 writes as CSV of NUL bytes.
        self._warehouse.insert(staging_sql.STAGED_ROWS, chunk.rows.combine_chunks())
        self._warehouse.insert(staging_sql.STAGED_REJECTS, chunk.rejects.combine_chunks())
        if chunk.deletions is not None:
            self._warehouse.insert(staging_sql.STAGED_DELETIONS, chunk.deletions.combine_chunks())

    def deduplicate(self) -> None:
        """Mark rows whose id was seen before as duplicate (same content) or conflict (other content).

        With `on_conflict: latest` nothing is a conflict: the latest row lands, and all others are duplicates.
        """
        if self._landing.latest:
            sql = latest_sql.latest_sql(self._landing, not self._replacing)
            self._warehouse.execute(sql, {"source": self._source})
            self._warehouse.execute(latest_sql.obsolete_rows_sql())
            return
        has_existing_rows = not self._replacing and self._has_landed_rows()
        self._warehouse.execute(staging_sql.duplicates_sql(self._landing, has_existing_rows), {"source": self._source})

    def changes_landed_rows(self) -> bool:
        """Whether the batch corrects, deletes or confirms rows, besides those that it lands."""
        return self._landing.latest and bool(self._warehouse.scalar(latest_sql.COUNT_CHANGES))

    def conflicting_rows(self, low: int, high: int) -> list[int]:
        """Numbers (seq) of staged rows in [low, high] whose id is taken by other content."""
        return [row["seq"] for row in self._warehouse.rows(staging_sql.CONFLICTING_ROWS, {"low": low, "high": high})]

    def count_conflicts(self) -> int:
        return self._count_duplicates("conflict")

    def reject(self, rejects: pa.Table) -> None:
        """Stage rejects of rows that are staged as well."""
        self._warehouse.insert(staging_sql.STAGED_REJECTS, rejects)

    def select_new_rejects(self) -> None:
        """Find the rejects that are new.

        A row that was rejected before for the same reason is a duplicate: a growing file is read from its beginning.
        """
        self._warehouse.execute(
            staging_sql.new_rejects_sql(skips_known_rejects=not (self._replacing or self._replaying)),
            {"source": self._source, "parts": PARTS_PER_ROW},
        )

    def counts(self) -> StagedCounts:
        """What is staged, in numbers; after `deduplicate` and `select_new_rejects`."""
        scalar = self._warehouse.scalar
        reasons = self._warehouse.rows(staging_sql.COUNT_BY_REASON)
        bounds = self._warehouse.rows(staging_sql.time_bounds_sql(self._landing, self._has_duplicates()))[0]
        return StagedCounts(
            read=self._count_read,
            skipped=self._count_skipped,
            rows=int(scalar(f"select count(*) from {staging_sql.STAGED_ROWS}")),
            duplicates=self._count_duplicates("duplicate"),
            conflicts=self._count_duplicates("conflict"),
            rejects=int(scalar(f"select count(*) from {staging_sql.STAGED_REJECTS}")),
            new_rejects_by_reason={row["reason"]: row["many"] for row in reasons},
            first_at=bounds["low"],
            last_at=bounds["high"],
        )

    def commit(self, batch: Batch, report: BatchReport, results: Sequence[Mapping[str, Any]] = ()) -> BatchReport:
        """Write rows, rejects, load log and validation results in one transaction.

        Raises:
            SystemFailure: another number of rows was inserted than was counted. The transaction is rolled back.
        """
        parameters = {
            "source": batch.source,
            "batch": batch.batch_id,
            "now": batch.now,
            "origin": batch.origin,
            "parts": PARTS_PER_ROW,
        }
        with self._warehouse.transaction():
            if self._replacing:
                delete_source(self._warehouse, self._landing.table, batch.source)
            if self._landing.latest:
                for sql in latest_sql.correct_sql(self._landing):
                    self._warehouse.execute(sql, parameters)
            landed = self._warehouse.execute(
                staging_sql.insert_rows_sql(self._landing, self._has_duplicates()), parameters
            )
            if not self._replaying:
                self._warehouse.execute(staging_sql.INSERT_REJECTS, parameters)
            if landed != report.loaded:
                raise SystemFailure(
                    f"{batch.origin}: {landed} rows were inserted, but {report.loaded} were counted; rolled back"
                )
            write_load_log(self._warehouse, batch, report)
            write_validation_results(self._warehouse, batch, results)
        return report

    def new_rejects(self) -> pa.Table:
        """The new rejects: row_number, reason, detail."""
        import pyarrow as pa

        rows = self._warehouse.rows(f"select seq, reason, detail from {staging_sql.STAGED_NEW_REJECTS} order by seq")
        schema = pa.schema([("row_number", pa.int64()), ("reason", pa.string()), ("detail", pa.string())])
        rejects = [
            {"row_number": row["seq"] // PARTS_PER_ROW, "reason": row["reason"], "detail": row["detail"]}
            for row in rows
        ]
        return pa.Table.from_pylist(rejects, schema=schema)

    def _count_duplicates(self, outcome: str) -> int:
        return int(self._warehouse.scalar(staging_sql.count_duplicates_sql(outcome)))

    def _has_landed_rows(self) -> bool:
        sql = f"select 1 from raw.{self._landing.table} where source = :source limit 1"
        return self._warehouse.scalar(sql, {"source": self._source}) is not None

    def _has_duplicates(self) -> bool:
        return bool(self._warehouse.scalar(f"select count(*) from {staging_sql.STAGED_DUPLICATES}"))

    def _drop(self) -> None:
        for table in staging_sql.STAGING_TABLES:
            self._warehouse.execute(f"drop table if exists {table}")
