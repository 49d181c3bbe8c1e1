"""What a load did, in numbers that add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Status = Literal["loaded", "unchanged", "empty", "refused"]


@dataclass(frozen=True)
class BatchReport:
    """One file or fetch. Counts are of events or answers; read = loaded + rejected + duplicates + skipped, always.

    status: `unchanged`: was loaded before, nothing new. `empty`: holds no row. `refused`: a check stopped it, `reason`
    says why, and nothing of it landed (`read` is how far it was read; nothing is rejected, all is where it was).
    reasons: why rows were rejected -> how many. first_at, last_at: naive UTC bounds of what landed.
    """

    source: str
    origin: str
    status: Status
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
