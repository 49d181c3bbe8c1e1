"""JSON Lines, and anything else whose rows are JSON objects: columns by name, or by JSON pointer where they nest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jkpi.loading.expressions import literal, name
from jkpi.loading.files import opened
from jkpi.loading.model import Format
from jkpi.loading.rows import CHUNK_ROWS, ROW, TEXT, Broken, RawChunk
from jkpi.protocols import Progress

if TYPE_CHECKING:
    import pyarrow as pa

_BLOCK = 1 << 20


@dataclass
class JsonLinesFile:
    """A JSON Lines file. `check` is told the keys of the first chunk."""

    path: Path
    origin: str
    form: Format
    wanted: Sequence[str]
    check: Callable[[list[str]], None]
    progress: Progress
    strict_times: bool = True

    def chunks(self) -> Iterator[RawChunk]:
        """Rows in chunks. A line that is no JSON object is broken; blank lines do not count."""
        with opened(self.path, self.form.encoding, self.progress) as stream:
            held, first, number = b"", True, 0
            lines: list[bytes] = []
            while True:
                block = stream.read(_BLOCK)
                parts = (held + block).split(b"\n")
                held = parts.pop() if block else b""
                lines.extend(line for part in parts if (line := part.strip()))
                if lines and (len(lines) >= CHUNK_ROWS or not block):
                    yield self._chunk(lines, number, first)
                    number, first, lines = number + len(lines), False, []
                if not block:
                    return

    def _chunk(self, lines: list[bytes], before: int, first: bool) -> RawChunk:
        texts: list[str] = []
        numbers: list[int] = []
        broken: list[Broken] = []
        for number, line in enumerate(lines, start=before + 1):
            try:
                texts.append(line.decode())
                numbers.append(number)
            except UnicodeDecodeError as error:
                shown = line.decode(errors="backslashreplace")
                broken.append(Broken(number, "not UTF-8", f"byte 0x{line[error.start]:02x}", shown))
        return from_json(texts, numbers, self.wanted, tuple(broken), pointers=True, check=self.check if first else None)


def from_json(
    texts: Sequence[str],
    numbers: Sequence[int],
    wanted: Sequence[str],
    broken: tuple[Broken, ...] = (),
    pointers: bool = False,
    check: Callable[[list[str]], None] | None = None,
) -> RawChunk:
    """JSON objects as a chunk with the columns `wanted`.

    Args:
        pointers: a wanted name that begins with `/` is a JSON pointer (RFC 6901) into nested objects.
        check: is told the keys there are, as names and as pointers, where at least one line is an object.
    """
    import duckdb
    import pyarrow as pa

    with duckdb.connect(":memory:") as database:
        database.register("lines", pa.table({ROW: pa.array(numbers, pa.int64()), TEXT: pa.array(texts, pa.string())}))
        is_object = f"coalesce(try(json_type({name(TEXT)})) = 'OBJECT', false)"
        for number, text in database.execute(
            f"select {name(ROW)}, {name(TEXT)} from lines where not {is_object}"
        ).fetchall():
            broken = (*broken, Broken(number, "not a JSON object", "", text))
        if check is not None and len(broken) < len(numbers):
            check(_keys(database, is_object, wanted, pointers))
        paths = ", ".join(literal(_pointer(column, pointers)) for column in wanted)
        picked = "".join(f", found[{number}] as {name(column)}" for number, column in enumerate(wanted, start=1))
        table: pa.Table = database.sql(
            f"select {name(ROW)}{picked} from"
            f" (select *, json_extract_string({name(TEXT)}, [{paths}]) as found from lines where {is_object})"
            f" order by {name(ROW)}"
        ).to_arrow_table()
    return RawChunk(table, broken)


def _pointer(column: str, pointers: bool) -> str:
    return column if pointers and column.startswith("/") else "/" + column.replace("~", "~0").replace("/", "~1")


def _keys(database: object, is_object: str, wanted: Sequence[str], pointers: bool) -> list[str]:
    """Keys of the objects, and those wanted pointers that lead somewhere."""
    import duckdb

    assert isinstance(database, duckdb.DuckDBPyConnection)
    sql = f"select distinct unnest(json_keys({name(TEXT)})) from lines where {is_object}"
    found = sorted(row[0] for row in database.execute(sql).fetchall())
    for column in wanted:
        if pointers and column.startswith("/"):
            there = f"json_exists({name(TEXT)}, {literal(column)})"
            if database.execute(f"select count(*) from lines where {is_object} and {there}").fetchall()[0][0]:
                found.append(column)
    return found
