"""Results of a check: rows for the warehouse, and a report for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal

from jkpi.config.settings import Settings
from jkpi.warehouse.base import Warehouse

TableCheckpoint = Literal["landing", "marts"]
"""Checkpoints over tables, which `jkpi check` runs."""
Checkpoint = Literal["incoming", TableCheckpoint]
"""Where Great Expectations decides; `incoming` runs while loading."""


@dataclass(frozen=True)
class QualityResult:
    """One expectation on one subject (a source or a mart): one row of `raw.quality_results`.

    checked and unexpected count rows; an expectation about a table as a whole checks one thing.
    """

    checkpoint: Checkpoint
    subject: str
    suite: str
    expectation: str
    column_name: str
    severity: str
    success: bool
    raised_exception: bool
    checked: int
    unexpected: int
    detail: str
    checked_at: datetime

    def to_row(self) -> dict[str, Any]:
        """The result as a row, without run id and batch id."""
        return asdict(self)


@dataclass(frozen=True)
class QualityFailure:
    """Why a check did not pass."""

    subject: str
    expectation: str
    message: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.expectation}: {self.message}" if self.expectation else self.message


@dataclass(frozen=True)
class DataGap:
    """Time for which a source brought no usable rows: half-open, naive UTC."""

    source: str
    starts_at: datetime
    ends_at: datetime
    reason: str


@dataclass(frozen=True)
class CheckReport:
    """One check at one checkpoint. It passes if every expectation ran and no critical one failed."""

    checkpoint: Checkpoint
    checked_at: datetime
    results: tuple[QualityResult, ...] = ()
    failures: tuple[QualityFailure, ...] = ()
    data_gaps: tuple[DataGap, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.failures

    @property
    def warnings(self) -> tuple[QualityResult, ...]:
        """Failed expectations that do not fail the check."""
        return tuple(
            result
            for result in self.results
            if not result.success and not result.raised_exception and result.severity in ("warning", "info")
        )


def gap_period_text(gap: DataGap) -> str:
    """The period of a data gap as text, to the minute in UTC."""
    return f"{gap.starts_at:%Y-%m-%d %H:%M} to {gap.ends_at:%Y-%m-%d %H:%M} UTC"


def blocking_failures(results: Sequence[QualityResult]) -> list[QualityFailure]:
    """The results that fail the check: failed critical expectations, and any that could not run."""
    return [
        QualityFailure(
            result.subject,
            result.expectation,
            f"could not run: {result.detail}" if result.raised_exception else result.detail,
        )
        for result in results
        if result.raised_exception or (result.severity == "critical" and not result.success)
    ]


def write_quality_results(
    warehouse: Warehouse, settings: Settings, checkpoint: Checkpoint, results: Sequence[QualityResult]
) -> None:
    """Store the results of one check. A second check at the same `now` replaces the first."""
    run_id = f"{checkpoint}-{settings.now:%Y%m%dT%H%M%SZ}"
    with warehouse.transaction():
        warehouse.execute("delete from raw.quality_results where run_id = :run_id", {"run_id": run_id})
        insert_rows(
            warehouse,
            "quality_results",
            [{"run_id": run_id, **result.to_row(), "batch_id": None} for result in results],
        )


def insert_rows(warehouse: Warehouse, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append rows to a landing table, with its column types."""
    if not rows:
        return
    import pyarrow as pa

    types = {
        bool: pa.bool_(),
        int: pa.int64(),
        datetime: pa.timestamp("us"),
        date: pa.date32(),
        str: pa.string(),
    }
    columns = {}
    for name in rows[0]:
        values = [row[name] for row in rows]
        sample = next((value for value in values if value is not None), "")
        columns[name] = pa.array(values, type=types[type(sample)])
    warehouse.insert(f"raw.{table}", pa.table(columns))
