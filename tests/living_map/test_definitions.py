"""Each kind of KPI on the page: caption, formula, when it is final, and values in their unit."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from jkpi.formatting.numbers import NARROW_NO_BREAK_SPACE, titleize
from jkpi.journeys.kpi_registry import KPI_KINDS
from jkpi.living_map import definitions
from jkpi.living_map.kpi_views import PageDates, kpi_view, primary_statistic
from jkpi.living_map.page_data import KpiData, KpiReading

WEEK = date(2026, 6, 22)
CLOCK = PageDates(date(2026, 6, 30), date(2026, 6, 29))


def kpi(kind: str, *readings: KpiReading, stage: str | None = "fix", **rule: Any) -> KpiData:
    return KpiData("fix.it", stage, kind, "It", "share", "higher", None, rule, weeks=readings)


def reading(
    statistic: str, value: float, *, primary: bool = False, bounds: tuple[float, float] | None = None
) -> KpiReading:
    low, high = bounds or (None, None)
    return KpiReading(statistic, WEEK, value, low, high, 120, 0, "final", "", primary)


@pytest.mark.parametrize("kind", KPI_KINDS)
def test_every_kind_is_explained_and_captioned(kind: str) -> None:
    measured_kpi = kpi(kind)
    assert not definitions.formula(measured_kpi).endswith(" reading.")
    assert definitions.maturity(measured_kpi).startswith("Belongs to the day")
    statistic = primary_statistic(measured_kpi)
    assert definitions.caption(measured_kpi, statistic) != titleize(statistic).lower()


def test_the_first_statistic_of_a_kind_is_the_one_the_map_has() -> None:
    assert {kind: primary_statistic(kpi(kind)) for kind in KPI_KINDS} == {
        kind: model.statistic for kind, model in KPI_KINDS.items()
    }
    assert primary_statistic(replace(kpi("time_in_stage"), unit="seconds")) == "median"


@pytest.mark.parametrize(
    ("kind", "statistic", "value", "bounds", "shown", "interval"),
    [
        ("peak_end", "peak_end", 0.7183, (0.6611, 0.7755), "0.72", "0.66–0.78"),
        ("csat_mean", "mean", 4.218, (4.1, 4.336), "4.22", "4.10–4.34"),
        (
            "emotion",
            "emotion",
            0.123,
            (0.08, 0.19),
            f"12{NARROW_NO_BREAK_SPACE}%",
            f"8–19{NARROW_NO_BREAK_SPACE}%",
        ),
        (
            "self_service",
            "self_service",
            0.5,
            (0.4, 0.6),
            f"50{NARROW_NO_BREAK_SPACE}%",
            f"40–60{NARROW_NO_BREAK_SPACE}%",
        ),
    ],
)
def test_numbers_in_their_unit(
    kind: str, statistic: str, value: float, bounds: tuple[float, float], shown: str, interval: str
) -> None:
    view = kpi_view(kpi(kind, reading(statistic, value, primary=True, bounds=bounds)), None, None, CLOCK)
    assert (view.value, view.interval, view.n) == (shown, interval, "120")


def test_other_statistics_have_captions() -> None:
    emotion = kpi("emotion", reading("emotion", 0.2, primary=True), reading("unknown", 31.0), emotion="angry")
    view = kpi_view(emotion, None, None, CLOCK)
    assert [(extra.value, extra.label) for extra in view.extras] == [("31", "responses without an answer")]
    assert view.caption == "felt “angry”"
    peak = kpi("peak_end", reading("peak_end", 0.7, primary=True), reading("coverage", 0.34))
    (coverage,) = kpi_view(peak, None, None, CLOCK).extras
    assert (coverage.value, coverage.label) == (f"34{NARROW_NO_BREAK_SPACE}%", "of journey instances gave a score")


def test_open_hours_in_captions() -> None:
    measured_kpi = kpi("time_to_resolve", calendar="opening_hours", tolerance_seconds=14400)
    assert definitions.caption(measured_kpi, "share_within") == f"done within 4{NARROW_NO_BREAK_SPACE}open hours"
    day = kpi("time_to_resolve", calendar="opening_hours", tolerance_seconds=86400)
    assert definitions.caption(day, "share_within") == f"done within 24{NARROW_NO_BREAK_SPACE}open hours"
    assert "day" not in definitions.formula(day)
    assert definitions.caption(measured_kpi, "median") == "median in open hours"
    assert "Only the open hours of “opening hours” count." in definitions.formula(measured_kpi)
    assert "open hours" not in definitions.formula(kpi("time_to_resolve", tolerance_seconds=14400))


def test_a_median_of_open_hours_is_never_in_days() -> None:
    weeks = (reading("median", 201600.0, primary=True, bounds=(180000.0, 230400.0)),)
    by_calendar = kpi("time_in_stage", *weeks, calendar="opening_hours")
    view = kpi_view(replace(by_calendar, target=86400.0), None, None, CLOCK)
    assert (view.value, view.caption) == (
        f"56{NARROW_NO_BREAK_SPACE}h",
        "median in open hours",
    )
    assert view.interval == f"50{NARROW_NO_BREAK_SPACE}h – 64{NARROW_NO_BREAK_SPACE}h"
    assert view.goal is not None and f"24{NARROW_NO_BREAK_SPACE}open hours" in view.goal
    assert kpi_view(kpi("time_in_stage", *weeks), None, None, CLOCK).value == f"2.3{NARROW_NO_BREAK_SPACE}days"


def test_a_formula_names_survey_and_touchpoint() -> None:
    measured_kpi = kpi("csat", survey="after_repair", on_touchpoint="arrived", box_min=4, scale_min=1, scale_max=5)
    assert definitions.formula(measured_kpi).startswith("Of the responses to “after repair” about “arrived”,")
