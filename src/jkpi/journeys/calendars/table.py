"""Write the calendars and holidays of the workspace into the landing tables; what is unchanged is not written again."""

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

from jkpi.documents.public_holidays import Country, public_holidays
from jkpi.journeys.calendars.model import Calendar

if TYPE_CHECKING:
    import pyarrow as pa

# Version of the expansion: another number writes every calendar again.
_LAYOUT_VERSION = 1
FIRST_YEAR = 2000
"""Calendars and holidays are written from this year on."""


class MapWarehouse(Protocol):
    """The part of a warehouse that this module uses."""

    def execute(self, sql: str, parameters: Mapping[str, Any] = {}) -> int:
        """Run one statement."""

    def rows(self, sql: str, parameters: Mapping[str, Any] = {}) -> list[dict[str, Any]]:
        """All rows of a query."""

    def insert(self, table: str, data: pa.Table | pa.RecordBatch) -> int:
        """Append rows by column name."""

    def transaction(self) -> AbstractContextManager[None]:
        """Commit everything inside the block, or nothing."""


def write_calendars(warehouse: MapWarehouse, calendars: Iterable[Calendar], now: datetime) -> bool:
    """Write these calendars until the end of the year after next. Returns whether anything changed. now: aware.

    A calendar that is no longer in the workspace is kept while a KPI of any map version uses it, so that its days can
    be measured again.
    """
    until = date(now.astimezone(UTC).year + 3, 1, 1)
    calendars_by_name = {calendar.calendar: calendar for calendar in calendars}
    fingerprints = {name: _calendar_fingerprint(calendar, until) for name, calendar in calendars_by_name.items()}
    stored = {row["calendar"]: row for row in warehouse.rows("select * from raw.map_calendar_prints")}
    referenced = (
        {row["calendar"] for row in warehouse.rows("select distinct calendar from raw.map_kpis")} if stored else {}
    )
    removed = [name for name in stored if name not in calendars_by_name and name not in referenced]
    changed = [
        calendar
        for name, calendar in calendars_by_name.items()
        # A run for a past date needs no shorter calendar.
        if name not in stored or stored[name]["fingerprint"] != fingerprints[name] or stored[name]["laid_until"] < until
    ]
    with warehouse.transaction():
        for name in (*removed, *(calendar.calendar for calendar in changed)):
            for table in ("map_calendars", "map_calendar_prints"):
                warehouse.execute(f"delete from raw.{table} where calendar = :name", {"name": name})
        for calendar in changed:
            _write_intervals(warehouse, calendar, until, fingerprints[calendar.calendar])
    return bool(removed or changed)


def write_holidays(warehouse: MapWarehouse, holidays: Iterable[date | Country], now: datetime) -> bool:
    """Write the holidays of the workspace into `raw.map_holidays`, until the end of the year after next.

    Returns whether anything changed. now: aware.
    """
    import pyarrow as pa

    days = sorted(public_holidays(holidays, FIRST_YEAR, now.astimezone(UTC).year + 2))
    if days == sorted(row["day"] for row in warehouse.rows("select day from raw.map_holidays")):
        return False
    warehouse.execute("delete from raw.map_holidays")
    if days:
        warehouse.insert("raw.map_holidays", pa.table({"day": pa.array(days, pa.date32())}))
    return True


def _write_intervals(warehouse: MapWarehouse, calendar: Calendar, until: date, fingerprint: str) -> None:
    from jkpi.journeys.calendars.intervals import calendar_intervals

    warehouse.insert("raw.map_calendars", calendar_intervals(calendar, until))
    warehouse.execute(
        "insert into raw.map_calendar_prints (calendar, fingerprint, laid_until)"
        " values (:calendar, :fingerprint, :until)",
        {"calendar": calendar.calendar, "fingerprint": fingerprint, "until": until},
    )


def _calendar_fingerprint(calendar: Calendar, until: date) -> str:
    """Fingerprint of everything the intervals depend on: the definition, the dates of public holidays, the rules of its
    zone, the expansion."""
    definition = json.dumps(calendar.model_dump(mode="json", by_alias=True), sort_keys=True)
    countries = [entry for entry in calendar.holidays if isinstance(entry, Country)]
    days = [day.isoformat() for day in sorted(public_holidays(countries, FIRST_YEAR, until.year))]
    text = "\n".join([str(_LAYOUT_VERSION), definition, *days, ""])
    return hashlib.sha256(text.encode() + _zone_rules(calendar.timezone)).hexdigest()


def _zone_rules(zone: str) -> bytes:
    """The file of the zone, as zoneinfo finds it: the system's, else that of the tzdata package."""
    for folder in zoneinfo.TZPATH:
        path = Path(folder) / zone
        if path.is_file():
            return path.read_bytes()
    return (resources.files("tzdata") / "zoneinfo" / zone).read_bytes()
