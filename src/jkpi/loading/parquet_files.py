"""Read Parquet files and Arrow tables: every column as text, times in ISO 8601."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jkpi.errors import SourceError
from jkpi.loading.rows import CHUNK_ROWS, ROW_COLUMN, RawChunk
from jkpi.protocols import Progress

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass
class ParquetFile:
    """A Parquet file. check: called with its columns."""

    path: Path
    origin: str
    check: Callable[[list[str]], None]
    progress: Progress
    strict_times: bool = False
    chunk_rows: int = CHUNK_ROWS

    def chunks(self) -> Iterator[RawChunk]:
        """Rows in chunks.

        Raises:
            SourceError: not Parquet, or damaged.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with pq.ParquetFile(self.path) as file:
                self.check(list(file.schema_arrow.names))
                row_offset, size, rows = 0, self.path.stat().st_size, file.metadata.num_rows
                for batch in file.iter_batches(batch_size=self.chunk_rows):
                    yield RawChunk(with_row_numbers(columns_as_text(pa.Table.from_batches([batch])), row_offset))
                    row_offset += batch.num_rows
                    self.progress.advance(size * batch.num_rows // rows)
        except (pa.ArrowInvalid, OSError) as error:
            raise SourceError(f"{self.origin} cannot be read as Parquet: {error}") from None


def with_row_numbers(table: pa.Table, row_offset: int) -> pa.Table:
    """The table with row numbers, starting at `row_offset` + 1."""
    import numpy as np
    import pyarrow as pa

    return table.append_column(
        ROW_COLUMN, pa.array(np.arange(row_offset + 1, row_offset + 1 + table.num_rows, dtype=np.int64))
    )


def columns_as_text(table: pa.Table) -> pa.Table:
    """Every column as string: times in ISO 8601 with their offset if any, nested values as JSON."""
    import pyarrow as pa

    return pa.table({name: _column_as_text(table[name]) for name in table.column_names})


def _column_as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return pa.chunked_array([pa.array([_nested_as_text(value) for value in column.to_pylist()], pa.string())])
    return column.cast(pa.string())


def _nested_as_text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    return json.dumps(value, ensure_ascii=False, default=str)
