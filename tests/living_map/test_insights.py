"""What customers really do, as the tables have it: moves, segments hidden and shown, the curve."""

from __future__ import annotations

import json
from datetime import date, timedelta

from jkpi.living_map import page_model
from jkpi.living_map.queries import read_page_data
from jkpi.warehouse.base import Warehouse

from .conftest import JOURNEY, LAST_WEEK, NOW, insert

MOVES = [("report", "triage", 90), ("report", "(end)", 10), ("triage", "report", 5), ("triage", "repair", 70),
         ("triage", "confirm", 25)]  # fmt: skip


def moved(warehouse: Warehouse, segment: str, start: date, rows: list[tuple[str, str, int]]) -> None:
    for stage, target, count in rows:
        insert(warehouse, "marts.fct_stage_transitions", {
            "journey": JOURNEY, "stage": stage, "next_stage": target, "segment": segment, "segment_value": segment,
            "period_start": start, "count_transitions": count,
        })  # fmt: skip


def test_transitions_are_compared_with_the_map(measured: Warehouse) -> None:
    moved(measured, "all", LAST_WEEK, MOVES)
    moved(measured, "region", LAST_WEEK, MOVES)
    moved(measured, "all", LAST_WEEK - timedelta(weeks=26), MOVES)
    (facts,) = read_page_data(measured, NOW)
    page = page_model.build_page(facts, (), NOW, synthetic=True)
    report, triage = page.stages[0].transitions, page.stages[1].transitions
    assert [(way.kind, way.count) for way in report] == [("on_map", "90"), ("dropped_off", "10")]
    assert [(way.kind, way.target, way.count) for way in triage] == [
        ("on_map", "repair", "70"),
        ("skip", "confirm", "25"),
        ("back", "report", "5"),
    ]
    assert sum(way.share for way in triage) == 1
    assert page.stages[2].transitions == ()
    lacking = {view.key: view.missing for view in page.diagrams}["workflow"]
    assert any(line.startswith("observed paths: Repair on site") for line in lacking)


def test_a_segment_too_small_is_not_shown(measured: Warehouse) -> None:
    row = measured.rows(
        "select * from marts.fct_kpi_readings where kpi = 'repair.time_to_resolve' and is_primary and period = 'week'"
        " and status = 'final' order by period_start desc limit 1"
    )[0]
    for value, hidden in (("north", False), ("south", True)):
        changed = {"segment": "region", "segment_value": value, "is_suppressed": hidden}
        empty = dict.fromkeys(("value", "numerator", "denominator", "ci_low", "ci_high", "sample_size"))
        insert(measured, "marts.fct_kpi_readings", {**row, **changed, **(empty if hidden else {})})
    (facts,) = read_page_data(measured, NOW)
    timeline = json.loads(page_model.build_page(facts, (), NOW, synthetic=True).timeline)
    cells = timeline["cells"]["kpi-repair-time_to_resolve"]
    (shown,) = [cell for cell in cells["region=north"] if cell]
    (small,) = [cell for cell in cells["region=south"] if cell]
    assert shown[2] == f"{row['sample_size']}"
    assert small == ["–", "", "", "too few customers to show", "", ""]
    assert ["region=south", "region: south"] in timeline["segments"]
