"""Read JSON Lines and other rows of JSON objects: columns by name, or by JSON pointer if nested."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jkpi.loading.expressions import literal, quote_identifier
from jkpi.loading.files import open_text
from jkpi.loading.model import FileFormat
from jkpi.loading.rows import CHUNK_ROWS, ROW_COLUMN, TEXT_COLUMN, RawChunk, UnparsableRow
from jkpi.protocols import Progress

if TYPE_CHECKING:
    import pyarrow as pa

_BLOCK = 1 << 20


@dataclass
class JsonLinesFile:
    """A JSON Lines file. check: called with the keys of the first chunk."""

    path: Path
    origin: str
    file_format: FileFormat
    columns: Sequence[str]
    check: Callable[[list[str]], None]
    progress: Progress
    strict_times: bool = True
    chunk_rows: int = CHUNK_ROWS

    def chunks(self) -> Iterator[RawChunk]:
        """Rows in chunks. A line that is no JSON object is unparsable; blank lines do not count."""
        with open_text(self.path, self.file_format.encoding, self.progress) as stream:
            remainder, is_first, count_rows = b"", True, 0
            lines: list[bytes] = []
            while True:
                block = stream.read(_BLOCK)
                parts = (remainder + block).split(b"\n")
                remainder = parts.pop() if block else b""
                lines.extend(line for part in parts if (line := part.strip()))
                if lines and (len(lines) >= self.chunk_rows or not block):
                    yield self._chunk(lines, count_rows, is_first)
                    count_rows, is_first, lines = count_rows + len(lines), False, []
                if not block:
                    return

    def _chunk(self, lines: list[bytes], row_offset: int, is_first: bool) -> RawChunk:
        texts: list[str] = []
        numbers: list[int] = []
        unparsable: list[UnparsableRow] = []
        for number, line in enumerate(lines, start=row_offset + 1):
            try:
                texts.append(line.decode())
                numbers.append(number)
            except UnicodeDecodeError as error:
                escaped = line.decode(errors="backslashreplace")
                unparsable.append(UnparsableRow(number, "not UTF-8", f"byte 0x{line[error.start]:02x}", escaped))
        return chunk_from_json(
            texts, numbers, self.columns, tuple(unparsable), pointers=True, check=self.check if is_first else None
        )


def chunk_from_json(
    texts: Sequence[str],
    numbers: Sequence[int],
    columns: Sequence[str],
    unparsable: tuple[UnparsableRow, ...] = (),
    pointers: bool = False,
    check: Callable[[list[str]], None] | None = None,
) -> RawChunk:
    """JSON objects as a chunk with `columns`.

    Args:
        pointers: a column that begins with `/` is a JSON pointer (RFC 6901) into nested objects.
        check: called with the available keys and pointers, if at least one line is an object.
    """
    import duckdb
    import pyarrow as pa

    with duckdb.connect(":memory:") as database:
        database.register(
            "lines", pa.table({ROW_COLUMN: pa.array(numbers, pa.int64()), TEXT_COLUMN: pa.array(texts, pa.string())})
        )
        is_object = f"coalesce(try(json_type({quote_identifier(TEXT_COLUMN)})) = 'OBJECT', false)"
        for number, text in database.execute(
            f"select {quote_identifier(ROW_COLUMN)}, {quote_identifier(TEXT_COLUMN)} from lines where not {is_object}"
        ).fetchall():
            unparsable = (*unparsable, UnparsableRow(number, "not a JSON object", "", text))
        if check is not None and len(unparsable) < len(numbers):
            check(_object_keys(database, is_object, columns, pointers))
        paths = ", ".join(literal(_pointer(column, pointers)) for column in columns)
        picked = "".join(
            f", picked_values[{number}] as {quote_identifier(column)}" for number, column in enumerate(columns, start=1)
        )
        table: pa.Table = database.sql(
            f"select {quote_identifier(ROW_COLUMN)}{picked} from"
            f" (select *, json_extract_string({quote_identifier(TEXT_COLUMN)}, [{paths}]) as picked_values"
            f" from lines where {is_object})"
            f" order by {quote_identifier(ROW_COLUMN)}"
        ).to_arrow_table()
    return RawChunk(table, unparsable)


def _pointer(column: str, pointers: bool) -> str:
    return column if pointers and column.startswith("/") else "/" + column.replace("~", "~0").replace("/", "~1")


def _object_keys(database: object, is_object: str, columns: Sequence[str], pointers: bool) -> list[str]:
    """Keys of the objects, and those pointers of `columns` that exist."""
    import duckdb

    assert isinstance(database, duckdb.DuckDBPyConnection)
    sql = f"select distinct unnest(json_keys({quote_identifier(TEXT_COLUMN)})) from lines where {is_object}"
    keys = sorted(row[0] for row in database.execute(sql).fetchall())
    for column in columns:
        if pointers and column.startswith("/"):
            pointer_exists = f"json_exists({quote_identifier(TEXT_COLUMN)}, {literal(column)})"
            if database.execute(f"select count(*) from lines where {is_object} and {pointer_exists}").fetchall()[0][0]:
                keys.append(column)
    return keys
