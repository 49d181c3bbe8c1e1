"""Early signs: what cohorts that are not decided yet show already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest

from jkpi.alerts.delivery.outbox import DeliveryReport
from jkpi.alerts.dispatch.evaluate_and_dispatch import AlertReport
from jkpi.alerts.store.listing import list_alerts
from jkpi.cli.report import render_evaluation
from jkpi.cli.status import read_status, render_status
from jkpi.pipeline.steps import EvaluateOutcome
from jkpi.state.alert_reader import moment_states
from jkpi.warehouse.open import open_warehouse
from tests.alerts.made_world import FIRST, STAYS, World, steady

MakeWorld = Callable[..., World]
HOUR, DAY = 3600, 86400
TABLE = """
create table marts.fct_early_readings (
    journey text, kpi text, segment text, segment_value text, cohort_date date, age_seconds bigint,
    value double precision, numerator double precision, denominator double precision, ci_low double precision,
    ci_high double precision, status text, is_suppressed boolean, definition text
)
"""


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def judged(world: World, last: int, ages: dict[int, Sequence[tuple[float, float]]]) -> AlertReport:
    """As of the morning after day `last`. `ages`: seconds -> cohorts that have reached them, from the first day on."""
    world.write(day(last))
    rows = [(age, day(number), *counts) for age, own in ages.items() for number, counts in enumerate(own)]
    columns: dict[str, list[Any]] = {
        "journey": ["repair"] * len(rows),
        "kpi": ["fix.drop_off"] * len(rows),
        "segment": ["all"] * len(rows),
        "segment_value": ["all"] * len(rows),
        "cohort_date": [row[1] for row in rows],
        "age_seconds": [row[0] for row in rows],
        "value": [row[2] / row[3] for row in rows],
        "numerator": [row[2] for row in rows],
        "denominator": [row[3] for row in rows],
        "status": ["final"] * len(rows),
        "is_suppressed": [False] * len(rows),
        "definition": ["first"] * len(rows),
    }
    with open_warehouse(world.settings) as w:
        w.execute("drop table if exists marts.fct_early_readings")
        w.execute(TABLE)
        w.insert("marts.fct_early_readings", pa.table(columns))
    return world.run(day(last))


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """A drop-off that is known after seven days, and has been as usual so far."""
    world = make_world(STAYS)
    world.put(steady(60, 0.08), kpi="fix.drop_off")
    return world


def test_a_cohort_that_lies_behind_is_told_before_it_is_decided(world: World) -> None:
    slow = {HOUR: steady(60, 0.3) + steady(6, 0.3), DAY: steady(60, 0.8) + steady(6, 0.6)}
    (told,) = judged(world, 59, slow).transitions
    assert (told.kind, told.transition) == ("early", "opened")
    assert told.headline == "Customer stays: early sign: after 1 day 60 % are through instead of 80 %"
    (message,) = world.messages()
    assert message.mood == "warning" and message.title == told.headline
    assert "after 1 day 60 % of those who came on these days had moved on" in " ".join(message.body.split())
    assert judged(world, 59, slow).transitions == ()
    query = message.body[message.body.index("    select") :].partition("\n\n")[0]
    with open_warehouse(world.settings, read_only=True) as w:
        assert [row["numerator"] for row in w.rows(query)][-6:] == [60.0] * 6


def test_while_it_is_open_the_moment_and_the_status_name_it(world: World) -> None:
    (told,) = judged(world, 59, {DAY: steady(60, 0.8) + steady(6, 0.6)}).transitions
    (state,) = moment_states(world.settings.state_url)
    assert (state.state, state.alert_id) == ("ok", None)
    assert state.early_warning is not None
    assert (state.early_warning.alert_id, state.early_warning.onset) == (told.alert_id, day(60))
    assert state.early_warning.text == "after 1 day 60 % are through instead of 80 %"
    status = read_status(world.settings)
    assert [moment["early"] for moment in status.moments] == [told.alert_id]
    (line,) = (line for line in render_status(status) if "early sign" in line)
    assert line.endswith(f"{told.alert_id} (early sign)")


def test_the_fall_itself_takes_over_and_the_sign_is_closed_without_a_word(world: World) -> None:
    judged(world, 59, {DAY: steady(60, 0.8) + steady(6, 0.6)})
    world.put(steady(5, 0.3), kpi="fix.drop_off", first=day(60))
    report = judged(world, 64, {DAY: steady(60, 0.8) + steady(11, 0.6)})
    assert {(told.kind, told.transition) for told in report.transitions} == {("drop", "opened"), ("early", "ended")}
    assert [
        line.split(":")[0] for line in render_evaluation(EvaluateOutcome(report, DeliveryReport(0, 0, 0, 0)))[:-2]
    ] == ["opened"]
    assert [message.title.partition(":")[2].split()[0] for message in world.messages()] == ["early", "Drop-off"]
    assert [state.early_warning for state in moment_states(world.settings.state_url)] == [None]


def test_only_late_it_is_closed_without_a_word(world: World) -> None:
    judged(world, 59, {DAY: steady(60, 0.8) + steady(3, 0.6)})
    world.put(steady(8, 0.08), kpi="fix.drop_off", first=day(60))
    report = judged(world, 67, {DAY: steady(60, 0.8) + steady(3, 0.6) + steady(8, 0.8)})
    assert [(told.kind, told.transition) for told in report.transitions] == [("early", "ended")]
    assert len(world.messages()) == 1
    assert [(alert.kind, alert.status) for alert in list_alerts(world.settings)] == [("early", "resolved")]


def test_usual_cohorts_and_old_ones_say_nothing(world: World) -> None:
    assert judged(world, 59, {HOUR: steady(66, 0.3), DAY: steady(66, 0.8)}).transitions == ()
    world.put(steady(40, 0.08), kpi="fix.drop_off", first=day(60))
    assert judged(world, 99, {DAY: steady(60, 0.8) + steady(6, 0.6)}).transitions == ()


def test_of_cohorts_that_are_decided_by_now_it_says_nothing(world: World) -> None:
    world.put(steady(6, 0.08), kpi="fix.drop_off", first=day(60))
    assert judged(world, 65, {DAY: steady(60, 0.8) + steady(6, 0.6)}).transitions == ()
