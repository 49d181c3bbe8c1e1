"""PostgreSQL, by SQLAlchemy; rows go in by COPY."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from jkpi.errors import SystemFailure
from jkpi.warehouse.base import Parameters, Row, used_parameters, with_placeholders

if TYPE_CHECKING:
    import pyarrow as pa


class PostgresWarehouse:
    """See `Warehouse`. Outside of `transaction()` each statement is its own."""

    engine: Literal["duckdb", "postgres"] = "postgres"

    def __init__(self, url: str, read_only: bool = False) -> None:
        self._engine = sa.create_engine(_with_driver(url), isolation_level="AUTOCOMMIT")
        try:
            self._connection = self._engine.connect()
        except sa.exc.OperationalError as error:
            reason = str(error.orig).strip().splitlines()[0]
            raise SystemFailure(
                f"the warehouse at {sa.make_url(url).host} cannot be reached: {reason}",
                hint="check the URL, the password and that the server runs",
            ) from None
        self._connection.exec_driver_sql("set time zone 'UTC'")
        if read_only:
            self._connection.exec_driver_sql("set default_transaction_read_only = on")
        self._depth = 0

    def execute(self, sql: str, parameters: Parameters = {}) -> int:
        return self._run(sql, parameters).rowcount

    def rows(self, sql: str, parameters: Parameters = {}) -> list[Row]:
        result = self._run(sql, parameters)
        return [{name: _decimal_to_float(value) for name, value in row.items()} for row in result.mappings()]

    def scalar(self, sql: str, parameters: Parameters = {}) -> Any:
        return _decimal_to_float(self._run(sql, parameters).scalar())

    def batches(self, sql: str, parameters: Parameters = {}, size: int = 200_000) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        # A server-side cursor lives in a transaction, so it has a connection of its own.
        with self._engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            streaming = connection.execution_options(stream_results=True, max_row_buffer=10_000)
            driver_sql, values = _prepare(sql, parameters)
            result = streaming.exec_driver_sql(driver_sql, values)
            names = list(result.keys())
            while chunk := result.fetchmany(size):
                columns = zip(*chunk, strict=True)
                arrays = [pa.array([_decimal_to_float(value) for value in column]) for column in columns]
                yield pa.RecordBatch.from_arrays(arrays, names=names)

    def insert(self, table: str, data: pa.Table | pa.RecordBatch) -> int:
        import pyarrow as pa
        import pyarrow.csv as pacsv

        if data.num_rows == 0:
            return 0
        buffer = pa.BufferOutputStream()
        # Quoted strings and bare NULLs: COPY tells an empty text from no text by the quotes.
        options = pacsv.WriteOptions(include_header=False, quoting_style="needed")
        rows = pa.Table.from_batches([data]) if isinstance(data, pa.RecordBatch) else data
        pacsv.write_csv(_with_plain_strings(rows), buffer, options)
        columns = ", ".join(f'"{name}"' for name in rows.column_names)
        cursor = self._connection.connection.cursor()
        with cursor.copy(f"copy {table} ({columns}) from stdin with (format csv)") as copy:
            copy.write(buffer.getvalue().to_pybytes())
        cursor.close()
        return len(rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._depth:
            yield
            return
        self._connection.exec_driver_sql("begin")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._connection.exec_driver_sql("rollback")
            raise
        else:
            self._connection.exec_driver_sql("commit")
        finally:
            self._depth -= 1

    def table_exists(self, schema: str, table: str) -> bool:
        sql = "select count(*) from information_schema.tables where table_schema = :schema and table_name = :table"
        return bool(self.scalar(sql, {"schema": schema, "table": table}))

    def close(self) -> None:
        self._connection.close()
        self._engine.dispose()

    def _run(self, sql: str, parameters: Parameters) -> sa.CursorResult[Any]:
        driver_sql, values = _prepare(sql, parameters)
        return self._connection.exec_driver_sql(driver_sql, values)


def _prepare(sql: str, parameters: Parameters) -> tuple[str, dict[str, Any]]:
    return with_placeholders(sql.replace("%", "%%"), "%({name})s"), used_parameters(sql, parameters)


def _with_driver(url: str) -> sa.URL:
    parsed_url = sa.make_url(url.replace("postgres://", "postgresql://", 1))
    return parsed_url.set(drivername="postgresql+psycopg") if parsed_url.drivername == "postgresql" else parsed_url


def _with_plain_strings(rows: pa.Table) -> pa.Table:
    """Dictionary-encoded and large strings as plain ones, which the CSV writer knows how to quote."""
    import pyarrow as pa

    fields = []
    for item in rows.schema:
        value_type = item.type.value_type if pa.types.is_dictionary(item.type) else item.type
        fields.append(pa.field(item.name, pa.string() if pa.types.is_large_string(value_type) else value_type))
    # One chunk: the writer stumbles over a first chunk without rows.
    return rows.cast(pa.schema(fields)).combine_chunks()


def _decimal_to_float(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
