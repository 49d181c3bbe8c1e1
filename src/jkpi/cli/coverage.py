"""`jkpi coverage`: which elements of the map have events, and which touchpoints in the data are on no map."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jkpi.cli.output import render_table
from jkpi.config.settings import Settings
from jkpi.errors import InputError
from jkpi.formatting.numbers import pluralize
from jkpi.pipeline.workspace import open_with_landing

_COVERAGE_QUERY = "select * from marts.rpt_map_coverage order by journey, element, name"
_COVERAGE_COLUMNS = {
    "name": "name",
    "count_events": "rows",
    "count_events_28d": "in 28 days",
    "count_customers_28d": "customers",
    "last_evidence_at": "last event",
}


@dataclass(frozen=True)
class MapCoverage:
    """Which elements of the maps have events, at the last measurement; read at `as_of` (UTC)."""

    as_of: datetime
    elements: list[dict[str, Any]]


def read_coverage(settings: Settings) -> MapCoverage:
    """Read `rpt_map_coverage`.

    Raises:
        InputError: nothing has been measured yet.
    """
    with open_with_landing(settings) as warehouse:
        if not warehouse.table_exists("marts", "rpt_map_coverage"):
            raise InputError("nothing has been measured yet", hint="run jkpi run, or jkpi load and jkpi measure")
        return MapCoverage(settings.now, warehouse.rows(_COVERAGE_QUERY))


def render_coverage(coverage: MapCoverage) -> list[str]:
    """The elements of each journey with their events, then the touchpoints that are on no map."""
    lines = [f"as of {coverage.as_of:%Y-%m-%d %H:%M} UTC, from the last measurement"]
    mapped_rows = [row for row in coverage.elements if row["element"] != "unmapped_touchpoint"]
    for journey in dict.fromkeys(row["journey"] for row in mapped_rows):
        rows = [row for row in mapped_rows if row["journey"] == journey]
        without_events = sum(not row["has_evidence"] for row in rows)
        lines += ["", f"{journey}: {pluralize(len(rows), 'element')}, {without_events or 'none'} without events"]
        for element in ("stage", "touchpoint", "kpi"):
            element_rows = [row for row in rows if row["element"] == element]
            lines += (
                [f"  {line}" for line in render_table(element_rows, {**_COVERAGE_COLUMNS, "name": element})]
                if element_rows
                else []
            )
    unmapped_rows = [row for row in coverage.elements if row["element"] == "unmapped_touchpoint"]
    unmapped_table = (
        render_table(unmapped_rows, {**_COVERAGE_COLUMNS, "name": "touchpoint"}) if unmapped_rows else ["none"]
    )
    return [*lines, "", "touchpoints in the data that are on no map", *(f"  {line}" for line in unmapped_table)]
