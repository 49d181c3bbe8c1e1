"""Raw texts to canonical rows: DuckDB in memory does it for every warehouse, so that all agree to the letter."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from jkpi.loading.expressions import Times, json_object, name, pads
from jkpi.loading.landing_schema import landing_of
from jkpi.loading.model import Source
from jkpi.loading.rows import HEADER, LINE, PARTS, ROW, Broken, RawChunk, Transformed
from jkpi.loading.transform_sql import columns_read, has_times, range_statement, statement

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


class Transformer:
    """Turns the raw chunks of one source into canonical ones; keeps nothing between chunks.

    Args:
        now: aware UTC; what is more than a day later is in the future.
        key: makes pseudonyms of customer ids; None leaves them as they are.
        strict_times: false where the source has times of its own, which read as ISO 8601 beside `format.timestamps`.
    """

    def __init__(self, source: Source, now: datetime, key: bytes | None, strict_times: bool = True) -> None:
        import duckdb

        self.source = source
        self.landing = landing_of(source)
        self._now = now.replace(tzinfo=None)
        self._times = Times(source.format, strict_times)
        self._kept = frozenset(columns_read(source))
        self._keyed = key is not None and source.columns.customer_id is not None
        self._parameters = pads(key) if key is not None and self._keyed else {}
        self._database = duckdb.connect(":memory:")
        self._database.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")

    def close(self) -> None:
        self._database.close()

    def __call__(self, chunk: RawChunk) -> Transformed:
        import pyarrow as pa
        import pyarrow.compute as pc

        broken = _of_broken(chunk.broken)
        if chunk.table.num_rows == 0:
            return Transformed(self._empty(), broken, len(chunk.broken), 0)
        self._database.register("raw", chunk.table)
        low, high = self._range()
        sql = statement(self.source, self.landing, self._times, self._now, low, high, self._keyed)
        found = self._database.sql(sql, params=self._parameters).to_arrow_table()
        read, skipped = found.num_rows + len(chunk.broken), 0
        if found["reason"].null_count < found.num_rows:
            skipped = pc.sum(pc.equal(found["reason"], "")).as_py() or 0
            wrong = found.filter(pc.not_equal(found["reason"], ""))
            found = found.filter(pc.is_null(found["reason"]))
            told = wrong.select(["seq", "reason", "detail"])
            told = told.append_column("severity", pa.array(["warning"] * wrong.num_rows, pa.string()))
            broken = pa.concat_tables([broken, _with_originals(self._database, chunk, told, self._kept)])
        self._database.unregister("raw")
        return Transformed(found.drop_columns(["reason", "detail"]), broken, read, skipped)

    def originals(self, chunk: RawChunk, told: pa.Table) -> pa.Table:
        """`told` (seq, reason, detail, severity) with what the source's YAML maps of each original row, as JSON."""
        import duckdb

        # Another chunk may be under way on the connection of its own.
        with duckdb.connect(":memory:") as database:
            database.register("raw", chunk.table)
            return _with_originals(database, chunk, told, self._kept)

    def _range(self) -> tuple[datetime | None, datetime | None]:
        if self._times.zone == "UTC" or not has_times(self.source):
            return None, None
        row: Any = self._database.sql(range_statement(self.source, self._times)).fetchall()[0]
        return row[0], row[1]

    def _empty(self) -> pa.Table:
        import pyarrow as pa

        types = {"varchar": pa.string(), "timestamp": pa.timestamp("us"), "double": pa.float64(), "boolean": pa.bool_()}
        fields = [("seq", pa.int64()), *((column, types[kind]) for column, kind in self.landing.columns.items())]
        return pa.schema([*fields, ("content_hash", pa.string())]).empty_table()


def _with_originals(
    database: duckdb.DuckDBPyConnection, chunk: RawChunk, told: pa.Table, kept: frozenset[str]
) -> pa.Table:
    """Of a row that was set aside no more is kept than what the YAML maps: the rest of it was not asked for."""
    columns = [column for column in chunk.table.column_names if column in kept]
    original = json_object({column: f"raw.{name(column)}" for column in columns})
    database.register("told", told)
    found = database.sql(
        f"select told.seq, told.reason, told.detail, told.severity, {original} as original"
        f" from told join raw on raw.{name(ROW)} = told.seq // {PARTS} order by told.seq"
    ).to_arrow_table()
    database.unregister("told")
    return found


def _of_broken(broken: tuple[Broken, ...]) -> pa.Table:
    import json

    import pyarrow as pa

    names = ("reason", "detail", "severity", "original")
    schema = pa.schema([("seq", pa.int64()), *((column, pa.string()) for column in names)])
    rows = [
        {
            "seq": row.row_number * PARTS,
            "reason": row.reason,
            "detail": row.detail,
            "severity": "warning",
            "original": json.dumps(
                {LINE: row.text, **({HEADER: json.dumps(row.header, ensure_ascii=False)} if row.header else {})},
                ensure_ascii=False,
            ),
        }
        for row in broken
    ]
    return pa.Table.from_pylist(rows, schema=schema)
