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


class Silence:
    """A `Progress` that shows nothing."""

    def start(self, description: str, total: float | None = None) -> None:
        """Say nothing."""

    def advance(self, amount: float = 1) -> None:
        """Say nothing."""


SILENCE: Progress = Silence()


@dataclass(frozen=True)
class Complaint:
    """Why one row is turned away: the expectation it broke, and how severe that is."""

    expectation: str
    severity: str


@dataclass(frozen=True)
class Inspection:
    """The verdict on one chunk.

    refused: a sentence where the whole batch must not land, else None.
    rejected: position of a row in the chunk (from 0) -> why it is turned away.
    results: rows for `raw.quality_results`, without run and batch ids.
    """

    refused: str | None = None
    rejected: Mapping[int, Complaint] = field(default_factory=dict)
    results: tuple[Mapping[str, Any], ...] = ()


Inspector = Callable[[str, str, "pd.DataFrame"], Inspection]
"""(kind of source, name of source, chunk of canonical rows) -> verdict."""
