"""The interface of all warehouses. SQL is written once, with `:name` parameters, in syntax of every engine."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pyarrow as pa

Parameters = Mapping[str, Any]
Row = dict[str, Any]

# `:name`, but neither the cast `::type` nor anything inside quotes.
_PARAMETER = re.compile(r"('(?:[^']|'')*')|(?<![:\w]):([a-z_]\w*)")


class Warehouse(ABC):
    """One open connection. Timestamps are returned as naive UTC, decimals as float, JSON as text.

    Outside `transaction()` each statement commits on its own.
    """

    engine: Literal["duckdb", "postgres"]
    _is_in_transaction = False

    @abstractmethod
    def execute(self, sql: str, parameters: Parameters = {}) -> int:
        """Run one statement. Returns the number of rows it changed, or -1 if the engine does not report it."""

    @abstractmethod
    def rows(self, sql: str, parameters: Parameters = {}) -> list[Row]:
        """All rows of a query, each a dict by column name."""

    @abstractmethod
    def scalar(self, sql: str, parameters: Parameters = {}) -> Any:
        """The first column of the first row; None if there is no row."""

    @abstractmethod
    def batches(self, sql: str, parameters: Parameters = {}, size: int = 200_000) -> Iterator[pa.RecordBatch]:
        """The rows of a query as Arrow batches of at most `size` rows, streamed."""

    @abstractmethod
    def insert(self, table: str, data: pa.Table | pa.RecordBatch) -> int:
        """Append rows by column name; missing columns become NULL. Returns the number of rows."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection and release DuckDB's lock."""

    @abstractmethod
    def column_type(self, duckdb_type: str) -> str:
        """The engine's name of a DuckDB column type."""

    def limited_memory(self, limit: str) -> AbstractContextManager[None]:
        """Limit the engine's memory inside the block, so that it spills to disk; a server engine ignores it."""
        return nullcontext()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything inside the block, or nothing. An inner block belongs to the outer transaction."""
        if self._is_in_transaction:
            yield
            return
        self._control("begin")
        self._is_in_transaction = True
        try:
            yield
        except BaseException:
            self._control("rollback")
            raise
        else:
            self._control("commit")
        finally:
            self._is_in_transaction = False

    def table_exists(self, schema: str, table: str) -> bool:
        """Whether the table or view exists."""
        sql = "select count(*) from information_schema.tables where table_schema = :schema and table_name = :table"
        return bool(self.scalar(sql, {"schema": schema, "table": table}))

    @abstractmethod
    def _control(self, statement: str) -> None:
        """Run `begin`, `commit` or `rollback`."""


def with_placeholders(sql: str, style: str) -> str:
    """`sql` with each `:name` in the engine's placeholder style, such as `${name}` or `%({name})s`."""

    def render(match: re.Match[str]) -> str:
        return match[1] if match[1] is not None else style.replace("{name}", match[2])

    return _PARAMETER.sub(render, sql)


def used_parameters(sql: str, parameters: Parameters) -> dict[str, Any]:
    """The parameters that the statement names; DuckDB refuses others."""
    used_names = {match[2] for match in _PARAMETER.finditer(sql) if match[2]}
    return {name: value for name, value in parameters.items() if name in used_names}


def decimal_to_float(value: Any) -> Any:
    """A Decimal as float; any other value unchanged."""
    return float(value) if isinstance(value, Decimal) else value


def as_naive_utc(timestamp: datetime) -> datetime:
    """An aware timestamp as the warehouse stores it: UTC without a zone."""
    return timestamp.astimezone(UTC).replace(tzinfo=None)
