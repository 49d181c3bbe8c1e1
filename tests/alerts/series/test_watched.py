"""Moments as map and jkpi.yml configure them: weeks, budgets, stages, and changed KPI definitions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from jkpi.alerts.dispatch.evaluate_and_dispatch import AlertReport
from jkpi.alerts.series.moment_context import configured_moments
from jkpi.alerts.store.history import alert_history
from jkpi.alerts.store.listing import list_alerts
from jkpi.config.receivers import AlertingConfig, AlertOptions
from jkpi.journeys.reader import read_journeys
from jkpi.state.engine import read_transaction, series_states, state_engine
from jkpi.warehouse.open import open_warehouse
from tests.alerts.made_world import FIRST, LIKED, ON_SITE, STAYS, UPSET, World, steady

MakeWorld = Callable[..., World]
MONDAY = date(2026, 1, 5)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def test_a_weekly_moment_is_reported_in_weeks(make_world: MakeWorld) -> None:
    world = make_world(ON_SITE.replace("segments: [region]", "period: week"))
    world.period = "week"
    world.put(steady(20, 0.92, 60) + steady(3, 0.6, 60), first=MONDAY)
    (transition,) = world.run().opened
    (alert,) = list_alerts(world.settings)
    assert (alert.onset, alert.fired_on) == (MONDAY + timedelta(weeks=20), MONDAY + timedelta(weeks=20))
    (message,) = world.messages()
    assert "n = 180; 3 weeks, 25 May to 14 June 2026" in message.body and "and period = 'week'" in message.body
    with open_warehouse(world.settings, read_only=True) as warehouse:
        history = alert_history(world.settings, transition.alert_id, warehouse)
    assert history.value_now == history.value_then and not any(item.is_changed for item in history.readings)
    assert world.run().transitions == ()


def test_a_weekly_alert_resolves_on_the_last_day_of_its_weeks(make_world: MakeWorld) -> None:
    world = make_world(ON_SITE.replace("segments: [region]", "period: week"))
    world.period = "week"
    world.put(steady(20, 0.92, 60) + steady(3, 0.6, 60), first=MONDAY)
    world.run()
    world.put(steady(3, 0.95, 60), first=MONDAY + timedelta(weeks=23))
    assert [transition.transition for transition in world.run().transitions] == ["resolved"]
    rows = dict(world.messages()[-1].content["items"][0]["rows"])
    assert "3 weeks, 15 June to 5 July 2026" in rows["Now"]
    assert rows["Before"] == "60 %, 25 May to 14 June 2026"
    assert rows["Resolved"] == "Sunday 5 July 2026, after 42 days"
    (alert,) = list_alerts(world.settings)
    assert (alert.period, alert.last_day, alert.kpi) == ("week", date(2026, 7, 5), "fix.time_to_resolve")
    assert alert.baseline == pytest.approx(0.92, abs=0.005)


def test_comments_of_the_whole_week_are_quoted(make_world: MakeWorld) -> None:
    world = make_world(LIKED.replace("owner: cx", "owner: cx, period: week"))
    world.settings = replace(world.settings, alerting=AlertingConfig({}, (), AlertOptions(max_comments=2)))
    world.period = "week"
    world.put(steady(20, 0.66) + steady(3, 0.4), kpi="fix.nps", first=MONDAY)
    with open_warehouse(world.settings) as warehouse:
        warehouse.execute("create schema if not exists raw")
        warehouse.execute("create table raw.survey_responses (survey text, comment text, responded_at timestamp)")
        warehouse.execute(
            "insert into raw.survey_responses values ('after', 'nobody came', timestamp '2026-06-14 22:00:00')"
        )
    world.run()
    assert world.messages()[0].content["items"][0]["comments"] == ["nobody came"]


def test_days_without_readings_are_not_pooled(make_world: MakeWorld) -> None:
    """Friday and Monday are low, and the weekend has no readings."""
    world = make_world(ON_SITE.replace("promise: 0.9", "promise: 0.5").replace("segments: [region]", "segments: []"))
    friday = date(2026, 4, 3)
    for number in range((friday - FIRST).days + 4):
        if day(number).weekday() < 5:
            world.put([(49.0, 60.0) if day(number) >= friday else (55.0, 60.0)], first=day(number))
    assert world.run(friday).transitions == ()
    assert len(world.run().opened) == 1
    rows = world.messages()[0].content["items"][0]["rows"]
    assert any(text.startswith("2 days taken together") for _, text in rows)


def test_the_budget_is_that_of_the_moment_or_else_of_the_workspace(make_world: MakeWorld) -> None:
    world = make_world(ON_SITE.replace("segments: [region]", "false_alarm_every: 5y") + STAYS)
    options = AlertOptions.model_validate({"false_alarm_every": "26w"})
    settings = replace(world.settings, alerting=AlertingConfig({}, (), options))
    budgets = {
        item.moment: item.false_alarm_every for item in configured_moments(read_journeys(settings.workspace), settings)
    }
    assert budgets == {"technician_on_site": 5 * 365.0, "customer_stays": 182.0}


@pytest.mark.slow
def test_a_stricter_budget_needs_more_evidence(make_world: MakeWorld) -> None:
    transition = []
    for every in ("30d", "50y"):
        world = make_world(ON_SITE.replace("segments: [region]", f"false_alarm_every: {every}"))
        world.settings = replace(world.settings, state_url=f"sqlite:///{world.settings.workspace}/{every}.db")
        world.put(steady(90, 0.92) + steady(12, 0.86))
        transition.append(next(number for number in range(88, 102) if world.run(day(number)).opened))
    assert transition[0] < transition[1]


@pytest.mark.parametrize(("baseline", "opened"), [("usual", 1), ("local", 0)])
def test_a_moment_may_have_a_local_baseline(make_world: MakeWorld, baseline: str, opened: int) -> None:
    """From 92 % to 78 %, 0.18 points a day: with `baseline: local` that is no alert."""
    falling = [(round(400 * (0.92 - 0.0018 * max(day - 60, 0))), 400.0) for day in range(140)]
    world = make_world(ON_SITE.replace("promise: 0.9", f"promise: 0.8, baseline: {baseline}"))
    world.put(falling)
    assert len(world.run().transitions) == opened


def test_the_false_alarm_rate_of_the_history_is_stored(make_world: MakeWorld) -> None:
    world = make_world(ON_SITE)
    world.put(steady(100, 0.92) + steady(4, 0.8))
    world.run()
    engine = state_engine(world.settings.state_url)
    with read_transaction(engine) as connection:
        (row,) = connection.execute(series_states.select()).all()
    engine.dispose()
    assert row.days_between_false_alarms > 365
    (message,) = world.messages()
    assert "one in 1.5 years" in message.body


def test_a_stage_inhibits_its_touchpoints(make_world: MakeWorld) -> None:
    world = make_world(STAYS + UPSET)
    world.put(steady(60, 0.08) + steady(4, 0.3), kpi="fix.drop_off")
    world.put(steady(60, 0.05) + steady(4, 0.4), kpi="fix.upset")
    assert [transition.series_id for transition in world.run().opened] == ["repair/customer_stays"]
    world.put(steady(8, 0.05), kpi="fix.drop_off", first=day(64))
    world.put(steady(8, 0.4), kpi="fix.upset", first=day(64))
    assert {transition.series_id: transition.transition for transition in world.run().transitions} == {
        "repair/customer_stays": "resolved",
        "repair/calm": "opened",
    }


@pytest.mark.parametrize("rate", [0.6, 0.92])
def test_a_changed_kpi_definition_starts_over(make_world: MakeWorld, rate: float) -> None:
    """Readings under a new definition are no drop from the old one, and correct no alert of the old one."""
    world = make_world(ON_SITE.replace("promise: 0.9", "promise: 0.6"))
    world.put(steady(60, 0.92) + steady(4, 0.7 if rate > 0.9 else 0.92))
    opened = world.run().opened
    assert len(opened) == (rate > 0.9)
    world.put(steady(6, rate), first=day(64))
    for number in range(64, 70):
        world.definitions["fix.time_to_resolve", day(number)] = "second"
    report = world.run()
    assert [(transition.alert_id, transition.transition) for transition in report.transitions] == [
        (item.alert_id, "superseded") for item in opened
    ]
    assert report.states[0].state == "learning"


def test_readings_may_be_in_postgresql(make_world: MakeWorld, postgres_url: str) -> None:
    world = make_world(STAYS + LIKED)
    expected = {item.series_id for item in _run_with_drops(world).opened}
    world.settings = replace(
        world.settings, warehouse_url=postgres_url, state_url=f"sqlite:///{world.settings.workspace}/other.db"
    )
    assert (
        {item.series_id for item in _run_with_drops(world).opened}
        == expected
        == {"repair/customer_stays", "repair/liked"}
    )


def _run_with_drops(world: World) -> AlertReport:
    world.put(steady(60, 0.08) + steady(4, 0.3), kpi="fix.drop_off")
    world.put(steady(60, 0.66) + steady(4, 0.4), kpi="fix.nps")
    return world.run()


def test_each_series_has_its_own_promise(make_world: MakeWorld) -> None:
    by_region = ON_SITE.replace("promise: 0.9", "promise: {default: 0.8, by: {region: {south: 0.95}}}")
    world = make_world(by_region)
    (watched,) = configured_moments(read_journeys(world.settings.workspace), world.settings)
    promises = {key: watched.promise_to(*key) for key in (("all", "all"), ("region", "south"), ("region", "north"))}
    assert list(promises.values()) == [0.8, 0.95, 0.8]
    assert watched.rule_for(key=("region", "south")).promise_line == pytest.approx(0.9)
    without_default = make_world(ON_SITE.replace("promise: 0.9", "promise: {by: {region: {south: 0.95}}}"))
    (watched,) = configured_moments(read_journeys(without_default.settings.workspace), without_default.settings)
    assert (watched.rule_for().promise_line, watched.promise_to("region", "south")) == (None, 0.95)
