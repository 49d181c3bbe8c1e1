"""What is announced is the difference to what is true: told once, taken back when it never was."""

from __future__ import annotations

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
from jkpi.state.engine import alert_transitions, read_transaction, series_states, state_engine
from jkpi.warehouse.open import open_warehouse
from tests.alerts.made_world import FIRST, LIKED, ON_SITE, STAYS, World, steady

MakeWorld = Callable[..., World]


def fallen(world: World, days: int = 4, rate: float = 0.7) -> World:
    world.put(steady(60, 0.92) + steady(days, rate))
    return world


def rows(world: World, table: Any) -> list[Any]:
    engine = state_engine(world.settings.state_url)
    with read_transaction(engine) as connection:
        found = list(connection.execute(table.select()))
    engine.dispose()
    return found


def test_a_fall_is_told_once_and_its_end_once(make_world: MakeWorld) -> None:
    world = fallen(make_world())
    report = world.run()
    assert [told.transition for told in report.opened] == ["opened"]
    (state,) = report.states
    assert (state.state, state.since) == ("firing", FIRST + timedelta(days=60))
    assert state.alert_id == report.opened[0].alert_id
    assert world.run().transitions == ()
    world.put(steady(1, 0.7), first=FIRST + timedelta(days=64))
    assert world.run().transitions == ()
    world.put(steady(3, 0.93), first=FIRST + timedelta(days=65))
    again = world.run()
    assert [told.alert_id for told in again.resolved] == [report.opened[0].alert_id]
    assert again.states[0].state == "ok" and again.states[0].alert_id is None
    assert world.run().transitions == ()
    assert len(world.messages()) == 2
    assert [row.transition_type for row in rows(world, alert_transitions)] == ["opened", "resolved"]


def test_a_backfill_tells_nothing_old(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(60, 0.92) + steady(10, 0.6) + steady(40, 0.92) + steady(10, 0.6) + steady(60, 0.92))
    assert world.run().transitions == () and world.messages() == []


def test_day_by_day_and_all_at_once_end_in_the_same_state(make_world: MakeWorld) -> None:
    world = fallen(make_world(), days=6)
    told = [
        (day, told.transition) for day in range(58, 66) for told in world.run(FIRST + timedelta(days=day)).transitions
    ]
    assert told == [(60, "opened")]
    assert moment_states(world.settings.state_url) == list(world.run().states)


def test_late_data_take_a_breach_back(make_world: MakeWorld) -> None:
    world = fallen(make_world())
    (opened,) = world.run().opened
    world.put(steady(4, 0.92), first=FIRST + timedelta(days=60))
    (corrected,) = world.run().corrected
    assert (corrected.alert_id, corrected.transition) == (opened.alert_id, "corrected")
    assert "no drop" in world.messages()[-1].body
    assert [alert.status for alert in list_alerts(world.settings)] == ["corrected"]
    fallen(world)
    (again,) = world.run().opened
    assert (again.alert_id, again.transition) == (opened.alert_id, "reopened")
    assert world.run().transitions == ()


def test_late_data_that_move_the_beginning_are_no_news(make_world: MakeWorld) -> None:
    world = fallen(make_world())
    world.run()
    world.put(steady(1, 0.92), first=FIRST + timedelta(days=60))
    assert world.run().transitions == ()


def test_readings_withheld_later_correct_nothing(make_world: MakeWorld) -> None:
    world = fallen(make_world())
    world.run()
    world.put(steady(4, 0.7), first=FIRST + timedelta(days=60), status="withheld")
    report = world.run()
    assert report.corrected == ()
    assert [alert.status for alert in list_alerts(world.settings) if alert.kind == "drop"] == ["open"]


