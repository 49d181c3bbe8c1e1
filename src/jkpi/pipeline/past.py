"""What was known at an earlier time: the landed rows of then, checked and measured in a warehouse of their own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from jkpi.config.settings import Settings
from jkpi.protocols import NO_PROGRESS, Progress
from jkpi.warehouse.base import Warehouse, as_naive_utc
from jkpi.warehouse.landing import LANDING_TABLES, ensure_landing
from jkpi.warehouse.open import open_warehouse

_EMPTY_THERE = frozenset(
    {"measure_runs", "measuring_batches", "measured_batches", "quality_results", "blind_spots", "source_holidays"}
)
"""Tables that checking and measuring fill."""
_LAST_MEASURED = "select max(as_of) from raw.measure_runs where is_finished"
_LOADED_LATER = """
select
    source,
    min(loaded_at) as first_loaded_at
from raw.load_batches
where status = 'loaded'
group by source
having min(loaded_at) > :now
order by source
"""
_KNOWN = "({time} <= :now or source in (select source from ({loaded_later}) as loaded_later))"
_TIME_OF_LOADING = {"load_batches": "started_at", "rejected_rows": "rejected_at"}


@dataclass(frozen=True)
class LateSource:
    """A source that was first loaded after the time looked back to (naive UTC): when its rows arrived is unknown."""

    source: str
    first_loaded_at: datetime


@dataclass(frozen=True)
class KnownReadings:
    """The readings as they were known at a time.

    warehouse: open for reading. is_past: they were measured again, because the last measurement is later.
    late_sources: sources whose rows are used by their own dates alone; empty if not `is_past`.
    """

    warehouse: Warehouse
    is_past: bool = False
    late_sources: tuple[LateSource, ...] = ()


@contextmanager
def open_known_readings(settings: Settings, progress: Progress = NO_PROGRESS) -> Iterator[KnownReadings]:
    """The readings as known at `settings.now`.

    If the warehouse was last measured later, the landing rows known then are copied into a temporary DuckDB file, and
    checked and measured there as of `now`. A row is known if it had been loaded by then. Where a source was first
    loaded later, the warehouse cannot know when its rows arrived: those dated until then are used. Maps, calendars and
    holidays are those of the last measurement.

    Raises:
        SystemFailure, CheckFailed: measuring failed.
    """
    from jkpi.measuring.run import measure
    from jkpi.quality.landing import check_landing

    with open_warehouse(settings, read_only=True) as warehouse:
        if not _is_past(settings, warehouse):
            yield KnownReadings(warehouse)
            return
    with tempfile.TemporaryDirectory(prefix="jkpi-past-") as folder_name:
        folder = Path(folder_name)
        past = replace(settings, workspace=folder, warehouse_url=f"duckdb:///{folder / 'past.duckdb'}")
        # Closed before measuring, which takes long: an open DuckDB file cannot be loaded into.
        with open_warehouse(settings, read_only=True) as warehouse, open_warehouse(past) as copy:
            ensure_landing(copy)
            late_sources = copy_known_rows(warehouse, copy, as_naive_utc(settings.now))
            check_landing(past, copy)
        measure(past, full_refresh=True, progress=progress)
        with open_warehouse(past, read_only=True) as copy:
            yield KnownReadings(copy, True, late_sources)


def _is_past(settings: Settings, warehouse: Warehouse) -> bool:
    """Whether the warehouse was last measured later than `now`."""
    if not warehouse.table_exists("raw", "measure_runs"):
        return False
    last_measured = warehouse.scalar(_LAST_MEASURED)
    return last_measured is not None and bool(last_measured > as_naive_utc(settings.now))


def copy_known_rows(warehouse: Warehouse, copy: Warehouse, now: datetime) -> tuple[LateSource, ...]:
    """Copy the landing tables with the rows known at `now` (naive UTC). Returns the sources first loaded later."""
    for table, columns in LANDING_TABLES.items():
        if table in _EMPTY_THERE or not warehouse.table_exists("raw", table):
            continue
        time = _TIME_OF_LOADING.get(table, "loaded_at")
        is_loaded = f"{time} timestamp" in columns
        where = (
            _KNOWN.format(time=time, loaded_later=_LOADED_LATER.replace("order by source", "")) if is_loaded else "true"
        )
        names = ", ".join(column.split()[0] for column in columns.split(", "))
        parameters: dict[str, Any] = {"now": now} if is_loaded else {}
        with copy.transaction():
            for batch in warehouse.batches(f"select {names} from raw.{table} where {where}", parameters):
                copy.insert(f"raw.{table}", batch)
    return tuple(LateSource(**row) for row in warehouse.rows(_LOADED_LATER, {"now": now}))
