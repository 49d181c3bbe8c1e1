"""From canonical chunks to the landing: a batch is staged beside it, told apart from what is there, and lands whole.

The staging tables are temporary: whatever dies on the way takes them along, and leaves nothing half written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from jkpi.errors import SystemFailure
from jkpi.loading.landing_schema import LandingTable
from jkpi.loading.load_log import Batch, delete_source, write_load_log, write_validation_results
from jkpi.loading.report import BatchReport
from jkpi.loading.rows import PARTS_PER_ROW, RawChunk, TransformedChunk
from jkpi.loading.transform import Transformer
from jkpi.protocols import ChunkValidator
from jkpi.warehouse.base import Warehouse

if TYPE_CHECKING:
    import pyarrow as pa


def apply_validation(
    transformer: Transformer, chunk: RawChunk, transformed: TransformedChunk, validator: ChunkValidator | None
) -> tuple[TransformedChunk, str | None, Sequence[Mapping[str, Any]]]:
    """The chunk without the rows that the inspector turned away; why the batch is refused, or None; results."""
    if validator is None or transformed.rows.num_rows == 0:
        return transformed, None, ()
    frame = transformed.rows.select(list(transformer.landing.columns)).to_pandas()
    validation = validator(transformer.source.kind, transformer.source.source, frame)
    if validation.refusal is not None or not validation.rejected:
        return transformed, validation.refusal, validation.results
    import numpy as np
    import pyarrow as pa

    positions = sorted(validation.rejected)
    rejections = [validation.rejected[position] for position in positions]
    reasons = pa.table(
        {
            "seq": transformed.rows["seq"].take(pa.array(positions, pa.int64())),
            "reason": pa.array([rejection.expectation for rejection in rejections], pa.string()),
            "detail": pa.nulls(len(positions), pa.string()),
            "severity": pa.array([rejection.severity for rejection in rejections], pa.string()),
        }
    )
    keep = np.ones(transformed.rows.num_rows, dtype=bool)
    keep[positions] = False
    rejects = transformer.with_originals(chunk, reasons)
    accepted = TransformedChunk(
        rows=transformed.rows.filter(pa.array(keep)),
        rejects=_concatenated(transformed.rejects, rejects),
        read=transformed.read,
        skipped=transformed.skipped,
    )
    return accepted, None, validation.results


def _concatenated(first: pa.Table, second: pa.Table) -> pa.Table:
    import pyarrow as pa

    return pa.concat_tables([first, second.cast(first.schema)])


STAGING_MEMORY = "768MB"
CONFLICT_REASON = "same id, other content"

_STAGED_ROWS, _STAGED_DUPLICATES, _STAGED_REJECTS, _NEW_REJECTS = (
    "staged_rows",
    "staged_verdicts",
    "staged_rejects",
    "staged_new_rejects",
)
_POSTGRES_TYPES = {"varchar": "text", "double": "double precision"}
_REJECT_COLUMNS = "seq bigint, reason text, detail text, severity text, original text"


@contextmanager
def bounded_memory(warehouse: Warehouse, has_own_limit: bool) -> Iterator[None]:
    """Staging keeps a batch until it lands. DuckDB would keep it in memory: give it a bound, and it goes to the disk.

    `limited`: the workspace has set a bound of its own.
    """
    database_path = "select max(path) from duckdb_databases() where database_name = current_database()"
    if warehouse.engine != "duckdb" or has_own_limit or warehouse.scalar(database_path) is None:
        yield
        return
    previous_limit = warehouse.scalar("select current_setting('memory_limit')")
    warehouse.execute(f"set memory_limit = '{STAGING_MEMORY}'")
    try:
        yield
    finally:
        warehouse.execute(f"set memory_limit = '{previous_limit}'")


class Staging:
    """The staging tables of one batch; `with` makes and drops them."""

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
        columns = [f"{name} {self._engine_type(kind)}" for name, kind in self._landing.columns.items()]
        self._warehouse.execute(
            f"create temp table {_STAGED_ROWS} (seq bigint, {', '.join(columns)}, content_hash text)"
        )
        self._warehouse.execute(f"create temp table {_STAGED_REJECTS} ({_REJECT_COLUMNS})")
        return self

    def __exit__(self, *exception: object) -> None:
        self._drop()

    def add(self, chunk: TransformedChunk) -> None:
        """Stage one chunk."""
        self._count_read += chunk.read
        self._count_skipped += chunk.skipped
        # Filtered and joined tables may begin with an empty chunk, which pyarrow 26 writes as CSV of NUL bytes.
        self._warehouse.insert(_STAGED_ROWS, chunk.rows.combine_chunks())
        self._warehouse.insert(_STAGED_REJECTS, chunk.rejects.combine_chunks())

    def deduplicate(self) -> None:
        """Tell apart: new, spoken of twice or known already, and same id with other content."""
        keys = ", ".join(self._landing.key_columns)
        same_key = " and ".join(f"k.{key} = i.{key}" for key in self._landing.key_columns)
        existing = f"select {keys}, content_hash as told_hash from raw.{self._landing.table} where source = :source"
        if self._replacing or not self._has_landed_rows():
            existing = f"select {keys}, content_hash as told_hash from {_STAGED_ROWS} where false"
        self._warehouse.execute(
            f"create temp table {_STAGED_DUPLICATES} as"
            f" with twice as (select {keys}, min(seq) as first_seq from {_STAGED_ROWS}"
            f" group by {keys} having count(*) > 1),"
            f" first_told as (select t.{', t.'.join(self._landing.key_columns)}, t.first_seq, f.content_hash as told_hash"
            f" from twice t join {_STAGED_ROWS} f on f.seq = t.first_seq),"
            f" known as ({existing}),"
            " judged as ("
            f" select i.seq, k.told_hash = i.content_hash as is_same from {_STAGED_ROWS} i join known k on {same_key}"
            " union all"
            f" select i.seq, k.told_hash = i.content_hash as is_same from {_STAGED_ROWS} i"
            f" join first_told k on {same_key} where i.seq <> k.first_seq)"
            " select seq, case when bool_or(is_same) then 'duplicate' else 'conflict' end as verdict"
            " from judged group by seq",
            {"source": self._source},
        )

    def conflicting_rows(self, low: int, high: int) -> list[int]:
        """Numbers (seq) of staged rows in [low, high] whose id is taken by other content."""
        rows = self._warehouse.rows(
            f"select seq from {_STAGED_DUPLICATES} where verdict = 'conflict' and seq between :low and :high order by seq",
            {"low": low, "high": high},
        )
        return [row["seq"] for row in rows]

    def count_conflicts(self) -> int:
        return int(self._warehouse.scalar(f"select count(*) from {_STAGED_DUPLICATES} where verdict = 'conflict'"))

    def reject(self, rejects: pa.Table) -> None:
        """Stage rejects of rows that are staged as well."""
        self._warehouse.insert(_STAGED_REJECTS, rejects)

    def reconcile(self, batch: Batch, warnings: Sequence[str] = ()) -> BatchReport:
        """Decide which rejects are new, and add everything up.

        A row that was rejected before for the same reason, word for word, is a duplicate: a file that grows is read
        again from its beginning.

        Raises:
            SystemFailure: the numbers do not add up, so nothing may land.
        """
        scalar = self._warehouse.scalar
        not_rejected_before = (
            " and not exists (select 1 from raw.rejected_rows r where r.source = :source and r.reject_id = n.reject_id)"
        )
        self._warehouse.execute(
            f"create temp table {_NEW_REJECTS} as select * from ("
            " select *, row_number() over (partition by reject_id order by seq) as nth from ("
            " select *, md5(concat_ws(chr(31), cast(:source as text), cast(seq % :parts as text), reason, original))"
            " as reject_id"
            f" from {_STAGED_REJECTS}) numbered) n where nth = 1{'' if self._replacing or self._replaying else not_rejected_before}",
            {"source": self._source, "parts": PARTS_PER_ROW},
        )
        staged, staged_rejects = (
            scalar(f"select count(*) from {_STAGED_ROWS}"),
            scalar(f"select count(*) from {_STAGED_REJECTS}"),
        )
        duplicates = scalar(f"select count(*) from {_STAGED_DUPLICATES} where verdict = 'duplicate'")
        conflicts = self.count_conflicts()
        reasons = self._warehouse.rows(
            f"select reason, count(*) as many from {_NEW_REJECTS} group by reason order by reason"
        )
        rejected = sum(row["many"] for row in reasons)
        time = self._landing.time_column
        bounds = self._warehouse.rows(
            f"select min({time}) as low, max({time}) as high from {_STAGED_ROWS}{self._accepted_only()}"
        )[0]
        report = BatchReport(
            source=batch.source,
            origin=batch.origin,
            status="loaded",
            batch_id=batch.batch_id,
            read=self._count_read,
            loaded=staged - duplicates - conflicts,
            rejected=rejected,
            duplicates=duplicates + staged_rejects - rejected,
            skipped=self._count_skipped,
            reasons={row["reason"]: row["many"] for row in reasons},
            warnings=tuple(warnings),
            first_at=bounds["low"],
            last_at=bounds["high"],
        )
        if report.read != report.loaded + report.rejected + report.duplicates + report.skipped:
            raise SystemFailure(f"{batch.origin}: the numbers do not add up, nothing landed: {report}")
        return report

    def commit(self, batch: Batch, report: BatchReport, results: Sequence[Mapping[str, Any]] = ()) -> BatchReport:
        """Rows, rejects and ledger in one transaction.

        Raises:
            SystemFailure: another number of rows landed than was counted; nothing lands then.
        """
        names = [*self._landing.columns, "content_hash"]
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
            landed = self._warehouse.execute(
                f"insert into raw.{self._landing.table} ({', '.join(names)}, source, batch_id, loaded_at)"
                f" select {', '.join(names)}, cast(:source as text), cast(:batch as text), cast(:now as timestamp)"
                f" from {_STAGED_ROWS}{self._accepted_only()}",
                parameters,
            )
            if not self._replaying:
                self._insert_rejects(parameters)
            if landed != report.loaded:
                raise SystemFailure(
                    f"{batch.origin}: {landed} rows landed where {report.loaded} were counted; taken back"
                )
            write_load_log(self._warehouse, batch, report)
            write_validation_results(self._warehouse, batch, results)
        return report

    def new_rejects(self) -> pa.Table:
        """The rejects that count as such: row_number, reason, detail."""
        import pyarrow as pa

        rows = self._warehouse.rows(f"select seq, reason, detail from {_NEW_REJECTS} order by seq")
        schema = pa.schema([("row_number", pa.int64()), ("reason", pa.string()), ("detail", pa.string())])
        rejects = [
            {"row_number": row["seq"] // PARTS_PER_ROW, "reason": row["reason"], "detail": row["detail"]}
            for row in rows
        ]
        return pa.Table.from_pylist(rejects, schema=schema)

    def _insert_rejects(self, parameters: Mapping[str, Any]) -> None:
        self._warehouse.execute(
            "insert into raw.rejected_rows (reject_id, source, batch_id, origin, row_number, reason, detail, severity,"
            " original, rejected_at, status) select reject_id, cast(:source as text), cast(:batch as text),"
            " cast(:origin as text), (seq - seq % :parts) / :parts, reason, detail, severity, original,"
            f" cast(:now as timestamp), 'open' from {_NEW_REJECTS}",
            parameters,
        )

    def _has_landed_rows(self) -> bool:
        sql = f"select 1 from raw.{self._landing.table} where source = :source limit 1"
        return self._warehouse.scalar(sql, {"source": self._source}) is not None

    def _accepted_only(self) -> str:
        if not self._warehouse.scalar(f"select count(*) from {_STAGED_DUPLICATES}"):
            return ""
        return f" i where not exists (select 1 from {_STAGED_DUPLICATES} v where v.seq = i.seq)"

    def _engine_type(self, kind: str) -> str:
        return _POSTGRES_TYPES.get(kind, kind) if self._warehouse.engine == "postgres" else kind

    def _drop(self) -> None:
        for table in (_STAGED_ROWS, _STAGED_DUPLICATES, _STAGED_REJECTS, _NEW_REJECTS):
            self._warehouse.execute(f"drop table if exists {table}")