def test_a_changed_promise_supersedes_and_a_moment_taken_off_the_map_too(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(60, 0.82))
    (opened,) = world.run().opened
    make_world(ON_SITE.replace("promise: 0.9", "promise: 0.8"))
    (closed,) = world.run().corrected
    assert (closed.alert_id, closed.transition) == (opened.alert_id, "superseded")
    make_world(ON_SITE)
    assert [told.transition for told in world.run().opened] == ["reopened"]
    make_world(LIKED)
    assert [told.transition for told in world.run().corrected] == ["superseded"]
    assert world.run().transitions == ()


def test_blind_is_told_once_a_spell_and_is_no_fall(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(60, 0.92))
    world.put(steady(2, 0.2), first=FIRST + timedelta(days=60), status="withheld")
    report = world.run()
    assert report.opened == () and len(report.data_gaps) == 1
    assert report.states[0].state == "suspended"
    world.put(steady(1, 0.2), first=FIRST + timedelta(days=62), status="withheld")
    assert world.run().transitions == ()
    world.put(steady(1, 0.92), first=FIRST + timedelta(days=63))
    assert [told.transition for told in world.run().transitions] == ["ended"]
    assert [message.title for message in world.messages()] == ["Technician on site: data gap"]
    world.put(steady(1, 0.2), first=FIRST + timedelta(days=64), status="withheld")
    assert len(world.run().data_gaps) == 1


def test_blind_names_the_source_its_days_and_why(make_world: MakeWorld) -> None:
    """Cases of three days wait for the fourth. What another source lacked, or this one long before, is no reason."""
    world = make_world()
    world.put(steady(60, 0.92))
    world.put(steady(3, 0.2), first=FIRST + timedelta(days=60), status="withheld")
    world.write()
    with open_warehouse(world.settings) as w:
        w.execute("update marts.fct_kpi_readings set matures_at = matures_at + interval 2 day")
        w.execute("create schema if not exists raw")
        w.execute("create schema if not exists intermediate")
        w.execute("create table raw.blind_spots (source text, starts_at timestamp, ends_at timestamp, reason text)")
        w.execute("create table intermediate.int_kpi_sources (journey text, kpi text, source text)")
        w.execute("insert into intermediate.int_kpi_sources values ('repair', 'fix.time_to_resolve', 'visits')")
        w.execute(
            "insert into raw.blind_spots values"
            " ('visits', timestamp '2026-03-04 21:00', timestamp '2026-03-05 21:00', '9 rows, usually 200 a day'),"
            " ('visits', timestamp '2026-02-01 21:00', timestamp '2026-02-02 21:00', 'no rows, usually 200 a day'),"
            " ('letters', timestamp '2026-03-04 21:00', timestamp '2026-03-05 21:00', 'no rows')"
        )
        evaluate_and_dispatch(
            replace(world.settings, now=datetime(2026, 3, 7, tzinfo=UTC)), w, read_journeys(world.settings.workspace)
        )
    (message,) = world.messages()
    rows = dict(message.content["items"][0]["rows"])
    assert rows["Since"].startswith("Monday 2 March 2026: its readings are withheld")
    assert rows["Missing data"] == "visits: 9 rows, usually 200 a day (2026-03-04 21:00 to 2026-03-05 21:00 UTC)"
    assert "letters" not in message.body and "no rows" not in message.body and "quality check" not in message.body


def test_a_provisional_day_is_not_there_yet(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(60, 0.92))
    world.put(steady(10, 0.1), first=FIRST + timedelta(days=60), status="provisional")
    report = world.run()
    assert report.transitions == () and report.states[0].state in ("ok", "no_data")


def test_where_nothing_is_mature_yet_it_is_learning_not_silent(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(10, 0.1), status="provisional")
    report = world.run()
    assert report.transitions == () and report.states[0].state == "learning"


def test_a_breach_of_a_series_that_ended_long_ago_is_no_news(make_world: MakeWorld) -> None:
    world = fallen(make_world())
    last = FIRST + timedelta(days=63)
    assert world.run(last + timedelta(days=60)).transitions == ()


