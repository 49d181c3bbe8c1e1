"""From canonical chunks to the landing: a batch is staged beside it, told apart from what is there, and lands whole.

The staging tables are temporary: whatever dies on the way takes them along, and leaves nothing half written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from jkpi.errors import SystemFailure
from jkpi.loading.landing_schema import Landing
from jkpi.loading.load_log import Batch, forget, write_ledger, write_results
from jkpi.loading.report import BatchReport
from jkpi.loading.rows import PARTS, RawChunk, Transformed
from jkpi.loading.transform import Transformer
from jkpi.protocols import Inspector
from jkpi.warehouse.base import Warehouse

if TYPE_CHECKING:
    import pyarrow as pa


def inspect_chunk(
    transformer: Transformer, chunk: RawChunk, transformed: Transformed, inspect: Inspector | None
) -> tuple[Transformed, str | None, Sequence[Mapping[str, Any]]]:
    """The chunk without the rows that the inspector turned away; why the batch is refused, or None; results."""
    if inspect is None or transformed.rows.num_rows == 0:
        return transformed, None, ()
    frame = transformed.rows.select(list(transformer.landing.columns)).to_pandas()
    found = inspect(transformer.source.kind, transformer.source.source, frame)
    if found.refused is not None or not found.rejected:
        return transformed, found.refused, found.results
    import numpy as np
    import pyarrow as pa

    places = sorted(found.rejected)
    complaints = [found.rejected[place] for place in places]
    told = pa.table(
        {
            "seq": transformed.rows["seq"].take(pa.array(places, pa.int64())),
            "reason": pa.array([complaint.expectation for complaint in complaints], pa.string()),
            "detail": pa.nulls(len(places), pa.string()),
            "severity": pa.array([complaint.severity for complaint in complaints], pa.string()),
        }
    )
    keep = np.ones(transformed.rows.num_rows, dtype=bool)
    keep[places] = False
    turned_away = transformer.originals(chunk, told)
    rest = Transformed(
        rows=transformed.rows.filter(pa.array(keep)),
        rejects=_joined(transformed.rejects, turned_away),
        read=transformed.read,
        skipped=transformed.skipped,
    )
    return rest, None, found.results


def _joined(first: pa.Table, second: pa.Table) -> pa.Table:
    import pyarrow as pa

    return pa.concat_tables([first, second.cast(first.schema)])


STAGING_MEMORY = "768MB"
CONFLICT = "same id, other content"

_INCOMING, _VERDICTS, _TURNED_AWAY, _NEW = "staged_rows", "staged_verdicts", "staged_rejects", "staged_new_rejects"
_POSTGRES = {"varchar": "text", "double": "double precision"}
_REJECT_COLUMNS = "seq bigint, reason text, detail text, severity text, original text"


@contextmanager
def bounded(warehouse: Warehouse, limited: bool) -> Iterator[None]:
    """Staging keeps a batch until it lands. DuckDB would keep it in memory: give it a bound, and it goes to the disk.

    `limited`: the workspace has set a bound of its own.
    """
    place = "select max(path) from duckdb_databases() where database_name = current_database()"
    if warehouse.engine != "duckdb" or limited or warehouse.scalar(place) is None:
        yield
        return
    before = warehouse.scalar("select current_setting('memory_limit')")
    warehouse.execute(f"set memory_limit = '{STAGING_MEMORY}'")
    try:
        yield
    finally:
        warehouse.execute(f"set memory_limit = '{before}'")


class Staging:
    """The staging tables of one batch; `with` makes and drops them."""

    def __init__(
        self, warehouse: Warehouse, landing: Landing, source: str, replacing: bool = False, replaying: bool = False
    ) -> None:
        self._warehouse = warehouse
        self._landing = landing
        self._source = source
        self._replacing = replacing
        self._replaying = replaying
        self._read = 0
        self._skipped = 0

    def __enter__(self) -> Staging:
        self._drop()
        columns = [f"{name} {self._type(kind)}" for name, kind in self._landing.columns.items()]
        self._warehouse.execute(f"create temp table {_INCOMING} (seq bigint, {', '.join(columns)}, content_hash text)")
        self._warehouse.execute(f"create temp table {_TURNED_AWAY} ({_REJECT_COLUMNS})")
        return self

    def __exit__(self, *failure: object) -> None:
        self._drop()

    def add(self, chunk: Transformed) -> None:
        """Stage one chunk."""
        self._read += chunk.read
        self._skipped += chunk.skipped
        # Filtered and joined tables may begin with an empty chunk, which pyarrow 26 writes as CSV of NUL bytes.
        self._warehouse.insert(_INCOMING, chunk.rows.combine_chunks())
        self._warehouse.insert(_TURNED_AWAY, chunk.rejects.combine_chunks())

    def judge(self) -> None:
        """Tell apart: new, spoken of twice or known already, and same id with other content."""
        keys = ", ".join(self._landing.keys)
        same_key = " and ".join(f"k.{key} = i.{key}" for key in self._landing.keys)
        known = f"select {keys}, content_hash as told_hash from raw.{self._landing.table} where source = :source"
        if self._replacing or not self._any_landed():
            known = f"select {keys}, content_hash as told_hash from {_INCOMING} where false"
        self._warehouse.execute(
            f"create temp table {_VERDICTS} as"
            f" with twice as (select {keys}, min(seq) as first_seq from {_INCOMING}"
            f" group by {keys} having count(*) > 1),"
            f" first_told as (select t.{', t.'.join(self._landing.keys)}, t.first_seq, f.content_hash as told_hash"
            f" from twice t join {_INCOMING} f on f.seq = t.first_seq),"
            f" known as ({known}),"
            " judged as ("
            f" select i.seq, k.told_hash = i.content_hash as is_same from {_INCOMING} i join known k on {same_key}"
            " union all"
            f" select i.seq, k.told_hash = i.content_hash as is_same from {_INCOMING} i"
            f" join first_told k on {same_key} where i.seq <> k.first_seq)"
            " select seq, case when bool_or(is_same) then 'duplicate' else 'conflict' end as verdict"
            " from judged group by seq",
            {"source": self._source},
        )

    def conflicts(self, low: int, high: int) -> list[int]:
        """Numbers (seq) of staged rows in [low, high] whose id is taken by other content."""
        rows = self._warehouse.rows(
            f"select seq from {_VERDICTS} where verdict = 'conflict' and seq between :low and :high order by seq",
            {"low": low, "high": high},
        )
        return [row["seq"] for row in rows]

    def count_conflicts(self) -> int:
        return int(self._warehouse.scalar(f"select count(*) from {_VERDICTS} where verdict = 'conflict'"))

    def turn_away(self, rejects: pa.Table) -> None:
        """Stage rejects of rows that are staged as well."""
        self._warehouse.insert(_TURNED_AWAY, rejects)

    def account(self, batch: Batch, warnings: Sequence[str] = ()) -> BatchReport:
        """Decide which rejects are new, and add everything up.

        A row that was rejected before for the same reason, word for word, is a duplicate: a file that grows is read
        again from its beginning.

        Raises:
            SystemFailure: the numbers do not add up, so nothing may land.
        """
        scalar = self._warehouse.scalar
        known = (
            " and not exists (select 1 from raw.rejected_rows r where r.source = :source and r.reject_id = n.reject_id)"
        )
        self._warehouse.execute(
            f"create temp table {_NEW} as select * from ("
            " select *, row_number() over (partition by reject_id order by seq) as nth from ("
            " select *, md5(concat_ws(chr(31), cast(:source as text), cast(seq % :parts as text), reason, original))"
            " as reject_id"
            f" from {_TURNED_AWAY}) numbered) n where nth = 1{'' if self._replacing or self._replaying else known}",
            {"source": self._source, "parts": PARTS},
        )
        staged, away = scalar(f"select count(*) from {_INCOMING}"), scalar(f"select count(*) from {_TURNED_AWAY}")
        repeated = scalar(f"select count(*) from {_VERDICTS} where verdict = 'duplicate'")
        conflicting = self.count_conflicts()
        reasons = self._warehouse.rows(f"select reason, count(*) as many from {_NEW} group by reason order by reason")
        rejected = sum(row["many"] for row in reasons)
        time = self._landing.time
        bounds = self._warehouse.rows(
            f"select min({time}) as low, max({time}) as high from {_INCOMING}{self._unspoken()}"
        )[0]
        report = BatchReport(
            source=batch.source,
            origin=batch.origin,
            status="loaded",
            batch_id=batch.batch_id,
            read=self._read,
            loaded=staged - repeated - conflicting,
            rejected=rejected,
            duplicates=repeated + away - rejected,
            skipped=self._skipped,
            reasons={row["reason"]: row["many"] for row in reasons},
            warnings=tuple(warnings),
            first_at=bounds["low"],
            last_at=bounds["high"],
        )
        if report.read != report.loaded + report.rejected + report.duplicates + report.skipped:
            raise SystemFailure(f"{batch.origin}: the numbers do not add up, nothing landed: {report}")
        return report

    def land(self, batch: Batch, report: BatchReport, results: Sequence[Mapping[str, Any]] = ()) -> BatchReport:
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
            "parts": PARTS,
        }
        with self._warehouse.transaction():
            if self._replacing:
                forget(self._warehouse, self._landing.table, batch.source)
            landed = self._warehouse.execute(
                f"insert into raw.{self._landing.table} ({', '.join(names)}, source, batch_id, loaded_at)"
                f" select {', '.join(names)}, cast(:source as text), cast(:batch as text), cast(:now as timestamp)"
                f" from {_INCOMING}{self._unspoken()}",
                parameters,
            )
            if not self._replaying:
                self._land_rejects(parameters)
            if landed != report.loaded:
                raise SystemFailure(
                    f"{batch.origin}: {landed} rows landed where {report.loaded} were counted; taken back"
                )
            write_ledger(self._warehouse, batch, report)
            write_results(self._warehouse, batch, results)
        return report

    def rejected(self) -> pa.Table:
        """The rejects that count as such: row_number, reason, detail."""
        import pyarrow as pa

        rows = self._warehouse.rows(f"select seq, reason, detail from {_NEW} order by seq")
        schema = pa.schema([("row_number", pa.int64()), ("reason", pa.string()), ("detail", pa.string())])
        told = [{"row_number": row["seq"] // PARTS, "reason": row["reason"], "detail": row["detail"]} for row in rows]
        return pa.Table.from_pylist(told, schema=schema)

    def _land_rejects(self, parameters: Mapping[str, Any]) -> None:
        self._warehouse.execute(
            "insert into raw.rejected_rows (reject_id, source, batch_id, origin, row_number, reason, detail, severity,"
            " original, rejected_at, status) select reject_id, cast(:source as text), cast(:batch as text),"
            " cast(:origin as text), (seq - seq % :parts) / :parts, reason, detail, severity, original,"
            f" cast(:now as timestamp), 'open' from {_NEW}",
            parameters,
        )

    def _any_landed(self) -> bool:
        sql = f"select 1 from raw.{self._landing.table} where source = :source limit 1"
        return self._warehouse.scalar(sql, {"source": self._source}) is not None

    def _unspoken(self) -> str:
        if not self._warehouse.scalar(f"select count(*) from {_VERDICTS}"):
            return ""
        return f" i where not exists (select 1 from {_VERDICTS} v where v.seq = i.seq)"

    def _type(self, kind: str) -> str:
        return _POSTGRES.get(kind, kind) if self._warehouse.engine == "postgres" else kind

    def _drop(self) -> None:
        for table in (_INCOMING, _VERDICTS, _TURNED_AWAY, _NEW):
            self._warehouse.execute(f"drop table if exists {table}")
