"""`jkpi coverage`: what of the map has evidence, since when and how much, and what the data know that the map lacks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jkpi.cli.output import table
from jkpi.config.settings import Settings
from jkpi.errors import InputError
from jkpi.pipeline.workspace import landing

_COVERAGE = "select * from marts.rpt_map_coverage order by journey, element, name"
_NUMBERS = {
    "name": "name",
    "count_events": "rows",
    "count_events_28d": "in 28 days",
    "count_customers_28d": "customers",
    "last_evidence_at": "last evidence",
}


@dataclass(frozen=True)
class Coverage:
    """How the map of a workspace is covered by its data, as last measured; seen at `as_of` (UTC)."""

    as_of: datetime
    elements: list[dict[str, Any]]


def coverage_of(settings: Settings) -> Coverage:
    """What `rpt_map_coverage` says.

    Raises:
        InputError: nothing was measured yet.
    """
    with landing(settings) as warehouse:
        if not warehouse.table_exists("marts", "rpt_map_coverage"):
            raise InputError("nothing was measured yet", hint="jkpi run, or jkpi load and jkpi measure")
        return Coverage(settings.now, warehouse.rows(_COVERAGE))


def coverage_lines(coverage: Coverage) -> list[str]:
    """The coverage as text: each journey's elements, what of them is silent, and what stands beside every map."""
    lines = [f"as of {coverage.as_of:%Y-%m-%d %H:%M} UTC, as last measured"]
    mapped = [row for row in coverage.elements if row["element"] != "unmapped_touchpoint"]
    for journey in dict.fromkeys(row["journey"] for row in mapped):
        rows = [row for row in mapped if row["journey"] == journey]
        silent = sum(not row["has_evidence"] for row in rows)
        lines += ["", f"{journey}: {len(rows)} elements, {silent or 'none'} without evidence"]
        for element in ("stage", "touchpoint", "kpi"):
            found = [row for row in rows if row["element"] == element]
            lines += [f"  {line}" for line in table(found, {**_NUMBERS, "name": element})] if found else []
    unmapped = [row for row in coverage.elements if row["element"] == "unmapped_touchpoint"]
    shown = table(unmapped, {**_NUMBERS, "name": "touchpoint"}) if unmapped else ["none"]
    return [*lines, "", "in the data, on no map", *(f"  {line}" for line in shown)]
