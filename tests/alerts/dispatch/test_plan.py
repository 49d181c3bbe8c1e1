"""Who is notified in a run: recipients, suppression, grouping, the daily limit and watch lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from jkpi.alerts.detection.state_machine import SeriesState
from jkpi.alerts.dispatch.plan import (
    EvaluationOutcome,
    LogState,
    PlannedNotification,
    notification_states,
    plan_dispatch,
    plan_promise_lists,
    recipients,
)
from jkpi.alerts.dispatch.schedule import NotificationState
from jkpi.alerts.notifications.log_entries import DueNotification, PendingNotification
from jkpi.alerts.notifications.silences import Silence
from jkpi.alerts.series.moment_context import MomentContext
from jkpi.alerts.transitions.model import EvaluatedSeries
from jkpi.config.receivers import MuteInterval
from jkpi.config.settings import Settings
from tests.alerts.builders import (
    NOW,
    WATCHED,
    context,
    detection,
    evaluated,
    sent,
    settings,
    stored_alert,
    transition,
)

KEY = ("repair", "on_site")
CONTEXTS = {KEY: MomentContext(("lead",), escalate_after=timedelta(days=2), escalate_to=("boss",))}
OUTCOME = EvaluationOutcome((), (), CONTEXTS, (), NOW - timedelta(days=1))
STATE = NotificationState(stored_alert(), receivers=("lead",))
PENDING = PendingNotification(1, "a1", 1, "lead")
SILENCE = Silence(1, "repair", NOW + timedelta(days=1), "moving", "Ada")
MUTE = MuteInterval.model_validate({"from": NOW.date(), "to": NOW.date(), "reason": "holidays"})


def outcome_of(transition_type: str, **fields: Any) -> EvaluationOutcome:
    new = transition(transition_type, detection(), number=2, stored_alert=stored_alert(), **fields)
    return replace(OUTCOME, alert_contexts=(context(new),))


@pytest.mark.parametrize(
    ("transition_type", "moment_receivers", "notified", "expected"),
    [
        ("worsened", ("lead",), {"lead"}, ["lead"]),
        ("worsened", ("lead",), {"lead", "boss"}, ["boss", "lead"]),  # boss was notified by escalation
        ("worsened", ("program",), {"lead"}, ["program"]),  # lead is no longer named
        ("resolved", ("program",), {"lead"}, ["lead", "program"]),  # but is notified of the end
        ("resolved", ("lead",), {"lead", "gone"}, ["lead"]),  # gone is no longer declared
        ("ended", ("lead", "program"), {"lead", "program"}, ["program"]),
    ],
)
def test_recipients(
    transition_type: str, moment_receivers: tuple[str, ...], notified: set[str], expected: list[str]
) -> None:
    outcome = replace(
        outcome_of(transition_type), moment_contexts={KEY: replace(CONTEXTS[KEY], receivers=moment_receivers)}
    )
    found = recipients(outcome, {"a1": notified}, settings())
    assert [receiver for _, _, receiver in found] == expected
    assert {(alert_id, number) for alert_id, number, _ in found} <= {("a1", 2)}


def test_a_new_alert_goes_to_the_receivers_of_its_context() -> None:
    outcome = replace(OUTCOME, alert_contexts=(context(transition("opened", detection()), receivers=("a", "b")),))
    assert recipients(outcome, {}, settings()) == [("a1", 1, "a"), ("a1", 1, "b")]


def test_an_error_goes_to_the_default_receiver() -> None:
    data_team = replace(settings(), default_receiver="data-team")
    assert OUTCOME.receivers_of(stored_alert(kind="error"), data_team) == ("data-team",)
    assert OUTCOME.receivers_of(stored_alert(kind="error"), settings()) == ("console",)
    assert OUTCOME.receivers_of(stored_alert(moment="gone"), settings()) == ()


def test_notification_states() -> None:
    outcome = replace(OUTCOME, evaluated=(evaluated(SeriesState.RECOVERING, detection()),))
    alerts = [stored_alert(), stored_alert("a2", status="resolved", last_alerting_number=3)]
    states = notification_states(outcome, alerts, {"a1": [sent()]}, {"a1": 1, "a2": 2}, settings())
    first, second = states["a1"], states["a2"]
    assert (first.is_acknowledged, first.is_recovering, first.receivers, first.escalate_to) == (
        True, True, ("lead",), ("boss",),
    )  # fmt: skip
    assert first.notified_receivers == {"lead"}
    assert (second.is_acknowledged, second.receivers) == (False, ())


def plan(log: LogState, *states: NotificationState, outcome: EvaluationOutcome = OUTCOME, **options: Any) -> Any:
    return plan_dispatch(outcome, log, {state.alert.alert_id: state for state in states}, settings(**options))


def test_all_that_is_due_to_a_receiver_is_one_message() -> None:
    other = replace(STATE, alert=stored_alert("a2"))
    reminded = NotificationState(
        stored_alert("a3"), (sent(alert_id="a3", notified_at=NOW - timedelta(days=7)),), receivers=("lead",)
    )
    log = LogState([PENDING, PendingNotification(2, "a2", 1, "lead"), PendingNotification(3, "a2", 1, "boss")])
    planned = plan(log, STATE, other, reminded).notifications
    assert [(item.receiver, [due.alert_id for due in item.due]) for item in planned] == [
        ("boss", ["a2"]), ("lead", ["a1", "a2", "a3"]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("log", "options", "suppressed"),
    [
        (LogState([PENDING], [SILENCE]), {}, {"silenced": (1,)}),
        (LogState([PENDING], [replace(SILENCE, scope="a1")]), {}, {"silenced": (1,)}),
        (LogState([PENDING]), {"mute_intervals": (MUTE,)}, {"muted": (1,)}),
        (LogState([PENDING], [SILENCE]), {"mute_intervals": (MUTE,)}, {"silenced": (1,)}),
        (LogState([PENDING], queued_last_day={"lead": 12}), {}, {"rate_limited": (1,)}),
        (LogState([PENDING], queued_last_day={"lead": 1}), {"max_messages_per_day": 1}, {"rate_limited": (1,)}),
    ],
)
def test_what_is_suppressed_stays_pending(log: LogState, options: Any, suppressed: Any) -> None:
    result = plan(log, STATE, **options)
    assert (result.notifications, result.suppressed, result.dropped) == ((), suppressed, ())


@pytest.mark.parametrize(
    "log",
    [
        LogState([PENDING], [replace(SILENCE, scope="repair/other")]),
        LogState([PENDING], [replace(SILENCE, until=NOW)]),
        LogState([PENDING], queued_last_day={"lead": 11, "boss": 12}),
    ],
)
def test_what_is_not_suppressed_is_planned(log: LogState) -> None:
    result = plan(log, STATE)
    assert result.notifications == (PlannedNotification("lead", (DueNotification("a1", "lead", "first", (1,)),)),)
    assert result.suppressed == {}


def test_a_mute_interval_of_something_else_suppresses_nothing() -> None:
    mute = MUTE.model_copy(update={"scope": ["other", "repair/other"]})
    assert len(plan(LogState([PENDING]), STATE, mute_intervals=(mute,)).notifications) == 1


def test_a_reminder_to_a_receiver_that_is_no_longer_declared_is_not_planned() -> None:
    state = NotificationState(stored_alert(), (sent("gone", notified_at=NOW - timedelta(days=7)),), receivers=("gone",))
    assert plan(LogState(), state).notifications == ()


WATCH = evaluated(SeriesState.WATCH, rate=0.84, n=100.0)
PATTERN = evaluated(SeriesState.PATTERN, rate=0.84, n=100.0, segment="region", segment_value="south")
PROGRAM = evaluated(SeriesState.WATCH, watched=replace(WATCHED, receivers=("program",)), rate=0.84, n=100.0)
SUNDAY, THURSDAY = date(2026, 3, 1), date(2026, 3, 5)


@pytest.mark.parametrize(
    ("frequency", "previous_day", "series", "log", "line_count"),
    [
        ("weekly", SUNDAY, (WATCH, PATTERN), LogState(), 2),
        ("weekly", THURSDAY, (WATCH,), LogState(), 0),
        ("daily", THURSDAY, (WATCH,), LogState(), 1),
        ("daily", NOW.date(), (WATCH,), LogState(), 0),
        ("never", SUNDAY, (WATCH,), LogState(), 0),
        ("weekly", None, (WATCH,), LogState(), 0),
        ("weekly", THURSDAY, (WATCH,), LogState(deferred_watch_lists={"lead"}), 1),
        ("weekly", SUNDAY, (PROGRAM,), LogState(), 0),
        ("weekly", SUNDAY, (evaluated(SeriesState.OK),), LogState(), 0),
        ("weekly", SUNDAY, (replace(WATCH, is_inhibited=True),), LogState(), 0),
        ("weekly", SUNDAY, (replace(WATCH, is_stale=True),), LogState(), 0),
        ("weekly", SUNDAY, (evaluated(SeriesState.WATCH, detection(), rate=0.84, n=100.0),), LogState(), 0),
        ("weekly", SUNDAY, (WATCH,), LogState(silences=[SILENCE]), 0),
    ],
)
def test_watch_lists(frequency: str, previous_day: date | None, series: Any, log: LogState, line_count: int) -> None:
    previous_run_at = None if previous_day is None else NOW.replace(month=previous_day.month, day=previous_day.day)
    outcome = replace(OUTCOME, evaluated=series, previous_run_at=previous_run_at)
    planned = plan(log, outcome=outcome, watch_list=frequency).notifications
    assert sum(len(item.watch_list) for item in planned) == line_count


def test_a_watch_list_over_the_daily_limit_is_deferred() -> None:
    outcome = replace(OUTCOME, evaluated=(WATCH,), previous_run_at=NOW - timedelta(days=5))
    result = plan(LogState(queued_last_day={"lead": 12}), outcome=outcome)
    assert (result.notifications, result.deferred_watch_lists) == ((), {"lead"})


def test_a_long_watch_list_is_cut() -> None:
    many = tuple(
        evaluated(SeriesState.WATCH, rate=0.84, n=100.0, segment="region", segment_value=f"r{number}")
        for number in range(130)
    )
    outcome = replace(OUTCOME, evaluated=many, previous_run_at=NOW - timedelta(days=5))
    (planned,) = plan(LogState(), outcome=outcome).notifications
    assert (len(planned.watch_list), planned.watch_list[-1]) == (101, "and 30 more")


def breaching(segment_value: str, receivers: tuple[str, ...] = ("lead",)) -> EvaluatedSeries:
    series = evaluated(segment="region", segment_value=segment_value, watched=replace(WATCHED, receivers=receivers))
    return replace(series, result=replace(series.result, promise_breach=detection(line="promise")))


BREACHES = replace(OUTCOME, evaluated=(evaluated(), breaching("north"), breaching("south")))


@pytest.mark.parametrize(
    ("outcome", "log", "given", "already_sent", "expected"),
    [
        (BREACHES, LogState(), settings(), False, [("lead", ["north", "south"])]),
        (OUTCOME, LogState(), settings(), False, []),
        (BREACHES, LogState(), settings(), True, []),
        (BREACHES, LogState(silences=[SILENCE]), settings(), False, []),
        (
            BREACHES,
            LogState(silences=[replace(SILENCE, scope="repair/on_site/region=north")]),
            settings(),
            False,
            [("lead", ["south"])],
        ),
        (BREACHES, LogState(), settings(mute_intervals=(MUTE,)), False, []),
        (BREACHES, LogState(queued_last_day={"lead": 12}), settings(), False, []),
        (BREACHES, LogState(), settings({"lead": "pagerduty"}), False, []),
        (BREACHES, LogState(), settings({"other": "console"}), False, []),
        (BREACHES, LogState(), settings({"lead": "webhook"}), False, [("lead", ["north", "south"])]),
    ],
    ids=["due", "kept", "sent", "silenced", "one silenced", "muted", "limit", "pagerduty", "unknown", "webhook"],
)
def test_lists_of_segments_below_their_promise(
    outcome: EvaluationOutcome,
    log: LogState,
    given: Settings,
    already_sent: bool,
    expected: list[tuple[str, list[str]]],
) -> None:
    def sent_ids(ids: Sequence[str]) -> set[str]:
        return set(ids) if already_sent else set()

    lists = plan_promise_lists(outcome, log, sent_ids, given)
    assert [(planned.receiver, [b.segment_value for b in planned.breaches]) for planned in lists] == expected
