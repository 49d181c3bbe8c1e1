"""The map's tables in the warehouse follow the workspace: the newest version is current, older ones stay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from jkpi.errors import InputError
from jkpi.journeys.calendars.model import Calendar
from jkpi.journeys.calendars.table import MapWarehouse, write_calendars
from jkpi.journeys.model import Journey
from jkpi.journeys.rows import MAP_TABLES, MapRow, map_rows

SOURCE_COLUMNS = ("source", "kind", "title", "late_seconds", "schedule", "owner", "data_use")


class MapSource(Protocol):
    """A source of data, as far as the map's tables are concerned."""

    def to_map_row(self) -> Mapping[str, Any]:
        """A row of `map_sources`, with all of its columns."""


def write_map(
    warehouse: MapWarehouse,
    journeys: Sequence[Journey],
    sources: Iterable[MapSource],
    now: datetime,
    calendars: Iterable[Calendar] = (),
) -> bool:
    """Make the map's tables say what the workspace says; whether anything had to change.

    A version that changed is replaced as a whole and keeps its `valid_from`, unless the map says one. Versions that the
    workspace no longer holds stay, and are no longer current. Nothing is written where nothing changed.

    Raises:
        InputError: a version that is in force from a later day than `now`.
    """
    new_rows = map_rows(journeys, now)
    _check_not_future(new_rows["map_journeys"], now)
    stored = {table: warehouse.rows(f"select * from raw.{table}") for table in MAP_TABLES}
    undated = {(journey.journey, journey.version) for journey in journeys if journey.valid_from is None}
    _keep_valid_from(new_rows["map_journeys"], stored["map_journeys"], undated)
    versions = {(journey.journey, journey.version) for journey in journeys}
    source_rows = [{column: source.to_map_row()[column] for column in SOURCE_COLUMNS} for source in sources]
    maps_changed = any(_rows_differ(new_rows[table], _comparable_rows(stored[table], versions)) for table in MAP_TABLES)
    sources_changed = _rows_differ(source_rows, warehouse.rows("select * from raw.map_sources"))
    with warehouse.transaction():
        if maps_changed:
            for table in MAP_TABLES:
                _replace_versions(warehouse, table, new_rows[table], versions)
        if sources_changed:
            warehouse.execute("delete from raw.map_sources")
            _insert(warehouse, "map_sources", source_rows)
        calendars_changed = write_calendars(warehouse, calendars, now)
    return maps_changed or sources_changed or calendars_changed


def delete_past_versions(warehouse: MapWarehouse) -> bool:
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


def _check_not_future(rows: Iterable[MapRow], now: datetime) -> None:
    """A version is the current one as soon as it is here: that of tomorrow would leave today without one."""
    for row in rows:
        if row["valid_from"] > now.astimezone(UTC).replace(tzinfo=None):
            raise InputError(
                f"journey {row['journey']}, version {row['version']}: valid_from lies ahead of {now:%Y-%m-%d %H:%M}",
                hint="bring this version on its day; until then the one before it is in force",
            )


def _keep_valid_from(new_rows: list[MapRow], stored: list[MapRow], undated: set[tuple[str, int]]) -> None:
    """Versions whose map says no day are in force from when they were first seen."""
    valid_from_by_version = {(row["journey"], row["version"]): row["valid_from"] for row in stored}
    for row in new_rows:
        version = (row["journey"], row["version"])
        if version in undated:
            row["valid_from"] = valid_from_by_version.get(version, row["valid_from"])


def _comparable_rows(stored: list[MapRow], versions: set[tuple[str, int]]) -> list[MapRow]:
    """What must equal the wanted rows: all of their versions, and whatever is current."""
    return [row for row in stored if row["is_current"] or (row["journey"], row["version"]) in versions]


def _rows_differ(left: list[MapRow], right: list[MapRow]) -> bool:
    """Whether the rows differ, in whatever order they come."""
    return sorted(map(_sort_key, left)) != sorted(map(_sort_key, right))


def _sort_key(row: MapRow) -> str:
    return repr(sorted(row.items()))


def _replace_versions(warehouse: MapWarehouse, table: str, rows: list[MapRow], versions: set[tuple[str, int]]) -> None:
    for journey, version in sorted(versions):
        where = {"journey": journey, "version": version}
        warehouse.execute(f"delete from raw.{table} where journey = :journey and version = :version", where)
    warehouse.execute(f"update raw.{table} set is_current = false where is_current")
    _insert(warehouse, table, rows)


def _insert(warehouse: MapWarehouse, table: str, rows: list[MapRow]) -> None:
    """A map has tens of rows: plain inserts are quick enough, and alike on every engine."""
    for row in rows:
        columns = ", ".join(row)
        values = ", ".join(f":{column}" for column in row)
        warehouse.execute(f"insert into raw.{table} ({columns}) values ({values})", row)
