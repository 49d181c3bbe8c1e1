"""CSV, whatever is wrong with it: rows as texts, by the names in the header."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jkpi.errors import SourceError
from jkpi.loading.files import Utf8, opened
from jkpi.loading.model import Format
from jkpi.loading.rows import CHUNK_ROWS, HEADER, LINE, ROW, TEXT, Broken, RawChunk
from jkpi.protocols import Progress

if TYPE_CHECKING:
    import pyarrow as pa

_BLOCK = 4 << 20
_HEADER_LIMIT = 4 << 20
_OWN = {ROW, LINE, HEADER, TEXT}


@dataclass
class CsvFile:
    """A CSV file. `check` is told the names of its columns before any row is read, and raises what it finds missing."""

    path: Path
    origin: str
    form: Format
    check: Callable[[list[str]], None]
    progress: Progress
    strict_times: bool = True

    def chunks(self) -> Iterator[RawChunk]:
        """Rows in chunks; a file without any row yields none.

        Raises:
            SourceError: no header, damaged, another encoding, or a row that never ends.
        """
        with opened(self.path, self.form.encoding, self.progress) as stream:
            names = read_header(stream, self.form, self.origin)
            if names is None:
                return
            self.check(names)
            yield from self._rows(stream, names)

    def _rows(self, stream: Utf8, names: list[str]) -> Iterator[RawChunk]:
        import pyarrow as pa
        import pyarrow.csv as pacsv

        ragged: list[Broken] = []

        def note(row: Any) -> str:
            detail = f"{row.actual_columns} fields, the header has {row.expected_columns}"
            ragged.append(Broken(row.number, "ragged row", detail, row.text, tuple(names)))
            return "skip"

        try:
            # One thread reads: only then pyarrow tells the number of a ragged row. It is not slower here.
            reader = pacsv.open_csv(
                pa.PythonFile(stream, "r"),
                pacsv.ReadOptions(use_threads=False, block_size=_BLOCK, column_names=names),
                pacsv.ParseOptions(
                    delimiter=self.form.delimiter,
                    quote_char=self.form.quote,
                    newlines_in_values=True,
                    invalid_row_handler=note,
                ),
                pacsv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.binary()),
                    strings_can_be_null=False,
                    quoted_strings_can_be_null=False,
                ),
            )
        except pa.ArrowInvalid as error:
            if "Empty CSV" in str(error):
                if ragged:
                    yield RawChunk(_no_rows(names), tuple(ragged))
                return
            raise _unreadable(self.origin, error) from None
        yield from _grouped(self._numbered(reader, names, ragged))

    def _numbered(self, reader: Any, names: list[str], ragged: list[Broken]) -> Iterator[RawChunk]:
        """Batches with the number of each row, the ragged ones left out."""
        import numpy as np
        import pyarrow as pa

        next_row, told = 1, 0
        while True:
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                break
            except pa.ArrowInvalid as error:
                raise _unreadable(self.origin, error) from None
            broken = np.array([row.row_number for row in ragged[told:]], dtype=np.int64)
            numbers = np.arange(next_row, next_row + batch.num_rows + len(broken), dtype=np.int64)
            numbers = numbers[~np.isin(numbers, broken)][: batch.num_rows] if len(broken) else numbers
            last = int(numbers[-1]) if len(numbers) else next_row - 1
            # Rows that come after this batch may be known already: they are told with the batch that passes them.
            passed = sum(1 for row in ragged[told:] if row.row_number <= last)
            table, unreadable = _as_text(pa.Table.from_batches([batch]).append_column(ROW, pa.array(numbers)))
            yield RawChunk(table, (*ragged[told : told + passed], *unreadable))
            told, next_row = told + passed, last + 1
        if told < len(ragged):
            yield RawChunk(_no_rows(names), tuple(ragged[told:]))


def read_header(stream: Utf8, form: Format, origin: str) -> list[str] | None:
    """The names in the first line that is not blank, made unique; the stream stands behind it. None: nothing there.

    Of names that are given twice the second becomes `name_2`; blanks around names do not count.
    """
    held = b""
    while True:
        block = stream.read(1 << 16)
        held += block
        if block and len(held) > _HEADER_LIMIT:
            raise SourceError(f"{origin}: its first line does not end", "is format.quote right?")
        if not block or b"\n" in held or b"\r" in held:
            try:
                found = _first_record(held.decode("utf-8", "surrogateescape"), form, final=not block)
            except csv.Error as error:
                raise SourceError(f"{origin}: its header cannot be read: {error}") from None
            if found or not block:
                break
    if found is None:
        return None
    fields, used = found
    if any("\udc80" <= letter <= "\udcff" for field in fields for letter in field):
        raise SourceError(f"{origin} is not {form.encoding}: its header is not text", "correct format.encoding")
    stream.unread(held[used:])
    return _unique([field.strip() for field in fields])


def _first_record(text: str, form: Format, final: bool) -> tuple[list[str], int] | None:
    """Fields of the first record, and how many bytes it takes; None where it may not be complete."""
    lines = io.StringIO(text, newline="").readlines()
    if not final:
        # The last line may go on in the next block.
        lines = lines[:-1]
    read = iter(lines)
    used = 0

    def counted() -> Iterator[str]:
        nonlocal used
        for line in read:
            used += len(line.encode("utf-8", "surrogateescape"))
            yield line

    for fields in csv.reader(counted(), delimiter=form.delimiter, quotechar=form.quote):
        if any(field.strip() for field in fields):
            return (fields, used) if final or not _quote_is_open("".join(lines), used, form.quote) else None
    return None


def _quote_is_open(text: str, used: int, quote: str) -> bool:
    """Whether the first `used` bytes of the text end within quotes; a doubled quote counts twice."""
    return text.encode("utf-8", "surrogateescape")[:used].count(quote.encode()) % 2 == 1


def _unique(names: list[str]) -> list[str]:
    taken = set(names) | _OWN
    seen: set[str] = set(_OWN)
    found = []
    for position, given in enumerate(names, start=1):
        name = given or f"column_{position}"
        number = 2
        while name in seen:
            candidate = f"{given or 'column'}_{number}"
            number += 1
            name = candidate if candidate not in taken else name
        seen.add(name)
        taken.add(name)
        found.append(name)
    return found


def _as_text(table: pa.Table) -> tuple[pa.Table, list[Broken]]:
    """Bytes as strings; rows that are not UTF-8 are taken out and told."""
    import pyarrow as pa

    schema = pa.schema([(name, pa.int64() if name == ROW else pa.string()) for name in table.column_names])
    try:
        return table.cast(schema), []
    except pa.ArrowInvalid:
        rows = table.to_pylist()
    good, broken = [], []
    for row in rows:
        try:
            good.append({name: value.decode() if isinstance(value, bytes) else value for name, value in row.items()})
        except UnicodeDecodeError as error:
            text = ",".join(value.decode(errors="backslashreplace") for name, value in row.items() if name != ROW)
            broken.append(Broken(row[ROW], "not UTF-8", f"byte 0x{error.object[error.start]:02x}", text))
    return pa.Table.from_pylist(good, schema=schema), broken


def _no_rows(names: list[str]) -> pa.Table:
    import pyarrow as pa

    return pa.schema([*((name, pa.string()) for name in names), (ROW, pa.int64())]).empty_table()


def _grouped(chunks: Iterator[RawChunk]) -> Iterator[RawChunk]:
    """Small chunks put together, so that each has about CHUNK_ROWS."""
    import pyarrow as pa

    held: list[RawChunk] = []
    for chunk in chunks:
        held.append(chunk)
        if sum(part.table.num_rows + len(part.broken) for part in held) >= CHUNK_ROWS:
            yield RawChunk(
                pa.concat_tables(part.table for part in held), tuple(row for part in held for row in part.broken)
            )
            held = []
    if held:
        yield RawChunk(
            pa.concat_tables(part.table for part in held), tuple(row for part in held for row in part.broken)
        )


def _unreadable(origin: str, error: Exception) -> SourceError:
    if "straddling" in str(error):
        return SourceError(
            f"{origin}: a row does not end within {_BLOCK >> 20} MB", "a quote may be open: is format.quote right?"
        )
    return SourceError(f"{origin} cannot be read as CSV: {error}")
