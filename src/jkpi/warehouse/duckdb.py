"""DuckDB, embedded: one file, one writing process at a time."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import duckdb

from jkpi.errors import SystemFailure
from jkpi.warehouse.base import Parameters, Row, Warehouse, decimal_to_float, used_parameters, with_placeholders

if TYPE_CHECKING:
    import pyarrow as pa

LOCK_TIMEOUT_SECONDS = 8.0


class DuckDBWarehouse(Warehouse):
    """See `Warehouse`. `path` is None for a database in memory."""

    engine: Literal["duckdb", "postgres"] = "duckdb"

    def __init__(self, path: Path | None, read_only: bool = False, memory_limit: str | None = None) -> None:
        if path is not None and not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = _connect(path, read_only)
        self._connection.execute("set TimeZone = 'UTC'")
        self._connection.execute("set enable_progress_bar = false")
        if memory_limit:
            self._connection.execute("set memory_limit = $limit", {"limit": memory_limit})
        self._path = path
        self._memory_limit = memory_limit

    def execute(self, sql: str, parameters: Parameters = {}) -> int:
        result = self._run(sql, parameters)
        names = [column[0] for column in result.description or ()]
        if names != ["Count"]:
            return -1
        result_rows = result.fetchall()
        return int(result_rows[0][0]) if result_rows else -1

    def rows(self, sql: str, parameters: Parameters = {}) -> list[Row]:
        result = self._run(sql, parameters)
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, map(decimal_to_float, row), strict=True)) for row in result.fetchall()]

    def scalar(self, sql: str, parameters: Parameters = {}) -> Any:
        # Fetch everything: an unfinished result blocks the connection from reading registered Arrow tables.
        result_rows = self._run(sql, parameters).fetchall()
        return decimal_to_float(result_rows[0][0]) if result_rows else None

    def batches(self, sql: str, parameters: Parameters = {}, size: int = 200_000) -> Iterator[pa.RecordBatch]:
        # A separate cursor, so that other statements may run while the batches are read.
        cursor = self._connection.cursor() if not self._is_in_transaction else self._connection
        cursor.execute("set TimeZone = 'UTC'")
        relation = cursor.sql(with_placeholders(sql, "${name}"), params=used_parameters(sql, parameters))
        reader: Iterable[pa.RecordBatch] = relation.to_arrow_reader(size)
        yield from reader

    def insert(self, table: str, data: pa.Table | pa.RecordBatch) -> int:
        import pyarrow as pa

        rows = pa.Table.from_batches([data]) if isinstance(data, pa.RecordBatch) else data
        if rows.num_rows == 0:
            return 0
        columns = ", ".join(f'"{name}"' for name in rows.column_names)
        self._connection.register("jkpi_incoming", rows)
        try:
            self._connection.execute(f"insert into {table} ({columns}) select {columns} from jkpi_incoming")
        finally:
            self._connection.unregister("jkpi_incoming")
        return len(rows)

    def close(self) -> None:
        self._connection.close()

    def column_type(self, duckdb_type: str) -> str:
        return duckdb_type

    @contextmanager
    def limited_memory(self, limit: str) -> Iterator[None]:
        """No effect in memory, where nothing can spill, and where the workspace sets its own limit."""
        if self._path is None or self._memory_limit:
            yield
            return
        previous_limit = self.scalar("select current_setting('memory_limit')")
        self.execute(f"set memory_limit = '{limit}'")
        try:
            yield
        finally:
            self.execute(f"set memory_limit = '{previous_limit}'")

    def _control(self, statement: str) -> None:
        self._connection.execute(statement)

    def _run(self, sql: str, parameters: Parameters) -> duckdb.DuckDBPyConnection:
        return self._connection.execute(with_placeholders(sql, "${name}"), used_parameters(sql, parameters))


def _connect(path: Path | None, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open the file. Wait up to LOCK_TIMEOUT_SECONDS for a lock; then the error names the process that has it."""
    deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
    while True:
        try:
            return duckdb.connect(str(path) if path else ":memory:", read_only=read_only)
        except duckdb.IOException as error:
            text = str(error)
            if "lock" not in text.lower():
                raise SystemFailure(f"the warehouse {path} cannot be opened: {text.splitlines()[0]}") from None
            if time.monotonic() > deadline:
                holder = re.search(r"\(PID (\d+)\)|PID (\d+)", text)
                locked_by = f"process {holder[1] or holder[2]}" if holder else "another process"
                raise SystemFailure(
                    f"the warehouse {path} is locked by {locked_by}",
                    hint="wait until it ends, or stop it; only one process can write to a DuckDB file",
                ) from None
            time.sleep(0.2)
