"""A parent speaks for what fell with it, and for nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from jkpi.alerts.detection.episodes import EMPTY_HISTORY, Detection, SeriesResult, merge_detections
from jkpi.alerts.detection.state_machine import SeriesState
from jkpi.alerts.dispatch.evaluate_and_dispatch import AlertReport
from jkpi.alerts.series.watched import is_subsegment
from jkpi.alerts.statistics.running_sums import PooledSample
from jkpi.alerts.store.acknowledgements import silence
from jkpi.alerts.transitions.inhibition import inhibits
from tests.alerts.made_world import FIRST, ON_SITE, STAYS, UPSET, World, steady
from tests.alerts.test_early import DAY, judged

MakeWorld = Callable[..., World]
WHOLE, SOUTH = "repair/technician_on_site", "repair/technician_on_site/region=south"
GOLD = "repair/technician_on_site/tier+region=gold+south"
BY_BOTH = ON_SITE.replace("segments: [region]", "segments: [region, tier+region]")
Counts = list[tuple[float, float]]


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def told(report: AlertReport) -> list[tuple[str, str]]:
    return [(one.transition, one.series_id) for one in report.transitions]


def two_regions(world: World, north: list[tuple[float, float]], south: list[tuple[float, float]]) -> World:
    world.put([(a + c, b + d) for (a, b), (c, d) in zip(north, south, strict=True)])
    world.put(north, segment="region", value="north")
    world.put(south, segment="region", value="south")
    return world


def test_a_promise_long_broken_hides_no_fall_of_a_segment(make_world: MakeWorld) -> None:
    world = two_regions(make_world(), steady(150, 0.82, 900), steady(120, 0.82, 60) + steady(30, 0.3, 60))
    assert told(world.run(day(119))) == [("opened", WHOLE)]
    report = world.run()
    assert told(report) == [("opened", SOUTH)]
    assert "down to 30 % instead of 82 %" in report.transitions[0].headline
    assert world.run().transitions == ()


def test_a_promise_that_segments_break_as_the_whole_does_is_one_thing(make_world: MakeWorld) -> None:
    """Small ones are sure of it much later."""
    world = two_regions(make_world(), steady(150, 0.78, 900), steady(150, 0.78, 60))
    assert [one for last in (60, 100, 149) for one in told(world.run(day(last)))] == [("opened", WHOLE)]


def test_a_segment_that_falls_later_than_the_whole_did_is_told(make_world: MakeWorld) -> None:
    north = steady(60, 0.97, 900) + steady(60, 0.91, 900)
    world = two_regions(make_world(), north, steady(100, 0.97, 60) + steady(20, 0.4, 60))
    assert told(world.run(day(70))) == [("opened", WHOLE)]
    assert told(world.run()) == [("opened", SOUTH)]


def test_a_stage_that_is_no_longer_measured_hides_no_touchpoint(make_world: MakeWorld) -> None:
    world = make_world(STAYS + UPSET)
    world.put(steady(60, 0.08) + steady(4, 0.3), kpi="fix.drop_off")
    world.put(steady(264, 0.05) + steady(4, 0.4), kpi="fix.upset")
    assert ("opened", "repair/customer_stays") in told(world.run(day(63)))
    assert told(world.run()) == [("opened", "repair/calm")]


@pytest.mark.parametrize(("scope", "children"), [("alert", [("opened", SOUTH)]), ("repair", [])])
def test_a_whole_that_is_silenced_speaks_for_nobody(make_world: MakeWorld, scope: str, children: list[str]) -> None:
    """One that is silenced with its segments speaks for them afterwards."""
    world = two_regions(make_world(), steady(70, 0.92, 900), steady(61, 0.92, 60) + steady(9, 0.3, 60))
    world.put(steady(60, 0.92, 960) + steady(10, 0.6, 960))
    (opened,) = world.run(day(62)).transitions
    assert opened.series_id == WHOLE
    until = datetime.combine(day(100), datetime.min.time(), UTC)
    silence(world.settings, opened.alert_id if scope == "alert" else scope, until, "known", "me", world.settings.now)
    assert told(world.run()) == children


def test_a_promise_long_broken_takes_no_early_sign_over(make_world: MakeWorld) -> None:
    world = make_world(STAYS)
    world.put(steady(120, 0.25), kpi="fix.drop_off")
    judged(world, 119, {DAY: steady(120, 0.8)})
    report = judged(world, 119, {DAY: steady(120, 0.8) + steady(6, 0.6)})
    assert [(one.kind, one.transition) for one in report.transitions] == [("early", "opened")]


def two_tiers(world: World, gold: Counts, silver: Counts) -> World:
    """Of the south, which is so little of the whole that nothing is seen there."""
    journey = world.settings.workspace / "journeys" / "repair.yml"
    journey.write_text(journey.read_text().replace("segments: [region]", "segments: [region, tier, [tier, region]]"))
    south = [(a + c, b + d) for (a, b), (c, d) in zip(gold, silver, strict=True)]
    world = two_regions(world, steady(len(south), 0.92, 20_000), south)
    world.put(gold, segment="tier+region", value="gold+south")
    world.put(silver, segment="tier+region", value="silver+south")
    return world


def fell(rate: float, n: int, last: int = 70, on: int = 60) -> Counts:
    return steady(on, 0.92, n) + steady(last - on, rate, n)


def each_day(world: World, first: int = 59, last: int = 69) -> list[tuple[str, str]]:
    return [one for number in range(first, last + 1) for one in told(world.run(day(number)))]


def test_a_combination_that_fell_with_its_segment_is_one_thing(make_world: MakeWorld) -> None:
    assert each_day(two_tiers(make_world(BY_BOTH), fell(0.7, 40), fell(0.6, 200))) == [("opened", SOUTH)]


def test_a_segment_names_the_combination_that_carries_its_loss(make_world: MakeWorld) -> None:
    world = two_tiers(make_world(BY_BOTH), fell(0.4, 100), steady(70, 0.92, 200))
    assert each_day(world) == [("opened", SOUTH)]
    assert "Carried by  tier+region = gold+south: 40 % instead of 92 %" in world.messages()[0].body


def test_a_fall_of_a_combination_alone_is_told(make_world: MakeWorld) -> None:
    assert each_day(two_tiers(make_world(BY_BOTH), fell(0.4, 40), steady(70, 0.92, 1500))) == [("opened", GOLD)]


def test_a_combination_that_falls_later_than_its_segment_did_is_told(make_world: MakeWorld) -> None:
    world = two_tiers(make_world(BY_BOTH), fell(0.3, 40, last=110, on=100), fell(0.6, 1500, last=110))
    assert told(world.run(day(70))) == [("opened", SOUTH)]
    assert told(world.run(day(109))) == [("opened", GOLD)]


def test_a_segment_that_is_silenced_speaks_for_no_combination(make_world: MakeWorld) -> None:
    world = two_tiers(make_world(BY_BOTH), fell(0.4, 40), fell(0.6, 200))
    (opened,) = world.run(day(61)).transitions
    assert opened.series_id == SOUTH
    until = datetime.combine(day(100), datetime.min.time(), UTC)
    silence(world.settings, opened.alert_id, until, "known", "me", world.settings.now)
    assert ("opened", GOLD) in told(world.run())


@pytest.mark.parametrize(
    ("value", "other", "other_value", "within"),
    [
        ("gold+south", "region", "south", True),
        ("gold+south", "region", "north", False),
        ("gold+south", "tier+region", "gold+south", False),
        ("gold+south", "channel", "south", False),
        ("c++south", "region", "south", False),
    ],
)
def test_what_lies_within_a_segment(value: str, other: str, other_value: str, within: bool) -> None:
    """A value with a + of its own cannot be told apart from the ones beside it."""
    assert is_subsegment("tier+region", value, other, other_value) == within
    assert is_subsegment("a+tier+region", "x+gold+south", "region+a", "south+x")


def track(since: int, fired: int) -> SeriesResult:
    """An open fall, by its numbers of days."""
    pool = PooledSample(day(since), day(fired), fired - since + 1, 50.0, 100.0, 80.0, 75.0, 100.0)
    part = Detection("baseline", day(since), day(fired), None, "evidence", pool, None, 3)
    return SeriesResult(
        SeriesState.FIRING, day(since), tuple(merge_detections([part])), None, day(fired), EMPTY_HISTORY
    )


@pytest.mark.parametrize(
    ("own", "parent", "is_of_it"),
    [
        ((60, 97), (95, 96), True),  # what led up to it is counted from long before, and was told after it
        ((95, 97), (95, 96), True),
        ((100, 104), (95, 96), True),
        ((60, 70), (95, 96), False),  # told before the other one began
        ((120, 124), (95, 96), False),
    ],
)
def test_what_is_told_once_another_has_begun_is_of_that(
    own: tuple[int, int], parent: tuple[int, int], is_of_it: bool
) -> None:
    assert inhibits(track(*parent), track(*own), same_promise=False) is is_of_it
