"""What the past would have had, and falls planted in it."""

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


def of_past(world: World, moment: str | None = None) -> list[BacktestResult]:
    with open_warehouse(world.settings) as w:
        return backtest(world.settings, w, read_journeys(world.settings.workspace), moment)


def drawn(days: int, rate: float, n: int, seed: int) -> list[tuple[float, float]]:
    rng = np.random.default_rng(seed)
    return [(float(rng.binomial(n, rate)), float(n)) for _ in range(days)]


def test_a_past_fall_is_listed_with_its_days_and_its_picture(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(drawn(100, 0.92, 100, 1) + drawn(8, 0.7, 100, 2) + drawn(60, 0.92, 100, 3))
    world.write()
    (found,) = of_past(world)
    (fired,) = found.alerts
    assert fired.onset == FIRST + timedelta(days=100) and fired.fired_on <= FIRST + timedelta(days=101)
    assert fired.closed_on is not None and fired.series_id == "repair/technician_on_site"
    assert fired.n <= 2 * max(n for _, n, _ in world.rows.values()) and fired.rate < fired.baseline - 0.1
    assert found.false_alarm_every is not None and found.target_false_alarm_every == 547.5
    root = ElementTree.parse(found.chart_path).getroot()
    marks = [element.get("class") for element in root.iter()]
    assert (marks.count("day"), marks.count("breach"), marks.count("told")) == (168, 1, 1)
    lines = "\n".join(render_backtests([found]))
    assert "technician_on_site" in lines and "baseline: " in lines and str(found.chart_path) in lines


def test_larger_falls_and_more_cases_are_seen_sooner(make_world: MakeWorld) -> None:
    world = make_world(ON_SITE.replace(", segments: [region]", "").replace("promise: 0.9", "promise: 0.5") + STAYS)
    world.put(drawn(150, 0.8, 400, 4))
    world.put(drawn(150, 0.1, 25, 5), kpi="fix.drop_off")
    world.write()
    many, few = of_past(world)
    for one in (many, few):
        shares = [seen.within_1_week for seen in one.detection_rates]
        assert shares[0] < 0.4 and shares[-1] == 1.0
        assert np.all(np.diff(shares) > -0.15)
    assert (
        many.minimum_detectable_drop is not None
        and few.minimum_detectable_drop is not None
        and many.minimum_detectable_drop < few.minimum_detectable_drop
    )
    assert "25 cases a day" in "\n".join(render_backtests([few]))


def test_points_are_told_in_points(make_world: MakeWorld) -> None:
    world = make_world(LIKED)
    world.put(drawn(120, 0.7, 200, 6), kpi="fix.nps")
    world.write()
    (found,) = of_past(world, "liked")
    assert any(line.strip().startswith("20 points") for line in render_backtests([found]))


def test_too_short_a_past_says_so(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(20, 0.92))
    world.write()
    (found,) = of_past(world)
    assert found.detection_rates == () and "too short" in "\n".join(render_backtests([found]))


def test_what_cannot_be_tested_says_why(make_world: MakeWorld) -> None:
    world = make_world()
    with pytest.raises(SystemFailure, match="no readings"):
        of_past(world)
    world.put(steady(5, 0.9))
    world.write()
    with pytest.raises(InputError, match="no map has") as caught:
        of_past(world, "technician_on_sit")
    assert "technician_on_site" in str(caught.value.hint)


def test_a_segment_that_fell_with_all_customers_is_marked_and_one_by_itself_is_not(make_world: MakeWorld) -> None:
    world = make_world()
    north = drawn(100, 0.92, 400, 1) + drawn(20, 0.7, 400, 2) + drawn(60, 0.92, 400, 3)
    south = drawn(100, 0.92, 100, 4) + drawn(20, 0.7, 100, 5) + drawn(40, 0.92, 100, 6) + drawn(20, 0.72, 100, 7)
    world.put([(a + c, b + d) for (a, b), (c, d) in zip(north, south, strict=True)])
    world.put(north, segment="region", value="north")
    world.put(south, segment="region", value="south")
    world.write()
    (found,) = of_past(world)
    first, second = FIRST + timedelta(days=110), FIRST + timedelta(days=150)
    early = {(one.series_id.rpartition("/")[2], one.inhibited_by_total) for one in found.alerts if one.fired_on < first}
    assert early == {("technician_on_site", False), ("region=north", True), ("region=south", True)}
    (alone,) = (one for one in found.alerts if one.fired_on > second and "south" in one.series_id)
    assert not alone.inhibited_by_total
