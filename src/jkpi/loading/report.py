"""The result of a load, in numbers that add up. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from jkpi.errors import SystemFailure

BatchStatus = Literal["loaded", "unchanged", "empty", "refused"]

MAX_REJECTED_PROPORTION = 0.05
"""If a larger proportion of the rows of a source is rejected, the load warns."""


@dataclass(frozen=True)
class StagedCounts:
    """What one batch has staged. Counts are of events or responses; an original row may contain several.

    rows: staged rows, of which `duplicates` repeat known content and `conflicts` have a known id with other content.
    rejects: rejected rows, conflicts included. new_rejects_by_reason: those that were not rejected before.
    first_at, last_at: naive UTC bounds of the rows that will land.
    """

    read: int
    skipped: int
    rows: int
    duplicates: int
    conflicts: int
    rejects: int
    new_rejects_by_reason: Mapping[str, int]
    first_at: datetime | None = None
    last_at: datetime | None = None


@dataclass(frozen=True)
class BatchReport:
    """The result of one file or query. read = loaded + rejected + duplicates + skipped, always.

    status: `unchanged`: loaded before, nothing new. `empty`: no rows, for the first time. `refused`: a check
    stopped the batch and nothing landed; `reason` says why, and `read` how many rows were read until then.
    reasons: reject reason -> count. first_at, last_at: naive UTC bounds of the rows that landed.
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
            return f"{self.source}: {self.origin}: no rows"
        if self.status == "refused":
            return f"{self.source}: {self.origin}: refused: {self.reason}"
        return (
            f"{self.source}: {self.origin}: {self.read} read = {self.loaded} loaded + {self.rejected} rejected"
            f" + {self.duplicates} duplicate + {self.skipped} skipped"
        )


def balanced_report(
    counts: StagedCounts, source: str, origin: str, batch_id: str, warnings: Sequence[str] = ()
) -> BatchReport:
    """The report of a batch that is about to land. Rejects that are not new count as duplicates.

    Raises:
        SystemFailure: the numbers do not add up, so the batch must not land.
    """
    rejected = sum(counts.new_rejects_by_reason.values())
    report = BatchReport(
        source=source,
        origin=origin,
        status="loaded",
        batch_id=batch_id,
        read=counts.read,
        loaded=counts.rows - counts.duplicates - counts.conflicts,
        rejected=rejected,
        duplicates=counts.duplicates + counts.rejects - rejected,
        skipped=counts.skipped,
        reasons=dict(counts.new_rejects_by_reason),
        warnings=tuple(warnings),
        first_at=counts.first_at,
        last_at=counts.last_at,
    )
    if report.read != report.loaded + report.rejected + report.duplicates + report.skipped:
        raise SystemFailure(f"{origin}: the numbers do not add up, so nothing was loaded: {report}")
    return report


def count_reasons(batches: Sequence[BatchReport]) -> dict[str, int]:
    """Reject reason -> count, the most frequent first."""
    totals: dict[str, int] = {}
    for batch in batches:
        for reason, count in batch.reasons.items():
            totals[reason] = totals.get(reason, 0) + count
    return dict(sorted(totals.items(), key=lambda item: -item[1]))


def rejected_warning(batches: Sequence[BatchReport]) -> str | None:
    """A warning if more than MAX_REJECTED_PROPORTION of the rows were rejected; else None."""
    read, rejected = sum(batch.read for batch in batches), sum(batch.rejected for batch in batches)
    if not read or rejected <= MAX_REJECTED_PROPORTION * read:
        return None
    return f"{100 * rejected / read:.1f} % of the rows were rejected ({rejected:,} of {read:,})"
