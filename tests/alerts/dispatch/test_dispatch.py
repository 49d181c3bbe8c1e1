"""Who is notified when, over whole runs: owners, reminders, escalation, silences, limits, watch lists.

The rules themselves are tested in test_schedule.py, test_plan.py and test_message.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from jkpi.alerts.dispatch.evaluate_and_dispatch import AlertReport, evaluate_and_dispatch
from jkpi.alerts.store.acknowledgements import acknowledge, silence, unsilence
from jkpi.alerts.store.listing import list_alerts
from jkpi.config.receivers import AlertingConfig, AlertOptions, MuteInterval
from jkpi.config.settings import Receiver, Settings
from jkpi.errors import InputError
from jkpi.formatting.dates import format_day
from jkpi.journeys.reader import read_journeys
from jkpi.warehouse.open import open_warehouse
from tests.alerts.made_world import FIRST, LIKED, ON_SITE, STAYS, World, steady

MakeWorld = Callable[..., World]
FIRED = 63
"""Days after FIRST of the fourth low day: the alert is open by then."""
ESCALATING = ON_SITE.replace("segments: [region]}", "segments: [region], escalate: {after: 2d, to: [boss]}}")
BY_OWNER = ON_SITE.replace("notify: [lead], ", "")


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def at(number: int) -> datetime:
    return datetime.combine(day(number + 1), datetime.min.time(), UTC) + timedelta(hours=6)


def configured(world: World, **options: Any) -> World:
    owners, mute_intervals = options.pop("owners", {}), options.pop("mute_intervals", ())
    options = {"watch_list": "never", **options}
    world.settings = replace(world.settings, alerting=AlertingConfig(owners, mute_intervals, AlertOptions(**options)))
    return world


def with_files(world: World, *names: str) -> World:
    receivers = {name: Receiver(name, "file", path=world.settings.workspace / name) for name in names}
    world.settings = replace(world.settings, receivers=receivers)
    return world


def dropped(world: World, days: int = 40) -> World:
    world.put(steady(60, 0.92) + steady(days, 0.82))
    return world


def messages_on(world: World, days: range) -> list[tuple[int, str, str]]:
    """(day, receiver, title) of each message that was queued by runs on these days, or before them."""
    found, known = [], set[str]()
    for number in days:
        world.run(day(number))
        for message in sorted(world.messages(), key=lambda message: message.receiver):
            if message.notification_id not in known:
                known.add(message.notification_id)
                found.append((number, message.receiver, message.title))
    return found


def evaluate(settings: Settings) -> AlertReport:
    """Evaluate the readings that are there."""
    with open_warehouse(settings) as warehouse:
        return evaluate_and_dispatch(settings, warehouse, read_journeys(settings.workspace))


def alert_id(world: World) -> str:
    return list_alerts(world.settings)[0].alert_id


def rename_receiver(world: World, old: str, new: str) -> None:
    """The map names another receiver."""
    path = world.settings.workspace / "journeys" / "repair.yml"
    path.write_text(path.read_text().replace(old, new))


def test_an_owner_without_notify_has_the_receivers_of_jkpi_yml(make_world: MakeWorld) -> None:
    world = dropped(make_world(BY_OWNER, receivers=[Receiver(name, "console") for name in ("a", "b", "c")]))
    configured(world, owners={"field-service": ("a", "b")})
    world.settings = replace(world.settings, default_receiver="c")
    world.run(day(FIRED))
    assert sorted(message.receiver for message in world.messages()) == ["a", "b"]


def test_an_owner_without_receivers_has_the_default_receiver(make_world: MakeWorld) -> None:
    world = dropped(make_world(BY_OWNER))
    world.settings = replace(world.settings, default_receiver="lead")
    world.run(day(FIRED))
    assert [message.receiver for message in world.messages()] == ["lead"]


@pytest.mark.slow
def test_reminders_come_weekly_until_somebody_acknowledges(make_world: MakeWorld) -> None:
    world = configured(dropped(make_world(ON_SITE)))
    messages = messages_on(world, range(58, 80))
    assert [number for number, _, _ in messages] == [61, 68, 75]
    assert [title.startswith("Reminder: ") for _, _, title in messages] == [False, True, True]
    first, second, _ = world.messages()
    assert second.content["replies_to"] == [first.notification_id]
    acknowledge(world.settings, alert_id(world), "Ada", "", "test", at(79))
    assert messages_on(world, range(80, 95))[3:] == []
    assert list_alerts(world.settings)[0].flags == ("acknowledged",)


@pytest.mark.slow
def test_an_unacknowledged_alert_is_escalated_once(make_world: MakeWorld) -> None:
    world = configured(with_files(dropped(make_world(ESCALATING), 12), "lead", "boss"))
    messages = messages_on(world, range(60, 68))
    assert [(number, receiver) for number, receiver, _ in messages] == [(61, "lead"), (63, "boss")]
    assert messages[1][2].startswith("Not acknowledged: Technician on site")
    world.put(steady(7, 0.95), first=day(68))
    ends = [(number, receiver) for number, receiver, title in messages_on(world, range(68, 75)) if "back at" in title]
    assert ends == [(74, "boss"), (74, "lead")]


@pytest.mark.slow
def test_the_first_acknowledgement_counts_and_stops_the_escalation(make_world: MakeWorld) -> None:
    world = configured(with_files(dropped(make_world(ESCALATING)), "lead", "boss"))
    world.run(day(FIRED))
    first = acknowledge(world.settings, alert_id(world), "Ada", "on it", "test", at(FIRED))
    second = acknowledge(world.settings, alert_id(world), "Bob", "", "test", at(FIRED + 1))
    assert (first.is_new, second.is_new, second.acknowledged_by) == (True, False, "Ada")
    assert [receiver for _, receiver, _ in messages_on(world, range(FIRED + 1, 80))] == ["lead"]


@pytest.mark.slow
def test_a_worsening_undoes_an_acknowledgement(make_world: MakeWorld) -> None:
    world = configured(make_world(ON_SITE))
    world.put(steady(100, 0.78) + steady(20, 0.6))
    world.run(day(99))
    acknowledge(world.settings, alert_id(world), "Ada", "", "test", at(99))
    messages = messages_on(world, range(100, 112))
    assert ["dropped further" in title for _, _, title in messages] == [False, True, True]
    assert messages[2][2].startswith("Reminder: ")


@pytest.mark.slow
def test_a_new_receiver_gets_the_open_alert_and_an_old_one_only_its_end(make_world: MakeWorld) -> None:
    world = configured(with_files(dropped(make_world(ON_SITE), 20), "lead", "new"))
    assert [receiver for _, receiver, _ in messages_on(world, range(58, 63))] == ["lead"]
    rename_receiver(world, "[lead]", "[new]")
    world.put(steady(8, 0.95), first=day(80))
    messages = messages_on(world, range(63, 88))[1:]
    assert [(number, receiver, title.startswith("Reminder: ")) for number, receiver, title in messages] == [
        (63, "new", False), (70, "new", True), (77, "new", True), (86, "lead", False), (86, "new", False),
    ]  # fmt: skip
    assert messages[0][2] == "Technician on site: dropped by about 10 points (7 to 13), from 92 % to about 82 %"
    assert {title for _, _, title in messages[3:]} == {"Technician on site: back at 95 %"}


def test_a_closed_or_unknown_alert_cannot_be_acknowledged(make_world: MakeWorld) -> None:
    world = configured(dropped(make_world(ON_SITE), 4))
    world.put(steady(7, 0.95), first=day(64))
    world.run(day(FIRED))
    world.run(day(70))
    with pytest.raises(InputError, match="is already resolved: it cannot be acknowledged"):
        acknowledge(world.settings, alert_id(world), "Ada", "", "test", at(70))
    with pytest.raises(InputError, match="no alert 'nothing'"):
        acknowledge(world.settings, "nothing", "Ada", "", "test", at(70))


@pytest.mark.slow
@pytest.mark.parametrize("scope", ["repair", "repair/technician_on_site"])
def test_an_alert_that_is_open_after_a_silence_is_notified_then(make_world: MakeWorld, scope: str) -> None:
    world = configured(dropped(make_world(ON_SITE)))
    world.run(day(58))
    world.settings = replace(world.settings, now=at(58))
    silence(world.settings, scope, at(70), "the depot moves", "Ada", at(58))
    assert messages_on(world, range(59, 70)) == []
    (alert,) = list_alerts(world.settings)
    assert alert.status == "open" and alert.flags == ("silenced",)
    ((number, _, title),) = messages_on(world, range(70, 72))
    assert (number, title) == (70, "Technician on site: dropped by about 10 points (8 to 12), from 92 % to about 82 %")


@pytest.mark.slow
def test_an_alert_that_began_and_ended_in_a_silence_is_dropped(make_world: MakeWorld) -> None:
    world = configured(dropped(make_world(ON_SITE), 4))
    world.put(steady(20, 0.95), first=day(64))
    world.run(day(58))
    world.settings = replace(world.settings, now=at(58))
    silence(world.settings, "repair", at(75), "r", "Ada", at(58))
    assert messages_on(world, range(59, 80)) == []
    assert [alert.status for alert in list_alerts(world.settings)] == ["resolved"]


@pytest.mark.slow
@pytest.mark.parametrize("segment", ["all", "region"])
def test_a_resolution_in_a_silence_is_notified_after_it_even_if_the_data_changed(
    make_world: MakeWorld, segment: str
) -> None:
    of: dict[str, Any] = {"segment": segment, "value": "all" if segment == "all" else "south"}
    suffix = " (region south)" if segment != "all" else ""
    world = configured(make_world(ON_SITE.replace("promise: 0.9", "promise: 0.5")))
    world.put(steady(80, 0.92, 900))
    world.put(steady(60, 0.92) + steady(4, 0.6), **of)
    world.run(day(FIRED))
    world.settings = replace(world.settings, now=at(FIRED))
    silence(world.settings, alert_id(world), at(75), "r", "Ada", at(FIRED))
    world.put(steady(7, 0.93), **of, first=day(64))
    world.run(day(70))
    world.put(steady(4, 0.93), **of, first=day(60))
    world.put(steady(10, 0.93), **of, first=day(71))
    messages = messages_on(world, range(71, 78))[1:]
    assert [(number, title) for number, _, title in messages] == [
        (75, f"Technician on site{suffix}: resolved, nothing low since")
    ]
    assert "still open" not in world.messages()[-1].body


@pytest.mark.slow
def test_a_silence_can_be_ended_and_wrong_ones_are_refused(make_world: MakeWorld) -> None:
    world = configured(dropped(make_world(ON_SITE)))
    world.run(day(58))
    world.settings = replace(world.settings, now=at(58))
    created = silence(world.settings, "repair", at(75), "r", "Ada", at(58))
    assert messages_on(world, range(59, 66)) == []
    assert unsilence(world.settings, str(created.silence_id), "Bob", at(66)) == [created]
    assert len(messages_on(world, range(66, 67))) == 1
    with pytest.raises(InputError, match="there is no silence of 'repair'"):
        unsilence(world.settings, "repair", "Bob", at(66))
    with pytest.raises(InputError, match="no alert, series or source is called 'repairs'") as caught:
        silence(world.settings, "repairs", at(75), "r", "Ada", at(58))
    assert "did you mean 'repair'?" in caught.value.hint
    with pytest.raises(InputError, match="cannot end at"):
        silence(world.settings, "repair", at(50), "r", "Ada", at(58))


@pytest.mark.slow
def test_a_mute_interval_suppresses_the_notification_not_the_alert(make_world: MakeWorld) -> None:
    mute = MuteInterval.model_validate({"from": day(60), "to": day(70), "reason": "holidays"})
    world = configured(dropped(make_world(ON_SITE)), mute_intervals=(mute,))
    assert messages_on(world, range(58, 70)) == []
    (alert,) = list_alerts(world.settings)
    assert (alert.status, alert.flags) == ("open", ("muted",))
    assert [number for number, _, _ in messages_on(world, range(70, 73))] == [70]


def test_what_exceeds_the_daily_limit_comes_the_next_day(make_world: MakeWorld) -> None:
    world = configured(make_world(ON_SITE + STAYS), max_messages_per_day=1)
    world.put(steady(60, 0.92) + steady(10, 0.82))
    world.put(steady(62, 0.08) + steady(8, 0.18), kpi="fix.drop_off")
    world.run(day(62))
    later = replace(world.settings, now=at(62) + timedelta(hours=23))
    World(later, world.rows).write(day(63))
    assert evaluate(later).messages_queued == 0
    assert {alert.title: alert.flags for alert in list_alerts(later)} == {
        "Technician on site": (), "Customer stays": ("rate_limited",),
    }  # fmt: skip
    world.run(day(64))
    assert [message.title.partition(":")[0] for message in world.messages()] == ["Technician on site", "Customer stays"]


@pytest.mark.slow
def test_the_watch_list_comes_once_a_week(make_world: MakeWorld) -> None:
    world = configured(make_world(ON_SITE), watch_list="weekly")
    world.put([*steady(60, 0.92), (82.0, 100.0), *steady(20, 0.92)])
    monday = next(number for number in range(54, 62) if day(number + 1).weekday() == 0)
    world.put([(84.0, 100.0)], first=day(monday))
    world.put(steady(60 - monday + 1, 0.92), first=day(monday + 1))
    messages = messages_on(world, range(50, monday + 3))
    assert [(number, title) for number, _, title in messages] == [(monday, "Moments of truth: 1 on the watch list")]
    (message,) = world.messages()
    assert message.severity == "info"
    line = f"Technician on site: one bad day, {format_day(day(monday))}: 84 %, n = 100"
    assert f"Watch list, nothing to do yet:\n- {line}" in message.body


def test_a_watch_list_over_the_daily_limit_comes_later(make_world: MakeWorld) -> None:
    """A drop is notified on Sunday evening; the watch list is due on Monday morning; the limit is one message a day."""
    world = make_world(ON_SITE.replace("promise: 0.9", "promise: 0.5") + LIKED.replace("promise: 30", "promise: -50"))
    configured(world, watch_list="weekly", max_messages_per_day=1)
    sunday = next(number for number in range(59, 67) if day(number).weekday() == 6)
    world.put([*steady(sunday, 0.92), (70.0, 100.0)])
    world.put([*steady(sunday, 0.66), (55.0, 100.0)], kpi="fix.nps")
    world.run(day(sunday - 2))
    world.write()
    has_watch_list = []
    for hours in (14, 24, 40, 72, 73):
        evaluate(replace(world.settings, now=at(sunday - 1) + timedelta(hours=hours)))
        has_watch_list.append(["Watch list" in message.body for message in world.messages()])
    assert has_watch_list == [[False], [False], [False, True], [False, True], [False, True]]


def test_the_end_of_a_data_gap_goes_to_programs_only(make_world: MakeWorld) -> None:
    both = ON_SITE.replace("[lead]", "[lead, program]")
    world = configured(make_world(both, receivers=[Receiver("lead", "console"), Receiver("program", "webhook")]))
    world.put(steady(60, 0.92))
    world.put(steady(2, 0.2), first=day(60), status="withheld")
    world.put(steady(2, 0.92), first=day(62))
    messages = messages_on(world, range(59, 64))
    assert [(receiver, title.partition(": ")[2]) for _, receiver, title in messages] == [
        ("lead", "data gap"), ("program", "data gap"), ("program", "ended"),
    ]  # fmt: skip
