"""Moments whose readings become final long after their day: lint and backtest say so before anybody waits for an alert.

The world is a repair with promises of up to two years, as in a log of building permits: a reading of such a day is
final when its last case is decided. Before, nothing said that 178 of 184 days had never been evaluated.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml

from jkpi.alerts.backtest.backtest import backtest
from jkpi.alerts.series.time_until_final import TimeUntilFinal, declared_time
from jkpi.cli.backtest import render_backtests
from jkpi.cli.lint import describe_workspace, render_description
from jkpi.journeys.calendars.model import Calendar
from jkpi.journeys.model import Journey
from jkpi.journeys.reader import read_journeys
from jkpi.warehouse.open import open_warehouse
from tests.alerts.made_world import FIRST, MAP, World, steady
from tests.worlds.chronic_breach import chronic_world

SOURCE = """
source: calls
kind: touchpoints
title: Calls
owner: service
allowed_lateness: 2h
from: {files: data/*.csv}
columns: {event_id: id, customer_id: who, touchpoint: what, occurred_at: at, segments: {product: product}}
"""


def world_of(folder: Path, tolerance: str = "4h", promise: str = "0.8") -> World:
    """Days of a moment. Cases of each day are decided after a time of their own, up to `longest` days."""
    world = chronic_world(folder, 1, promise)
    world.rows.clear()
    map_file = folder / "journeys" / "repair.yml"
    map_file.write_text(map_file.read_text().replace("tolerance: 4h", f"tolerance: {tolerance}"))
    (folder / "sources").mkdir()
    (folder / "sources" / "calls.yml").write_text(SOURCE)
    world.put(steady(120, 0.9), status="final")
    world.write()
    return world


def set_maturity(world: World, longest_days: float) -> None:
    draw = np.random.default_rng(7)
    with open_warehouse(world.settings) as warehouse:
        for number in range(120):
            day = FIRST + timedelta(days=number)
            decided = datetime.combine(day, time()) + timedelta(days=1 + float(draw.uniform(0.5, 1)) * longest_days)
            warehouse.execute(
                "update marts.fct_kpi_readings set matures_at = :at where period_start = :day",
                {"at": decided, "day": day},
            )


@pytest.mark.parametrize(
    ("tolerance", "text", "warns"),
    [
        ("4h", "final at most 4 h after its day, and 2 h for late rows", False),
        ("20d", "final at most 20 days after its day, and 2 h for late rows", False),
        ("29d", "final at most 29 days after its day, and 2 h for late rows", True),
    ],
)
def test_lint_says_how_long_by_the_definition(tmp_path: Path, tolerance: str, text: str, warns: bool) -> None:
    world = world_of(tmp_path, tolerance)
    description = describe_workspace(world.settings)
    assert f"ok: a reading of technician_on_site is {text}" in render_description(description)
    warning = "repair: technician_on_site: its readings are final only 29 days 2 h after their day"
    assert any(line.startswith(warning) for line in description["warnings"]) is warns


def test_lint_and_backtest_say_how_long_by_the_data(tmp_path: Path) -> None:
    world = world_of(tmp_path, "10d")
    set_maturity(world, 700)
    description = describe_workspace(world.settings, read_data=True)
    ((moment,), warnings) = description["moments"], description["warnings"]
    assert 600 * 86400 < moment["final_after_seconds"] < 700 * 86400
    assert "; in the data usually " in moment["text"]
    assert any("technician_on_site: its readings are final only 69" in line for line in warnings)
    assert "in the data" not in str(describe_workspace(world.settings)["moments"])  # a scheduler opens no warehouse
    with open_warehouse(world.settings, read_only=True) as warehouse:
        results = backtest(world.settings, warehouse, read_journeys(tmp_path), None)
    lines = render_backtests(results)
    assert any("a reading is final at most 10 days after its day; in the data usually" in line for line in lines)
    assert any("warning: technician_on_site: its readings are final only 69" in line for line in lines)


def test_lint_knows_the_segments_in_the_data(tmp_path: Path) -> None:
    world = world_of(tmp_path, promise="{default: 0.8, by: {product: {spares: 0.95, spare: 0.9}}}")
    world.put(steady(30, 0.9), segment="product", value="spares")
    world.write()
    (warning,) = [line for line in describe_workspace(world.settings, read_data=True)["warnings"] if "nobody" in line]
    assert warning == (
        "repair: technician_on_site: the promise to product = spare is to nobody: no reading has that value"
        " (did you mean 'spares'?)"
    )


def test_a_week_is_final_that_long_after_its_end() -> None:
    time_until_final = TimeUntilFinal("j", "m", "week", timedelta(days=30), timedelta(0))
    assert time_until_final.text == "final at most 30 days after its week"
    assert "30 days after their week" in time_until_final.warning


OFFICE = Calendar.model_validate(
    {"calendar": "office", "timezone": "UTC", "versions": [{"hours": {"mon-fri": ["08:00-16:00"]}}]}
)


@pytest.mark.parametrize(
    ("kpi", "days"),
    [
        ("{kpi: time_to_resolve, from: fault_reported, to: technician_arrived, tolerance: 8h, calendar: office}", 1.4),
        ("{kpi: drop_off, window: 2d}", 2),
        ("{kpi: nps, survey: after}", 0),
        ("{kpi: response_rate, survey: after, window: 14d}", 14),
        ("{kpi: occurrence, touchpoint: fault_reported}", 30),
        ("{kpi: time_in_stage}", 30),
        ("{kpi: time_in_stage, tolerance: 3d}", 3),
        ("{kpi: promises_kept, from: fault_reported, to: technician_arrived}", 0),
    ],
)
def test_each_kind_declares_its_time(kpi: str, days: float) -> None:
    """Eight open hours of a week with forty take a working day, which is 1.4 days of the calendar."""
    document = {**yaml.safe_load(MAP), "moments_of_truth": []}
    document["stages"][0]["kpis"] = [yaml.safe_load(kpi)]
    journey = Journey.model_validate(document)
    ((_, declared_kpi, _, _),) = journey.all_kpis()
    declared = declared_time(declared_kpi, journey, "m", "day", [OFFICE], timedelta(0)).declared
    assert declared == timedelta(days=days)
