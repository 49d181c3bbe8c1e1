"""Values as the tables of a dashboard show them."""

from __future__ import annotations

from pathlib import Path

import pytest

from jkpi.dashboards import value_labels
from jkpi.dashboards.build import build_bundle
from jkpi.dashboards.database import superset_database
from jkpi.dashboards.scopes import workspace_scopes
from jkpi.journeys.behaviour_kpis import TimeInStage

from .conftest import journeys_of, settings_of


@pytest.mark.parametrize(
    ("value", "unit", "statistic", "text"),
    [
        (None, "share", "top_box", None),
        (0.771, "share", "top_box", "77.1 %"),
        (0.99996, "share", "top_box", "> 99.9 %"),
        (0.0004, "share", "top_box", "< 0.1 %"),
        (1.0, "share", "top_box", "100 %"),
        (31.25, "points", "nps", "+31.2"),
        (-4.0, "points", "nps", "-4.0"),
        (4.256, "points", "mean", "4.26"),
        (1234.0, "count", "volume", "1,234"),
        (45.0, "seconds", "median", "45 s"),
        (300.0, "seconds", "median", "5 min"),
        (360.0, "seconds", "median", "0.1 h"),
        (201600.0, "seconds", "median", "56.0 h"),
        (300.0, "open_seconds", "median", "5 open minutes"),
    ],
)
def test_values_have_their_unit(value: float | None, unit: str, statistic: str, text: str | None) -> None:
    assert value_labels.format_table_value(value, unit, statistic) == text


def test_promises_are_shown_as_in_the_map() -> None:
    assert value_labels.format_promise(0.925, "share", "top_box", "higher") == "at least 92.5 %"
    assert value_labels.format_promise(86400.0, "seconds", "p90", "lower") == "at most 1 day"
    assert value_labels.format_promise(30.0, "points", "nps", "higher") == "at least +30"
    assert value_labels.format_promise(None, "share", "top_box", "higher") is None


def test_hours_that_a_calendar_counts_are_open_hours() -> None:
    by_wall, by_calendar = (
        TimeInStage.model_validate({"kpi": "time_in_stage", **more}) for more in ({}, {"calendar": "opening_hours"})
    )
    unit = value_labels.unit_of_kpi(by_calendar)
    assert (value_labels.unit_of_kpi(by_wall), unit) == ("seconds", "open_seconds")
    assert value_labels.format_table_value(201600.0, unit, "median") == "56.0 open hours"
    assert value_labels.format_table_interval(180000.0, 230400.0, unit, "median") == "50.0 to 64.0 open hours"
    assert value_labels.format_promise(86400.0, unit, "median", "lower") == "at most 24 open hours"


def test_a_chart_of_open_hours_has_them_in_its_title(tmp_path: Path) -> None:
    (whole, *_) = journeys_of("starter")
    timed = {kpi_id for kpi_id, kpi, *_ in whole.all_kpis() if kpi.kpi in ("time_to_resolve", "time_in_stage")}
    assert timed
    stages = [
        stage.model_copy(
            update={
                "kpis": [
                    kpi.model_copy(update={"calendar": "opening_hours"}) if hasattr(kpi, "calendar") else kpi
                    for kpi in stage.kpis
                ]
            }
        )
        for stage in whole.stages
    ]
    by_calendar = whole.model_copy(update={"stages": stages})
    for journey, word in ((whole, "Hours: "), (by_calendar, "Open hours: ")):
        settings = settings_of(tmp_path)
        bundle = build_bundle(
            "service", superset_database(settings.warehouse_url, tmp_path / "d"), workspace_scopes(settings, [journey])
        )
        titles = {chart.name for chart in bundle.charts.values() if chart.asset.chart == "durations"}
        assert titles and all(title.startswith(word) for title in titles)
