"""What passes between the steps of a load: raw chunks in, canonical rows and rejects out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

ROW_COLUMN = "(row)"
"""Name of the raw column that counts the rows of its file from 1; no source can hold a column of this name."""
TEXT_COLUMN = "(text)"
"""Name of the raw column with a row as the JSON text it came as, before it is taken apart."""
LINE_KEY = "(line)"
"""Key under which the original of a row is kept that does not divide into columns."""
HEADER_KEY = "(header)"
"""Key beside LINE: the columns into which the row should divide, as a JSON list."""

CHUNK_ROWS = 350_000
PARTS_PER_ROW = 1000
"""A row may speak of fewer events than this: row * PARTS + part numbers the events of a batch."""


@dataclass(frozen=True)
class UnparsableRow:
    """A row that does not divide into columns. `row_number` counts from 1, `text` is the row as it stands.

    header: the columns that it should have, where they are known.
    """

    row_number: int
    reason: str
    detail: str
    text: str
    header: tuple[str, ...] = ()


@dataclass(frozen=True)
class RawChunk:
    """Rows as texts: a string column for each column of the source, and ROW. `broken` rows are not in the table."""

    table: pa.Table
    unparsable: tuple[UnparsableRow, ...] = ()


@dataclass(frozen=True)
class TransformedChunk:
    """Canonical rows and what could not become one.

    rows: columns of the kind's landing, `content_hash`, and `seq` (row * PARTS + part).
    rejects: seq, reason, detail, severity, original.
    read: events the chunk speaks of; skipped: those of them that are known and not wanted.
    """

    rows: pa.Table
    rejects: pa.Table
    read: int
    skipped: int


class RowSource(Protocol):
    """One file or one fetch, that can be read more than once. `strict_times`: its times are texts, not a type."""

    @property
    def origin(self) -> str: ...

    @property
    def strict_times(self) -> bool: ...

    def chunks(self) -> Iterator[RawChunk]:
        """All rows, in order, in chunks of about CHUNK_ROWS."""
