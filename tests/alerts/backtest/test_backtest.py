"""Backtest: alerts over the history, and detection rates of injected drops."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from xml.etree import ElementTree

import numpy as np
import pytest

from jkpi.alerts.backtest.backtest import BacktestResult, backtest
from jkpi.cli.backtest import render_backtests
from jkpi.errors import InputError, SystemFailure
from jkpi.journeys.reader import read_journeys
from jkpi.warehouse.open import open_warehouse
from tests.alerts.made_world import FIRST, LIKED, ON_SITE, STAYS, World, steady

MakeWorld = Callable[..., World]


def run_backtest(world: World, moment: str | None = None) -> list[BacktestResult]:
    with open_warehouse(world.settings) as warehouse:
        return backtest(world.settings, warehouse, read_journeys(world.settings.workspace), moment)


def random_counts(days: int, rate: float, n: int, seed: int) -> list[tuple[float, float]]:
    rng = np.random.default_rng(seed)
    return [(float(rng.binomial(n, rate)), float(n)) for _ in range(days)]


def test_a_past_drop_is_listed_and_drawn(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(random_counts(100, 0.92, 100, 1) + random_counts(8, 0.7, 100, 2) + random_counts(60, 0.92, 100, 3))
    world.write()
    (result,) = run_backtest(world)
    (alert,) = result.alerts
    assert alert.onset == FIRST + timedelta(days=100) and alert.fired_on <= FIRST + timedelta(days=101)
    assert alert.closed_on is not None and alert.series_id == "repair/technician_on_site"
    assert alert.n <= 2 * max(n for _, n, _ in world.rows.values()) and alert.rate < alert.baseline - 0.1
    assert result.false_alarm_every is not None and result.target_false_alarm_every == 547.5
    root = ElementTree.parse(result.chart_path).getroot()
    classes = [element.get("class") for element in root.iter()]
    assert (classes.count("reading"), classes.count("alert"), classes.count("fired")) == (168, 1, 1)
    lines = "\n".join(render_backtests([result]))
    assert "technician_on_site" in lines and "baseline: " in lines and str(result.chart_path) in lines


@pytest.mark.slow
def test_larger_drops_and_more_cases_are_detected_sooner(make_world: MakeWorld) -> None:
    world = make_world(ON_SITE.replace(", segments: [region]", "").replace("promise: 0.9", "promise: 0.5") + STAYS)
    world.put(random_counts(150, 0.8, 400, 4))
    world.put(random_counts(150, 0.1, 25, 5), kpi="fix.drop_off")
    world.write()
    many_cases, few_cases = run_backtest(world)
    for result in (many_cases, few_cases):
        shares = [rate.within_1_week for rate in result.detection_rates]
        assert shares[0] < 0.4 and shares[-1] == 1.0
        assert np.all(np.diff(shares) > -0.15)
    assert (
        many_cases.minimum_detectable_drop is not None
        and few_cases.minimum_detectable_drop is not None
        and many_cases.minimum_detectable_drop < few_cases.minimum_detectable_drop
    )
    assert "25 cases a day" in "\n".join(render_backtests([few_cases]))


def test_drops_of_nps_are_shown_in_points(make_world: MakeWorld) -> None:
    world = make_world(LIKED)
    world.put(random_counts(120, 0.7, 200, 6), kpi="fix.nps")
    world.write()
    (result,) = run_backtest(world, "liked")
    assert any(line.strip().startswith("20 points") for line in render_backtests([result]))


def test_a_short_history_is_reported_as_too_short(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(20, 0.92))
    world.write()
    (result,) = run_backtest(world)
    assert result.detection_rates == () and "too short" in "\n".join(render_backtests([result]))


def test_a_missing_measurement_or_moment_is_an_error(make_world: MakeWorld) -> None:
    world = make_world()
    with pytest.raises(SystemFailure, match="no readings"):
        run_backtest(world)
    world.put(steady(5, 0.9))
    world.write()
    with pytest.raises(InputError, match="no map has") as caught:
        run_backtest(world, "technician_on_sit")
    assert "technician_on_site" in str(caught.value.hint)


def test_a_segment_that_dropped_with_all_customers_is_marked_as_inhibited(make_world: MakeWorld) -> None:
    world = make_world()
    north = random_counts(100, 0.92, 400, 1) + random_counts(20, 0.7, 400, 2) + random_counts(60, 0.92, 400, 3)
    south = (
        random_counts(100, 0.92, 100, 4)
        + random_counts(20, 0.7, 100, 5)
        + random_counts(40, 0.92, 100, 6)
        + random_counts(20, 0.72, 100, 7)
    )
    world.put([(a + c, b + d) for (a, b), (c, d) in zip(north, south, strict=True)])
    world.put(north, segment="region", value="north")
    world.put(south, segment="region", value="south")
    world.write()
    (result,) = run_backtest(world)
    first, second = FIRST + timedelta(days=110), FIRST + timedelta(days=150)
    first_alerts = {
        (result.series_id.rpartition("/")[2], result.inhibited_by_total)
        for result in result.alerts
        if result.fired_on < first
    }
    assert first_alerts == {("technician_on_site", False), ("region=north", True), ("region=south", True)}
    (alone,) = (result for result in result.alerts if result.fired_on > second and "south" in result.series_id)
    assert not alone.inhibited_by_total
