"""Data passed between the steps of a load: raw chunks, canonical rows, rejects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

ROW_COLUMN = "(row)"
"""Raw column with the row number in its file, from 1; reserved name."""
WAVE_COLUMN = "(wave)"
"""Raw column with the survey wave of a file, if the source says `wave: file`; reserved name."""
TEXT_COLUMN = "(text)"
"""Raw column with a row as JSON text."""
LINE_KEY = "(line)"
"""Key of the original line of a row that cannot be split into columns."""
HEADER_KEY = "(header)"
"""Key of the expected columns of such a row, as a JSON list."""

CHUNK_ROWS = 350_000
PARTS_PER_ROW = 1000
"""Upper limit of events per row: row * PARTS_PER_ROW + part numbers the events of a batch."""


@dataclass(frozen=True)
class UnparsableRow:
    """A row that cannot be split into columns. row_number: from 1. text: the row as it is. header: expected columns."""

    row_number: int
    reason: str
    detail: str
    text: str
    header: tuple[str, ...] = ()


@dataclass(frozen=True)
class RawChunk:
    """Rows as texts: a string column per source column, and ROW_COLUMN. Unparsable rows are not in the table."""

    table: pa.Table
    unparsable: tuple[UnparsableRow, ...] = ()


@dataclass(frozen=True)
class TransformedChunk:
    """Canonical rows and rejects of one chunk.

    rows: columns of the landing table, `content_hash`, and `seq` (row * PARTS_PER_ROW + part).
    rejects: seq, reason, detail, severity, original.
    read: events in the chunk. skipped: those that the YAML ignores, or that are deleted.
    deletions: with `on_conflict: latest`, the deleted rows: seq, the key columns, cursor_position.
    """

    rows: pa.Table
    rejects: pa.Table
    read: int
    skipped: int
    deletions: pa.Table | None = None


class RowSource(Protocol):
    """One file or query that can be read more than once. strict_times: times are texts, not a native type."""

    @property
    def origin(self) -> str: ...

    @property
    def strict_times(self) -> bool: ...

    def chunks(self) -> Iterator[RawChunk]:
        """All rows, in order, in chunks of about CHUNK_ROWS."""
