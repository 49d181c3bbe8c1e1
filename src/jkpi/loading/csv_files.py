"""Read CSV files, also invalid ones: rows as texts, by the names of the header."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jkpi.errors import SourceError
from jkpi.loading.files import Utf8Stream, open_text
from jkpi.loading.model import FileFormat
from jkpi.loading.rows import (
    CHUNK_ROWS,
    HEADER_KEY,
    LINE_KEY,
    ROW_COLUMN,
    TEXT_COLUMN,
    WAVE_COLUMN,
    RawChunk,
    UnparsableRow,
)
from jkpi.protocols import Progress

if TYPE_CHECKING:
    import pyarrow as pa

_BLOCK = 4 << 20
_HEADER_LIMIT = 4 << 20
_RESERVED_NAMES = {ROW_COLUMN, LINE_KEY, HEADER_KEY, TEXT_COLUMN, WAVE_COLUMN}


@dataclass
class CsvFile:
    """A CSV file. check: called with the column names before any row is read; raises if columns are missing."""

    path: Path
    origin: str
    file_format: FileFormat
    check: Callable[[list[str]], None]
    progress: Progress
    strict_times: bool = True
    chunk_rows: int = CHUNK_ROWS

    def chunks(self) -> Iterator[RawChunk]:
        """Rows in chunks; none for a file without rows.

        Raises:
            SourceError: the header is missing, the file is damaged or has another encoding, or a row never ends.
        """
        with open_text(self.path, self.file_format.encoding, self.progress) as stream:
            names = read_header(stream, self.file_format, self.origin)
            if names is None:
                return
            self.check(names)
            yield from self._read_rows(stream, names)

    def _read_rows(self, stream: Utf8Stream, names: list[str]) -> Iterator[RawChunk]:
        import pyarrow as pa
        import pyarrow.csv as pacsv

        ragged: list[UnparsableRow] = []

        def record_ragged(row: Any) -> str:
            detail = f"{row.actual_columns} fields, the header has {row.expected_columns}"
            ragged.append(UnparsableRow(row.number, "ragged row", detail, row.text, tuple(names)))
            return "skip"

        try:
            # A single thread, because only then pyarrow reports the number of a ragged row. It is not slower here.
            reader = pacsv.open_csv(
                pa.PythonFile(stream, "r"),
                pacsv.ReadOptions(use_threads=False, block_size=_BLOCK, column_names=names),
                pacsv.ParseOptions(
                    delimiter=self.file_format.delimiter,
                    quote_char=self.file_format.quote,
                    newlines_in_values=True,
                    invalid_row_handler=record_ragged,
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
                    yield RawChunk(_empty_table(names), tuple(ragged))
                return
            raise _csv_error(self.origin, error) from None
        yield from _merge_small_chunks(self._with_row_numbers(reader, names, ragged), self.chunk_rows)

    def _with_row_numbers(self, reader: Any, names: list[str], ragged: list[UnparsableRow]) -> Iterator[RawChunk]:
        """Batches with row numbers, without ragged rows."""
        import numpy as np
        import pyarrow as pa

        next_row, reported = 1, 0
        while True:
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                break
            except pa.ArrowInvalid as error:
                raise _csv_error(self.origin, error) from None
            ragged_numbers = np.array([row.row_number for row in ragged[reported:]], dtype=np.int64)
            numbers = np.arange(next_row, next_row + batch.num_rows + len(ragged_numbers), dtype=np.int64)
            numbers = numbers[~np.isin(numbers, ragged_numbers)][: batch.num_rows] if len(ragged_numbers) else numbers
            last = int(numbers[-1]) if len(numbers) else next_row - 1
            # Ragged rows beyond this batch may be known already; they are reported with the batch that passes them.
            count_passed = sum(1 for row in ragged[reported:] if row.row_number <= last)
            table, unreadable = _decode_columns(
                pa.Table.from_batches([batch]).append_column(ROW_COLUMN, pa.array(numbers))
            )
            yield RawChunk(table, (*ragged[reported : reported + count_passed], *unreadable))
            reported, next_row = reported + count_passed, last + 1
        if reported < len(ragged):
            yield RawChunk(_empty_table(names), tuple(ragged[reported:]))


def read_header(stream: Utf8Stream, file_format: FileFormat, origin: str) -> list[str] | None:
    """The unique names of the first line that is not blank; None for an empty file. The stream is positioned after it.

    A repeated name becomes `name_2`; blanks around names are removed.
    """
    buffer = b""
    while True:
        block = stream.read(1 << 16)
        buffer += block
        if block and len(buffer) > _HEADER_LIMIT:
            raise SourceError(f"{origin}: the first line does not end", "check format.quote")
        if not block or b"\n" in buffer or b"\r" in buffer:
            try:
                record = _first_record(buffer.decode("utf-8", "surrogateescape"), file_format, final=not block)
            except csv.Error as error:
                raise SourceError(f"{origin}: its header cannot be read: {error}") from None
            if record or not block:
                break
    if record is None:
        return None
    fields, size = record
    if any("\udc80" <= character <= "\udcff" for field in fields for character in field):
        raise SourceError(f"{origin} is not {file_format.encoding}: its header is not text", "correct format.encoding")
    stream.push_back(buffer[size:])
    return _unique_names([field.strip() for field in fields])


def _first_record(text: str, file_format: FileFormat, final: bool) -> tuple[list[str], int] | None:
    """Fields of the first record and its size in bytes; None if it may be incomplete."""
    lines = io.StringIO(text, newline="").readlines()
    if not final:
        # The last line may continue in the next block.
        lines = lines[:-1]
    remaining_lines = iter(lines)
    consumed = 0

    def counted_lines() -> Iterator[str]:
        nonlocal consumed
        for line in remaining_lines:
            consumed += len(line.encode("utf-8", "surrogateescape"))
            yield line

    for fields in csv.reader(counted_lines(), delimiter=file_format.delimiter, quotechar=file_format.quote):
        if any(field.strip() for field in fields):
            return (
                (fields, consumed) if final or not _quote_is_open("".join(lines), consumed, file_format.quote) else None
            )
    return None


def _quote_is_open(text: str, size: int, quote: str) -> bool:
    """Whether the first `size` bytes of the text end inside quotes; a doubled quote counts twice."""
    return text.encode("utf-8", "surrogateescape")[:size].count(quote.encode()) % 2 == 1


def _unique_names(names: list[str]) -> list[str]:
    taken = set(names) | _RESERVED_NAMES
    taken_names: set[str] = set(_RESERVED_NAMES)
    unique = []
    for position, original in enumerate(names, start=1):
        name = original or f"column_{position}"
        number = 2
        while name in taken_names:
            candidate = f"{original or 'column'}_{number}"
            number += 1
            name = candidate if candidate not in taken else name
        taken_names.add(name)
        taken.add(name)
        unique.append(name)
    return unique


def _decode_columns(table: pa.Table) -> tuple[pa.Table, list[UnparsableRow]]:
    """Decode bytes to strings. Rows that are not UTF-8 are returned as unparsable."""
    import pyarrow as pa

    schema = pa.schema([(name, pa.int64() if name == ROW_COLUMN else pa.string()) for name in table.column_names])
    try:
        return table.cast(schema), []
    except pa.ArrowInvalid:
        rows = table.to_pylist()
    good, unparsable = [], []
    for row in rows:
        try:
            good.append({name: value.decode() if isinstance(value, bytes) else value for name, value in row.items()})
        except UnicodeDecodeError as error:
            text = ",".join(
                value.decode(errors="backslashreplace") for name, value in row.items() if name != ROW_COLUMN
            )
            unparsable.append(
                UnparsableRow(row[ROW_COLUMN], "not UTF-8", f"byte 0x{error.object[error.start]:02x}", text)
            )
    return pa.Table.from_pylist(good, schema=schema), unparsable


def _empty_table(names: list[str]) -> pa.Table:
    import pyarrow as pa

    return pa.schema([*((name, pa.string()) for name in names), (ROW_COLUMN, pa.int64())]).empty_table()


def _merge_small_chunks(chunks: Iterator[RawChunk], chunk_rows: int) -> Iterator[RawChunk]:
    """Merge small chunks, so that each has at least `chunk_rows` rows."""
    import pyarrow as pa

    buffered: list[RawChunk] = []
    for chunk in chunks:
        buffered.append(chunk)
        if (
            sum(buffered_chunk.table.num_rows + len(buffered_chunk.unparsable) for buffered_chunk in buffered)
            >= chunk_rows
        ):
            yield RawChunk(
                pa.concat_tables(buffered_chunk.table for buffered_chunk in buffered),
                tuple(row for buffered_chunk in buffered for row in buffered_chunk.unparsable),
            )
            buffered = []
    if buffered:
        yield RawChunk(
            pa.concat_tables(buffered_chunk.table for buffered_chunk in buffered),
            tuple(row for buffered_chunk in buffered for row in buffered_chunk.unparsable),
        )


def _csv_error(origin: str, error: Exception) -> SourceError:
    if "straddling" in str(error):
        return SourceError(
            f"{origin}: a row does not end within {_BLOCK >> 20} MB", "a quote may be open; check format.quote"
        )
    return SourceError(f"{origin} cannot be read as CSV: {error}")
