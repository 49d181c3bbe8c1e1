"""Numbers as the tables of a dashboard say them."""

from __future__ import annotations

from pathlib import Path

from jkpi.dashboards.build import make_bundle
from jkpi.dashboards.database import database_of
from jkpi.dashboards.scopes import subjects_of
from jkpi.formatting import dashboard_text
from jkpi.journeys.behaviour_kpis import TimeInStage

from .conftest import journeys_of, settings_of


def test_hours_that_a_calendar_counts_are_said_to_be_open() -> None:
    by_wall, by_calendar = (
        TimeInStage.model_validate({"kpi": "time_in_stage", **more}) for more in ({}, {"calendar": "opening_hours"})
    )
    unit = dashboard_text.unit_of(by_calendar)
    assert (dashboard_text.unit_of(by_wall), dashboard_text.amount(201600.0, dashboard_text.unit_of(by_wall))) == (
        "seconds",
        "56.0 h",
    )
    assert dashboard_text.amount(201600.0, unit) == "56.0 open hours"
    assert dashboard_text.interval(180000.0, 230400.0, unit) == "50.0 to 64.0 open hours"
    assert dashboard_text.promise(86400.0, unit, "lower") == "at most 24.0 open hours"


def test_a_chart_of_open_hours_says_so(tmp_path: Path) -> None:
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
        bundle = make_bundle(
            "service", database_of(settings.warehouse_url, tmp_path / "d"), subjects_of(settings, [journey])
        )
        titles = {made.name for made in bundle.charts.values() if made.asset.chart == "durations"}
        assert titles and all(title.startswith(word) for title in titles)
