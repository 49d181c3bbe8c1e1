"""What a message says about segments must be what an independent count of the same days says."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from jkpi.alerts.store.listing import list_alerts
from tests.alerts.made_world import FIRST, ON_SITE, World
from tests.worlds import segments
from tests.worlds.segments import BEFORE, Cell, Counts, put_cells

MakeWorld = Callable[..., World]


def body_of(world: World) -> str:
    """The rows of the only message, each on one line."""
    world.run()
    (message,) = world.messages()
    return re.sub(r"\n {16}", " ", message.body)


def row_of(body: str, label: str) -> str:
    return next((line[16:].strip() for line in body.splitlines() if line[2:16].strip() == label), "")


def counted_drop(days: Counts) -> float:
    """Drop of the rate, counted by itself: days of the drop against the seven weeks from 56 to 8 days before it."""
    before, during = days[BEFORE - 56 : BEFORE - 7], days[BEFORE:]
    return sum(good for good, _ in before) / sum(n for _, n in before) - sum(good for good, _ in during) / sum(
        n for _, n in during
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_segment_of_83_percent_that_drops_alone_is_named(make_world: MakeWorld, seed: int) -> None:
    world = make_world(ON_SITE)
    counts = put_cells(world, segments.one_large_segment_drops(), seed)
    assert counted_drop(counts["region", "city"]) > 0.1 > 0.07 > abs(counted_drop(counts["region", "country"]))
    driven_by = row_of(body_of(world), "Driven by")
    assert driven_by.startswith("region = city: from 9")
    assert "country" not in driven_by and "no region" not in driven_by and "no segment" not in driven_by


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_changed_mix_is_the_only_cause_named(make_world: MakeWorld, seed: int) -> None:
    world = make_world(ON_SITE)
    put_cells(world, segments.more_cases_without_parts(), seed)
    body = body_of(world)
    assert re.match("mix: stock = out grew from (9|10|11) % to (29|30|31) % of the cases", row_of(body, "Driven by"))
    assert "hydraulic" not in body


def test_without_segments_nothing_is_said_about_them(make_world: MakeWorld) -> None:
    world = make_world(ON_SITE)
    put_cells(world, segments.no_segments(), 1)
    body = body_of(world)
    assert "Driven by" not in body and "segment" not in body.partition("Query")[0]


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        (segments.all_drop_alike(400), "no region stands out"),
        (segments.all_drop_alike(3) + segments.no_segments(400), "too small to tell"),
    ],
)
def test_no_segment_stands_out_is_said_only_where_one_could(
    make_world: MakeWorld, cells: list[Cell], text: str
) -> None:
    world = make_world(ON_SITE)
    put_cells(world, cells, 1)
    assert text in row_of(body_of(world), "Driven by")


@pytest.mark.slow
def test_a_segment_that_is_certain_later_is_named_in_the_open_alert(make_world: MakeWorld) -> None:
    """It gets no message of its own, so the reminder and the list name it."""
    world = make_world(ON_SITE)
    put_cells(world, segments.a_small_segment_drops_further(), 1, during=16)
    opened, included_on = [], None
    for number in range(BEFORE, BEFORE + 16):
        day = FIRST + timedelta(days=number)
        opened += [(transition.series_id, day) for transition in world.run(day).opened]
        (alert,) = list_alerts(world.settings)
        if alert.includes and included_on is None:
            included_on = day
            assert alert.includes == ("region = south",)
    assert [series_id for series_id, _ in opened] == ["repair/technician_on_site"]
    assert included_on is not None and included_on > opened[0][1]
    first, *_, reminder = world.messages()
    assert "Includes" not in first.body and reminder.title.startswith("Reminder: ")
    includes = row_of(re.sub(r"\n {16}", " ", reminder.body), "Includes")
    assert re.match(
        r"region = south, certain since \w+ \d+ March 2026: about \d+ points \(\d+ to \d+\), from 9\d %", includes
    )
    (figures,) = reminder.content["items"][0]["figures"]["includes"]
    assert figures["series_id"] == "repair/technician_on_site/region=south"
