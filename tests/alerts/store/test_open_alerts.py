"""What of open alerts is shown elsewhere: on `jkpi status`, on the page of the map."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from jkpi.alerts.store.acknowledgements import silence
from jkpi.cli.status import read_status, render_status
from jkpi.state.alert_reader import open_alerts
from tests.alerts.made_world import World, steady

MakeWorld = Callable[..., World]


def put(world: World, bad: float) -> None:
    """All customers as ever; for the last four days the south is kept for a share of `bad` alone."""
    world.put([(920.0, 1000.0)] * 64)
    world.put([(46.0, 50.0)] * 60 + [(50 * bad, 50.0)] * 4, segment="region", value="south")
    world.put([(874.0, 950.0)] * 64, segment="region", value="north")


def test_a_segment_that_falls_alone_says_so_with_what_was_told(make_world: MakeWorld) -> None:
    world = make_world()
    put(world, 0.5)
    told = world.run().opened[0]
    (fall,) = open_alerts(world.settings.state_url)
    assert (fall.alert_id, fall.segment, fall.segment_value) == (told.alert_id, "region", "south")
    assert (fall.state, fall.onset, fall.last_day) == ("firing", date(2026, 3, 2), date(2026, 3, 5))
    assert (fall.n, fall.line) == (200, "baseline")
    assert fall.value == pytest.approx(0.5)
    assert fall.baseline == pytest.approx(0.92, abs=0.01)
    assert fall.low is not None and fall.high is not None and fall.low < 0.5 < fall.high


def test_nothing_open_is_nothing_told(make_world: MakeWorld) -> None:
    world = make_world()
    put(world, 0.92)
    world.run()
    assert open_alerts(world.settings.state_url) == []


def test_status_names_the_segments_that_fire_and_since_when(make_world: MakeWorld) -> None:
    world = make_world()
    put(world, 0.5)
    told = world.run().opened[0]
    status = read_status(world.settings)
    assert status.moments[0]["state"] == "ok"
    assert [(part["segment_value"], part["since"]) for part in status.moments[0]["falling"]] == [
        ("south", date(2026, 3, 2))
    ]
    (line,) = (line.split() for line in render_status(status) if "south" in line)
    assert line == ["region", "=", "south", "firing", "2026-03-02", told.alert_id]


def test_status_says_of_what_recovers_when_it_fell(make_world: MakeWorld) -> None:
    world = make_world()
    world.put([(92.0, 100.0)] * 60 + [(50.0, 100.0)] * 4)
    told = world.run().opened[0]
    world.put([(92.0, 100.0)], first=date(2026, 3, 6))
    world.run()
    status = read_status(world.settings)
    assert (status.moments[0]["state"], status.moments[0]["since"]) == ("recovering", date(2026, 3, 2))
    (line,) = (line for line in render_status(status) if told.alert_id in line)
    assert "recovering  fell 2026-03-02  " in line


def test_an_open_alert_says_what_its_last_message_says(make_world: MakeWorld) -> None:
    """A week later the message is repeated with the figures of then; the alert itself has not changed."""
    world = make_world()
    world.put(steady(60, 0.92) + steady(3, 0.5))
    world.run()
    (first,) = open_alerts(world.settings.state_url)
    assert (first.n, first.value) == (300, pytest.approx(0.5))
    world.put(steady(7, 0.7), first=date(2026, 3, 5))
    world.run(date(2026, 3, 10))
    assert open_alerts(world.settings.state_url) == [first], "nothing was told since"
    assert world.run().transitions == ()
    message = world.messages()[-1]
    assert message.title == "Reminder: Technician on site: dropped from 92 % to 64 %"
    (fall,) = open_alerts(world.settings.state_url)
    facts = message.content["items"][0]["figures"]
    assert (fall.alert_id, fall.value, fall.n) == (first.alert_id, pytest.approx(0.64), 1000)
    assert (fall.value, fall.low, fall.n) == (facts["value"], facts["ci_low"], facts["n"])
    assert fall.last_day == date(2026, 3, 11)


def test_what_got_worse_and_was_not_told_is_shown_as_it_is(make_world: MakeWorld) -> None:
    """The page is no message: a silence holds back what is sent, and not what is known."""
    world = make_world()
    world.put(steady(60, 0.92) + steady(4, 0.8))
    world.run()
    (first,) = open_alerts(world.settings.state_url)
    silence(world.settings, first.alert_id, datetime(2026, 5, 1, tzinfo=UTC), "known", "me", world.settings.now)
    world.put(steady(3, 0.2), first=date(2026, 3, 6))
    assert [one.transition for one in world.run().transitions] == ["worsened"]
    assert len(world.messages()) == 1
    (fall,) = open_alerts(world.settings.state_url)
    assert fall.value is not None and first.value is not None and fall.value < first.value - 0.2
