"""Write the maps of the workspace into the landing tables: its versions are current, older ones are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Protocol

from jkpi.documents.public_holidays import Country
from jkpi.errors import InputError
from jkpi.journeys.calendars.model import Calendar
from jkpi.journeys.calendars.table import MapWarehouse, write_calendars, write_holidays
from jkpi.journeys.model import Journey
from jkpi.journeys.rows import MAP_TABLES, MapRow, map_rows

SOURCE_COLUMNS = ("source", "kind", "title", "late_seconds", "wave_closes_seconds", "schedule", "owner", "data_use")


class MapSource(Protocol):
    """The part of a source that this module uses."""

    def to_map_row(self) -> Mapping[str, Any]:
        """A row of `map_sources`, with all of its columns."""


def write_map(
    warehouse: MapWarehouse,
    journeys: Sequence[Journey],
    sources: Iterable[MapSource],
    now: datetime,
    calendars: Iterable[Calendar] = (),
    holidays: Iterable[date | Country] = (),
) -> bool:
    """Write the maps, sources, calendars and holidays of the workspace. Returns whether anything changed.

    A changed version is replaced as a whole and keeps its `valid_from`, unless the map gives one. Versions that are no
    longer in the workspace are kept, but are not current. Nothing is written if nothing changed.

    Raises:
        InputError: `valid_from` of a version is later than `now`.
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
        holidays_changed = write_holidays(warehouse, holidays, now)
    return maps_changed or sources_changed or calendars_changed or holidays_changed


def delete_past_versions(warehouse: MapWarehouse) -> bool:
    """Delete earlier versions of current journeys, so that the current one is valid for all time. Returns whether any
    were deleted.

    The first known version of a journey is valid for all time. Journeys that are no longer in the workspace are kept.
    """
    current = "journey in (select journey from raw.map_journeys where is_current)"
    if not warehouse.rows(f"select 1 from raw.map_journeys where not is_current and {current} limit 1"):
        return False
    with warehouse.transaction():
        for table in MAP_TABLES:
            warehouse.execute(f"delete from raw.{table} where not is_current and {current}")
    return True


def _check_not_future(rows: Iterable[MapRow], now: datetime) -> None:
    """A version becomes current as soon as it is written, so a future one would leave today without a version."""
    for row in rows:
        if row["valid_from"] > now.astimezone(UTC).replace(tzinfo=None):
            raise InputError(
                f"journey {row['journey']}, version {row['version']}: valid_from is later than {now:%Y-%m-%d %H:%M}",
                hint="add this version on that day; until then the version before it is valid",
            )


def _keep_valid_from(new_rows: list[MapRow], stored: list[MapRow], undated: set[tuple[str, int]]) -> None:
    """Versions without a `valid_from` in the map are valid from the time they were first written."""
    valid_from_by_version = {(row["journey"], row["version"]): row["valid_from"] for row in stored}
    for row in new_rows:
        version = (row["journey"], row["version"])
        if version in undated:
            row["valid_from"] = valid_from_by_version.get(version, row["valid_from"])


def _comparable_rows(stored: list[MapRow], versions: set[tuple[str, int]]) -> list[MapRow]:
    """The stored rows that must equal the new ones: those of the same versions, and all current ones."""
    return [row for row in stored if row["is_current"] or (row["journey"], row["version"]) in versions]


def _rows_differ(left: list[MapRow], right: list[MapRow]) -> bool:
    """Whether the rows differ, ignoring their order."""
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
    """Insert row by row: a map has few rows, and plain inserts work on every engine."""
    for row in rows:
        columns = ", ".join(row)
        values = ", ".join(f":{column}" for column in row)
        warehouse.execute(f"insert into raw.{table} ({columns}) values ({values})", row)
