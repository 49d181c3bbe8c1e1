"""What is wrong with the map, or with what feeds it: told once, to the owner of the stage, journey or source."""

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
from tests.alerts.made_world import ON_SITE, World, steady

MakeWorld = Callable[..., World]
NOW = datetime(2026, 3, 7, 6, tzinfo=UTC)
COVERAGE = """
create or replace table marts.rpt_map_coverage (
    journey text, element text, name text, stage text, count_events bigint, count_events_28d bigint,
    count_customers_28d bigint, first_evidence_at timestamp, last_evidence_at timestamp, has_evidence boolean
)
"""
OWNERS = {"head-of-service": ("head",), "web-team": ("web",), "field-service": ("lead",)}


def ago(days: float) -> datetime:
    return (NOW - timedelta(days=days)).replace(tzinfo=None)


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """All is well: every touchpoint seen yesterday, one source of this morning."""
    names = ("lead", "head", "web", "rest")
    world = make_world(ON_SITE, receivers=[Receiver(name, "console") for name in names])
    telling = AlertingConfig(OWNERS, (), AlertOptions(watch_list="never"))
    world.settings = replace(world.settings, alerting=telling, default_receiver="rest", now=NOW)
    world.put(steady(60, 0.92))
    world.write()
    seen(world)
    with open_warehouse(world.settings) as w:
        ensure_landing(w)
    source(world, "calls", owner="web-team", last=ago(0.1))
    return world


def seen(world: World, **last: float | None) -> None:
    """When each touchpoint of the map was seen last, in days ago."""
    at = {"fault_reported": 1.0, "technician_arrived": 1.0, "repair_confirmed": 1.0, **last}
    with open_warehouse(world.settings) as w:
        w.execute(COVERAGE)
        for name, days in at.items():
            row = {
                "name": name,
                "n": 0 if days is None or days > 28 else 95,
                "first": None if days is None else ago(200),
                "last": None if days is None else ago(days),
                "has": days is not None,
            }
            w.execute(
                "insert into marts.rpt_map_coverage values"
                " ('repair', 'touchpoint', :name, 'fix', :n, :n, :n, :first, :last, :has)",
                row,
            )


def source(world: World, name: str, last: datetime, owner: str | None = None, schedule: str | None = "@daily") -> None:
    with open_warehouse(world.settings) as w:
        w.execute("delete from raw.map_sources where source = :name", {"name": name})
        w.execute(
            "insert into raw.map_sources values (:name, 'touchpoints', :name, 3600, :schedule, :owner, '{}')",
            {"name": name, "owner": owner, "schedule": schedule},
        )
        w.execute(
            "insert into raw.load_batches (batch_id, source, status, last_at) values (:id, :name, 'loaded', :last)",
            {"id": f"{name}{last}", "name": name, "last": last},
        )


def events(world: World, name: str, **counts: int) -> None:
    with open_warehouse(world.settings) as w:
        for touchpoint, number in counts.items():
            w.execute(
                "insert into raw.touchpoint_events (event_id, source, touchpoint, occurred_at)"
                f" select :touchpoint || i, :name, :touchpoint, :at from range({number}) as r(i)",
                {"name": name, "touchpoint": touchpoint, "at": ago(2)},
            )
            w.execute(
                "insert into marts.rpt_map_coverage values"
                " ('(none)', 'unmapped_touchpoint', :t, null, :n, :n, :n, :at, :at, true)",
                {"t": touchpoint, "n": number, "at": ago(2)},
            )


def judged(world: World, later: timedelta = timedelta(0)) -> AlertReport:
    settings = replace(world.settings, now=NOW + later)
    with open_warehouse(settings) as w:
        return evaluate_and_dispatch(settings, w, read_journeys(settings.workspace))


def run(world: World, later: timedelta = timedelta(0)) -> list[tuple[str, str]]:
    """Judge as of `NOW` and a bit; (receiver, title) of the messages that this wrote."""
    known = {message.notification_id for message in world.messages()}
    judged(world, later)
    return [(one.receiver, one.title) for one in world.messages() if one.notification_id not in known]


def test_where_all_is_well_nothing_is_said(world: World) -> None:
    assert run(world) == []