def test_a_breach_of_a_few_days_ago_is_news(make_world: MakeWorld) -> None:
    report = fallen(make_world()).run(FIRST + timedelta(days=73))
    assert [told.transition for told in report.transitions] == ["opened"]


def test_looking_back_is_refused_and_takes_nothing_back(make_world: MakeWorld) -> None:
    world = fallen(make_world())
    (opened,) = world.run().opened
    with pytest.raises(InputError, match="evaluated as of 2026-03-06"):
        world.run(FIRST + timedelta(days=50))
    assert world.run().transitions == ()
    assert [alert.alert_id for alert in list_alerts(world.settings)] == [opened.alert_id]


def test_days_that_closed_an_alert_and_are_withheld_later_do_not_open_it_again(make_world: MakeWorld) -> None:
    world = fallen(make_world())
    world.run()
    world.put(steady(3, 0.93), first=FIRST + timedelta(days=64))
    assert [told.transition for told in world.run().transitions] == ["resolved"]
    world.put(steady(1, 0.93), first=FIRST + timedelta(days=66), status="withheld")
    assert [told.kind for told in world.run().transitions] == ["data_gap"]


def test_a_segment_that_recovers_with_the_whole_is_no_news_of_its_own(make_world: MakeWorld) -> None:
    world = fallen(make_world())
    world.put(steady(60, 0.92, 30) + steady(4, 0.5, 30), segment="region", value="south")
    world.run()
    world.put(steady(3, 0.95), first=FIRST + timedelta(days=64))
    world.put(steady(3, 0.93, 12), first=FIRST + timedelta(days=64), segment="region", value="south")
    assert [told.series_id for told in world.run().transitions] == ["repair/technician_on_site"]


def test_no_counts_is_an_error_told_to_the_data_team(make_world: MakeWorld) -> None:
    world = make_world(receivers=[Receiver("lead", "console"), Receiver("data-team", "console")])
    world.settings = type(world.settings)(**{**vars(world.settings), "default_receiver": "data-team"})
    world.put(steady(60, 0.92))
    world.rows["fix.time_to_resolve", "all", "all", FIRST + timedelta(days=60)] = (None, 100.0, "final")
    report = world.run()
    assert report.states[0].state == "error"
    assert [told.kind for told in report.data_gaps] == ["error"]
    assert [message.receiver for message in world.messages()] == ["data-team"]


def test_counts_that_make_no_sense_are_told_while_another_alert_is_open(make_world: MakeWorld) -> None:
    world = make_world(receivers=[Receiver("lead", "console"), Receiver("data-team", "webhook")])
    world.settings = replace(world.settings, default_receiver="data-team")
    (opened,) = fallen(world).run().opened
    world.put([(170.0, 100.0)], first=FIRST + timedelta(days=64))
    report = world.run()
    assert [(told.kind, told.transition) for told in report.transitions] == [("error", "opened")]
    assert report.states[0].state == "firing" and report.states[0].alert_id == opened.alert_id
    told = world.messages()[-1]
    assert (told.receiver, told.title) == ("data-team", "Technician on site: cannot be evaluated")
    world.put([(170.0, 100.0)], first=FIRST + timedelta(days=65))
    assert world.run().transitions == ()
    world.put(steady(1, 0.7), first=FIRST + timedelta(days=66))
    assert [(told.kind, told.transition) for told in world.run().transitions] == [("error", "ended")]
    assert world.messages()[-1].title == "Technician on site: ended"
    assert {alert.kind: alert.status for alert in list_alerts(world.settings)} == {"drop": "open", "error": "resolved"}


