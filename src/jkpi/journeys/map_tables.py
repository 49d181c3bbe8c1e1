"""The map's tables in the warehouse follow the workspace: the newest version is current, older ones stay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from jkpi.errors import InputError
from jkpi.journeys.calendars.model import Calendar
from jkpi.journeys.calendars.table import Landing, write_calendars
from jkpi.journeys.model import Journey
from jkpi.journeys.rows import MAP_TABLES, Row, map_rows

SOURCE_COLUMNS = ("source", "kind", "title", "late_seconds", "schedule", "owner", "data_use")


class Mapped(Protocol):
    """A source of data, as far as the map's tables are concerned."""

    def to_map_row(self) -> Mapping[str, Any]:
        """A row of `map_sources`, with all of its columns."""


def write_map(
    warehouse: Landing,
    journeys: Sequence[Journey],
    sources: Iterable[Mapped],
    now: datetime,
    calendars: Iterable[Calendar] = (),
) -> bool:
    """Make the map's tables say what the workspace says; whether anything had to change.

    A version that changed is replaced as a whole and keeps its `valid_from`, unless the map says one. Versions that the
    workspace no longer holds stay, and are no longer current. Nothing is written where nothing changed.

    Raises:
        InputError: a version that is in force from a later day than `now`.
    """
    wanted = map_rows(journeys, now)
    _refuse_ahead(wanted["map_journeys"], now)
    stored = {table: warehouse.rows(f"select * from raw.{table}") for table in MAP_TABLES}
    silent = {(journey.journey, journey.version) for journey in journeys if journey.valid_from is None}
    _keep_valid_from(wanted["map_journeys"], stored["map_journeys"], silent)
    versions = {(journey.journey, journey.version) for journey in journeys}
    source_rows = [{column: source.to_map_row()[column] for column in SOURCE_COLUMNS} for source in sources]
    maps_changed = any(_differs(wanted[table], _still_said(stored[table], versions)) for table in MAP_TABLES)
    sources_changed = _differs(source_rows, warehouse.rows("select * from raw.map_sources"))
    with warehouse.transaction():
        if maps_changed:
            for table in MAP_TABLES:
                _replace_versions(warehouse, table, wanted[table], versions)
        if sources_changed:
            warehouse.execute("delete from raw.map_sources")
            _insert(warehouse, "map_sources", source_rows)
        calendars_changed = write_calendars(warehouse, calendars, now)
    return maps_changed or sources_changed or calendars_changed


def forget_past_versions(warehouse: Landing) -> bool:
    """Put every current version in force from ever, by forgetting the earlier ones; whether there were any.

    The first known version of a journey is in force from ever. Journeys that the workspace no longer holds stay.
    """
    current = "journey in (select journey from raw.map_journeys where is_current)"
    if not warehouse.rows(f"select 1 from raw.map_journeys where not is_current and {current} limit 1"):
        return False
    with warehouse.transaction():
        for table in MAP_TABLES:
            warehouse.execute(f"delete from raw.{table} where not is_current and {current}")
    return True


def _refuse_ahead(rows: Iterable[Row], now: datetime) -> None:
    """A version is the current one as soon as it is here: that of tomorrow would leave today without one."""
    for row in rows:
        if row["valid_from"] > now.astimezone(UTC).replace(tzinfo=None):
            raise InputError(
                f"journey {row['journey']}, version {row['version']}: valid_from lies ahead of {now:%Y-%m-%d %H:%M}",
                hint="bring this version on its day; until then the one before it is in force",
            )


def _keep_valid_from(wanted: list[Row], stored: list[Row], silent: set[tuple[str, int]]) -> None:
    """Versions whose map says no day are in force from when they were first seen."""
    since = {(row["journey"], row["version"]): row["valid_from"] for row in stored}
    for row in wanted:
        version = (row["journey"], row["version"])
        if version in silent:
            row["valid_from"] = since.get(version, row["valid_from"])


def _still_said(stored: list[Row], versions: set[tuple[str, int]]) -> list[Row]:
    """What must equal the wanted rows: all of their versions, and whatever is current."""
    return [row for row in stored if row["is_current"] or (row["journey"], row["version"]) in versions]


def _differs(left: list[Row], right: list[Row]) -> bool:
    """Whether the rows differ, in whatever order they come."""
    return sorted(map(_spelled, left)) != sorted(map(_spelled, right))


def _spelled(row: Row) -> str:
    return repr(sorted(row.items()))


def _replace_versions(warehouse: Landing, table: str, rows: list[Row], versions: set[tuple[str, int]]) -> None:
    for journey, version in sorted(versions):
        where = {"journey": journey, "version": version}
        warehouse.execute(f"delete from raw.{table} where journey = :journey and version = :version", where)
    warehouse.execute(f"update raw.{table} set is_current = false where is_current")
    _insert(warehouse, table, rows)


def _insert(warehouse: Landing, table: str, rows: list[Row]) -> None:
    """A map has tens of rows: plain inserts are quick enough, and alike on every engine."""
    for row in rows:
        columns = ", ".join(row)
        values = ", ".join(f":{column}" for column in row)
        warehouse.execute(f"insert into raw.{table} ({columns}) values ({values})", row)
