"""What a check says: results for the warehouse, and a report for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from jkpi.config.settings import Settings
from jkpi.warehouse.base import Warehouse

Checkpoint = Literal["incoming", "landing", "marts"]


def as_naive_utc(timestamp: datetime) -> datetime:
    """An aware time as the warehouse keeps it: UTC, without saying so."""
    return timestamp.astimezone(UTC).replace(tzinfo=None)


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
        """Without run and batch ids; whoever writes it knows them."""
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
    """A time, half-open and in naive UTC, in which a source did not tell us what happened."""

    source: str
    starts_at: datetime
    ends_at: datetime
    reason: str


@dataclass(frozen=True)
class CheckReport:
    """One check at one door. It passes where no critical expectation failed and every expectation could be run."""

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
        """Results that did not hold and do not stop anything."""
        return tuple(
            result
            for result in self.results
            if not result.success and not result.raised_exception and result.severity in ("warning", "info")
        )


def gap_period_text(gap: DataGap) -> str:
    """The time of a blind spot in words, minutes in UTC."""
    return f"{gap.starts_at:%Y-%m-%d %H:%M} to {gap.ends_at:%Y-%m-%d %H:%M} UTC"


def blocking_failures(results: Sequence[QualityResult]) -> list[QualityFailure]:
    """The results that nothing may be spoken from: critical ones that failed, and any that could not be run."""
    return [
        QualityFailure(
            result.subject,
            result.expectation,
            f"could not be run: {result.detail}" if result.raised_exception else result.detail,
        )
        for result in results
        if result.raised_exception or (result.severity == "critical" and not result.success)
    ]


def write_quality_results(
    warehouse: Warehouse, settings: Settings, checkpoint: Checkpoint, results: Sequence[QualityResult]
) -> None:
    """Keep the results of one run of a check. The same moment checked again replaces what it said."""
    run_id = f"{checkpoint}-{settings.now:%Y%m%dT%H%M%SZ}"
    with warehouse.transaction():
        warehouse.execute("delete from raw.quality_results where run_id = :run_id", {"run_id": run_id})
        insert_rows(
            warehouse,
            "quality_results",
            [{"run_id": run_id, **result.to_row(), "batch_id": None} for result in results],
        )


def insert_rows(warehouse: Warehouse, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append rows to a table of the landing, typed as the landing is."""
    if not rows:
        return
    import pyarrow as pa

    types = {bool: pa.bool_(), int: pa.int64(), datetime: pa.timestamp("us"), str: pa.string()}
    columns = {}
    for name in rows[0]:
        values = [row[name] for row in rows]
        sample = next((value for value in values if value is not None), "")
        columns[name] = pa.array(values, type=types[type(sample)])
    warehouse.insert(f"raw.{table}", pa.table(columns))
