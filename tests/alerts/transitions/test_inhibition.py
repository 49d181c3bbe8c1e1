"""Inhibition: a parent inhibits what dropped with it, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from jkpi.alerts.detection.episodes import Detection
from jkpi.alerts.detection.state_machine import SeriesState
from jkpi.alerts.dispatch.evaluate_and_dispatch import AlertReport
from jkpi.alerts.series.watched import is_subsegment
from jkpi.alerts.store.acknowledgements import silence
from jkpi.alerts.transitions.inhibition import (
    inhibit_by_causes,
    inhibit_children,
    inhibits,
    open_causes,
)
from jkpi.alerts.transitions.model import EvaluatedSeries, StoredAlert
from tests.alerts.made_world import ON_SITE, STAYS, World, steady
from tests.alerts.series.test_early_warnings import DAY, evaluate
from tests.alerts.transitions.records import WATCHED, day, detection, evaluated, result, stored

MakeWorld = Callable[..., World]
TOTAL, SOUTH = "repair/technician_on_site", "repair/technician_on_site/region=south"
GOLD = "repair/technician_on_site/tier+region=gold+south"
BY_BOTH = ON_SITE.replace("segments: [region]", "segments: [region, tier+region]")
Counts = list[tuple[float, float]]


def transitions_of(report: AlertReport) -> list[tuple[str, str]]:
    return [(transition.transition, transition.series_id) for transition in report.transitions]


def two_regions(world: World, north: list[tuple[float, float]], south: list[tuple[float, float]]) -> World:
    world.put([(a + c, b + d) for (a, b), (c, d) in zip(north, south, strict=True)])
    world.put(north, segment="region", value="north")
    world.put(south, segment="region", value="south")
    return world


@pytest.mark.slow
def test_a_chronic_breach_does_not_inhibit_a_drop_of_a_segment(make_world: MakeWorld) -> None:
    world = two_regions(make_world(), steady(150, 0.82, 900), steady(120, 0.82, 60) + steady(30, 0.3, 60))
    assert transitions_of(world.run(day(119))) == [("opened", TOTAL)]
    report = world.run()
    assert transitions_of(report) == [("opened", SOUTH)]
    assert "30 %" in report.transitions[0].headline and "82 %" in report.transitions[0].headline
    assert world.run().transitions == ()


def test_a_segment_that_drops_later_is_not_inhibited(make_world: MakeWorld) -> None:
    north = steady(60, 0.97, 900) + steady(60, 0.91, 900)
    world = two_regions(make_world(), north, steady(100, 0.97, 60) + steady(20, 0.4, 60))
    assert transitions_of(world.run(day(70))) == [("opened", TOTAL)]
    assert transitions_of(world.run()) == [("opened", SOUTH)]


@pytest.mark.slow
@pytest.mark.parametrize(("scope", "children"), [("alert", [("opened", SOUTH)]), ("repair", [])])
def test_a_silenced_moment_does_not_inhibit_its_segments(
    make_world: MakeWorld, scope: str, children: list[tuple[str, str]]
) -> None:
    """If its segments are silenced too, it inhibits them afterwards."""
    world = two_regions(make_world(), steady(70, 0.92, 900), steady(61, 0.92, 60) + steady(9, 0.3, 60))
    world.put(steady(60, 0.92, 960) + steady(10, 0.6, 960))
    (opened,) = world.run(day(62)).transitions
    assert opened.series_id == TOTAL
    until = datetime.combine(day(100), datetime.min.time(), UTC)
    silence(world.settings, opened.alert_id if scope == "alert" else scope, until, "known", "me", world.settings.now)
    assert transitions_of(world.run()) == children


@pytest.mark.slow
def test_a_chronic_breach_does_not_end_an_early_warning(make_world: MakeWorld) -> None:
    world = make_world(STAYS)
    world.put(steady(120, 0.25), kpi="fix.drop_off")
    evaluate(world, 119, {DAY: steady(120, 0.8)})
    report = evaluate(world, 119, {DAY: steady(120, 0.8) + steady(6, 0.6)})
    assert [(transition.kind, transition.transition) for transition in report.transitions] == [
        ("early_warning", "opened")
    ]


def two_tiers(world: World, gold: Counts, silver: Counts) -> World:
    """Two tiers of the south, a region too small to change the total."""
    journey = world.settings.workspace / "journeys" / "repair.yml"
    journey.write_text(journey.read_text().replace("segments: [region]", "segments: [region, tier, [tier, region]]"))
    south = [(a + c, b + d) for (a, b), (c, d) in zip(gold, silver, strict=True)]
    world = two_regions(world, steady(len(south), 0.92, 20_000), south)
    world.put(gold, segment="tier+region", value="gold+south")
    world.put(silver, segment="tier+region", value="silver+south")
    return world


def drop_counts(rate: float, n: int, last: int = 70, on: int = 60) -> Counts:
    return steady(on, 0.92, n) + steady(last - on, rate, n)


def transitions_by_day(world: World, first: int = 59, last: int = 69) -> list[tuple[str, str]]:
    return [transition for number in range(first, last + 1) for transition in transitions_of(world.run(day(number)))]


@pytest.mark.slow
def test_a_segment_inhibits_its_combinations(make_world: MakeWorld) -> None:
    assert transitions_by_day(two_tiers(make_world(BY_BOTH), drop_counts(0.7, 40), drop_counts(0.6, 200))) == [
        ("opened", SOUTH)
    ]


@pytest.mark.slow
def test_a_segment_names_the_combination_that_drives_its_drop(make_world: MakeWorld) -> None:
    world = two_tiers(make_world(BY_BOTH), drop_counts(0.4, 100), steady(70, 0.92, 200))
    assert transitions_by_day(world) == [("opened", SOUTH)]
    assert "tier+region = gold+south: from 92 % to 40 %" in world.messages()[0].body


@pytest.mark.slow
def test_a_combination_that_drops_later_is_not_inhibited(make_world: MakeWorld) -> None:
    world = two_tiers(make_world(BY_BOTH), drop_counts(0.3, 40, last=110, on=100), drop_counts(0.6, 1500, last=110))
    assert transitions_of(world.run(day(70))) == [("opened", SOUTH)]
    assert transitions_of(world.run(day(109))) == [("opened", GOLD)]


@pytest.mark.parametrize(
    ("value", "other", "other_value", "is_within"),
    [
        ("gold+south", "region", "south", True),
        ("gold+south", "region", "north", False),
        ("gold+south", "tier+region", "gold+south", False),
        ("gold+south", "channel", "south", False),
        ("c++south", "region", "south", False),
    ],
)
def test_is_subsegment(value: str, other: str, other_value: str, is_within: bool) -> None:
    """A value that contains + cannot be split, so it is part of nothing."""
    assert is_subsegment("tier+region", value, other, other_value) == is_within
    assert is_subsegment("a+tier+region", "x+gold+south", "region+a", "south+x")


@pytest.mark.parametrize(
    ("child", "parent", "is_inhibited"),
    [
        (detection(60, 97), detection(95, 96), True),  # an early onset, but fired after the parent began
        (detection(95, 97), detection(95, 96), True),
        (detection(100, 104), detection(95, 96), True),
        (detection(60, 70), detection(95, 96), False),  # fired before the parent began
        (detection(120, 124), detection(95, 96), False),
        (detection(95, 97, line="median"), detection(95, 96), True),
        (detection(95, 97), detection(95, 96, line="median"), False),
        (detection(95, 97), detection(95, 96, line="promise"), False),
        (detection(20, 47, line="promise"), detection(95, 96, line="promise"), False),
        (detection(95, 97), detection(95, 96, closed=99), False),
    ],
)
def test_inhibits(child: Detection, parent: Detection, is_inhibited: bool) -> None:
    assert inhibits(result(parent), result(child)) is is_inhibited


OPEN, QUIET = result(detection(95, 96)), result()
STAGE = replace(WATCHED, moment="stage", kpi="fix.drop_off")
TOUCHPOINT = replace(WATCHED, moment="touchpoint", kpi="fix.upset", touchpoint="technician_arrived")
TOTAL_SERIES, SOUTH_SERIES = evaluated(OPEN), evaluated(OPEN, ("region", "south"))
GOLD_SERIES = evaluated(OPEN, ("tier+region", "gold+south"))
QUIET_TOTAL = evaluated(QUIET)


@pytest.mark.parametrize(
    ("series", "suppressed", "notified", "expected"),
    [
        ([TOTAL_SERIES, SOUTH_SERIES], [], [], [False, True]),
        ([QUIET_TOTAL, SOUTH_SERIES], [], [], [False, False]),
        ([replace(TOTAL_SERIES, is_stale=True), SOUTH_SERIES], [], [], [False, False]),
        # a combination is inhibited by its segment, unless that is inhibited itself and was not notified
        ([QUIET_TOTAL, GOLD_SERIES, SOUTH_SERIES], [], [], [False, True, False]),
        ([QUIET_TOTAL, evaluated(OPEN, ("tier+region", "gold+north")), SOUTH_SERIES], [], [], [False, False, False]),
        ([TOTAL_SERIES, SOUTH_SERIES, GOLD_SERIES], [], [SOUTH], [False, True, True]),
        # suppressed parents inhibit suppressed children only
        ([TOTAL_SERIES, SOUTH_SERIES], [TOTAL], [], [False, False]),
        ([TOTAL_SERIES, SOUTH_SERIES], [TOTAL, SOUTH], [], [False, True]),
        ([QUIET_TOTAL, SOUTH_SERIES, GOLD_SERIES], [SOUTH], [], [False, False, False]),
        # a stage inhibits its touchpoints
        ([evaluated(OPEN, watched=STAGE), evaluated(OPEN, watched=TOUCHPOINT)], [], [], [False, True]),
        ([evaluated(OPEN, watched=TOUCHPOINT), evaluated(OPEN, watched=STAGE)], [], [], [True, False]),
        (
            [evaluated(OPEN, watched=replace(STAGE, stage="confirm")), evaluated(OPEN, watched=TOUCHPOINT)],
            [],
            [],
            [False] * 2,
        ),
        ([evaluated(OPEN, watched=STAGE, is_stale=True), evaluated(OPEN, watched=TOUCHPOINT)], [], [], [False] * 2),
    ],
)
def test_inhibit_children(
    series: list[EvaluatedSeries], suppressed: list[str], notified: list[str], expected: list[bool]
) -> None:
    assert [found.is_inhibited for found in inhibit_children(series, suppressed, notified)] == expected


SOUTH_VALUE = ("region", "south")
RECOVERING_TOTAL = replace(TOTAL_SERIES, result=replace(OPEN, state=SeriesState.RECOVERING))


@pytest.mark.parametrize(
    ("total", "alerts", "suppressed", "expected"),
    [
        (TOTAL_SERIES, [stored(95, 96, segment=SOUTH_VALUE)], [], [SOUTH]),
        (TOTAL_SERIES, [], [], []),
        (QUIET_TOTAL, [stored(95, 96, segment=SOUTH_VALUE)], [], []),
        (TOTAL_SERIES, [stored(95, 96, segment=SOUTH_VALUE), stored(95, 96)], [], []),
        (replace(TOTAL_SERIES, is_inhibited=True), [stored(95, 96, segment=SOUTH_VALUE)], [], []),
        (TOTAL_SERIES, [stored(0, 3, segment=SOUTH_VALUE)], [], []),
        (TOTAL_SERIES, [stored(95, 96, 98, segment=SOUTH_VALUE)], [], []),
        (RECOVERING_TOTAL, [stored(95, 96, 98, segment=SOUTH_VALUE)], [], [SOUTH]),
        (TOTAL_SERIES, [stored(95, 96, segment=SOUTH_VALUE)], [SOUTH], []),
        (TOTAL_SERIES, [stored(95, 96, segment=SOUTH_VALUE)], [SOUTH, TOTAL], [SOUTH]),
    ],
)
def test_open_causes(
    total: EvaluatedSeries, alerts: list[StoredAlert], suppressed: list[str], expected: list[str]
) -> None:
    found = open_causes(total, [total, SOUTH_SERIES, GOLD_SERIES], alerts, suppressed)
    assert [cause.series.series_id for cause in found] == expected


def test_a_cause_inhibits_all_customers_and_what_shares_its_customers() -> None:
    """Another region keeps its own drop, and so does a series that was notified."""
    regions = [evaluated(OPEN, ("region", value)) for value in ("south", "west")]
    tiers = [evaluated(OPEN, ("tier", value)) for value in ("gold", "silver")]
    series = inhibit_children([TOTAL_SERIES, *regions, *tiers], (), [SOUTH, f"{TOTAL}/tier=silver"])
    found = inhibit_by_causes(series, {TOTAL: SOUTH}, [SOUTH, f"{TOTAL}/tier=silver"])
    assert [inhibited.inhibited_by for inhibited in found] == [SOUTH, None, None, SOUTH, None]
    assert [inhibited.is_inhibited for inhibited in found] == [True, False, False, True, False]
