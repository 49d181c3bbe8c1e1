"""A version of a map that was counted stays as it was: what counts otherwise is another version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from jkpi.errors import InputError
from jkpi.journeys.model import Journey
from jkpi.journeys.rows import Row, map_rows

_SHAPE = {
    "scope": ("map_journeys", ("window_seconds", "idle_seconds")),
    "touchpoints": (
        "map_touchpoints",
        ("touchpoint", "stage", "stage_position", "is_start", "is_end", "is_staffed"),
    ),
    "viewpoint": ("map_viewpoints", ("segment", "segment_value")),
}
"""What decides of all readings of a map which passages there are, and where these have been."""
_KPI = ("kind", "stage", "definition")
_COUNTED = "select distinct journey, map_version, kpi from marts.fct_kpi_readings where value is not null"
_NAMED = 3


class Measured(Protocol):
    """What this module needs of a warehouse whose landing tables are there."""

    def rows(self, sql: str, parameters: Mapping[str, Any] = {}) -> list[dict[str, Any]]:
        """All rows of a query."""

    def table_exists(self, schema: str, table: str) -> bool:
        """Whether there is such a table."""


def refuse_rewriting(warehouse: Measured, journeys: Sequence[Journey], now: datetime) -> None:
    """Nothing, where each version still counts what it counted. Words, owners, promises and new KPIs change no reading.

    Raises:
        InputError: a version has readings that would become others: the map was edited, and its number was not.
    """
    if not warehouse.table_exists("marts", "fct_kpi_readings"):
        return
    counted: dict[tuple[str, int], set[str]] = {}
    for row in warehouse.rows(_COUNTED):
        counted.setdefault((row["journey"], row["map_version"]), set()).add(row["kpi"])
    wanted = map_rows(journeys, now)
    stored = {table: warehouse.rows(f"select * from raw.{table}") for table in ("map_kpis", *_tables())}
    for journey in journeys:
        version = (journey.journey, journey.version)
        if version not in counted:
            continue
        known, drawn = _of(stored, version), _of(wanted, version)
        changed = [name for name, (table, columns) in _SHAPE.items() if _differ(known[table], drawn[table], columns)]
        kpis = {row["kpi"]: row for row in known["map_kpis"] if row["kpi"] in counted[version]}
        changed += [
            row["kpi"] for row in drawn["map_kpis"] if row["kpi"] in kpis and _differ([kpis[row["kpi"]]], [row], _KPI)
        ]
        if changed:
            name = f"journey {journey.journey}, version {journey.version}"
            raise InputError(
                f"{name} was counted before it was edited: {_named(changed)}",
                hint=f"write version: {journey.version + 1}, and the past stays as it was counted; or have it counted"
                " by this map: jkpi measure --rewrite-history",
            )


def _tables() -> tuple[str, ...]:
    return tuple(table for table, _ in _SHAPE.values())


def _of(tables: Mapping[str, Iterable[Row]], version: tuple[str, int]) -> dict[str, list[Row]]:
    return {
        table: [row for row in rows if (row["journey"], row["version"]) == version] for table, rows in tables.items()
    }


def _differ(known: Iterable[Row], drawn: Iterable[Row], columns: Sequence[str]) -> bool:
    def said(rows: Iterable[Row]) -> set[tuple[Any, ...]]:
        return {tuple(row[column] for column in columns) for row in rows}

    return said(known) != said(drawn)


def _named(changed: Sequence[str]) -> str:
    """`scope, touchpoints, order.drop_off and 3 more`."""
    more = f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
    return ", ".join(changed[:_NAMED]) + more
