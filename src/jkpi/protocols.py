"""What the first door says of one chunk of rows, before any of them lands.

Loading asks, quality answers; both know only these words, and neither imports the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd


class Progress(Protocol):
    """Long work calls `start` with a total, then `advance`; a total may be unknown."""

    def start(self, description: str, total: float | None = None) -> None:
        """A new piece of work begins; the one before is done."""

    def advance(self, amount: float = 1) -> None:
        """So much more is done."""


class NullProgress:
    """A `Progress` that shows nothing."""

    def start(self, description: str, total: float | None = None) -> None:
        """Say nothing."""

    def advance(self, amount: float = 1) -> None:
        """Say nothing."""


NO_PROGRESS: Progress = NullProgress()


class DigestContent(Protocol):
    """The weekly digest of one owner: living_map writes it, alerts sends it, and neither imports the other."""

    @property
    def owner(self) -> str:
        """Whose week it is."""

    @property
    def receivers(self) -> tuple[str, ...]:
        """Names of receivers; none means the default one."""

    @property
    def title(self) -> str:
        """The subject of the message."""

    @property
    def sections(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Headings with their sentences."""


@dataclass(frozen=True)
class RowRejection:
    """Why one row is turned away: the expectation it broke, and how severe that is."""

    expectation: str
    severity: str


@dataclass(frozen=True)
class ChunkValidation:
    """The verdict on one chunk.

    refused: a sentence where the whole batch must not land, else None.
    rejected: position of a row in the chunk (from 0) -> why it is turned away.
    results: rows for `raw.quality_results`, without run and batch ids.
    """

    refusal: str | None = None
    rejected: Mapping[int, RowRejection] = field(default_factory=dict)
    results: tuple[Mapping[str, Any], ...] = ()


ChunkValidator = Callable[[str, str, "pd.DataFrame"], ChunkValidation]
"""(kind of source, name of source, chunk of canonical rows) -> verdict."""
