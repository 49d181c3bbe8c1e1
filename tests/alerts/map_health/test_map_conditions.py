"""Conditions of the map and its sources: the owner of the stage, journey or source is notified once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jkpi.alerts.delivery.outbox import DeliveryReport
from jkpi.alerts.dispatch.evaluate_and_dispatch import AlertReport, evaluate_and_dispatch
from jkpi.alerts.store.listing import list_alerts
from jkpi.cli.report import render_evaluation
from jkpi.config.receivers import AlertingConfig, AlertOptions
from jkpi.config.settings import Receiver
from jkpi.journeys.reader import read_journeys
from jkpi.pipeline.steps import EvaluateOutcome
from jkpi.warehouse.landing import ensure_landing
from jkpi.warehouse.open import open_warehouse
from tests.alerts.made_world import FIRST, ON_SITE, World, steady

MakeWorld = Callable[..., World]
NOW = datetime(2026, 3, 7, 6, tzinfo=UTC)
COVERAGE = """
create or replace table marts.rpt_map_coverage (
    journey text, element text, name text, stage text, count_events bigint, count_events_28d bigint,
    count_customers_28d bigint, first_evidence_at timestamp, last_evidence_at timestamp, has_evidence boolean
)
"""
OWNERS: dict[str, tuple[str, ...]] = {"head-of-service": ("head",), "web-team": ("web",), "field-service": ("lead",)}


def ago(days: float) -> datetime:
    return (NOW - timedelta(days=days)).replace(tzinfo=None)


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """Every touchpoint had events yesterday, and the only source brought rows this morning."""
    names = ("lead", "head", "web", "rest")
    world = make_world(ON_SITE, receivers=[Receiver(name, "console") for name in names])
    alerting = AlertingConfig(OWNERS, (), AlertOptions(watch_list="never"))
    world.settings = replace(world.settings, alerting=alerting, default_receiver="rest", now=NOW)
    world.put(steady(20, 0.92), first=FIRST + timedelta(days=40))
    world.write()
    set_last_events(world)
    with open_warehouse(world.settings) as warehouse:
        ensure_landing(warehouse)
    add_source(world, "calls", owner="web-team", last=ago(0.1))
    return world


def set_last_events(world: World, **last: float | None) -> None:
    """Last event of each touchpoint of the map, in days ago."""
    last_event_days = {"fault_reported": 1.0, "technician_arrived": 1.0, "repair_confirmed": 1.0, **last}
    with open_warehouse(world.settings) as warehouse:
        warehouse.execute(COVERAGE)
        for name, days in last_event_days.items():
            row = {
                "name": name,
                "n": 0 if days is None or days > 28 else 95,
                "first": None if days is None else ago(200),
                "last": None if days is None else ago(days),
                "has": days is not None,
            }
            warehouse.execute(
                "insert into marts.rpt_map_coverage values"
                " ('repair', 'touchpoint', :name, 'fix', :n, :n, :n, :first, :last, :has)",
                row,
            )


def add_source(
    world: World, name: str, last: datetime, owner: str | None = None, schedule: str | None = "@daily"
) -> None:
    with open_warehouse(world.settings) as warehouse:
        warehouse.execute("delete from raw.map_sources where source = :name", {"name": name})
        warehouse.execute(
            "insert into raw.map_sources values (:name, 'touchpoints', :name, 3600, null, :schedule, :owner, '{}')",
            {"name": name, "owner": owner, "schedule": schedule},
        )
        warehouse.execute(
            "insert into raw.load_batches (batch_id, source, status, last_at) values (:id, :name, 'loaded', :last)",
            {"id": f"{name}{last}", "name": name, "last": last},
        )


def events(world: World, name: str, **counts: int) -> None:
    with open_warehouse(world.settings) as warehouse:
        for touchpoint, number in counts.items():
            warehouse.execute(
                "insert into raw.touchpoint_events (event_id, source, touchpoint, occurred_at)"
                f" select :touchpoint || i, :name, :touchpoint, :at from range({number}) as r(i)",
                {"name": name, "touchpoint": touchpoint, "at": ago(2)},
            )
            warehouse.execute(
                "insert into marts.rpt_map_coverage values"
                " ('(none)', 'unmapped_touchpoint', :t, null, :n, :n, :n, :at, :at, true)",
                {"t": touchpoint, "n": number, "at": ago(2)},
            )


def evaluate(world: World, later: timedelta = timedelta(0)) -> AlertReport:
    settings = replace(world.settings, now=NOW + later)
    with open_warehouse(settings) as warehouse:
        return evaluate_and_dispatch(settings, warehouse, read_journeys(settings.workspace))


def new_messages(world: World, later: timedelta = timedelta(0)) -> list[tuple[str, str]]:
    """Evaluate at NOW + later; (receiver, title) of the messages that this queued."""
    known_ids = {message.notification_id for message in world.messages()}
    evaluate(world, later)
    return [
        (message.receiver, message.title) for message in world.messages() if message.notification_id not in known_ids
    ]


def test_no_condition_gives_no_message(world: World) -> None:
    assert new_messages(world) == []


def test_a_touchpoint_without_events_is_reported_once_to_the_owner_of_its_stage(world: World) -> None:
    path = world.settings.workspace / "journeys" / "repair.yml"
    path.write_text(path.read_text().replace("title: Repair\n", "title: Repair\n    owner: web-team\n"))
    set_last_events(world, technician_arrived=40.0, repair_confirmed=None)
    messages = dict(new_messages(world))
    assert messages == {
        "web": "Technician arrived: on the map, but no events",
        "head": "Repair confirmed: on the map, but no events",
    }
    body = " ".join(next(message.body for message in world.messages() if message.receiver == "web").split())
    assert (
        "Getting a broken machine running again > Repair > Technician arrived (site); not confirmed by customers yet"
        in body
    )
    assert "select * from marts.rpt_map_coverage where name = 'technician_arrived'" in body
    assert new_messages(world, timedelta(days=1)) == []
    set_last_events(world)
    assert new_messages(world, timedelta(days=1, hours=1)) == []
    assert [(alert.kind, alert.status) for alert in list_alerts(world.settings)] == [("no_events", "resolved")] * 2


def test_a_journey_without_events_is_one_condition(world: World) -> None:
    set_last_events(world, fault_reported=30.0, technician_arrived=31.0, repair_confirmed=32.0)
    assert new_messages(world) == [("head", "Getting a broken machine running again: no events of any touchpoint")]


def test_a_touchpoint_alert_stays_open_while_the_journey_has_no_events(world: World) -> None:
    set_last_events(world, technician_arrived=40.0)
    assert len(new_messages(world)) == 1
    set_last_events(world, fault_reported=30.0, technician_arrived=40.0, repair_confirmed=30.0)
    assert [title for _, title in new_messages(world, timedelta(hours=1))] == [
        "Getting a broken machine running again: no events of any touchpoint"
    ]
    set_last_events(world, technician_arrived=40.0)
    assert new_messages(world, timedelta(hours=2)) == []
    assert {(alert.title, alert.status) for alert in list_alerts(world.settings)} == {
        ("Technician arrived", "open"),
        ("Getting a broken machine running again", "resolved"),
    }


def test_a_condition_that_returns_on_the_same_day_is_reported_again(world: World) -> None:
    set_last_events(world, technician_arrived=40.0)
    ((receiver, title),) = new_messages(world)
    lenient = replace(
        world.settings, alerting=replace(world.settings.alerting, options=AlertOptions(no_events_after="60d"))
    )
    strict, world.settings = world.settings, lenient
    assert new_messages(world, timedelta(hours=1)) == []
    world.settings = strict
    assert new_messages(world, timedelta(hours=2)) == [(receiver, title)]
    assert [(alert.kind, alert.status) for alert in list_alerts(world.settings)] == [("no_events", "open")]


def test_a_new_receiver_of_the_owner_is_notified_of_an_open_condition(world: World) -> None:
    add_source(world, "visits", owner="night-shift", last=ago(3))
    assert [receiver for receiver, _ in new_messages(world)] == ["rest"]
    alerting = replace(world.settings.alerting, owners={"night-shift": ("web",)})
    world.settings = replace(world.settings, alerting=alerting)
    assert [receiver for receiver, _ in new_messages(world, timedelta(hours=1))] == ["web"]


def test_a_new_journey_has_no_conditions_yet(world: World) -> None:
    set_last_events(world, technician_arrived=None)
    with open_warehouse(world.settings) as warehouse:
        warehouse.execute("update marts.rpt_map_coverage set first_evidence_at = :at", {"at": ago(20)})
    assert new_messages(world) == []


def test_unmapped_events_are_reported_to_the_owner_of_their_source(world: World) -> None:
    add_source(world, "web", owner="web-team", last=ago(0.1))
    events(world, "web", survey_opened=30, cookie_banner=70)
    events(world, "calls")
    ((receiver, title),) = new_messages(world)
    assert (receiver, title) == ("web", "web: 100 % of its events are on no map")
    assert "cookie_banner (70), survey_opened (30)" in world.messages()[0].body


def test_pairs_in_the_wrong_order_are_reported_to_the_owner_of_the_journey(world: World) -> None:
    pairs = "create or replace table marts.rpt_pair_order as select 'repair' as journey, 'fix.time_to_resolve' as kpi,"
    pairs += " 'fault_reported' as from_touchpoint, 'technician_arrived' as to_touchpoint, 1000 as count_pairs_28d,"
    for wrong, titles in ((0, []), (5, []), (14, ["fix.time_to_resolve: 1.4 % of its pairs are in the wrong order"])):
        with open_warehouse(world.settings) as warehouse:
            warehouse.execute(f"{pairs} {wrong} as count_wrong_order_28d")
        assert [title for _, title in new_messages(world)] == titles
    body = " ".join(world.messages()[-1].body.split())
    assert "“Technician arrived” came before “Fault reported” in 14 of 1,000 pairs of four weeks" in body


def test_a_few_unmapped_events_are_no_condition(world: World) -> None:
    events(world, "web", cookie_banner=10)
    assert new_messages(world) == []


def test_a_silent_source_is_reported_and_its_return_recorded(world: World) -> None:
    add_source(world, "visits", owner="nobody-known", last=ago(3))
    assert new_messages(world) == [("rest", "visits: no new rows since Wednesday 4 March 2026")]
    assert new_messages(world, timedelta(hours=12)) == []
    add_source(world, "visits", owner="nobody-known", last=ago(0))
    assert new_messages(world, timedelta(days=1)) == []
    assert [(alert.kind, alert.status) for alert in list_alerts(world.settings)] == [("silent", "resolved")]


def add_data_gap(world: World, name: str, first: float, last: float, reason: str) -> None:
    """A data gap as the quality checks record it, in days ago."""
    with open_warehouse(world.settings) as warehouse:
        warehouse.execute(
            "insert into raw.blind_spots (source, starts_at, ends_at, reason) values (:name, :first, :last, :reason)",
            {"name": name, "first": ago(first), "last": ago(last), "reason": reason},
        )


def remove_data_gaps(world: World) -> None:
    with open_warehouse(world.settings) as warehouse:
        warehouse.execute("delete from raw.blind_spots")


def test_missing_rows_are_reported_to_the_owner_of_the_source(world: World) -> None:
    """Each gap is reported once, and its end is recorded."""
    add_source(world, "visits", owner="web-team", last=ago(0.1))
    add_data_gap(world, "visits", 3.25, 2.25, "12 rows on 2026-03-04, usually 400 a day")
    assert new_messages(world) == [("web", "visits: rows are missing, Wednesday 4 March 2026")]
    rows = dict(world.messages()[-1].content["items"][0]["rows"])
    assert rows["Found"] == "12 rows on 2026-03-04, usually 400 a day"
    assert "jkpi load --source visits" in rows["Next"]
    assert new_messages(world, timedelta(hours=1)) == []
    add_data_gap(world, "visits", 1.25, 0.25, "refused: visits_6.csv: no column 'at'")
    assert new_messages(world, timedelta(hours=2)) == [("web", "visits: rows are missing, Friday 6 March 2026")]
    remove_data_gaps(world)
    assert new_messages(world, timedelta(days=1)) == []
    assert {(alert.kind, alert.status) for alert in list_alerts(world.settings)} == {("missing", "resolved")}


def test_old_gaps_and_sources_without_an_owner_are_not_reported(world: World) -> None:
    add_data_gap(world, "calls", 60, 40, "no rows")
    add_source(world, "visits", last=ago(0.1))
    add_data_gap(world, "visits", 3, 2, "no rows")
    assert new_messages(world) == []


def test_a_silent_source_is_not_reported_as_missing_rows_too(world: World) -> None:
    add_source(world, "visits", owner="web-team", last=ago(3))
    add_data_gap(world, "visits", 3, 0, "gone silent: no rows since 2026-03-04, usually 400 a day")
    assert new_messages(world) == [("web", "visits: no new rows since Wednesday 4 March 2026")]


def test_a_source_without_an_owner_is_reported_with_the_key_to_set(world: World) -> None:
    add_source(world, "visits", last=ago(3))
    report = evaluate(world)
    (message,) = world.messages()
    rows = dict(message.content["items"][0]["rows"])
    assert message.receiver == "rest"
    assert "owner: NAME" in rows["Owner"] and "visits" in rows["Owner"]
    lines = render_evaluation(EvaluateOutcome(report, DeliveryReport(1, 0, 0, 0)))
    assert lines[0] == "opened: visits: no new rows since Wednesday 4 March 2026"
    add_source(world, "chat", owner="web-team", last=ago(3))
    lines = render_evaluation(EvaluateOutcome(evaluate(world), DeliveryReport(1, 0, 0, 0)))
    assert lines[0] == "opened: chat: no new rows since Wednesday 4 March 2026 (web-team)"


@pytest.mark.parametrize(
    ("schedule", "days", "is_notified"),
    [
        ("@daily", 1.9, False),
        ("@daily", 2.2, True),
        ("0 6 * * 1-5", 5.9, False),
        ("0 6 * * 1-5", 6.2, True),
        ("@once", 300.0, False),
        (None, 300.0, False),
    ],
)
def test_a_source_is_silent_after_two_schedules_and_its_lateness(
    world: World, schedule: str | None, days: float, is_notified: bool
) -> None:
    add_source(world, "visits", last=ago(days), schedule=schedule)
    assert bool(new_messages(world)) is is_notified


@pytest.mark.parametrize(("is_open", "messages"), [(True, 1), (False, 0)])
def test_holidays_extend_the_allowed_silence(world: World, is_open: bool, messages: int) -> None:
    """Newest row on Wednesday, Thursday a holiday: on Saturday morning that counts as two days, not three."""
    add_source(world, "visits", owner="web-team", last=ago(2.5))
    with open_warehouse(world.settings) as warehouse:
        for number in range(-40, 10):
            opens = (NOW + timedelta(days=number)).replace(hour=8, tzinfo=None)
            hours = {"day": opens.date(), "opens": opens, "closes": opens + timedelta(hours=8)}
            warehouse.execute(
                "insert into raw.map_calendars (calendar, utc_date, starts_at, ends_at, is_open, seconds_before)"
                " values ('desk', :day, :opens, :closes, :is_open, 0)",
                {**hours, "is_open": is_open or number != -2},
            )
    assert len(new_messages(world)) == messages


def test_conditions_are_silenced_and_grouped_like_other_alerts(world: World) -> None:
    from jkpi.alerts.store.acknowledgements import silence

    add_source(world, "visits", owner="web-team", last=ago(9))
    add_source(world, "letters", owner="web-team", last=ago(9))
    ((receiver, title),) = new_messages(world)
    assert receiver == "web" and "2 silent" in title
    silence(world.settings, "source/visits", NOW + timedelta(days=9), "r", "w", NOW)
    flags = {alert.title: alert.flags for alert in list_alerts(world.settings)}
    assert flags == {"visits": ("silenced",), "letters": ()}