def test_a_touchpoint_without_evidence_is_told_once_to_the_owner_of_its_stage(world: World) -> None:
    path = world.settings.workspace / "journeys" / "repair.yml"
    path.write_text(path.read_text().replace("title: Repair\n", "title: Repair\n    owner: web-team\n"))
    seen(world, technician_arrived=40.0, repair_confirmed=None)
    told = dict(run(world))
    assert told == {
        "web": "Technician arrived: on the map, not in the data",
        "head": "Repair confirmed: on the map, not in the data",
    }
    body = next(message.body for message in world.messages() if message.receiver == "web")
    assert "Getting a broken machine running again > Repair > Technician arrived (site); so far a hypothesis" in body
    assert "select * from marts.rpt_map_coverage\n    where name = 'technician_arrived'" in body
    assert run(world, timedelta(days=1)) == []
    seen(world)
    assert run(world, timedelta(days=1, hours=1)) == []
    assert [(alert.kind, alert.status) for alert in list_alerts(world.settings)] == [("no_events", "resolved")] * 2


def test_a_journey_of_which_nothing_is_seen_is_one_thing_to_say(world: World) -> None:
    seen(world, fault_reported=30.0, technician_arrived=31.0, repair_confirmed=32.0)
    assert run(world) == [("head", "Getting a broken machine running again: nothing of it is in the data")]


def test_a_touchpoint_is_not_mended_by_the_rest_of_its_journey_going_quiet(world: World) -> None:
    seen(world, technician_arrived=40.0)
    assert len(run(world)) == 1
    seen(world, fault_reported=30.0, technician_arrived=40.0, repair_confirmed=30.0)
    assert [title for _, title in run(world, timedelta(hours=1))] == [
        "Getting a broken machine running again: nothing of it is in the data"
    ]
    seen(world, technician_arrived=40.0)
    assert run(world, timedelta(hours=2)) == []
    assert {(alert.title, alert.status) for alert in list_alerts(world.settings)} == {
        ("Technician arrived", "open"), ("Getting a broken machine running again", "resolved"),
    }  # fmt: skip


def test_what_was_mended_and_is_wrong_again_since_the_same_day_is_told_again(world: World) -> None:
    seen(world, technician_arrived=40.0)
    ((receiver, title),) = run(world)
    patient = replace(
        world.settings, alerting=replace(world.settings.alerting, how=AlertOptions(no_events_after="60d"))
    )
    impatient, world.settings = world.settings, patient
    assert run(world, timedelta(hours=1)) == []
    world.settings = impatient
    assert run(world, timedelta(hours=2)) == [(receiver, title)]
    assert [(alert.kind, alert.status) for alert in list_alerts(world.settings)] == [("no_events", "open")]


def test_an_open_map_alert_is_told_to_who_comes_to_stand_behind_its_owner(world: World) -> None:
    source(world, "visits", owner="night-shift", last=ago(3))
    assert [receiver for receiver, _ in run(world)] == ["rest"]
    telling = replace(world.settings.alerting, owners={"night-shift": ("web",)})
    world.settings = replace(world.settings, alerting=telling)
    assert [receiver for receiver, _ in run(world, timedelta(hours=1))] == ["web"]


def test_a_young_journey_has_time_to_be_seen(world: World) -> None:
    seen(world, technician_arrived=None)
    with open_warehouse(world.settings) as w:
        w.execute("update marts.rpt_map_coverage set first_evidence_at = :at", {"at": ago(20)})
    assert run(world) == []


def test_a_share_of_unmapped_events_is_told_to_the_owner_of_the_source_that_brings_them(world: World) -> None:
    source(world, "web", owner="web-team", last=ago(0.1))
    events(world, "web", survey_opened=30, cookie_banner=70)
    events(world, "calls")
    ((receiver, title),) = run(world)
    assert (receiver, title) == ("web", "web: 100 % of its events are on no map")
    assert "cookie_banner (70), survey_opened (30)" in world.messages()[0].body


def test_a_few_unmapped_events_are_no_news(world: World) -> None:
    events(world, "web", cookie_banner=10)
    assert run(world) == []


def test_a_silent_source_is_told_to_its_owner_and_its_return_recorded(world: World) -> None:
    source(world, "visits", owner="nobody-known", last=ago(3))
    assert run(world) == [("rest", "visits: no new rows since Wednesday 4 March 2026")]
    assert run(world, timedelta(hours=12)) == []
    source(world, "visits", owner="nobody-known", last=ago(0))
    assert run(world, timedelta(days=1)) == []
    assert [(alert.kind, alert.status) for alert in list_alerts(world.settings)] == [("silent", "resolved")]


def blind(world: World, name: str, first: float, last: float, reason: str) -> None:
    """What the checks of the data found, in days ago."""
    with open_warehouse(world.settings) as w:
        w.execute(
            "insert into raw.blind_spots (source, starts_at, ends_at, reason) values (:name, :first, :last, :reason)",
            {"name": name, "first": ago(first), "last": ago(last), "reason": reason},
        )


def mend(world: World) -> None:
    with open_warehouse(world.settings) as w:
        w.execute("delete from raw.blind_spots")


