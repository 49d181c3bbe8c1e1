"""Protect measured map versions: an edit that changes readings needs a new version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from jkpi.errors import InputError
from jkpi.journeys.model import Journey
from jkpi.journeys.rows import MapRow, map_rows

_STRUCTURE = {
    "scope": ("map_journeys", ("window_seconds", "idle_seconds")),
    "touchpoints": (
        "map_touchpoints",
        ("touchpoint", "stage", "stage_position", "is_start", "is_end", "is_staffed"),
    ),
    "viewpoint": ("map_viewpoints", ("segment", "segment_value")),
}
"""Columns that decide all readings of a map: which journey instances there are, and their stages."""
_KPI_COLUMNS = ("kind", "stage", "definition")
_MEASURED_KPIS = "select distinct journey, map_version, kpi from marts.fct_kpi_readings where value is not null"
_MAX_NAMED = 3


class MeasuredWarehouse(Protocol):
    """The part of a warehouse that this module uses."""

    def rows(self, sql: str, parameters: Mapping[str, Any] = {}) -> list[dict[str, Any]]:
        """All rows of a query."""

    def table_exists(self, schema: str, table: str) -> bool:
        """Whether the table exists."""


def check_measured_versions(warehouse: MeasuredWarehouse, journeys: Sequence[Journey], now: datetime) -> None:
    """Stop if a measured version was edited. Texts, owners, promises and new KPIs change no reading and are allowed.

    Raises:
        InputError: an edit would change readings of a measured version.
    """
    if not warehouse.table_exists("marts", "fct_kpi_readings"):
        return
    measured_kpis: dict[tuple[str, int], set[str]] = {}
    for row in warehouse.rows(_MEASURED_KPIS):
        measured_kpis.setdefault((row["journey"], row["map_version"]), set()).add(row["kpi"])
    new_tables = map_rows(journeys, now)
    stored_tables = {
        table: warehouse.rows(f"select * from raw.{table}") for table in ("map_kpis", *_structure_tables())
    }
    for journey in journeys:
        version = (journey.journey, journey.version)
        if version not in measured_kpis:
            continue
        stored_rows, new_rows = _rows_of_version(stored_tables, version), _rows_of_version(new_tables, version)
        changed = [
            name
            for name, (table, columns) in _STRUCTURE.items()
            if _columns_differ(stored_rows[table], new_rows[table], columns)
        ]
        kpis = {row["kpi"]: row for row in stored_rows["map_kpis"] if row["kpi"] in measured_kpis[version]}
        changed += [
            row["kpi"]
            for row in new_rows["map_kpis"]
            if row["kpi"] in kpis and _columns_differ([kpis[row["kpi"]]], [row], _KPI_COLUMNS)
        ]
        if changed:
            raise InputError(
                f"version {journey.version} of journey {journey.journey} has already been measured, and"
                f" {_changed_text(changed)} {'was' if len(changed) == 1 else 'were'} edited since",
                hint=f"raise the version (version: {journey.version + 1}) to keep the history, or run"
                " jkpi measure --rewrite-history to measure it again",
            )


def _structure_tables() -> tuple[str, ...]:
    return tuple(table for table, _ in _STRUCTURE.values())


def _rows_of_version(tables: Mapping[str, Iterable[MapRow]], version: tuple[str, int]) -> dict[str, list[MapRow]]:
    return {
        table: [row for row in rows if (row["journey"], row["version"]) == version] for table, rows in tables.items()
    }


def _columns_differ(stored: Iterable[MapRow], new: Iterable[MapRow], columns: Sequence[str]) -> bool:
    def distinct_values(rows: Iterable[MapRow]) -> set[tuple[Any, ...]]:
        return {tuple(row[column] for column in columns) for row in rows}

    return distinct_values(stored) != distinct_values(new)


def _changed_text(changed: Sequence[str]) -> str:
    """`scope, touchpoints, order.drop_off and 3 more`."""
    suffix = f" and {len(changed) - _MAX_NAMED} more" if len(changed) > _MAX_NAMED else ""
    return ", ".join(changed[:_MAX_NAMED]) + suffix
