"""What a check says: results for the warehouse, and a report for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from jkpi.config.settings import Settings
from jkpi.warehouse.base import Warehouse

Door = Literal["incoming", "landing", "marts"]


def naive(moment: datetime) -> datetime:
    """An aware time as the warehouse keeps it: UTC, without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class Result:
    """One expectation on one subject (a source or a mart): one row of `raw.quality_results`.

    checked and unexpected count rows; an expectation about a table as a whole checks one thing.
    """

    door: Door
    subject: str
    suite: str
    expectation: str
    column_name: str
    severity: str
    success: bool
    raised: bool
    checked: int
    unexpected: int
    detail: str
    checked_at: datetime

    def row(self) -> dict[str, Any]:
        """Without run and batch ids; whoever writes it knows them."""
        return asdict(self)


@dataclass(frozen=True)
class Failure:
    """Why a check did not pass."""

    subject: str
    expectation: str
    message: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.expectation}: {self.message}" if self.expectation else self.message


@dataclass(frozen=True)
class BlindSpot:
    """A time, half-open and in naive UTC, in which a source did not tell us what happened."""

    source: str
    starts_at: datetime
    ends_at: datetime
    reason: str


@dataclass(frozen=True)
class CheckReport:
    """One check at one door. It passes where no critical expectation failed and every expectation could be run."""

    door: Door
    checked_at: datetime
    results: tuple[Result, ...] = ()
    failures: tuple[Failure, ...] = ()
    blind_spots: tuple[BlindSpot, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.failures

    @property
    def warnings(self) -> tuple[Result, ...]:
        """Results that did not hold and do not stop anything."""
        return tuple(
            one for one in self.results if not one.success and not one.raised and one.severity in ("warning", "info")
        )

    def lines(self) -> list[str]:
        """A few short lines for people: failures first."""
        subjects = len({one.subject for one in self.results})
        held = sum(one.success for one in self.results)
        lines = [f"FAILED  {failure}" for failure in self.failures]
        # At the landing door each warning is a blind spot, which says more.
        told = [one for one in self.warnings if self.door != "landing" or one.severity == "info"]
        lines += [f"{one.severity}  {one.subject}: {one.expectation}: {one.detail}" for one in told]
        lines += [f"blind  {one.source}: {span(one)}: {one.reason}" for one in self.blind_spots]
        lines.append(f"{self.door}: {held} of {len(self.results)} expectations hold on {_count(subjects, 'subject')}")
        return lines


def span(spot: BlindSpot) -> str:
    """The time of a blind spot in words, minutes in UTC."""
    return f"{spot.starts_at:%Y-%m-%d %H:%M} to {spot.ends_at:%Y-%m-%d %H:%M} UTC"


def failures_of(results: Sequence[Result]) -> list[Failure]:
    """The results that nothing may be spoken from: critical ones that failed, and any that could not be run."""
    return [
        Failure(one.subject, one.expectation, f"could not be run: {one.detail}" if one.raised else one.detail)
        for one in results
        if one.raised or (one.severity == "critical" and not one.success)
    ]


def write_results(w: Warehouse, settings: Settings, door: Door, results: Sequence[Result]) -> None:
    """Keep the results of one run of a check. The same moment checked again replaces what it said."""
    run_id = f"{door}-{settings.now:%Y%m%dT%H%M%SZ}"
    with w.transaction():
        w.execute("delete from raw.quality_results where run_id = :run_id", {"run_id": run_id})
        insert(w, "quality_results", [{"run_id": run_id, **one.row(), "batch_id": None} for one in results])


def insert(w: Warehouse, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
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
    w.insert(f"raw.{table}", pa.table(columns))


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
