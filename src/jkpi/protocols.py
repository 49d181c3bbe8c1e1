"""Contracts between packages that do not import each other: progress reporting, and the validation of a chunk of rows
before it lands (loading calls it, quality implements it).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd


class Progress(Protocol):
    """Receiver of the progress of long work: `start` with a total (None if unknown), then `advance`."""

    def start(self, description: str, total: float | None = None) -> None:
        """Begin a new task; the previous one is done."""

    def advance(self, amount: float = 1) -> None:
        """Add `amount` to what is done."""


class NullProgress:
    """A `Progress` that shows nothing."""

    def start(self, description: str, total: float | None = None) -> None:
        """Do nothing."""

    def advance(self, amount: float = 1) -> None:
        """Do nothing."""


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
    """Why one row is rejected.

    reason: as listed by `jkpi rejects`. severity, expectation: of the expectation that failed.
    """

    reason: str
    severity: str
    expectation: str = ""


@dataclass(frozen=True)
class ChunkValidation:
    """Validation result of one chunk of rows.

    refusal: why the whole batch must not land; None if it may.
    rejected: position of a row in the chunk (from 0) -> why it is rejected.
    results: rows for `raw.quality_results`, without run id and batch id.
    """

    refusal: str | None = None
    rejected: Mapping[int, RowRejection] = field(default_factory=dict)
    results: tuple[Mapping[str, Any], ...] = ()


ChunkValidator = Callable[[str, str, "pd.DataFrame"], ChunkValidation]
"""(kind of source, name of source, chunk of canonical rows) -> validation result."""