def test_rows_that_did_not_come_are_told_to_the_owner_of_the_source(world: World) -> None:
    """It is the one who can bring them; each gap is told once, and its end recorded."""
    source(world, "visits", owner="web-team", last=ago(0.1))
    blind(world, "visits", 3.25, 2.25, "12 rows on 2026-03-04, usually 400 a day")
    assert run(world) == [("web", "visits: rows are missing, Wednesday 4 March 2026")]
    rows = dict(world.messages()[-1].content["entries"][0]["rows"])
    assert rows["Seen"] == "12 rows on 2026-03-04, usually 400 a day"
    assert "jkpi load --source visits" in rows["Next"]
    assert run(world, timedelta(hours=1)) == []
    blind(world, "visits", 1.25, 0.25, "refused: visits_6.csv: no column 'at'")
    assert run(world, timedelta(hours=2)) == [("web", "visits: rows are missing, Friday 6 March 2026")]
    mend(world)
    assert run(world, timedelta(days=1)) == []
    assert {(alert.kind, alert.status) for alert in list_alerts(world.settings)} == {("missing", "resolved")}


def test_missing_rows_of_long_ago_and_of_sources_without_an_owner_are_not_told(world: World) -> None:
    blind(world, "calls", 60, 40, "no rows")
    source(world, "visits", last=ago(0.1))
    blind(world, "visits", 3, 2, "no rows")
    assert run(world) == []


def test_a_silence_is_not_told_as_missing_rows_as_well(world: World) -> None:
    source(world, "visits", owner="web-team", last=ago(3))
    blind(world, "visits", 3, 0, "gone silent: no rows since 2026-03-04, usually 400 a day")
    assert run(world) == [("web", "visits: no new rows since Wednesday 4 March 2026")]


def test_a_source_without_an_owner_says_what_to_set(world: World) -> None:
    source(world, "visits", last=ago(3))
    report = judged(world)
    (message,) = world.messages()
    rows = dict(message.content["entries"][0]["rows"])
    assert message.receiver == "rest"
    assert rows["Owner"] == "nobody yet: write owner: NAME in the YAML of the source visits"
    lines = render_evaluation(EvaluateOutcome(report, DeliveryReport(1, 0, 0, 0)))
    assert lines[0] == "opened: visits: no new rows since Wednesday 4 March 2026"
    source(world, "chat", owner="web-team", last=ago(3))
    lines = render_evaluation(EvaluateOutcome(judged(world), DeliveryReport(1, 0, 0, 0)))
    assert lines[0] == "opened: chat: no new rows since Wednesday 4 March 2026 (web-team)"


@pytest.mark.parametrize(
    ("schedule", "days", "is_told"),
    [
        ("@daily", 1.9, False),
        ("@daily", 2.2, True),
        ("0 6 * * 1-5", 5.9, False),
        ("0 6 * * 1-5", 6.2, True),
        ("@once", 300.0, False),
        (None, 300.0, False),
    ],
)
def test_silent_is_longer_than_twice_the_schedule_and_the_lateness(
    world: World, schedule: str | None, days: float, is_told: bool
) -> None:
    source(world, "visits", last=ago(days), schedule=schedule)
    assert bool(run(world)) is is_told


@pytest.mark.parametrize(("is_open", "told"), [(True, 1), (False, 0)])
def test_a_source_is_not_missed_on_a_holiday(world: World, is_open: bool, told: int) -> None:
    """Of Wednesday its newest row, Thursday a holiday: on Saturday morning that is two days, and not three."""
    source(world, "visits", owner="web-team", last=ago(2.5))
    with open_warehouse(world.settings) as w:
        for number in range(-40, 10):
            opens = (NOW + timedelta(days=number)).replace(hour=8, tzinfo=None)
            hours = {"day": opens.date(), "opens": opens, "closes": opens + timedelta(hours=8)}
            w.execute(
                "insert into raw.map_calendars (calendar, utc_date, starts_at, ends_at, is_open, seconds_before)"
                " values ('desk', :day, :opens, :closes, :is_open, 0)",
                {**hours, "is_open": is_open or number != -2},
            )
    assert len(run(world)) == told


def test_map_alerts_are_silenced_and_grouped_like_others(world: World) -> None:
    from jkpi.alerts.store.acknowledgements import silence

    source(world, "visits", owner="web-team", last=ago(9))
    source(world, "letters", owner="web-team", last=ago(9))
    ((receiver, title),) = run(world)
    assert (receiver, title) == ("web", "The map: 2 silent")
    silence(world.settings, "source/visits", NOW + timedelta(days=9), "r", "w", NOW)
    flags = {alert.title: alert.flags for alert in list_alerts(world.settings)}
    assert flags == {"visits": ("silenced",), "letters": ()}
