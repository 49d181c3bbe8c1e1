"""A page with everything on it, published and read in a browser, and the tables behind it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from jkpi.config.settings import Settings
from jkpi.journeys.reader import read_journeys
from jkpi.journeys.rows import map_rows
from jkpi.living_map.publish import publish_maps
from jkpi.state.alert_records import OpenAlert
from jkpi.warehouse.landing import ensure_landing
from jkpi.warehouse.open import open_warehouse
from tests.reading_pages import read_page
from tests.reading_pages.page import Shown

from .conftest import (
    AS_OF,
    DROP_SINCE,
    EXAMPLE,
    JOURNEY,
    LAST_WEEK,
    NOW,
    SOURCES,
    STATES,
    Rows,
    fill_landing,
    fill_marts,
    marts,
)

EMOTION = {"kpi": "emotion", "name": "frustrated", "survey": "after_call", "title": "Frustrated by the call"}
FIRING_IN_SEGMENT = replace(STATES[0], firing_segments=("region = south",))
OPEN_ALERTS = tuple(
    OpenAlert("a", JOURNEY, STATES[0].moment, segment, value, "firing", DROP_SINCE, 0.123, 0.1, 0.15, 4321, LAST_WEEK)
    for segment, value in (("all", "all"), ("region", "south"))
)


@dataclass(frozen=True)
class Published:
    """A page, the file of its tables, what a browser read from it, and the errors on the way."""

    page: Path
    file: Path
    shown: Shown
    errors: list[str]


def publish(folder: Path) -> Published:
    """Publishes the page and reads it in a browser."""
    file = folder / "w.duckdb"
    with open_warehouse(f"duckdb:///{file}") as warehouse:
        ensure_landing(warehouse)
        tables = drawn(folder / "workspace")
        fill_landing(warehouse, {**tables, **SOURCES})
        fill_marts(warehouse, {**marts(tables), **walked()})
        settings = Settings(folder, "service", f"duckdb:///{file}", "sqlite://", folder / "site", now=NOW)
        # Alerts have figures of their own, other than those of the latest final week.
        publish_maps(settings, warehouse, (FIRING_IN_SEGMENT, *STATES[1:]), OPEN_ALERTS)
    page = folder / "site" / f"{JOURNEY}.html"
    return Published(page, file, *read_page(page))


def drawn(workspace: Path) -> Rows:
    """The example's map, with an emotion that is measured."""
    shutil.copytree(EXAMPLE / "journeys", workspace / "journeys")
    shutil.copy(EXAMPLE / "jkpi.yml", workspace)
    file = workspace / "journeys" / f"{JOURNEY}.yml"
    written = yaml.safe_load(file.read_text(encoding="utf-8"))
    written["stages"][0]["kpis"].append(EMOTION)
    file.write_text(yaml.safe_dump(written, sort_keys=False), encoding="utf-8")
    return map_rows(read_journeys(workspace), NOW - timedelta(days=40))


def walked() -> Rows:
    """Transitions (a loop, a skip, drop-offs), responses to two questions of a stage and one of another; peaks."""
    moves = [("report", "triage", 90), ("report", "(end)", 10), ("triage", "report", 5), ("triage", "repair", 70),
             ("triage", "confirm", 25), ("repair", "repair", 3), ("confirm", "(end)", 600)]  # fmt: skip
    answers = [("report.ces", 5, 12), ("confirm.csat", 4, 31), ("confirm.nps", 9, 20)]
    ends = [
        ("fault_reported", "survey_sent", 40),
        ("technician_arrived", "survey_sent", 25),
        ("survey_sent", "survey_sent", 2),
    ]
    return {
        "fct_stage_transitions": [
            {"journey": JOURNEY, "stage": stage, "next_stage": target, "segment": segment, "segment_value": segment,
             "period_start": LAST_WEEK - timedelta(days=day), "count_transitions": count}
            for stage, target, count in moves for segment in ("all", "region") for day in (0, 100, 181)
        ],
        "fct_responses": [
            {"journey": JOURNEY, "kpi": kpi, "response_id": f"{kpi}{n}", "score": score - n % 3,
             "responded_date": LAST_WEEK - timedelta(days=n), "is_in_viewpoint": True}
            for kpi, score, count in answers for n in range(count)
        ],
        "fct_journey_instances": [
            {"journey": JOURNEY, "instance_id": f"{peak}{n}", "started_at": AS_OF - timedelta(days=n),
             "peak_touchpoint": peak, "end_touchpoint": end, "is_in_viewpoint": True}
            for peak, end, count in ends for n in range(count)
        ],
    }  # fmt: skip


def states() -> list[dict[str, Any]]:
    """As the state database has them."""
    whole = {"segment": "all", "segment_value": "all", "journey": JOURNEY}
    rows = [
        {**whole, "moment": s.moment, "state": s.state, "state_since": s.since, "alert_id": s.alert_id} for s in STATES
    ]
    return [*rows, {**rows[0], "segment": "region", "segment_value": "south", "alert_id": "a2"}]
