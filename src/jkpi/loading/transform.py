"""Transform raw texts into canonical rows, with DuckDB in memory for every warehouse, so that all agree exactly."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from jkpi.loading.expressions import TimeParser, hmac_pads, json_object, quote_identifier
from jkpi.loading.landing_schema import landing_table_for
from jkpi.loading.model import Source
from jkpi.loading.pseudonyms import hashed_ids
from jkpi.loading.rows import HEADER_KEY, LINE_KEY, PARTS_PER_ROW, ROW_COLUMN, RawChunk, TransformedChunk, UnparsableRow
from jkpi.loading.transform_sql import has_times, mapped_columns, time_range_sql, transform_sql

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


class Transformer:
    """Transformation of the raw chunks of one source; stateless between chunks.

    Args:
        now: aware UTC; a customer without a date is known from then on.
        key: pseudonymises the ids that the source names; None leaves them as they are.
        latest: aware UTC; later rows are rejected as future.
        strict_times: false if the source has native times, which are read as ISO 8601 besides `format.timestamps`.
    """

    def __init__(
        self, source: Source, now: datetime, key: bytes | None, latest: datetime, strict_times: bool = True
    ) -> None:
        import duckdb

        self.source = source
        self.landing = landing_table_for(source)
        self._now, self._latest = now.replace(tzinfo=None), latest.replace(tzinfo=None)
        self._times = TimeParser(source.format, strict_times)
        self._mapped_columns = frozenset(mapped_columns(source))
        self._hashed = hashed_ids(source) if key is not None else frozenset()
        self._parameters = hmac_pads(key) if key is not None and self._hashed else {}
        self._database = duckdb.connect(":memory:")
        self._database.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")

    def close(self) -> None:
        self._database.close()

    def __call__(self, chunk: RawChunk) -> TransformedChunk:
        import pyarrow as pa
        import pyarrow.compute as pc

        rejects = _unparsable_rejects(chunk.unparsable)
        if chunk.table.num_rows == 0:
            return TransformedChunk(self._empty_table(), rejects, len(chunk.unparsable), 0)
        self._database.register("raw", chunk.table)
        low, high = self._time_range()
        sql = transform_sql(self.source, self.landing, self._times, self._now, self._latest, low, high, self._hashed)
        rows = self._database.sql(sql, params=self._parameters).to_arrow_table()
        read, skipped = rows.num_rows + len(chunk.unparsable), 0
        if rows["reason"].null_count < rows.num_rows:
            skipped = pc.sum(pc.equal(rows["reason"], "")).as_py() or 0
            rejected_rows = rows.filter(pc.not_equal(rows["reason"], ""))
            rows = rows.filter(pc.is_null(rows["reason"]))
            reasons = rejected_rows.select(["seq", "reason", "detail"])
            reasons = reasons.append_column("severity", pa.array(["warning"] * rejected_rows.num_rows, pa.string()))
            rejects = pa.concat_tables([rejects, _with_originals(self._database, chunk, reasons, self._mapped_columns)])
        self._database.unregister("raw")
        rows, deletions = rows.drop_columns(["reason", "detail"]), None
        if self.landing.latest:
            deletions = rows.filter(rows["is_deletion"]).select(["seq", *self.landing.key_columns, "cursor_position"])
            rows = rows.filter(pc.invert(rows["is_deletion"])).drop_columns(["is_deletion"])
            skipped += deletions.num_rows
        return TransformedChunk(rows, rejects, read, skipped, deletions)

    def with_originals(self, chunk: RawChunk, reasons: pa.Table) -> pa.Table:
        """`reasons` (seq, reason, detail, severity) with the mapped columns of each original row as JSON."""
        import duckdb

        # A separate connection, because the next chunk may be transformed in another thread.
        with duckdb.connect(":memory:") as database:
            database.register("raw", chunk.table)
            return _with_originals(database, chunk, reasons, self._mapped_columns)

    def _time_range(self) -> tuple[datetime | None, datetime | None]:
        if self._times.zone == "UTC" or not has_times(self.source):
            return None, None
        row: Any = self._database.sql(time_range_sql(self.source, self._times)).fetchall()[0]
        return row[0], row[1]

    def _empty_table(self) -> pa.Table:
        import pyarrow as pa

        types = {"varchar": pa.string(), "timestamp": pa.timestamp("us"), "double": pa.float64(), "boolean": pa.bool_()}
        fields = [("seq", pa.int64()), *((column, types[kind]) for column, kind in self.landing.columns.items())]
        if self.landing.latest:
            fields.append(("cursor_position", pa.string()))
        return pa.schema([*fields, ("content_hash", pa.string())]).empty_table()


def _with_originals(
    database: duckdb.DuckDBPyConnection, chunk: RawChunk, reasons: pa.Table, mapped: frozenset[str]
) -> pa.Table:
    """Only the columns that the YAML maps are kept of a rejected row."""
    columns = [column for column in chunk.table.column_names if column in mapped]
    original = json_object({column: f"raw.{quote_identifier(column)}" for column in columns})
    database.register("reasons", reasons)
    rejects = database.sql(
        f"select reasons.seq, reasons.reason, reasons.detail, reasons.severity, {original} as original"
        f" from reasons join raw on raw.{quote_identifier(ROW_COLUMN)} = reasons.seq // {PARTS_PER_ROW}"
        " order by reasons.seq"
    ).to_arrow_table()
    database.unregister("reasons")
    return rejects


def _unparsable_rejects(unparsable: tuple[UnparsableRow, ...]) -> pa.Table:
    import json

    import pyarrow as pa

    names = ("reason", "detail", "severity", "original")
    schema = pa.schema([("seq", pa.int64()), *((column, pa.string()) for column in names)])
    rows = [
        {
            "seq": row.row_number * PARTS_PER_ROW,
            "reason": row.reason,
            "detail": row.detail,
            "severity": "warning",
            "original": json.dumps(
                {
                    LINE_KEY: row.text,
                    **({HEADER_KEY: json.dumps(row.header, ensure_ascii=False)} if row.header else {}),
                },
                ensure_ascii=False,
            ),
        }
        for row in unparsable
    ]
    return pa.Table.from_pylist(rows, schema=schema)