def test_a_segment_is_silent_while_the_whole_speaks_for_it(make_world: MakeWorld) -> None:
    world = fallen(make_world())
    world.put(steady(60, 0.92, 50) + steady(4, 0.48, 50), segment="region", value="south")
    report = world.run()
    assert [told.series_id for told in report.opened] == ["repair/technician_on_site"]
    states = {row.series_id: row for row in rows(world, series_states)}
    assert states["repair/technician_on_site/region=south"].state == "firing"
    assert states["repair/technician_on_site/region=south"].is_inhibited
    assert "region = south" in world.messages()[0].body


def test_a_segment_that_falls_alone_is_told(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(64, 0.92, 1000))
    world.put(steady(60, 0.92, 50) + steady(4, 0.5, 50), segment="region", value="south")
    world.put(steady(64, 0.92, 950), segment="region", value="north")
    report = world.run()
    assert [told.series_id for told in report.opened] == ["repair/technician_on_site/region=south"]
    assert report.states[0].state == "ok"
    assert report.states[0].firing_segments == ("region = south",)
    assert moment_states(world.settings.state_url) == list(report.states)


def test_one_message_for_each_receiver_and_run(make_world: MakeWorld) -> None:
    world = fallen(make_world(ON_SITE + STAYS + LIKED.replace("[lead]", "[lead, boss]")))
    world.put(steady(60, 0.08) + steady(4, 0.3), kpi="fix.drop_off")
    world.put(steady(60, 0.66) + steady(4, 0.4), kpi="fix.nps")
    report = world.run()
    assert len(report.opened) == 3 and report.messages_queued == 2
    lead = next(message for message in world.messages() if message.receiver == "lead")
    assert lead.title == "Moments of truth: 3 dropped" and len(lead.transition_ids) == 3
    boss = next(message for message in world.messages() if message.receiver == "boss")
    assert boss.title.startswith("Liked")


def test_lower_is_better_and_points_are_judged_in_their_own_direction(make_world: MakeWorld) -> None:
    world = make_world(STAYS + LIKED)
    world.put(steady(60, 0.09) + steady(4, 0.0), kpi="fix.drop_off")
    world.put(steady(60, 0.66) + steady(4, 0.90), kpi="fix.nps")
    report = world.run()
    assert [told.series_id for told in report.opened] == []
    assert {state.state for state in report.states} == {"ok"}


def test_a_fall_within_a_chronic_breach_is_told_as_worse(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(100, 0.78))
    (opened,) = world.run().opened
    world.put(steady(5, 0.6), first=FIRST + timedelta(days=100))
    report = world.run()
    assert [(told.alert_id, told.transition) for told in report.opened] == [(opened.alert_id, "worsened")]
    assert "dropped further, from 78 % to 60 %" in world.messages()[-1].title
    assert world.run().transitions == ()


def test_unmeasured_says_what_to_do(make_world: MakeWorld) -> None:
    world = make_world()
    with open_warehouse(world.settings) as w, pytest.raises(SystemFailure) as caught:
        evaluate_and_dispatch(world.settings, w, read_journeys(world.settings.workspace))
    assert "jkpi measure" in caught.value.hint


def test_on_postgresql_as_well(make_world: MakeWorld, postgres_url: str) -> None:
    world = fallen(make_world(state_url=postgres_url))
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
with open_warehouse(settings, read_only=True) as w:
    print(len(evaluate_and_dispatch(settings, w, read_journeys(folder)).transitions))
"""


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_two_runs_at_once_say_it_once(
    make_world: MakeWorld, tmp_path: Path, request: pytest.FixtureRequest, engine: str
) -> None:
    url = str(request.getfixturevalue("postgres_url")) if engine == "postgres" else f"sqlite:///{tmp_path}/state.db"
    world = make_world(state_url=url)
    world.put(steady(60, 0.92))
    world.run()
    fallen(world)
    world.write()
    commands = [sys.executable, "-c", RUN_AT_ONCE, str(tmp_path), url]
    runs = [subprocess.Popen(commands, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert sorted(run.communicate()[0].strip() for run in runs) == ["0", "0", "1"]
    assert len(world.messages()) == 1
