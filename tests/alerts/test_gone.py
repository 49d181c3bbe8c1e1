"""What is no longer there: by an edit of the rule, because its days are not there, or because it never was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from jkpi.alerts.dispatch.evaluate_and_dispatch import AlertReport
from jkpi.alerts.store.acknowledgements import silence
from jkpi.alerts.store.listing import list_alerts
from jkpi.state.engine import alert_transitions, state_engine, write_transaction
from tests.alerts.made_world import FIRST, ON_SITE, World, steady

MakeWorld = Callable[..., World]
JUST_ENOUGH = steady(60, 0.92) + [(good, 100.0) for good in (90.0, 89.0, 86.0, 84.0)]
"""Days whose evidence of a fall is just what a series needs that shares its budget with nobody."""


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def told(report: AlertReport) -> list[tuple[str, str]]:
    return [(one.transition, one.series_id.rpartition("/")[2]) for one in report.transitions]


def falls(world: World) -> list[str]:
    return [alert.status for alert in list_alerts(world.settings) if alert.kind == "drop"]


def fallen(world: World) -> World:
    world.put(steady(60, 0.92) + steady(4, 0.7))
    assert [transition for transition, _ in told(world.run())] == ["opened"]
    return world


def edited(make_world: MakeWorld, old: str, new: str) -> None:
    assert old in ON_SITE
    make_world(ON_SITE.replace(old, new))


def test_another_budget_supersedes_what_it_no_longer_finds(make_world: MakeWorld) -> None:
    rule = ON_SITE.replace("promise: 0.9", "promise: 0.6")
    world = make_world(rule)
    world.put(JUST_ENOUGH)
    assert [transition for transition, _ in told(world.run())] == ["opened"]
    make_world(rule.replace("segments: [region]", "segments: [region], false_alarm_every: 90y"))
    assert told(world.run()) == [("superseded", "technician_on_site")]


def test_another_period_supersedes(make_world: MakeWorld) -> None:
    world = fallen(make_world())
    edited(make_world, "segments: [region]", "segments: [region], period: week")
    world.rows.clear()
    world.period = "week"
    world.put(steady(10, 0.92, 700))
    assert told(world.run()) == [("superseded", "technician_on_site")]


def test_another_kpi_supersedes(make_world: MakeWorld) -> None:
    world = fallen(make_world())
    edited(make_world, "kpi: fix.time_to_resolve", "kpi: fix.drop_off")
    world.put(steady(64, 0.05), kpi="fix.drop_off")
    assert told(world.run()) == [("superseded", "technician_on_site")]


def test_another_definition_of_all_the_past_supersedes(make_world: MakeWorld) -> None:
    world = fallen(make_world())
    world.put(steady(64, 0.92))
    world.definitions = {("fix.time_to_resolve", day(number)): "second" for number in range(64)}
    assert told(world.run()) == [("superseded", "technician_on_site")]


def test_segments_that_come_to_share_the_budget_correct_nothing(make_world: MakeWorld) -> None:
    """Each series needs more evidence then, in the past as well. It is over when its days say so."""
    world = make_world(ON_SITE.replace("promise: 0.9", "promise: 0.6"))
    world.put(JUST_ENOUGH)
    assert [transition for transition, _ in told(world.run())] == ["opened"]
    world.put(steady(64, 0.92, 60), segment="region", value="south")
    assert told(world.run()) == [] and falls(world) == ["open"]
    world.put(steady(13, 0.92), first=day(64))
    assert told(world.run()) == [] and falls(world) == ["open"]
    world.put(steady(1, 0.92), first=day(77))
    assert told(world.run()) == [("resolved", "technician_on_site")]
    assert world.messages()[-1].title == "Technician on site: over, nothing has been low since"


def test_an_alert_that_an_older_release_told_is_corrected_as_ever(make_world: MakeWorld) -> None:
    world = fallen(make_world())
    engine = state_engine(world.settings.state_url)
    with write_transaction(engine) as connection:
        (row,) = connection.execute(alert_transitions.select()).all()
        connection.execute(alert_transitions.update().values(evidence={**row.evidence, "terms": [0.9, 0.05]}))
    engine.dispose()
    world.put(steady(4, 0.92), first=day(60))
    assert told(world.run()) == [("corrected", "technician_on_site")]


def test_days_that_were_taken_back_correct_nothing(make_world: MakeWorld) -> None:
    world = fallen(make_world())
    for number in range(60, 64):
        del world.rows["fix.time_to_resolve", "all", "all", day(number)]
    world.put(steady(5, 0.92), first=day(64))
    assert told(world.run()) == [] and falls(world) == ["open"]
    world.put(steady(4, 0.92), first=day(60))
    assert told(world.run()) == [("corrected", "technician_on_site")]


def test_days_of_which_nobody_is_left_correct_nothing(make_world: MakeWorld) -> None:
    world = fallen(make_world())
    world.put([(0.0, 0.0)] * 4, first=day(60))
    world.put(steady(5, 0.92), first=day(64))
    assert told(world.run()) == [] and falls(world) == ["open"]


def test_a_fall_after_days_that_were_taken_back_is_told(make_world: MakeWorld) -> None:
    world = fallen(make_world())
    for number in range(60, 64):
        del world.rows["fix.time_to_resolve", "all", "all", day(number)]
    world.put(steady(9, 0.92) + steady(4, 0.5), first=day(64))
    assert told(world.run()) == [("ended", "technician_on_site"), ("opened", "technician_on_site")]


def closed(world: World) -> World:
    fallen(world)
    world.put(steady(4, 0.93), first=day(64))
    assert told(world.run()) == [("resolved", "technician_on_site")]
    return world


def test_days_that_closed_an_alert_and_are_open_now_do_not_open_it(make_world: MakeWorld) -> None:
    world = closed(make_world())
    world.put(steady(4, 0.93), first=day(64), status="provisional")
    assert told(world.run()) == []
    world.put(steady(2, 0.93), first=day(68))
    assert told(world.run()) == []
    world.put(steady(4, 0.93), first=day(64))
    assert told(world.run()) == [] and falls(world) == ["resolved"]


def test_days_that_closed_an_alert_and_were_taken_back_do_not_open_it(make_world: MakeWorld) -> None:
    world = closed(make_world())
    for number in range(64, 68):
        del world.rows["fix.time_to_resolve", "all", "all", day(number)]
    assert told(world.run(day(67))) == []
    world.put(steady(1, 0.93), first=day(68))
    assert told(world.run()) == [] and falls(world) == ["resolved"]


def test_days_that_closed_an_alert_and_turn_out_low_open_it_again(make_world: MakeWorld) -> None:
    world = closed(make_world())
    world.put(steady(4, 0.7), first=day(64))
    assert told(world.run()) == [("reopened", "technician_on_site")]


def test_a_new_fall_is_told_though_the_days_that_closed_the_last_are_withheld(make_world: MakeWorld) -> None:
    world = closed(make_world())
    world.put(steady(4, 0.93), first=day(64), status="withheld")
    world.put(steady(2, 0.93), first=day(68))
    assert told(world.run()) == []
    world.put(steady(2, 0.5), first=day(70))
    assert told(world.run()) == []
    world.put(steady(1, 0.5), first=day(72))
    assert told(world.run()) == [("reopened", "technician_on_site")]


def test_two_falls_between_two_runs_are_two(make_world: MakeWorld) -> None:
    world = make_world(ON_SITE.replace("promise: 0.9", "promise: 0.5"))
    world.put(steady(60, 0.92) + steady(3, 0.7))
    (first,) = world.run().opened
    world.put(steady(3, 0.93) + steady(3, 0.5), first=day(63))
    report = world.run()
    assert [(one.transition, one.alert_id == first.alert_id) for one in report.transitions] == [
        ("resolved", True), ("opened", False),
    ]  # fmt: skip
    assert world.run().transitions == ()
    world.put(steady(3, 0.93), first=day(69))
    assert [(one.transition, one.alert_id == first.alert_id) for one in world.run().transitions] == [
        ("resolved", False)
    ]
    assert "Closed" in world.messages()[-1].body and "after 6 days" in world.messages()[-1].body


def test_a_segment_that_goes_by_another_name_is_closed_after_four_weeks(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(140, 0.92, 1000))
    world.put(steady(100, 0.92, 50) + steady(4, 0.5, 50), segment="region", value="south")
    world.put(steady(140, 0.92, 950), segment="region", value="north")
    assert told(world.run(day(103))) == [("opened", "region=south")]
    for key in [key for key in world.rows if key[2] == "south"]:
        world.rows["fix.time_to_resolve", "region", "South", key[3]] = world.rows.pop(key)
    said = [(number, *one) for number in (104, 111, 131, 132, 133) for one in told(world.run(day(number)))]
    assert [one for one in said if one[2] == "region=south"] == [(132, "superseded", "region=south")]
    told_of = [message.title + message.body for message in world.messages() if "region south" in message.body]
    assert "Still: Technician on site (region south): still open; its days are not there today" in told_of[1]
    assert "Technician on site (region south): closed, no longer in the data" in told_of[-1]


@pytest.mark.parametrize(
    ("is_back", "why"),
    [
        (False, "Nothing of it has been in the data for four weeks. Does it go by another name now?"),
        (True, "Nothing of it was in the data for four weeks, so this was closed; now something is again."),
    ],
)
def test_what_went_from_the_data_is_told_so_after_a_silence_as_well(
    make_world: MakeWorld, is_back: bool, why: str
) -> None:
    world = make_world()
    world.put(steady(140, 0.92, 1000))
    world.put(steady(100, 0.92, 50) + steady(4, 0.5, 50), segment="region", value="south")
    world.run(day(103))
    now = datetime.combine(day(104), time(6), UTC)
    world.settings = replace(world.settings, now=now)
    silence(world.settings, "repair", now + timedelta(days=31), "moving", "Ada", now)
    for key in [key for key in world.rows if key[2] == "south"]:
        del world.rows[key]
    assert told(world.run(day(132))) == [("superseded", "region=south")]
    assert len(world.messages()) == 1
    if is_back:
        world.put(steady(3, 0.92, 50), segment="region", value="south", first=day(133))
    world.run(day(135))
    _, message = world.messages()
    assert message.title == "Technician on site (region south): closed, no longer in the data"
    assert ["Why", why] in message.content["entries"][0]["rows"]
