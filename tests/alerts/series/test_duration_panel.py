"""Slowdowns, within the tolerance or beyond it: alerts of the sign test of durations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pytest

from jkpi.alerts.backtest.backtest import backtest
from jkpi.alerts.dispatch.evaluate_and_dispatch import AlertReport
from jkpi.alerts.store.history import alert_history
from jkpi.cli.backtest import render_backtests
from jkpi.journeys.reader import read_journeys
from jkpi.warehouse.open import open_warehouse
from tests.alerts.made_world import FIRST, ON_SITE, World, steady

MakeWorld = Callable[..., World]
HOUR = 3600
EDGES = (2048, 11264, 12288, 36864)
"""Upper edges of bins; two of them are around three hours."""
TABLE = """
create table marts.fct_duration_counts (
    journey text, kpi text, segment text, segment_value text, period text, period_start date, at_most_seconds bigint,
    count_spells bigint, decided_seconds double precision, status text, definition text
)
"""
Days = Sequence[tuple[float, float]]


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def duration_rows(
    world: World,
    days: Days,
    segment: str = "all",
    value: str = "all",
    decided_seconds: Mapping[int, float] | None = None,
    withheld: frozenset[int] = frozenset(),
) -> list[dict[str, Any]]:
    """Rows for days of (cases done within 11264 s, cases). decided_seconds: how long a day has been observed."""
    rows = []
    for number, (successes, n) in enumerate(days):
        later = n - successes
        counts = {
            2048: successes // 3,
            11264: successes - successes // 3,
            12288: later // 10,
            36864: later - later // 10 - 2,
            None: 2,
        }
        rows += [
            {
                "journey": "repair",
                "kpi": "fix.time_to_resolve",
                "segment": segment,
                "segment_value": value,
                "period": "day",
                "period_start": day(number),
                "at_most_seconds": edge,
                "count_spells": int(count),
                "decided_seconds": (decided_seconds or {}).get(number, 30 * 86400.0),
                "status": "withheld" if number in withheld else "final",
                "definition": "first",
            }
            for edge, count in counts.items()
            if count
        ]
    return rows


def evaluate(world: World, last: int, rows: list[dict[str, Any]]) -> AlertReport:
    """Evaluate on the morning after day last."""
    world.write(day(last))
    rows = [row for row in rows if row["period_start"] <= day(last)]
    with open_warehouse(world.settings) as warehouse:
        warehouse.execute("drop table if exists marts.fct_duration_counts")
        warehouse.execute(TABLE)
        warehouse.insert("marts.fct_duration_counts", pa.table({name: [row[name] for row in rows] for name in rows[0]}))
    return world.run(day(last))


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """A constant 92 % within the tolerance of four hours."""
    world = make_world(ON_SITE)
    world.put(steady(80, 0.92))
    return world


def test_a_slowdown_within_the_tolerance_opens_an_alert(world: World) -> None:
    rows = duration_rows(world, steady(60, 0.51) + steady(12, 0.31))
    assert evaluate(world, 59, rows).transitions == ()
    transition = next(
        report for report in (evaluate(world, last, rows) for last in range(60, 72)) if report.transitions
    ).transitions
    assert [(item.transition, item.series_id) for item in transition] == [("opened", "repair/technician_on_site")]
    assert "slower, about 3" in transition[0].headline
    (message,) = world.messages()
    body = " ".join(message.body.split())
    assert "31 %" in body and "51 %" in body and "3 h 8 min" in body
    with open_warehouse(world.settings, read_only=True) as warehouse:
        history = alert_history(world.settings, transition[0].alert_id, warehouse)
        (number,) = warehouse.rows(history.entries[0].value_sql)
        readings = warehouse.rows(history.entries[0].readings_sql)
    figures = history.entries[0].figures
    assert (figures["line"], figures["within_seconds"], figures["value"]) == (
        "median",
        11264.0,
        pytest.approx(0.31, abs=0.01),
    )
    assert (number["value"], number["n"]) == (pytest.approx(figures["value"]), figures["n"])
    assert history.value_now == history.value_then and not any(item.is_changed for item in history.readings)
    assert float(readings[-1]["value"]) == pytest.approx(0.31) and len(readings) == 29
    assert evaluate(world, 72, rows).transitions == ()


def test_a_slowdown_resolves_once_durations_are_back(world: World) -> None:
    rows = duration_rows(world, steady(60, 0.51) + steady(6, 0.31) + steady(14, 0.51))
    assert len(evaluate(world, 65, rows).opened) == 1
    (transition,) = evaluate(world, 79, rows).transitions
    assert transition.transition == "resolved"
    assert "51 % within 3 h 8 min" in transition.headline


def test_days_at_the_baseline_open_nothing(world: World) -> None:
    assert evaluate(world, 79, duration_rows(world, steady(80, 0.51))).transitions == ()


def test_days_with_cases_open_below_the_median_are_not_evaluated(world: World) -> None:
    """No case of the last days has finished within the median yet, and none is known to take longer."""
    rows = duration_rows(
        world, steady(60, 0.51) + steady(12, 0.0), decided_seconds=dict.fromkeys(range(60, 72), 2.0 * HOUR)
    )
    assert evaluate(world, 71, rows).transitions == ()
    rows = duration_rows(
        world, steady(60, 0.51) + steady(12, 0.0), decided_seconds=dict.fromkeys(range(60, 72), 4.0 * HOUR)
    )
    assert len(evaluate(world, 71, rows).opened) == 1


def test_withheld_days_are_suspended(world: World) -> None:
    hours = dict.fromkeys(range(60, 72), 1.0 * HOUR)
    rows = duration_rows(world, steady(60, 0.51) + steady(12, 0.0), decided_seconds=hours, withheld=frozenset(hours))
    report = evaluate(world, 71, rows)
    assert report.transitions == () and report.states[0].state == "ok"


def test_a_drop_with_a_slowdown_is_one_alert(world: World) -> None:
    world.put(steady(6, 0.6), first=day(60))
    report = evaluate(world, 65, duration_rows(world, steady(60, 0.51) + steady(6, 0.2)))
    (transition,) = report.transitions
    assert "60 %" in transition.headline and "slower" not in transition.headline
    (message,) = world.messages()
    body = " ".join(message.body.split())
    assert "Slower" in body and "51 %" in body and "20 %" in body


def test_a_slowdown_worsens_an_alert_about_the_promise(make_world: MakeWorld) -> None:
    world = make_world(ON_SITE)
    world.put(steady(120, 0.7))
    rows = duration_rows(world, steady(100, 0.51) + steady(10, 0.31))
    assert len(evaluate(world, 99, rows).opened) == 1
    (transition,) = evaluate(world, 109, rows).transitions
    assert transition.transition == "worsened"
    assert "also slower" in transition.headline and "about 3" in transition.headline


def test_a_drop_of_the_share_worsens_an_alert_about_a_slowdown(world: World) -> None:
    """The share within a long tolerance is known days later than the slowdown."""
    rows = duration_rows(world, steady(60, 0.51) + steady(10, 0.31))
    (opened,) = evaluate(world, 62, rows).transitions
    assert "slower" in opened.headline
    world.put(steady(20, 0.6), first=day(60))
    (transition,) = evaluate(world, 65, rows).transitions
    assert (transition.alert_id, transition.transition) == (opened.alert_id, "worsened")
    assert "also" in transition.headline and "60 %" in transition.headline
    assert evaluate(world, 67, rows).transitions == ()
    evaluate(world, 73, rows)
    assert "also dropped by about 32 points" in world.messages()[-1].title


@pytest.mark.slow
def test_a_further_drop_is_reported_after_the_first(world: World) -> None:
    """First slower, then down, then further down."""
    rows = duration_rows(world, steady(60, 0.51) + steady(20, 0.31))
    evaluate(world, 62, rows)
    world.put(steady(8, 0.8) + steady(12, 0.4), first=day(60))
    text = [
        item.headline.partition(": ")[2] for last in range(63, 80) for item in evaluate(world, last, rows).transitions
    ]
    assert text[0].startswith("also dropped by about 1") and text[1].startswith("dropped further, by about 5")


def test_a_single_segment_may_slow_down(world: World) -> None:
    for region in ("north", "south"):
        world.put(steady(80, 0.92, 50), segment="region", value=region)
    rows = duration_rows(world, steady(60, 0.51) + steady(12, 0.46))
    rows += duration_rows(world, steady(72, 0.51, 50), "region", "north")
    rows += duration_rows(world, steady(60, 0.51, 50) + steady(12, 0.1, 50), "region", "south")
    assert "repair/technician_on_site/region=south" in [
        transition.series_id for transition in evaluate(world, 71, rows).opened
    ]


def test_late_rows_correct_a_slowdown(world: World) -> None:
    assert len(evaluate(world, 66, duration_rows(world, steady(60, 0.51) + steady(7, 0.31))).opened) == 1
    (transition,) = evaluate(world, 67, duration_rows(world, steady(68, 0.51))).transitions
    assert transition.transition == "corrected"


def test_days_that_are_undecided_again_correct_nothing(world: World) -> None:
    """Days of the share within tolerance do not count for the sign test."""
    slow_days = steady(60, 0.51) + steady(9, 0.31)
    assert len(evaluate(world, 66, duration_rows(world, slow_days)).opened) == 1
    undecided = dict.fromkeys(range(60, 69), HOUR)
    assert evaluate(world, 68, duration_rows(world, slow_days, decided_seconds=undecided)).transitions == ()


def test_a_backtest_shows_the_slowdown(world: World) -> None:
    evaluate(world, 71, duration_rows(world, steady(60, 0.51) + steady(12, 0.31)))
    with open_warehouse(world.settings, read_only=True) as warehouse:
        (result,) = backtest(world.settings, warehouse, read_journeys(world.settings.workspace), None)
    assert [item.reasons[0].split(":")[0] for item in result.alerts] == ["median"]
    assert result.alerts[0].baseline == pytest.approx(0.51, abs=0.01)


@pytest.mark.slow
def test_a_backtest_has_detection_rates_of_drops_and_slowdowns(world: World) -> None:
    world.put(steady(120, 0.92))
    evaluate(world, 119, duration_rows(world, steady(120, 0.51)))
    with open_warehouse(world.settings, read_only=True) as warehouse:
        (result,) = backtest(world.settings, warehouse, read_journeys(world.settings.workspace), None)
    text = "\n".join(render_backtests([result]))
    assert result.detection_rates
    assert {rate.factor: rate.within_1_week for rate in result.slowdown_detection_rates}[2.0] == 1.0
    assert result.minimum_detectable_slowdown is not None
    assert "10 points" in text and "slowdown" in text
    classes = [element.get("class") for element in ElementTree.parse(result.chart_path).getroot().iter()]
    assert classes.count("detection-rate") == len(result.detection_rates) + len(result.slowdown_detection_rates)


IN_STAGE = """
  - {moment: at_the_bench, kpi: fix.time_in_stage, min_drop: 0.05, owner: workshop, notify: [lead], segments: [region]}
