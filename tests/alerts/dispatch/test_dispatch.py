"""Who hears what when: owners, repeats, escalation, acknowledgement, silences, mutes, caps, digests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from jkpi.alerts.dispatch.evaluate_and_dispatch import AlertReport, evaluate_and_dispatch
from jkpi.alerts.notifications.silences import Silence, scope_matches, suppression_reason
from jkpi.alerts.store.acknowledgements import acknowledge, silence, unsilence
from jkpi.alerts.store.listing import list_alerts
from jkpi.config.receivers import AlertingConfig, AlertOptions, MuteInterval
from jkpi.config.settings import Receiver, Settings
from jkpi.errors import InputError
from jkpi.formatting.numbers import format_day as named
from jkpi.journeys.reader import read_journeys
from jkpi.warehouse.open import open_warehouse
from tests.alerts.made_world import FIRST, LIKED, ON_SITE, STAYS, UPSET, World, steady

MakeWorld = Callable[..., World]
FELL = 63
"""Days after FIRST of the fourth low day: a world judged then has told of it."""
ESCALATED = ON_SITE.replace("segments: [region]}", "segments: [region], escalate: {after: 2d, to: [boss]}}")
NOBODY_NAMED = ON_SITE.replace("notify: [lead], ", "")


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def at(number: int) -> datetime:
    return datetime.combine(day(number + 1), datetime.min.time(), UTC) + timedelta(hours=6)


def telling(world: World, **how: Any) -> World:
    owners, mutes = how.pop("owners", {}), how.pop("mutes", ())
    world.settings = replace(
        world.settings, alerting=AlertingConfig(owners, mutes, AlertOptions(**{"watch_list": "never", **how}))
    )
    return world


def files(world: World, *names: str) -> list[Receiver]:
    return [Receiver(name, "file", path=world.settings.workspace / name) for name in names]


def fallen(world: World, days: int = 40) -> World:
    world.put(steady(60, 0.92) + steady(days, 0.82))
    return world


def told_on(world: World, days: range) -> list[tuple[int, str, str]]:
    """(day, receiver, title) of each message."""
    found, seen = [], set[str]()
    for number in days:
        world.run(day(number))
        for message in sorted(world.messages(), key=lambda message: message.receiver):
            if message.notification_id not in seen:
                seen.add(message.notification_id)
                found.append((number, message.receiver, message.title))
    return found


def judge(settings: Settings) -> AlertReport:
    """With the readings that are there."""
    with open_warehouse(settings) as w:
        return evaluate_and_dispatch(settings, w, read_journeys(settings.workspace))


def alert_id(world: World) -> str:
    return list_alerts(world.settings)[0].alert_id


def test_an_owner_stands_for_receivers(make_world: MakeWorld) -> None:
    world = fallen(make_world(NOBODY_NAMED, receivers=[Receiver(name, "console") for name in ("a", "b", "c")]))
    telling(world, owners={"field-service": ("a", "b")})
    world.settings = replace(world.settings, default_receiver="c")
    world.run(day(FELL))
    assert sorted(message.receiver for message in world.messages()) == ["a", "b"]


def test_who_has_no_receiver_is_read_by_default(make_world: MakeWorld) -> None:
    world = fallen(make_world(NOBODY_NAMED))
    world.settings = replace(world.settings, default_receiver="lead")
    world.run(day(FELL))
    assert [message.receiver for message in world.messages()] == ["lead"]


def test_an_open_alert_is_told_again_weekly_until_somebody_takes_it_on(make_world: MakeWorld) -> None:
    world = telling(fallen(make_world(ON_SITE)))
    told = told_on(world, range(58, 80))
    assert [number for number, _, _ in told] == [61, 68, 75]
    assert [title.startswith("Reminder: ") for _, _, title in told] == [False, True, True]
    acknowledge(world.settings, alert_id(world), "Ada", "", "test", at(79))
    assert told_on(world, range(80, 95))[3:] == []
    assert list_alerts(world.settings)[0].flags == ("acknowledged",)


def test_what_seems_to_be_over_is_not_repeated(make_world: MakeWorld) -> None:
    """A small series is long not sure that it is well again; what is told of it meanwhile would be wrong."""
    world = telling(make_world(ON_SITE))
    fell = [round(40 * 0.92)] * 59 + [12, 12, 12]
    back = [35] * 12
    world.put([(float(good), 40.0) for good in [*fell, *back]])
    told = told_on(world, range(58, 72))
    assert [title.startswith("Reminder: ") for _, _, title in told] == [False]
    assert list_alerts(world.settings)[0].status == "open"


@pytest.mark.parametrize(
    ("every", "says"),
    [
        (None, "late data show that there was no drop."),
        ("7d", "you get a reminder once a week."),
        ("14d", "you get a reminder every 14 days."),
    ],
)
def test_how_often_it_is_told_again_is_said_as_it_is_set(make_world: MakeWorld, every: str | None, says: str) -> None:
    world = telling(fallen(make_world(ON_SITE)), repeat_every=every)
    world.run(day(FELL))
    assert dict(world.messages()[0].content["items"][0]["rows"])["Next"].endswith(says)


def test_a_repeat_answers_the_first_message(make_world: MakeWorld) -> None:
    world = telling(fallen(make_world(ON_SITE)))
    told_on(world, range(62, 70))
    first, second = world.messages()
    assert second.content["replies_to"] == [first.notification_id]


def test_escalated_once_when_nobody_acknowledges(make_world: MakeWorld) -> None:
    world = make_world(ESCALATED)
    world.settings = replace(world.settings, receivers={one.name: one for one in files(world, "lead", "boss")})
    telling(fallen(world, 12))
    told = told_on(world, range(60, 68))
    assert [(number, who) for number, who, _ in told] == [(61, "lead"), (63, "boss")]
    assert told[1][2].startswith("Not acknowledged: Technician on site")
    world.put(steady(3, 0.95), first=day(68))
    ends = [(number, who) for number, who, title in told_on(world, range(68, 71)) if "back at" in title]
    assert ends == [(70, "boss"), (70, "lead")]


def test_acknowledged_in_time_is_not_escalated(make_world: MakeWorld) -> None:
    world = make_world(ESCALATED)
    world.settings = replace(world.settings, receivers={one.name: one for one in files(world, "lead", "boss")})
    telling(fallen(world))
    world.run(day(FELL))
    done = acknowledge(world.settings, alert_id(world), "Ada", "on it", "test", at(FELL))
    again = acknowledge(world.settings, alert_id(world), "Bob", "", "test", at(FELL + 1))
    assert (done.is_new, again.is_new, again.acknowledged_by) == (True, False, "Ada")
    assert [who for _, who, _ in told_on(world, range(FELL + 1, 80))] == ["lead"]


def test_getting_worse_undoes_an_acknowledgement(make_world: MakeWorld) -> None:
    world = telling(make_world(ON_SITE))
    world.put(steady(100, 0.78) + steady(20, 0.6))
    world.run(day(99))
    acknowledge(world.settings, alert_id(world), "Ada", "", "test", at(99))
    told = told_on(world, range(100, 112))
    assert ["dropped further" in title for _, _, title in told] == [False, True, True]
    assert told[2][2].startswith("Reminder: ")


def rename(world: World, old: str, new: str) -> None:
    """The map names another receiver."""
    path = world.settings.workspace / "journeys" / "repair.yml"
    path.write_text(path.read_text().replace(old, new))


def test_who_is_named_while_it_is_open_hears_of_it_and_who_is_no_more_only_of_its_end(make_world: MakeWorld) -> None:
    world = make_world(ON_SITE)
    world.settings = replace(world.settings, receivers={one.name: one for one in files(world, "lead", "new")})
    telling(fallen(world, 20))
    assert [who for _, who, _ in told_on(world, range(58, 63))] == ["lead"]
    rename(world, "[lead]", "[new]")
    world.put(steady(4, 0.95), first=day(80))
    told = told_on(world, range(63, 84))[1:]
    assert [(number, who, title.startswith("Reminder: ")) for number, who, title in told] == [
        (63, "new", False), (70, "new", True), (77, "new", True), (82, "lead", False), (82, "new", False),
    ]  # fmt: skip
    assert told[0][2] == "Technician on site: dropped from 92 % to 82 %"
    assert {title for _, _, title in told[3:]} == {"Technician on site: back at 95 %"}


def test_who_is_gone_from_the_settings_is_no_more_written_to(make_world: MakeWorld) -> None:
    world = make_world(ON_SITE)
    world.settings = replace(world.settings, receivers={one.name: one for one in files(world, "lead", "new")})
    telling(fallen(world, 20))
    told_on(world, range(58, 63))
    rename(world, "[lead]", "[new]")
    world.settings = replace(world.settings, receivers={one.name: one for one in files(world, "new")})
    world.put(steady(4, 0.95), first=day(80))
    assert {who for _, who, _ in told_on(world, range(63, 84))[1:]} == {"new"}


def test_who_comes_to_stand_behind_an_owner_hears_of_what_is_open(make_world: MakeWorld) -> None:
    world = telling(fallen(make_world(NOBODY_NAMED, receivers=[Receiver(name, "console") for name in ("a", "b")])))
    world.settings = replace(world.settings, default_receiver="a")
    assert [who for _, who, _ in told_on(world, range(58, 63))] == ["a"]
    telling(world, owners={"field-service": ("a", "b")})
    assert [who for _, who, _ in told_on(world, range(63, 66))][1:] == ["b"]


def test_what_is_closed_cannot_be_taken_on(make_world: MakeWorld) -> None:
    world = telling(fallen(make_world(ON_SITE), 4))
    world.put(steady(3, 0.95), first=day(64))
    world.run(day(FELL))
    world.run(day(66))
    with pytest.raises(InputError, match="is already resolved"):
        acknowledge(world.settings, alert_id(world), "Ada", "", "test", at(66))
    with pytest.raises(InputError, match="no alert 'nothing'"):
        acknowledge(world.settings, "nothing", "Ada", "", "test", at(66))


@pytest.mark.parametrize("scope", ["repair", "repair/technician_on_site"])
def test_a_silence_holds_the_message_and_tells_afterwards_what_is_still_so(make_world: MakeWorld, scope: str) -> None:
    world = telling(fallen(make_world(ON_SITE)))
    world.run(day(58))
    world.settings = replace(world.settings, now=at(58))
    silence(world.settings, scope, at(70), "the depot moves", "Ada", at(58))
    assert told_on(world, range(59, 70)) == []
    (alert,) = list_alerts(world.settings)
    assert alert.status == "open" and alert.flags == ("silenced",)
    ((number, _, title),) = told_on(world, range(70, 72))
    assert (number, title) == (70, "Technician on site: dropped from 92 % to 82 %")


def test_what_got_worse_in_a_silence_is_first_heard_of_as_a_fall(make_world: MakeWorld) -> None:
    world = telling(make_world(ON_SITE))
    world.put(steady(100, 0.78) + steady(20, 0.6))
    world.run(day(1))
    world.settings = replace(world.settings, now=at(1))
    silence(world.settings, "repair", at(110), "r", "Ada", at(1))
    ((number, _, title),) = told_on(world, range(99, 112))
    assert (number, title) == (110, "Technician on site: dropped from 78 % to 60 %")
    (message,) = world.messages()
    assert message.content["items"][0]["transition"] == "opened"


def test_what_began_and_ended_in_a_silence_is_not_told(make_world: MakeWorld) -> None:
    world = telling(fallen(make_world(ON_SITE), 4))
    world.put(steady(20, 0.95), first=day(64))
    world.run(day(58))
    world.settings = replace(world.settings, now=at(58))
    silence(world.settings, "repair", at(75), "r", "Ada", at(58))
    assert told_on(world, range(59, 80)) == []
    assert [alert.status for alert in list_alerts(world.settings)] == ["resolved"]


def test_the_end_of_what_was_told_is_told_after_the_silence(make_world: MakeWorld) -> None:
    world = telling(fallen(make_world(ON_SITE), 4))
    world.put(steady(20, 0.95), first=day(64))
    world.run(day(FELL))
    world.settings = replace(world.settings, now=at(FELL))
    silence(world.settings, alert_id(world), at(75), "r", "Ada", at(FELL))
    told = told_on(world, range(FELL + 1, 80))[1:]
    assert [(number, title) for number, _, title in told] == [(75, "Technician on site: back at 95 %")]


@pytest.mark.parametrize("segment", ["all", "region"])
def test_the_end_of_what_the_data_no_longer_show_is_told_as_an_end(make_world: MakeWorld, segment: str) -> None:
    of, who = {"segment": segment, "value": "all" if segment == "all" else "south"}, " (region south)"
    world = telling(make_world(ON_SITE.replace("promise: 0.9", "promise: 0.5")))
    world.put(steady(80, 0.92, 900))
    world.put(steady(60, 0.92) + steady(4, 0.6), **of)
    world.run(day(FELL))
    world.settings = replace(world.settings, now=at(FELL))
    silence(world.settings, alert_id(world), at(75), "r", "Ada", at(FELL))
    world.put(steady(5, 0.93), **of, first=day(64))
    world.run(day(68))
    world.put(steady(4, 0.93), **of, first=day(60))
    world.put(steady(10, 0.93), **of, first=day(69))
    told = told_on(world, range(69, 78))[1:]
    assert [(number, title) for number, _, title in told] == [
        (75, f"Technician on site{who * (segment != 'all')}: resolved, nothing low since")
    ]
    assert "still open" not in world.messages()[-1].body


def test_a_silence_can_be_ended_and_wrong_ones_are_refused(make_world: MakeWorld) -> None:
    world = telling(fallen(make_world(ON_SITE)))
    world.run(day(58))
    world.settings = replace(world.settings, now=at(58))
    made = silence(world.settings, "repair", at(75), "r", "Ada", at(58))
    assert told_on(world, range(59, 66)) == []
    assert unsilence(world.settings, str(made.silence_id), "Bob", at(66)) == [made]
    assert len(told_on(world, range(66, 67))) == 1
    with pytest.raises(InputError, match="no silence of"):
        unsilence(world.settings, "repair", "Bob", at(66))
    with pytest.raises(InputError, match="is called 'repairs'") as caught:
        silence(world.settings, "repairs", at(75), "r", "Ada", at(58))
    assert "did you mean 'repair'?" in caught.value.hint
    with pytest.raises(InputError, match="cannot end at"):
        silence(world.settings, "repair", at(50), "r", "Ada", at(58))


def test_a_mute_of_the_calendar_holds_the_announcement_not_the_state(make_world: MakeWorld) -> None:
    mute = MuteInterval.model_validate({"from": day(60), "to": day(70), "reason": "holidays"})
    world = telling(fallen(make_world(ON_SITE)), mutes=(mute,))
    assert told_on(world, range(58, 70)) == []
    (alert,) = list_alerts(world.settings)
    assert (alert.status, alert.flags) == ("open", ("muted",))
    assert [number for number, _, _ in told_on(world, range(70, 73))] == [70]


def test_a_mute_of_something_else_holds_nothing(make_world: MakeWorld) -> None:
    mute = MuteInterval.model_validate(
        {"from": day(60), "to": day(70), "reason": "r", "scope": ["other", "repair/other"]}
    )
    world = telling(fallen(make_world(ON_SITE)), mutes=(mute,))
    assert [number for number, _, _ in told_on(world, range(58, 66))] == [61]


def test_mutes_are_cut_in_the_zone_of_the_journey() -> None:
    mute = MuteInterval.model_validate({"from": date(2026, 5, 2), "to": date(2026, 5, 2), "reason": "r"})
    late = datetime(2026, 5, 1, 22, tzinfo=UTC)
    assert suppression_reason("j/m", None, late, "Europe/Istanbul", (), [mute]) == "muted"
    assert suppression_reason("j/m", None, late, "UTC", (), [mute]) is None
    assert suppression_reason("j/m", None, late + timedelta(days=1), "Europe/Istanbul", (), [mute]) is None


@pytest.mark.parametrize(
    ("scope", "holds"),
    [("j", True), ("j/m", True), ("j/m/s=v", True), ("a1", True), ("j/m/s=w", False), ("jj", False), ("j/", False)],
)
def test_what_a_scope_covers(scope: str, holds: bool) -> None:
    assert scope_matches(scope, "j/m/s=v", "a1") is holds
    silences = [Silence(1, scope, at(1), "r", "w")]
    assert (suppression_reason("j/m/s=v", "a1", at(0), "UTC", silences, ()) == "silenced") is holds
    assert suppression_reason("j/m/s=v", "a1", at(1), "UTC", silences, ()) is None


def test_a_receiver_gets_so_many_messages_a_day_and_the_rest_together(make_world: MakeWorld) -> None:
    world = telling(make_world(ON_SITE + STAYS), max_messages_per_day=1)
    world.put(steady(60, 0.92) + steady(10, 0.82))
    world.put(steady(62, 0.08) + steady(8, 0.18), kpi="fix.drop_off")
    world.run(day(62))
    later = replace(world.settings, now=at(62) + timedelta(hours=23))
    with_more = World(later, world.rows)
    with_more.write(day(63))
    assert judge(later).messages_queued == 0
    assert {alert.title: alert.flags for alert in list_alerts(later)} == {
        "Technician on site": (), "Customer stays": ("rate_limited",),
    }  # fmt: skip
    world.run(day(64))
    assert [message.title.partition(":")[0] for message in world.messages()] == ["Technician on site", "Customer stays"]


def test_coincidences_and_patterns_come_in_a_digest_once_a_week(make_world: MakeWorld) -> None:
    world = telling(make_world(ON_SITE), watch_list="weekly")
    world.put([*steady(60, 0.92), (82.0, 100.0), *steady(20, 0.92)])
    monday = next(number for number in range(54, 62) if day(number + 1).weekday() == 0)
    world.put([(84.0, 100.0)], first=day(monday))
    world.put(steady(60 - monday + 1, 0.92), first=day(monday + 1))
    told = told_on(world, range(50, monday + 3))
    assert [(number, title) for number, _, title in told] == [(monday, "Moments of truth: 1 on the watch list")]
    (message,) = world.messages()
    assert message.severity == "info"
    line = f"Technician on site: one bad day, {named(day(monday))}: 84 %, n = 100"
    assert f"Watch list, nothing to do yet:\n- {line}" in message.body


def test_an_early_sign_says_what_is_bad_and_when(make_world: MakeWorld) -> None:
    """Of a KPI of which less is better it says what it counts; of days in a row the last one."""
    world = telling(make_world(STAYS.replace("promise: 0.1", "promise: 0.5") + UPSET), watch_list="daily")
    world.put([*steady(60, 0.08), (16.0, 100.0)], kpi="fix.drop_off")
    world.put([*steady(58, 0.05), (9.0, 100.0), (9.0, 100.0), (9.0, 100.0)], kpi="fix.upset")
    world.run(day(58))
    world.run(day(60))
    message = world.messages()[-1]
    assert message.title == "Moments of truth: 2 on the watch list"
    assert f"- Customer stays: one bad day, {named(day(60))}: Drop-off 16 %, n = 100" in message.body
    last = f"the last one {named(day(60))}: Upset 9 %, n = 100"
    assert f"- Calm: bad days in a row, not enough to be sure, {last}" in message.body


def test_an_early_sign_of_weeks_names_the_week(make_world: MakeWorld) -> None:
    world = telling(make_world(ON_SITE.replace("segments: [region]", "period: week")), watch_list="daily")
    world.period = "week"
    world.put([*steady(20, 0.92), (82.0, 100.0)], first=date(2026, 1, 5))
    world.run(date(2026, 5, 18))
    world.run()
    assert "one bad week, 25 to 31 May 2026: 82 %, n = 100" in world.messages()[-1].body


def test_a_digest_waits_while_its_receiver_is_told_enough(make_world: MakeWorld) -> None:
    """On Sunday evening a fall is told, on Monday morning there is a digest, and one message a day is the most."""
    world = make_world(ON_SITE.replace("promise: 0.9", "promise: 0.5") + LIKED.replace("promise: 30", "promise: -50"))
    telling(world, watch_list="weekly", max_messages_per_day=1)
    sunday = next(number for number in range(59, 67) if day(number).weekday() == 6)
    world.put([*steady(sunday, 0.92), (70.0, 100.0)])
    world.put([*steady(sunday, 0.66), (55.0, 100.0)], kpi="fix.nps")
    world.run(day(sunday - 2))
    world.write()
    told = []
    for hours in (14, 24, 40, 72, 73):
        judge(replace(world.settings, now=at(sunday - 1) + timedelta(hours=hours)))
        told.append(["Watch list" in message.body for message in world.messages()])
    assert told == [[False], [False], [False, True], [False, True], [False, True]]


def test_no_digest_on_the_first_day_and_none_if_not_wanted(make_world: MakeWorld) -> None:
    world = telling(make_world(ON_SITE), watch_list="daily")
    world.put([*steady(60, 0.92), (84.0, 100.0), (84.0, 100.0)])
    assert told_on(world, range(60, 61)) == []
    assert [number for number, _, _ in told_on(world, range(61, 62))] == [61]
    telling(world, watch_list="never")
    assert len(told_on(world, range(62, 64))) == 1


def test_people_hear_no_quiet_ends_and_programs_do(make_world: MakeWorld) -> None:
    both = ON_SITE.replace("[lead]", "[lead, program]")
    world = make_world(both, receivers=[Receiver("lead", "console"), Receiver("program", "webhook")])
    telling(world)
    world.put(steady(60, 0.92))
    world.put(steady(2, 0.2), first=day(60), status="withheld")
    world.put(steady(2, 0.92), first=day(62))
    told = told_on(world, range(59, 64))
    assert [(who, title.partition(": ")[2]) for _, who, title in told] == [
        ("lead", "data gap"), ("program", "data gap"), ("program", "ended"),
    ]  # fmt: skip
