"""A segment is alerted first, then all customers: one alert if the segment is the cause, two if there is more to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from jkpi.alerts.store.listing import list_alerts
from tests.alerts.made_world import FIRST, ON_SITE, World, steady

MakeWorld = Callable[..., World]
TOTAL = "repair/technician_on_site"
SOUTH, WEST = f"{TOTAL}/region=south", f"{TOTAL}/region=west"
BEFORE, ALONE, DURING = 70, 4, 14
"""Days before the drop, of the segment alone, and of all customers."""
COLLAPSED = [(BEFORE, 0.92), (ALONE, 0.55), (DURING, 0.10)]
"""One customer in eleven: certain within days, while all customers are certain when it has collapsed."""


def put_regions(world: World, **regions: tuple[int, list[tuple[int, float]]]) -> World:
    """Put regions, and all customers as their sum. regions: cases a day, then (days, rate) one after the other."""
    counts = {
        region: [day for days, rate in phases for day in steady(days, rate, n)]
        for region, (n, phases) in regions.items()
    }
    for region, days in counts.items():
        if region != "no_region":
            world.put(days, segment="region", value=region)
    world.put([(sum(good for good, _ in day), sum(n for _, n in day)) for day in zip(*counts.values(), strict=True)])
    return world


def run_days(world: World, first: int = BEFORE, last: int = BEFORE + ALONE + DURING) -> list[tuple[str, str]]:
    """Transitions of drops, day after day: type and series."""
    return [
        (transition.transition, transition.series_id)
        for number in range(first, last)
        for transition in world.run(FIRST + timedelta(days=number)).transitions
        if transition.kind == "drop"
    ]


def test_all_customers_join_the_alert_of_the_segment_that_explains_their_drop(make_world: MakeWorld) -> None:
    world = make_world(ON_SITE)
    put_regions(world, south=(40, COLLAPSED), north=(400, [(BEFORE + ALONE + DURING, 0.92)]))
    transitions = run_days(world)
    assert transitions[0] == ("opened", SOUTH) and {series for _, series in transitions} == {SOUTH}
    (alert,) = list_alerts(world.settings)
    assert alert.includes == ("all customers",)
    bodies = [" ".join(message.body.split()) for message in world.messages()]
    assert "all customers, certain since" not in bodies[0]
    assert "all customers, certain since" in bodies[-1]
    # They recover together: that is one message as well, although all customers may need more clear days.
    end = BEFORE + ALONE + DURING
    for region, n in {"south": 40, "north": 400}.items():
        world.put(steady(40, 0.92, n), segment="region", value=region, first=FIRST + timedelta(days=end))
    world.put(steady(40, 0.92, 440), first=FIRST + timedelta(days=end))
    assert run_days(world, end, end + 40) == [("resolved", SOUTH)]


@pytest.mark.parametrize(
    ("other", "rate", "expected"),
    [
        ("no_region", 0.80, TOTAL),  # All others drop by more than the minimum drop, and no alert says so.
        ("west", 0.55, WEST),  # Another region of the same size has its own drop.
    ],
)
def test_a_drop_for_another_reason_has_its_own_alert(
    make_world: MakeWorld, other: str, rate: float, expected: str
) -> None:
    world, later = make_world(ON_SITE), [(BEFORE + ALONE, 0.92), (DURING, rate)]
    regions = {"south": (40, COLLAPSED), "north": (400, [(BEFORE + ALONE + DURING, 0.92)])}
    put_regions(world, **regions, **{other: (400 if other == "no_region" else 40, later)})
    opened = [series for transition, series in run_days(world) if transition == "opened"]
    assert opened == [SOUTH, expected]
