"""Open alerts as `jkpi status` and the living map show them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from jkpi.alerts.store.acknowledgements import silence
from jkpi.alerts.store.listing import list_alerts
from jkpi.cli.status import read_status, render_status
from jkpi.state.alert_reader import open_alerts
from tests.alerts.made_world import World, steady

MakeWorld = Callable[..., World]


def put(world: World, south_rate: float) -> None:
    """All customers as usual; in the last four days the rate of the south is south_rate."""
    world.put([(920.0, 1000.0)] * 64)
    world.put([(46.0, 50.0)] * 60 + [(50 * south_rate, 50.0)] * 4, segment="region", value="south")
    world.put([(874.0, 950.0)] * 64, segment="region", value="north")


def test_a_segment_that_drops_alone_has_the_figures_of_its_notification(make_world: MakeWorld) -> None:
    world = make_world()
    put(world, 0.5)
    opened = world.run().opened[0]
    (alert,) = open_alerts(world.settings.state_url)
    assert (alert.alert_id, alert.segment, alert.segment_value) == (opened.alert_id, "region", "south")
    assert (alert.state, alert.onset, alert.last_day) == ("firing", date(2026, 3, 2), date(2026, 3, 5))
    assert (alert.n, alert.line) == (200, "baseline")
    assert alert.value == pytest.approx(0.5, abs=0.01) and alert.counted == pytest.approx(0.5)
    assert alert.baseline == pytest.approx(0.92, abs=0.01)
    assert alert.low is not None and alert.high is not None and alert.low < 0.5 < alert.high


def test_without_a_drop_there_is_no_open_alert(make_world: MakeWorld) -> None:
    world = make_world()
    put(world, 0.92)
    world.run()
    assert open_alerts(world.settings.state_url) == []


def test_status_shows_firing_segments_with_their_onset(make_world: MakeWorld) -> None:
    world = make_world()
    put(world, 0.5)
    opened = world.run().opened[0]
    status = read_status(world.settings)
    assert status.moments[0]["state"] == "ok"
    assert [(part["segment_value"], part["since"]) for part in status.moments[0]["firing_segments"]] == [
        ("south", date(2026, 3, 2))
    ]
    (line,) = (line.split() for line in render_status(status) if "south" in line)
    assert line == ["region", "=", "south", "firing", "2026-03-02", opened.alert_id]


def test_status_and_alert_name_the_drops_that_an_alert_includes(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(60, 0.92, 1000) + steady(4, 0.6, 1000))
    world.put(steady(60, 0.92, 50) + steady(4, 0.48, 50), segment="region", value="south")
    opened = world.run().opened[0]
    (alert,) = open_alerts(world.settings.state_url)
    assert alert.is_total and alert.includes == ("region = south",)
    status = read_status(world.settings)
    assert status.moments[0]["includes"] == ["region = south"]
    (line,) = (line.split() for line in render_status(status) if "south" in line)
    assert line == ["region", "=", "south", "included", "-", opened.alert_id]


def test_status_shows_the_onset_of_a_recovering_alert(make_world: MakeWorld) -> None:
    world = make_world()
    world.put([(92.0, 100.0)] * 60 + [(50.0, 100.0)] * 4)
    opened = world.run().opened[0]
    world.put([(92.0, 100.0)], first=date(2026, 3, 6))
    world.run()
    status = read_status(world.settings)
    assert (status.moments[0]["state"], status.moments[0]["since"]) == ("recovering", date(2026, 3, 2))
    (line,) = (line for line in render_status(status) if opened.alert_id in line)
    assert "recovering  dropped 2026-03-02  " in line


def test_an_open_alert_has_the_figures_of_its_last_notification(make_world: MakeWorld) -> None:
    """A week later a reminder has newer figures; the alert itself has not changed."""
    world = make_world()
    world.put(steady(60, 0.92) + steady(3, 0.5))
    world.run()
    (first,) = open_alerts(world.settings.state_url)
    assert first.n == 300
    assert first.value == pytest.approx(0.5, abs=0.01)
    world.put(steady(7, 0.7), first=date(2026, 3, 5))
    world.run(date(2026, 3, 10))
    assert open_alerts(world.settings.state_url) == [first], "nothing was sent since"
    assert world.run().transitions == ()
    message = world.messages()[-1]
    assert (
        message.title == "Reminder: Technician on site: dropped by about 28 points (26 to 30), from 92 % to about 64 %,"
        " now 70 %"
    )
    (alert,) = open_alerts(world.settings.state_url)
    figures = message.content["items"][0]["figures"]
    assert (alert.alert_id, alert.n) == (first.alert_id, 1000)
    assert alert.counted == pytest.approx(0.64)
    effect = figures["effect_size"]
    assert (alert.value, alert.low, alert.n) == (effect["value"], effect["ci_low"], figures["n"])
    (listed,) = list_alerts(world.settings)
    assert listed.size == effect["text"] and effect["text"] in message.title
    assert alert.last_day == date(2026, 3, 11)


def test_a_silenced_worsening_is_shown(make_world: MakeWorld) -> None:
    """A silence suppresses notifications, not what status and pages show."""
    world = make_world()
    world.put(steady(60, 0.92) + steady(4, 0.8))
    world.run()
    (first,) = open_alerts(world.settings.state_url)
    silence(world.settings, first.alert_id, datetime(2026, 5, 1, tzinfo=UTC), "known", "me", world.settings.now)
    world.put(steady(3, 0.2), first=date(2026, 3, 6))
    assert [transition.transition for transition in world.run().transitions] == ["worsened"]
    assert len(world.messages()) == 1
    (alert,) = open_alerts(world.settings.state_url)
    assert alert.value is not None and first.value is not None and alert.value < first.value - 0.2
