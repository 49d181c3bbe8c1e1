"""The calendars' table in the warehouse follows the workspace; a calendar that did not change is not laid out again."""

from __future__ import annotations

import hashlib
import json
import zoneinfo
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from jkpi.journeys.calendars.model import Calendar

if TYPE_CHECKING:
    import pyarrow as pa

# How the pieces are made: another number lays every calendar out again.
_MAKING = 1


class Landing(Protocol):
    """What this module needs of a warehouse whose landing tables are there."""

    def execute(self, sql: str, parameters: Mapping[str, Any] = {}) -> int:
        """Run one statement."""

    def rows(self, sql: str, parameters: Mapping[str, Any] = {}) -> list[dict[str, Any]]:
        """All rows of a query."""

    def insert(self, table: str, data: pa.Table | pa.RecordBatch) -> int:
        """Append rows by column name."""

    def transaction(self) -> AbstractContextManager[None]:
        """All that happens inside lands, or none of it."""


def write_calendars(warehouse: Landing, calendars: Iterable[Calendar], now: datetime) -> bool:
    """Make `raw.map_calendars` hold these calendars until the end of the year after next; whether anything changed.

    A calendar that the workspace no longer has stays while a KPI of any version of a map names it: the days that were
    counted by it can be counted again. `now` is aware.
    """
    until = date(now.astimezone(UTC).year + 3, 1, 1)
    wanted = {calendar.calendar: calendar for calendar in calendars}
    prints = {name: _fingerprint(calendar) for name, calendar in wanted.items()}
    stored = {row["calendar"]: row for row in warehouse.rows("select * from raw.map_calendar_prints")}
    named = {row["calendar"] for row in warehouse.rows("select distinct calendar from raw.map_kpis")} if stored else {}
    gone = [name for name in stored if name not in wanted and name not in named]
    changed = [
        calendar
        for name, calendar in wanted.items()
        # A look back in time needs no shorter calendar.
        if name not in stored or stored[name]["fingerprint"] != prints[name] or stored[name]["laid_until"] < until
    ]
    with warehouse.transaction():
        for name in (*gone, *(calendar.calendar for calendar in changed)):
            for table in ("map_calendars", "map_calendar_prints"):
                warehouse.execute(f"delete from raw.{table} where calendar = :name", {"name": name})
        for calendar in changed:
            _lay_out(warehouse, calendar, until, prints[calendar.calendar])
    return bool(gone or changed)


def _lay_out(warehouse: Landing, calendar: Calendar, until: date, fingerprint: str) -> None:
    from jkpi.journeys.calendars.intervals import pieces

    warehouse.insert("raw.map_calendars", pieces(calendar, until))
    warehouse.execute(
        "insert into raw.map_calendar_prints (calendar, fingerprint, laid_until)"
        " values (:calendar, :fingerprint, :until)",
        {"calendar": calendar.calendar, "fingerprint": fingerprint, "until": until},
    )


def _fingerprint(calendar: Calendar) -> str:
    """Of all that the pieces come from: what the file says, the rules of its zone, and how pieces are made."""
    said = json.dumps(calendar.model_dump(mode="json", by_alias=True), sort_keys=True)
    return hashlib.sha256(f"{_MAKING}\n{said}\n".encode() + _zone_rules(calendar.timezone)).hexdigest()


def _zone_rules(zone: str) -> bytes:
    """The zone's file as zoneinfo finds it: the system's, else the one of the tzdata package."""
    for folder in zoneinfo.TZPATH:
        place = Path(folder) / zone
        if place.is_file():
            return place.read_bytes()
    return (resources.files("tzdata") / "zoneinfo" / zone).read_bytes()
