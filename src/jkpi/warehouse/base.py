"""What every warehouse can do. SQL is written once, with `:name` parameters, in words both engines know."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

Parameters = Mapping[str, Any]
Row = dict[str, Any]

# `:name`, but neither the cast `::type` nor anything inside quotes.
_PARAMETER = re.compile(r"('(?:[^']|'')*')|(?<![:\w]):([a-z_]\w*)")


class Warehouse(Protocol):
    """One open connection. Timestamps come back naive UTC, decimals as float, JSON as text."""

    engine: Literal["duckdb", "postgres"]

    def execute(self, sql: str, parameters: Parameters = {}) -> int:
        """Run one statement; the number of rows it changed, or -1 where the engine does not say."""

    def rows(self, sql: str, parameters: Parameters = {}) -> list[Row]:
        """All rows of a query, each a dict by column name."""

    def scalar(self, sql: str, parameters: Parameters = {}) -> Any:
        """The first column of the first row, None where there is no row."""

    def batches(self, sql: str, parameters: Parameters = {}, size: int = 200_000) -> Iterator[pa.RecordBatch]:
        """The rows of a query as Arrow batches of at most `size` rows; never all in memory."""

    def insert(self, table: str, data: pa.Table | pa.RecordBatch) -> int:
        """Append rows by column name; columns that are not given become NULL. The number of rows."""

    def transaction(self) -> AbstractContextManager[None]:
        """All that happens inside lands, or none of it."""

    def table_exists(self, schema: str, table: str) -> bool:
        """Whether that table or view is there."""

    def close(self) -> None:
        """Let go of the connection, and of DuckDB's lock."""


def with_placeholders(sql: str, style: str) -> str:
    """`:name` in the engine's own spelling: `style` holds {name}, such as `${name}` or `%({name})s`."""

    def render(match: re.Match[str]) -> str:
        return match[1] if match[1] is not None else style.replace("{name}", match[2])

    return _PARAMETER.sub(render, sql)


def used_parameters(sql: str, parameters: Parameters) -> dict[str, Any]:
    """Only the parameters that the statement names: DuckDB refuses the others."""
    used_names = {match[2] for match in _PARAMETER.finditer(sql) if match[2]}
    return {name: value for name, value in parameters.items() if name in used_names}
