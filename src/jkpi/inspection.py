"""What the first door says of one chunk of rows, before any of them lands.

Loading asks, quality answers; both know only these words, and neither imports the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


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
