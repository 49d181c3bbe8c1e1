"""PostgreSQL, through SQLAlchemy. Rows are inserted with COPY."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from jkpi.errors import SystemFailure
from jkpi.warehouse.base import Parameters, Row, Warehouse, decimal_to_float, used_parameters, with_placeholders

if TYPE_CHECKING:
    import pyarrow as pa

_COLUMN_TYPES = {"varchar": "text", "double": "double precision"}


class PostgresWarehouse(Warehouse):
    """See `Warehouse`."""

    engine: Literal["duckdb", "postgres"] = "postgres"

    def __init__(self, url: str, read_only: bool = False) -> None:
        self._engine = sa.create_engine(_with_driver(url), isolation_level="AUTOCOMMIT")
        try:
            self._connection = self._engine.connect()
        except sa.exc.OperationalError as error:
            reason = str(error.orig).strip().splitlines()[0]
            raise SystemFailure(
                f"the warehouse at {sa.make_url(url).host} cannot be reached: {reason}",
                hint="check the URL and the password, and that the server is running",
            ) from None
        self._connection.exec_driver_sql("set time zone 'UTC'")
        if read_only:
            self._connection.exec_driver_sql("set default_transaction_read_only = on")

    def execute(self, sql: str, parameters: Parameters = {}) -> int:
        return self._run(sql, parameters).rowcount

    def rows(self, sql: str, parameters: Parameters = {}) -> list[Row]:
        result = self._run(sql, parameters)
        return [{name: decimal_to_float(value) for name, value in row.items()} for row in result.mappings()]

    def scalar(self, sql: str, parameters: Parameters = {}) -> Any:
        return decimal_to_float(self._run(sql, parameters).scalar())

    def batches(self, sql: str, parameters: Parameters = {}, size: int = 200_000) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        # A server-side cursor needs a transaction, so it gets its own connection.
        with self._engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            streaming = connection.execution_options(stream_results=True, max_row_buffer=10_000)
            driver_sql, values = _prepare(sql, parameters)
            result = streaming.exec_driver_sql(driver_sql, values)
            names = list(result.keys())
            while chunk := result.fetchmany(size):
                columns = zip(*chunk, strict=True)
                arrays = [pa.array([decimal_to_float(value) for value in column]) for column in columns]
                yield pa.RecordBatch.from_arrays(arrays, names=names)

    def insert(self, table: str, data: pa.Table | pa.RecordBatch) -> int:
        import pyarrow as pa
        import pyarrow.csv as pacsv

        if data.num_rows == 0:
            return 0
        buffer = pa.BufferOutputStream()
        # Strings are quoted and NULLs are not: that is how COPY distinguishes empty text from NULL.
        options = pacsv.WriteOptions(include_header=False, quoting_style="needed")
        rows = pa.Table.from_batches([data]) if isinstance(data, pa.RecordBatch) else data
        pacsv.write_csv(_with_plain_strings(rows), buffer, options)
        columns = ", ".join(f'"{name}"' for name in rows.column_names)
        cursor = self._connection.connection.cursor()
        with cursor.copy(f"copy {table} ({columns}) from stdin with (format csv)") as copy:
            copy.write(buffer.getvalue().to_pybytes())
        cursor.close()
        return len(rows)

    def close(self) -> None:
        self._connection.close()
        self._engine.dispose()

    def column_type(self, duckdb_type: str) -> str:
        return _COLUMN_TYPES.get(duckdb_type, duckdb_type)

    def _control(self, statement: str) -> None:
        self._connection.exec_driver_sql(statement)

    def _run(self, sql: str, parameters: Parameters) -> sa.CursorResult[Any]:
        driver_sql, values = _prepare(sql, parameters)
        return self._connection.exec_driver_sql(driver_sql, values)


def _prepare(sql: str, parameters: Parameters) -> tuple[str, dict[str, Any]]:
    return with_placeholders(sql.replace("%", "%%"), "%({name})s"), used_parameters(sql, parameters)


def _with_driver(url: str) -> sa.URL:
    parsed_url = sa.make_url(url.replace("postgres://", "postgresql://", 1))
    return parsed_url.set(drivername="postgresql+psycopg") if parsed_url.drivername == "postgresql" else parsed_url


def _with_plain_strings(rows: pa.Table) -> pa.Table:
    """Convert dictionary-encoded and large strings to plain strings, which the CSV writer can quote."""
    import pyarrow as pa

    fields = []
    for item in rows.schema:
        value_type = item.type.value_type if pa.types.is_dictionary(item.type) else item.type
        fields.append(pa.field(item.name, pa.string() if pa.types.is_large_string(value_type) else value_type))
    # Combined, because the writer fails on an empty first chunk.
    return rows.cast(pa.schema(fields)).combine_chunks()
