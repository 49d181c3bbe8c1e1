"""Why alerts close: an edited rule, missing days, late data, recovery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from jkpi.alerts.detection.episodes import SeriesResult
from jkpi.alerts.dispatch.evaluate_and_dispatch import AlertReport
from jkpi.alerts.store.acknowledgements import silence
from jkpi.alerts.store.listing import list_alerts
from jkpi.alerts.transitions.closing import closing_reason, reopened_by_missing_data
from jkpi.alerts.transitions.model import EvaluatedSeries, StoredAlert
from tests.alerts.made_world import ON_SITE, World, steady
from tests.alerts.transitions.records import WATCHED, day, detection, evaluated, result, stored

MakeWorld = Callable[..., World]
JUST_ENOUGH = steady(60, 0.92) + [(good, 100.0) for good in (90.0, 89.0, 86.0, 84.0)]
"""Days whose evidence is just enough for a series that shares its budget with no other."""


def transitions_of(report: AlertReport) -> list[tuple[str, str]]:
    return [(transition.transition, transition.series_id.rpartition("/")[2]) for transition in report.transitions]


def drop_statuses(world: World) -> list[str]:
    return [alert.status for alert in list_alerts(world.settings) if alert.kind == "drop"]


def with_open_alert(world: World) -> World:
    world.put(steady(60, 0.92) + steady(4, 0.7))
    assert [transition for transition, _ in transitions_of(world.run())] == ["opened"]
    return world


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        (evaluated(), "corrected"),
        # a changed rule
        (evaluated(watched=replace(WATCHED, min_drop=0.1)), "superseded"),
        (evaluated(watched=replace(WATCHED, promise=0.8)), "superseded"),
        (evaluated(watched=replace(WATCHED, period="week")), "superseded"),
        (evaluated(watched=replace(WATCHED, kpi="fix.drop_off")), "superseded"),
        (evaluated(definition="second"), "corrected"),
        (evaluated(definition_since=day(60)), "corrected"),
        (evaluated(definition_since=day(61)), "superseded"),
        # a changed budget alone proves nothing, whatever the days say
        (evaluated(rule=WATCHED.rule_for(3)), None),
        (evaluated(result(states="o" * 78), rule=WATCHED.rule_for(3)), "resolved"),
        # days that are not there
        (evaluated(result(states="o" * 62 + "." + "o" * 7)), None),
        (evaluated(result(states="o" * 62)), None),
        (evaluated(suspended_days=frozenset([day(62)])), None),
        (evaluated(first_day=day(61)), None),
        # recovery over the last 14 days
        (evaluated(result(states="o" * 62 + ".." + "o" * 13)), None),
        (evaluated(result(states="o" * 62 + ".." + "o" * 14)), "resolved"),
        (evaluated(result(states="o" * 62 + ".." + "o" * 13 + "p")), None),
    ],
)
def test_closing_reason(series: EvaluatedSeries, expected: str | None) -> None:
    assert closing_reason(series, stored()) == expected


def test_a_day_that_was_not_final_need_not_be_there() -> None:
    alert = replace(stored(), final_days=frozenset(day(number) for number in (60, 61, 63)))
    assert closing_reason(evaluated(result(states="o" * 62 + "." + "o" * 7)), alert) == "corrected"


def test_a_rule_term_that_was_not_stored_counts_as_unchanged() -> None:
    assert closing_reason(evaluated(), replace(stored(), rule_at_firing={"promise": 0.9})) == "corrected"


@pytest.mark.parametrize(
    ("series_result", "alert", "expected"),
    [
        (result(detection(60, 63)), stored(closed=67), False),
        (result(detection(60, 63), states="o" * 65 + "." + "o" * 4), stored(closed=67), True),
        (result(detection(60, 63), states="o" * 65 + "." + "oooff"), stored(closed=67), True),
        (result(detection(60, 63), states="o" * 65 + "." + "oofff"), stored(closed=67), False),
        (result(detection(60, 63), states="o" * 65 + "." + "o" * 4), stored(), False),
        (
            result(detection(60, 63), states="o" * 65 + "." + "o" * 4),
            stored(closed=67, rule_at_firing={"kpi": "x"}),
            False,
        ),
    ],
)
def test_reopened_by_missing_data(series_result: SeriesResult, alert: StoredAlert, expected: bool) -> None:
    assert reopened_by_missing_data(evaluated(series_result), alert) is expected


@pytest.mark.slow
def test_a_changed_budget_supersedes_an_alert_it_no_longer_finds(make_world: MakeWorld) -> None:
    rule = ON_SITE.replace("promise: 0.9", "promise: 0.6")
    world = make_world(rule)
    world.put(JUST_ENOUGH)
    assert [transition for transition, _ in transitions_of(world.run())] == ["opened"]
    make_world(rule.replace("segments: [region]", "segments: [region], false_alarm_every: 90y"))
    assert transitions_of(world.run()) == [("superseded", "technician_on_site")]


@pytest.mark.slow
def test_new_segments_that_share_the_budget_correct_nothing(make_world: MakeWorld) -> None:
    """Each series then needs more evidence, in the past too. The alert resolves when its days have recovered."""
    world = make_world(ON_SITE.replace("promise: 0.9", "promise: 0.6"))
    world.put(JUST_ENOUGH)
    assert [transition for transition, _ in transitions_of(world.run())] == ["opened"]
    world.put(steady(64, 0.92, 60), segment="region", value="south")
    assert transitions_of(world.run()) == [] and drop_statuses(world) == ["open"]
    world.put(steady(13, 0.92), first=day(64))
    assert transitions_of(world.run()) == [] and drop_statuses(world) == ["open"]
    world.put(steady(1, 0.92), first=day(77))
    assert transitions_of(world.run()) == [("resolved", "technician_on_site")]
    assert world.messages()[-1].title.startswith("Technician on site: ")


def test_missing_days_correct_nothing(make_world: MakeWorld) -> None:
    world = with_open_alert(make_world())
    for number in range(60, 64):
        del world.rows["fix.time_to_resolve", "all", "all", day(number)]
    world.put(steady(5, 0.92), first=day(64))
    assert transitions_of(world.run()) == [] and drop_statuses(world) == ["open"]
    world.put(steady(4, 0.92), first=day(60))
    assert transitions_of(world.run()) == [("corrected", "technician_on_site")]


def with_resolved_alert(world: World) -> World:
    with_open_alert(world)
    world.put(steady(7, 0.93), first=day(64))
    assert transitions_of(world.run()) == [("resolved", "technician_on_site")]
    return world


@pytest.mark.slow
def test_provisional_days_do_not_reopen_the_alert_they_closed(make_world: MakeWorld) -> None:
    world = with_resolved_alert(make_world())
    world.put(steady(7, 0.93), first=day(64), status="provisional")
    assert transitions_of(world.run()) == []
    world.put(steady(2, 0.93), first=day(71))
    assert transitions_of(world.run()) == []
    world.put(steady(7, 0.93), first=day(64))
    assert transitions_of(world.run()) == [] and drop_statuses(world) == ["resolved"]


@pytest.mark.slow
def test_days_that_turn_out_low_reopen_the_alert_they_closed(make_world: MakeWorld) -> None:
    world = with_resolved_alert(make_world())
    world.put(steady(7, 0.7), first=day(64))
    assert transitions_of(world.run()) == [("reopened", "technician_on_site")]


@pytest.mark.slow
def test_a_new_drop_reopens_although_the_closing_days_are_withheld(make_world: MakeWorld) -> None:
    world = with_resolved_alert(make_world())
    world.put(steady(7, 0.93), first=day(64), status="withheld")
    world.put(steady(2, 0.93), first=day(71))
    assert transitions_of(world.run()) == []
    world.put(steady(2, 0.5), first=day(73))
    assert transitions_of(world.run()) == []
    world.put(steady(1, 0.5), first=day(75))
    assert transitions_of(world.run()) == [("reopened", "technician_on_site")]


@pytest.mark.slow
def test_a_renamed_segment_is_superseded_after_four_weeks(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(140, 0.92, 1000))
    world.put(steady(100, 0.92, 50) + steady(4, 0.5, 50), segment="region", value="south")
    world.put(steady(140, 0.92, 950), segment="region", value="north")
    assert transitions_of(world.run(day(103))) == [("opened", "region=south")]
    for key in [key for key in world.rows if key[2] == "south"]:
        world.rows["fix.time_to_resolve", "region", "South", key[3]] = world.rows.pop(key)
    transitions = [
        (number, *transition)
        for number in (104, 111, 131, 132, 133)
        for transition in transitions_of(world.run(day(number)))
    ]
    assert [transition for transition in transitions if transition[2] == "region=south"] == [
        (132, "superseded", "region=south")
    ]
    items = [item for message in world.messages() for item in message.content["items"]]
    of_south = [item for item in items if item["series_id"].endswith("region=south")]
    assert (of_south[-1]["transition"], of_south[-1]["notification_type"]) == ("superseded", "first")


@pytest.mark.slow
@pytest.mark.parametrize("is_back", [False, True])
def test_a_missing_series_is_notified_after_a_silence(make_world: MakeWorld, is_back: bool) -> None:
    world = make_world()
    world.put(steady(140, 0.92, 1000))
    world.put(steady(100, 0.92, 50) + steady(4, 0.5, 50), segment="region", value="south")
    world.run(day(103))
    now = datetime.combine(day(104), time(6), UTC)
    world.settings = replace(world.settings, now=now)
    silence(world.settings, "repair", now + timedelta(days=31), "moving", "Ada", now)
    for key in [key for key in world.rows if key[2] == "south"]:
        del world.rows[key]
    assert transitions_of(world.run(day(132))) == [("superseded", "region=south")]
    assert len(world.messages()) == 1
    if is_back:
        world.put(steady(3, 0.92, 50), segment="region", value="south", first=day(133))
    world.run(day(135))
    _, message = world.messages()
    (item,) = message.content["items"]
    assert (item["transition"], item["series_id"]) == ("superseded", "repair/technician_on_site/region=south")
    assert dict(item["rows"])["Why"]
