"""What a load did, in numbers that add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

BatchStatus = Literal["loaded", "unchanged", "empty", "refused"]


MAX_REJECTED_PROPORTION = 0.05
"""More of the rows set aside than this is no slip of a pen: the load warns."""


@dataclass(frozen=True)
class BatchReport:
    """One file or fetch. Counts are of events or answers; read = loaded + rejected + duplicates + skipped, always.

    status: `unchanged`: was loaded before, nothing new. `empty`: holds no row, which was not known. `refused`: a check
    stopped it, `reason` says why, and nothing of it landed (`read` is how far it was read; nothing is rejected, all is
    where it was).
    reasons: why rows were rejected -> how many. first_at, last_at: naive UTC bounds of what landed.
    """

    source: str
    origin: str
    status: BatchStatus
    batch_id: str = ""
    read: int = 0
    loaded: int = 0
    rejected: int = 0
    duplicates: int = 0
    skipped: int = 0
    reason: str = ""
    reasons: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    first_at: datetime | None = None
    last_at: datetime | None = None

    def __str__(self) -> str:
        if self.status == "unchanged":
            return f"{self.source}: {self.origin}: loaded before, nothing new"
        if self.status == "empty":
            return f"{self.source}: {self.origin}: holds no rows"
        if self.status == "refused":
            return f"{self.source}: {self.origin}: refused: {self.reason}"
        return (
            f"{self.source}: {self.origin}: {self.read} read = {self.loaded} loaded + {self.rejected} rejected"
            f" + {self.duplicates} duplicate + {self.skipped} not wanted"
        )


def count_reasons(batches: Sequence[BatchReport]) -> dict[str, int]:
    """Why rows were set aside -> how many, the most frequent first."""
    totals: dict[str, int] = {}
    for batch in batches:
        for reason, count in batch.reasons.items():
            totals[reason] = totals.get(reason, 0) + count
    return dict(sorted(totals.items(), key=lambda item: -item[1]))


def rejected_warning(batches: Sequence[BatchReport]) -> str | None:
    """A warning where more than NOTABLE_SHARE of the rows of a source were set aside in this load; else None."""
    read, rejected = sum(batch.read for batch in batches), sum(batch.rejected for batch in batches)
    if not read or rejected <= MAX_REJECTED_PROPORTION * read:
        return None
    return f"{100 * rejected / read:.1f} % of the rows were set aside ({rejected:,} of {read:,})"
