"""Early warnings of undecided cohorts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest

from jkpi.alerts.delivery.outbox import DeliveryReport
from jkpi.alerts.dispatch.evaluate_and_dispatch import AlertReport
from jkpi.alerts.store.listing import list_alerts
from jkpi.cli.report import render_evaluation
from jkpi.cli.status import read_status
from jkpi.pipeline.steps import EvaluateOutcome
from jkpi.state.alert_reader import moment_states
from jkpi.warehouse.open import open_warehouse
from tests.alerts.made_world import FIRST, KEPT, STAYS, World, steady

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


def evaluate(world: World, last: int, ages: Mapping[int, Sequence[tuple[float, float]]]) -> AlertReport:
    """Evaluate on the morning after day last. ages: seconds -> cohorts that have reached that age, from day 0 on."""
    world.write(day(last))
    rows = [(age, day(number), *counts) for age, cohorts in ages.items() for number, counts in enumerate(cohorts)]
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
    with open_warehouse(world.settings) as warehouse:
        warehouse.execute("drop table if exists marts.fct_early_readings")
        warehouse.execute(TABLE)
        warehouse.insert("marts.fct_early_readings", pa.table(columns))
    return world.run(day(last))


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """A drop-off that has been at its baseline so far."""
    world = make_world(STAYS)
    world.put(steady(60, 0.08), kpi="fix.drop_off")
    return world


def test_an_undecided_cohort_behind_past_ones_opens_an_early_warning(world: World) -> None:
    cohorts_by_age = {HOUR: steady(60, 0.3) + steady(6, 0.3), DAY: steady(60, 0.8) + steady(6, 0.6)}
    (transition,) = evaluate(world, 59, cohorts_by_age).transitions
    assert (transition.kind, transition.transition) == ("early_warning", "opened")
    assert transition.headline.startswith("Customer stays: early warning: after 1 day 60 % have")
    (message,) = world.messages()
    assert message.severity == "warning" and message.title == transition.headline
    assert "after 1 day 60 % of" in " ".join(message.body.split())
    assert evaluate(world, 59, cohorts_by_age).transitions == ()
    query = message.body[message.body.index("    select") :].partition("\n\n")[0]
    with open_warehouse(world.settings, read_only=True) as warehouse:
        assert [row["numerator"] for row in warehouse.rows(query)][-6:] == [60.0] * 6


def test_moment_and_status_show_an_open_early_warning(world: World) -> None:
    (transition,) = evaluate(world, 59, {DAY: steady(60, 0.8) + steady(6, 0.6)}).transitions
    (state,) = moment_states(world.settings.state_url)
    assert (state.state, state.alert_id) == ("ok", None)
    assert state.early_warning is not None
    assert (state.early_warning.alert_id, state.early_warning.onset) == (transition.alert_id, day(60))
    assert state.early_warning.text.startswith("after 1 day 60 % have")
    status = read_status(world.settings)
    assert [moment["early_warning"] for moment in status.moments] == [transition.alert_id]


def test_a_drop_of_the_moment_ends_the_early_warning_silently(world: World) -> None:
    evaluate(world, 59, {DAY: steady(60, 0.8) + steady(6, 0.6)})
    world.put(steady(5, 0.3), kpi="fix.drop_off", first=day(60))
    report = evaluate(world, 64, {DAY: steady(60, 0.8) + steady(11, 0.6)})
    assert {(transition.kind, transition.transition) for transition in report.transitions} == {
        ("drop", "opened"),
        ("early_warning", "ended"),
    }
    assert [
        line.split(":")[0] for line in render_evaluation(EvaluateOutcome(report, DeliveryReport(0, 0, 0, 0)))[:-2]
    ] == ["opened"]
    assert [message.title.partition(":")[2].split()[0] for message in world.messages()] == ["early", "Drop-off"]
    assert [state.early_warning for state in moment_states(world.settings.state_url)] == [None]


def test_late_cohorts_end_the_early_warning_silently(world: World) -> None:
    evaluate(world, 59, {DAY: steady(60, 0.8) + steady(3, 0.6)})
    world.put(steady(8, 0.08), kpi="fix.drop_off", first=day(60))
    report = evaluate(world, 67, {DAY: steady(60, 0.8) + steady(3, 0.6) + steady(8, 0.8)})
    assert [(transition.kind, transition.transition) for transition in report.transitions] == [
        ("early_warning", "ended")
    ]
    assert len(world.messages()) == 1
    assert [(alert.kind, alert.status) for alert in list_alerts(world.settings)] == [("early_warning", "resolved")]


def test_few_cohorts_that_are_as_bad_keep_the_early_warning_open(make_world: MakeWorld) -> None:
    """100 cases a day, then four that are all lost, and a month without any. Four are too few to evaluate the moment:
    nothing says that the warning was wrong. Thirty cases at the usual rate say it."""
    world = make_world(STAYS.replace("promise: 0.1", "promise: 0.35"))
    world.put(steady(60, 0.3), kpi="fix.drop_off")
    cohorts = [*steady(60, 0.95), (0.0, 4.0)]
    (opened,) = evaluate(world, 61, {DAY: cohorts}).transitions
    assert (opened.kind, opened.transition) == ("early_warning", "opened")
    world.put([(4.0, 4.0)], kpi="fix.drop_off", first=day(60))
    for number in (63, 70, 91):
        assert evaluate(world, number, {DAY: cohorts}).transitions == ()
    world.put([(10.0, 30.0)], kpi="fix.drop_off", first=day(92))
    (ended,) = evaluate(world, 95, {DAY: cohorts}).transitions
    assert (ended.alert_id, ended.transition) == (opened.alert_id, "ended")


def test_cohorts_at_the_baseline_and_old_ones_open_nothing(world: World) -> None:
    assert evaluate(world, 59, {HOUR: steady(66, 0.3), DAY: steady(66, 0.8)}).transitions == ()
    world.put(steady(40, 0.08), kpi="fix.drop_off", first=day(60))
    assert evaluate(world, 99, {DAY: steady(60, 0.8) + steady(6, 0.6)}).transitions == ()


def test_decided_cohorts_open_no_early_warning(world: World) -> None:
    world.put(steady(6, 0.08), kpi="fix.drop_off", first=day(60))
    assert evaluate(world, 65, {DAY: steady(60, 0.8) + steady(6, 0.6)}).transitions == ()


def test_cases_that_are_not_closed_early_warn_of_promises_that_are_not_due_yet(make_world: MakeWorld) -> None:
    """Promises due are kept as ever, up to yesterday; of the cases that began since day 60 too few are closed early."""
    world = make_world(KEPT)
    world.put(steady(70, 0.85), kpi="fix.promises_kept")
    world.put(steady(60, 0.5) + steady(5, 0.2), kpi="fix.promises_kept closed_within")
    (transition,) = evaluate(world, 69, {}).transitions
    assert (transition.kind, transition.transition) == ("early_warning", "opened")
    (state,) = moment_states(world.settings.state_url)
    assert state.early_warning is not None and state.early_warning.onset == day(60)
    assert "20 % closed within a quarter of the promised time, baseline 50 %" in transition.headline
    (message,) = world.messages()
    body = " ".join(message.body.split())
    assert "20 % were closed within a quarter of the promised time, at most 7 days" in body
    assert "fall due later" in body
    query = message.body[message.body.index("    select") :].partition("\n\n")[0]
    with open_warehouse(world.settings, read_only=True) as warehouse:
        assert [row["numerator"] for row in warehouse.rows(query)][-5:] == [20.0] * 5
    world.put(steady(6, 0.85), kpi="fix.promises_kept", first=day(70))
    world.put(steady(11, 0.5), kpi="fix.promises_kept closed_within", first=day(65))
    report = evaluate(world, 75, {})
    assert [(each.kind, each.transition) for each in report.transitions] == [("early_warning", "ended")]
    assert len(world.messages()) == 1