"""


@pytest.fixture
def workshop(make_world: MakeWorld) -> World:
    """A duration without tolerance, so without a promise and a share within it."""
    world = make_world(IN_STAGE)
    journey_path = world.settings.workspace / "journeys" / "repair.yml"
    nps = "      - {kpi: nps, survey: after}\n"
    journey_path.write_text(
        journey_path.read_text().replace(nps, f"{nps}      - {{kpi: time_in_stage, title: At the bench}}\n")
    )
    world.put(steady(1, 0.5))
    return world


def test_a_duration_without_tolerance_is_evaluated_by_its_median(workshop: World) -> None:
    rows = [row | {"kpi": "fix.time_in_stage"} for row in duration_rows(workshop, steady(60, 0.51) + steady(6, 0.31))]
    report = evaluate(workshop, 59, rows)
    assert report.transitions == () and report.states[0].state == "ok"
    (transition,) = evaluate(workshop, 65, rows).transitions
    assert "slower" in transition.headline and "about 3" in transition.headline
    (message,) = workshop.messages()
    assert "Promise" not in message.body
    with open_warehouse(workshop.settings, read_only=True) as warehouse:
        history = alert_history(workshop.settings, transition.alert_id, warehouse)
        (result,) = backtest(workshop.settings, warehouse, read_journeys(workshop.settings.workspace), None)
    assert history.value_now == history.value_then and not any(item.is_changed for item in history.readings)
    assert [item.reasons[0].split(":")[0] for item in result.alerts] == ["median"] and result.mean_n == 100
    assert result.chart_path.exists()


def test_a_backtest_without_tolerance_has_detection_rates_of_slowdowns(workshop: World) -> None:
    rows = [row | {"kpi": "fix.time_in_stage"} for row in duration_rows(workshop, steady(120, 0.51))]
    evaluate(workshop, 119, rows)
    with open_warehouse(workshop.settings, read_only=True) as warehouse:
        (result,) = backtest(workshop.settings, warehouse, read_journeys(workshop.settings.workspace), None)
    text = "\n".join(render_backtests([result]))
    assert result.detection_rates == () and result.minimum_detectable_drop is None
    assert {rate.factor: rate.within_1_week for rate in result.slowdown_detection_rates}[1.5] == 1.0
    assert "slowdown" in text


def test_a_backtest_of_a_short_history_has_no_detection_rates(workshop: World) -> None:
    evaluate(workshop, 9, [row | {"kpi": "fix.time_in_stage"} for row in duration_rows(workshop, steady(10, 0.51))])
    with open_warehouse(workshop.settings, read_only=True) as warehouse:
        (result,) = backtest(workshop.settings, warehouse, read_journeys(workshop.settings.workspace), None)
    assert result.slowdown_detection_rates == () and "too short" in "\n".join(render_backtests([result]))


def test_newest_days_with_open_cases_are_not_missing(workshop: World) -> None:
    hours = dict.fromkeys(range(60, 66), 1.0 * HOUR)
    rows = duration_rows(workshop, steady(60, 0.51) + steady(6, 0.1), decided_seconds=hours)
    report = evaluate(workshop, 65, [row | {"kpi": "fix.time_in_stage"} for row in rows])
    assert report.transitions == () and report.states[0].state == "ok"


def test_the_first_day_has_no_state_while_all_cases_are_open(workshop: World) -> None:
    rows = duration_rows(workshop, steady(1, 0.5), decided_seconds={0: 600.0})
    report = evaluate(workshop, 0, [row | {"kpi": "fix.time_in_stage"} for row in rows])
    assert report.transitions == () and report.states[0].state == "no_data"


def test_a_changed_duration_definition_starts_over(workshop: World) -> None:
    rows = [row | {"kpi": "fix.time_in_stage"} for row in duration_rows(workshop, steady(60, 0.51) + steady(6, 0.31))]
    (opened,) = evaluate(workshop, 65, rows).opened
    new_rows = [row | {"kpi": "fix.time_in_stage"} for row in duration_rows(workshop, steady(70, 0.31))]
    rows += [row | {"definition": "second"} for row in new_rows if row["period_start"] > day(65)]
    (transition,) = evaluate(workshop, 69, rows).transitions
    assert (transition.alert_id, transition.transition) == (opened.alert_id, "superseded")


def test_a_duration_that_is_not_measured_yet_is_no_data(workshop: World) -> None:
    assert [state.state for state in workshop.run().states] == ["no_data"]
