"""A drop of volume is reported once, to the owner of its cause, and what only looks like one is not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from jkpi.alerts.store.listing import list_alerts
from jkpi.state.alert_reader import moment_states
from tests.worlds.volume import DROP, FIRST, MEANS, VolumeWorld, volume_world

pytestmark = pytest.mark.slow
CHECKED = (0, 4, 7, 14, 20)
"""Days after DROP on which a world is evaluated."""


def halved(*touchpoints: str, begin: int = DROP, end: int = 10_000) -> dict[str, object]:
    """These touchpoints, or sources, bring half from one day to another."""

    def effect(day: int, source: str, touchpoint: str) -> float:
        return 0.5 if begin <= day < end and {source, touchpoint} & set(touchpoints) else 1.0

    return {"effect": effect}


def reported_on(world: VolumeWorld, days: Sequence[int] = CHECKED) -> list[tuple[int, str, str]]:
    """Every message of evaluations on these days, counted from DROP: day, receiver, title."""
    found = []
    for day in days:
        found += [(day, receiver, title) for receiver, title in world.messages(DROP + day)]
    return found


def test_a_touchpoint_that_halves_at_a_constant_rate_is_reported_to_the_owner_of_its_stage(tmp_path: Path) -> None:
    ((after, receiver, title),) = reported_on(volume_world(tmp_path, **halved("repair_confirmed")))
    assert receiver == "head"
    assert title.startswith("Repair confirmed: volume dropped from 3")
    assert after <= 14


def test_a_source_that_halves_is_one_message_to_its_owner_and_names_its_touchpoints(tmp_path: Path) -> None:
    world = volume_world(tmp_path, **halved("visits"))
    ((after, receiver, title),) = reported_on(world)
    assert (receiver, after <= 7) == ("data", True)
    assert title.startswith("Visits: volume dropped from 13")
    rows = dict(world.world.messages()[-1].content["items"][0]["rows"])
    assert "with 95 % confidence" in rows["Now"]
    world.messages(DROP + 25)
    assert {(alert.kind, alert.segment_value) for alert in list_alerts(world.world.settings)} == {("volume", "visits")}


def test_fewer_cases_of_a_moment_at_the_same_rate_are_reported_to_its_owner(tmp_path: Path) -> None:
    world = volume_world(tmp_path, cases=lambda day: 30 if day >= DROP else 60)
    ((after, receiver, title),) = reported_on(world)
    assert (receiver, after <= 7) == ("lead", True)
    assert title == "Technician on site: volume dropped from 60 to 30 a day"
    (state,) = (one for one in moment_states(world.world.settings.state_url) if one.moment == "technician_on_site")
    assert state.volume_drop is not None and state.volume_drop.text == title


def test_volume_that_is_back_resolves_the_alert_and_says_so(tmp_path: Path) -> None:
    world = volume_world(tmp_path, **halved("calls", end=DROP + 12))
    found = reported_on(world, (0, 7, 18, 21, 25))
    assert [receiver for _, receiver, _ in found] == ["data", "data"]
    assert found[1][2].startswith("Calls: volume is back at 1")
    assert 12 < found[1][0] <= 21
    assert [alert.status for alert in list_alerts(world.world.settings)] == ["resolved"]


@pytest.mark.parametrize("touchpoints", [("visits",), ("calls", "visits")])
def test_an_outage_is_a_data_gap_and_no_drop_of_volume(tmp_path: Path, touchpoints: tuple[str, ...]) -> None:
    def effect(day: int, source: str, touchpoint: str) -> float:
        return 0.0 if DROP <= day < DROP + 8 and source in touchpoints else 1.0

    world = volume_world(tmp_path, effect=effect, gaps=dict.fromkeys(touchpoints, (DROP, DROP + 8)))
    world.evaluate(DROP + 25)
    assert {alert.kind for alert in list_alerts(world.world.settings)} == {"missing"}


def test_a_source_without_newer_rows_is_no_drop_of_volume(tmp_path: Path) -> None:
    world = volume_world(tmp_path, effect=lambda day, source, _: 0.0 if source == "visits" and day >= DROP else 1.0)
    assert reported_on(world) == []


def test_a_touchpoint_without_events_is_reported_within_days_and_once(tmp_path: Path) -> None:
    world = volume_world(
        tmp_path, effect=lambda day, _, touchpoint: 0.0 if touchpoint == "repair_confirmed" and day >= DROP else 1.0
    )
    ((after, _, title),) = reported_on(world)
    assert title == "Repair confirmed: volume dropped from 31 to 0 a day"
    assert after <= 6


def test_holidays_of_a_calendar_are_no_drop_of_volume(tmp_path: Path) -> None:
    def effect(day: int, source: str, touchpoint: str) -> float:
        return 0.2 if DROP <= day < DROP + 6 else 1.0

    assert reported_on(volume_world(tmp_path, effect=effect, closed=frozenset(range(DROP, DROP + 6)))) == []


def test_low_days_at_the_end_of_each_month_are_no_drop_of_volume(tmp_path: Path) -> None:
    def effect(day: int, source: str, touchpoint: str) -> float:
        return 0.4 if (FIRST + timedelta(days=day + 2)).day <= 2 else 1.0

    world = volume_world(tmp_path, effect=effect)
    assert reported_on(world, (-28, 0, 3, 20)) == []


def test_a_touchpoint_with_few_cases_is_not_evaluated(tmp_path: Path) -> None:
    means = {**MEANS, ("visits", "repair_confirmed"): 4.0}
    assert reported_on(volume_world(tmp_path, means=means, **halved("repair_confirmed"))) == []


def test_nothing_changes_nothing_is_reported(tmp_path: Path) -> None:
    assert reported_on(volume_world(tmp_path), (-40, -20, 0, 30)) == []
