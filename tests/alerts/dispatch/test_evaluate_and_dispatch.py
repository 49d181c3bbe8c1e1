"""Whole runs: each change of an alert is notified once, and corrected if late data show that there was no drop."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jkpi.alerts.dispatch.evaluate_and_dispatch import evaluate_and_dispatch
from jkpi.alerts.store.listing import list_alerts
from jkpi.config.settings import Receiver
from jkpi.errors import InputError, SystemFailure
from jkpi.journeys.reader import read_journeys
from jkpi.state.alert_reader import moment_states
from jkpi.state.engine import alert_transitions, series_states, state_session
from jkpi.warehouse.open import open_warehouse
from tests.alerts.made_world import FIRST, LIKED, ON_SITE, STAYS, World, steady

MakeWorld = Callable[..., World]


def dropped(world: World, days: int = 4, rate: float = 0.7) -> World:
    world.put(steady(60, 0.92) + steady(days, rate))
    return world


def rows(world: World, table: Any) -> list[Any]:
    with state_session(world.settings.state_url) as connection:
        return list(connection.execute(table.select()))


def test_a_drop_is_notified_once_and_its_end_once(make_world: MakeWorld) -> None:
    world = dropped(make_world())
    report = world.run()
    assert [item.transition for item in report.opened] == ["opened"]
    (state,) = report.states
    assert (state.state, state.since) == ("firing", FIRST + timedelta(days=60))
    assert state.alert_id == report.opened[0].alert_id
    assert world.run().transitions == ()
    world.put(steady(1, 0.7), first=FIRST + timedelta(days=64))
    assert world.run().transitions == ()
    world.put(steady(7, 0.93), first=FIRST + timedelta(days=65))
    again = world.run()
    assert [item.alert_id for item in again.resolved] == [report.opened[0].alert_id]
    assert again.states[0].state == "ok" and again.states[0].alert_id is None
    assert world.run().transitions == ()
    assert len(world.messages()) == 2
    assert [row.transition_type for row in rows(world, alert_transitions)] == ["opened", "resolved"]


def test_a_backfill_opens_no_old_alerts(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(60, 0.92) + steady(10, 0.6) + steady(40, 0.92) + steady(10, 0.6) + steady(60, 0.92))
    assert world.run().transitions == () and world.messages() == []


@pytest.mark.slow
def test_daily_runs_and_one_run_end_in_the_same_state(make_world: MakeWorld) -> None:
    world = dropped(make_world(), days=6)
    transitions = [
        (day, item.transition) for day in range(58, 66) for item in world.run(FIRST + timedelta(days=day)).transitions
    ]
    assert transitions == [(60, "opened")]
    assert moment_states(world.settings.state_url) == list(world.run().states)


@pytest.mark.slow
def test_late_data_correct_a_drop(make_world: MakeWorld) -> None:
    world = dropped(make_world())
    (opened,) = world.run().opened
    world.put(steady(4, 0.92), first=FIRST + timedelta(days=60))
    (corrected,) = world.run().corrected
    assert (corrected.alert_id, corrected.transition) == (opened.alert_id, "corrected")
    assert "false alarm" in world.messages()[-1].body
    assert [alert.status for alert in list_alerts(world.settings)] == ["corrected"]
    dropped(world)
    (again,) = world.run().opened
    assert (again.alert_id, again.transition) == (opened.alert_id, "reopened")
    assert world.run().transitions == ()


def test_late_data_that_move_the_onset_change_nothing(make_world: MakeWorld) -> None:
    world = dropped(make_world())
    world.run()
    world.put(steady(1, 0.92), first=FIRST + timedelta(days=60))
    assert world.run().transitions == ()


def test_readings_withheld_later_correct_nothing(make_world: MakeWorld) -> None:
    world = dropped(make_world())
    world.run()
    world.put(steady(4, 0.7), first=FIRST + timedelta(days=60), status="withheld")
    report = world.run()
    assert report.corrected == ()
    assert [alert.status for alert in list_alerts(world.settings) if alert.kind == "drop"] == ["open"]


@pytest.mark.slow
def test_a_changed_promise_and_a_removed_moment_supersede(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(60, 0.82))
    (opened,) = world.run().opened
    make_world(ON_SITE.replace("promise: 0.9", "promise: 0.8"))
    (closed,) = world.run().corrected
    assert (closed.alert_id, closed.transition) == (opened.alert_id, "superseded")
    make_world(ON_SITE)
    assert [item.transition for item in world.run().opened] == ["reopened"]
    make_world(LIKED)
    assert [item.transition for item in world.run().corrected] == ["superseded"]
    assert world.run().transitions == ()


def test_a_data_gap_is_notified_once_and_is_no_drop(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(60, 0.92))
    world.put(steady(2, 0.2), first=FIRST + timedelta(days=60), status="withheld")
    report = world.run()
    assert report.opened == () and len(report.data_gaps) == 1
    assert report.states[0].state == "suspended"
    world.put(steady(1, 0.2), first=FIRST + timedelta(days=62), status="withheld")
    assert world.run().transitions == ()
    world.put(steady(1, 0.92), first=FIRST + timedelta(days=63))
    assert [item.transition for item in world.run().transitions] == ["ended"]
    assert [message.title for message in world.messages()] == ["Technician on site: data gap"]
    world.put(steady(1, 0.2), first=FIRST + timedelta(days=64), status="withheld")
    assert len(world.run().data_gaps) == 1


def test_a_data_gap_names_the_source_its_days_and_the_reason(make_world: MakeWorld) -> None:
    """Readings of three days depend on the fourth. Gaps of another source, or of long before, are not listed."""
    world = make_world()
    world.put(steady(60, 0.92))
    world.put(steady(3, 0.2), first=FIRST + timedelta(days=60), status="withheld")
    world.write()
    with open_warehouse(world.settings) as warehouse:
        warehouse.execute("update marts.fct_kpi_readings set matures_at = matures_at + interval 2 day")
        warehouse.execute("create schema if not exists raw")
        warehouse.execute("create schema if not exists intermediate")
        warehouse.execute(
            "create table raw.blind_spots (source text, starts_at timestamp, ends_at timestamp, reason text)"
        )
        warehouse.execute("create table intermediate.int_kpi_sources (journey text, kpi text, source text)")
        warehouse.execute("insert into intermediate.int_kpi_sources values ('repair', 'fix.time_to_resolve', 'visits')")
        warehouse.execute(
            "insert into raw.blind_spots values"
            " ('visits', timestamp '2026-03-04 21:00', timestamp '2026-03-05 21:00', '9 rows, usually 200 a day'),"
            " ('visits', timestamp '2026-02-01 21:00', timestamp '2026-02-02 21:00', 'no rows, usually 200 a day'),"
            " ('letters', timestamp '2026-03-04 21:00', timestamp '2026-03-05 21:00', 'no rows')"
        )
        evaluate_and_dispatch(
            replace(world.settings, now=datetime(2026, 3, 7, tzinfo=UTC)),
            warehouse,
            read_journeys(world.settings.workspace),
        )
    (message,) = world.messages()
    rows = dict(message.content["items"][0]["rows"])
    assert rows["Since"].startswith("Monday 2 March 2026: its readings are withheld")
    assert rows["Missing data"] == "visits: 9 rows, usually 200 a day (2026-03-04 21:00 to 2026-03-05 21:00 UTC)"
    assert "letters" not in message.body and "no rows" not in message.body and "quality check" not in message.body


def test_a_provisional_day_is_not_evaluated(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(60, 0.92))
    world.put(steady(10, 0.1), first=FIRST + timedelta(days=60), status="provisional")
    report = world.run()
    assert report.transitions == () and report.states[0].state in ("ok", "no_data")


def test_a_series_without_mature_days_is_learning(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(10, 0.1), status="provisional")
    report = world.run()
    assert report.transitions == () and report.states[0].state == "learning"


def test_a_drop_of_a_stale_series_is_not_notified(make_world: MakeWorld) -> None:
    world = dropped(make_world())
    last = FIRST + timedelta(days=63)
    assert world.run(last + timedelta(days=60)).transitions == ()


def test_a_drop_of_ten_days_ago_is_notified(make_world: MakeWorld) -> None:
    report = dropped(make_world()).run(FIRST + timedelta(days=73))
    assert [item.transition for item in report.transitions] == ["opened"]


def test_an_earlier_now_is_refused_and_corrects_nothing(make_world: MakeWorld) -> None:
    world = dropped(make_world())
    (opened,) = world.run().opened
    with pytest.raises(InputError, match="evaluated as of 2026-03-06"):
        world.run(FIRST + timedelta(days=50))
    assert world.run().transitions == ()
    assert [alert.alert_id for alert in list_alerts(world.settings)] == [opened.alert_id]


@pytest.mark.slow
def test_withholding_the_days_that_resolved_an_alert_does_not_reopen_it(make_world: MakeWorld) -> None:
    world = dropped(make_world())
    world.run()
    world.put(steady(7, 0.93), first=FIRST + timedelta(days=64))
    assert [item.transition for item in world.run().transitions] == ["resolved"]
    world.put(steady(1, 0.93), first=FIRST + timedelta(days=70), status="withheld")
    assert [item.kind for item in world.run().transitions] == ["data_gap"]


def test_a_segment_that_recovers_with_all_customers_has_no_transition(make_world: MakeWorld) -> None:
    world = dropped(make_world())
    world.put(steady(60, 0.92, 30) + steady(4, 0.5, 30), segment="region", value="south")
    world.run()
    world.put(steady(7, 0.95), first=FIRST + timedelta(days=64))
    world.put(steady(7, 0.93, 12), first=FIRST + timedelta(days=64), segment="region", value="south")
    assert [item.series_id for item in world.run().transitions] == ["repair/technician_on_site"]


def test_a_reading_without_counts_is_an_error_for_the_data_team(make_world: MakeWorld) -> None:
    world = make_world(receivers=[Receiver("lead", "console"), Receiver("data-team", "console")])
    world.settings = type(world.settings)(**{**vars(world.settings), "default_receiver": "data-team"})
    world.put(steady(60, 0.92))
    world.rows["fix.time_to_resolve", "all", "all", FIRST + timedelta(days=60)] = (None, 100.0, "final")
    report = world.run()
    assert report.states[0].state == "error"
    assert [item.kind for item in report.data_gaps] == ["error"]
    assert [message.receiver for message in world.messages()] == ["data-team"]


def test_impossible_counts_are_an_error_beside_an_open_alert(make_world: MakeWorld) -> None:
    world = make_world(receivers=[Receiver("lead", "console"), Receiver("data-team", "webhook")])
    world.settings = replace(world.settings, default_receiver="data-team")
    (opened,) = dropped(world).run().opened
    world.put([(170.0, 100.0)], first=FIRST + timedelta(days=64))
    report = world.run()
    assert [(item.kind, item.transition) for item in report.transitions] == [("error", "opened")]
    assert report.states[0].state == "firing" and report.states[0].alert_id == opened.alert_id
    message = world.messages()[-1]
    assert (message.receiver, message.title) == ("data-team", "Technician on site: cannot be evaluated")
    world.put([(170.0, 100.0)], first=FIRST + timedelta(days=65))
    assert world.run().transitions == ()
    world.put(steady(1, 0.7), first=FIRST + timedelta(days=66))
    assert [(item.kind, item.transition) for item in world.run().transitions] == [("error", "ended")]
    assert world.messages()[-1].title == "Technician on site: ended"
    assert {alert.kind: alert.status for alert in list_alerts(world.settings)} == {"drop": "open", "error": "resolved"}


def test_a_segment_is_inhibited_while_all_customers_fire(make_world: MakeWorld) -> None:
    world = dropped(make_world())
    world.put(steady(60, 0.92, 50) + steady(4, 0.48, 50), segment="region", value="south")
    report = world.run()
    assert [item.series_id for item in report.opened] == ["repair/technician_on_site"]
    states = {row.series_id: row for row in rows(world, series_states)}
    assert states["repair/technician_on_site/region=south"].state == "firing"
    assert states["repair/technician_on_site/region=south"].included_in == "repair/technician_on_site"
    assert "region = south" in world.messages()[0].body


def test_a_segment_that_drops_alone_is_notified(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(64, 0.92, 1000))
    world.put(steady(60, 0.92, 50) + steady(4, 0.5, 50), segment="region", value="south")
    world.put(steady(64, 0.92, 950), segment="region", value="north")
    report = world.run()
    assert [item.series_id for item in report.opened] == ["repair/technician_on_site/region=south"]
    assert report.states[0].state == "ok"
    assert report.states[0].firing_segments == ("region = south",)
    assert moment_states(world.settings.state_url) == list(report.states)


def test_one_message_for_each_receiver_and_run(make_world: MakeWorld) -> None:
    world = dropped(make_world(ON_SITE + STAYS + LIKED.replace("[lead]", "[lead, boss]")))
    world.put(steady(60, 0.08) + steady(4, 0.3), kpi="fix.drop_off")
    world.put(steady(60, 0.66) + steady(4, 0.4), kpi="fix.nps")
    report = world.run()
    assert len(report.opened) == 3 and report.messages_queued == 2
    lead = next(message for message in world.messages() if message.receiver == "lead")
    assert lead.title == "Moments of truth: 3 dropped" and len(lead.transition_ids) == 3
    boss = next(message for message in world.messages() if message.receiver == "boss")
    assert boss.title.startswith("Liked")


def test_improvements_of_lower_is_better_and_points_are_no_drops(make_world: MakeWorld) -> None:
    world = make_world(STAYS + LIKED)
    world.put(steady(60, 0.09) + steady(4, 0.0), kpi="fix.drop_off")
    world.put(steady(60, 0.66) + steady(4, 0.90), kpi="fix.nps")
    report = world.run()
    assert [item.series_id for item in report.opened] == []
    assert {state.state for state in report.states} == {"ok"}


@pytest.mark.slow
def test_a_drop_within_a_long_broken_promise_is_a_worsening(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(100, 0.78))
    (opened,) = world.run().opened
    world.put(steady(5, 0.6), first=FIRST + timedelta(days=100))
    report = world.run()
    assert [(item.alert_id, item.transition) for item in report.opened] == [(opened.alert_id, "worsened")]
    title = world.messages()[-1].title
    assert re.search(r"dropped further, by about 1\d points \(\d+ to \d+\), from 78 % to about 6\d %", title)
    assert world.run().transitions == ()


def test_without_readings_the_error_says_what_to_do(make_world: MakeWorld) -> None:
    world = make_world()
    with open_warehouse(world.settings) as warehouse, pytest.raises(SystemFailure) as caught:
        evaluate_and_dispatch(world.settings, warehouse, read_journeys(world.settings.workspace))
    assert "jkpi measure" in caught.value.hint


def test_on_postgresql(make_world: MakeWorld, postgres_url: str) -> None:
    world = dropped(make_world(state_url=postgres_url))
    assert len(world.run().opened) == 1
    assert world.run().transitions == ()
    assert [alert.status for alert in list_alerts(world.settings)] == ["open"]
    assert moment_states(world.settings.state_url)[0].state == "firing"


RUN_AT_ONCE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from jkpi.alerts.dispatch.evaluate_and_dispatch import evaluate_and_dispatch
from jkpi.journeys.reader import read_journeys
from jkpi.config.settings import Settings
from jkpi.warehouse.open import open_warehouse

folder, state_url = Path(sys.argv[1]), sys.argv[2]
now = datetime(2026, 3, 6, tzinfo=UTC)
settings = Settings(folder, "made", f"duckdb:///{folder}/warehouse.duckdb", state_url, folder, now)
with open_warehouse(settings, read_only=True) as warehouse:
    print(len(evaluate_and_dispatch(settings, warehouse, read_journeys(folder)).transitions))
"""


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_runs_in_parallel_notify_once(
    make_world: MakeWorld, tmp_path: Path, request: pytest.FixtureRequest, engine: str
) -> None:
    url = str(request.getfixturevalue("postgres_url")) if engine == "postgres" else f"sqlite:///{tmp_path}/state.db"
    world = make_world(state_url=url)
    world.put(steady(60, 0.92))
    world.run()
    dropped(world)
    world.write()
    commands = [sys.executable, "-c", RUN_AT_ONCE, str(tmp_path), url]
    runs = [subprocess.Popen(commands, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert sorted(run.communicate()[0].strip() for run in runs) == ["0", "0", "1"]
    assert len(world.messages()) == 1
