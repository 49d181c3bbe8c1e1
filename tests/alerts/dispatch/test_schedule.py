"""When a receiver is notified, reminded and escalated to: the rules for one alert."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from jkpi.alerts.dispatch.schedule import (
    NotificationState,
    due_from_pending,
    escalations,
    for_new_receivers,
    one_per_receiver,
    reminders,
    thread_id_of,
)
from jkpi.alerts.notifications.log_entries import DueNotification, PendingNotification
from tests.alerts.builders import NOW, sent, stored_alert

WEEK, DAY = timedelta(days=7), timedelta(days=1)
OPEN = NotificationState(stored_alert(), (sent(notified_at=NOW - WEEK),), receivers=("lead",))
ESCALATING = replace(OPEN, escalate_after=2 * DAY, escalate_to=("boss",))


def due(*states: NotificationState, every: timedelta | None = WEEK, now: datetime = NOW) -> list[tuple[str, str]]:
    notifications = [*reminders(states, now, every), *escalations(states, now)]
    return [(notification.receiver, notification.notification_type) for notification in notifications]


@pytest.mark.parametrize(
    ("state", "every", "expected"),
    [
        (OPEN, WEEK, [("lead", "reminder")]),
        (OPEN, WEEK + DAY, []),
        (OPEN, None, []),
        (replace(OPEN, is_acknowledged=True), WEEK, []),
        (replace(OPEN, is_recovering=True), WEEK, []),
        (replace(OPEN, alert=stored_alert(status="resolved")), WEEK, []),
        (replace(OPEN, alert=stored_alert(kind="data_gap")), WEEK, []),
        (replace(OPEN, receivers=("new",)), WEEK, []),
        (replace(OPEN, receivers=("new",), escalate_to=("lead",)), WEEK, [("lead", "reminder")]),
        (replace(OPEN, sent=()), WEEK, []),
        (replace(OPEN, sent=(*OPEN.sent, sent(notification_type="reminder", notified_at=NOW - DAY))), WEEK, []),
        # Worsened yesterday and still pending: nothing was sent since.
        (replace(OPEN, alert=stored_alert(number=2, last_alerting_number=2)), WEEK, []),
    ],
)
def test_reminders(state: NotificationState, every: timedelta | None, expected: list[tuple[str, str]]) -> None:
    assert due(state, every=every) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (ESCALATING, [("boss", "escalation")]),
        (replace(ESCALATING, escalate_to=("boss", "head")), [("boss", "escalation"), ("head", "escalation")]),
        (replace(ESCALATING, escalate_after=8 * DAY), []),
        (replace(ESCALATING, escalate_after=None), []),
        (replace(ESCALATING, is_acknowledged=True), []),
        (replace(ESCALATING, alert=stored_alert(status="resolved")), []),
        (replace(ESCALATING, alert=stored_alert(kind="early_warning")), []),
        (replace(ESCALATING, sent=(*ESCALATING.sent, sent("boss", "escalation"))), []),
        (replace(ESCALATING, is_recovering=True), [("boss", "escalation")]),
        # The time counts from the last alerting transition: after a worsening it begins again.
        (replace(ESCALATING, alert=stored_alert(number=2, last_alerting_number=2)), []),
    ],
)
def test_escalations(state: NotificationState, expected: list[tuple[str, str]]) -> None:
    assert due(state, every=None) == expected


@pytest.mark.parametrize(
    ("state", "pending", "expected"),
    [
        (replace(OPEN, receivers=("lead", "new")), (), [("a1", 1, "new")]),
        (replace(OPEN, receivers=("lead", "new")), (PendingNotification(7, "a1", 1, "new"),), []),
        (replace(OPEN, receivers=("lead", "new"), alert=stored_alert(status="resolved")), (), []),
        (OPEN, (), []),
        (replace(OPEN, receivers=("new",), alert=stored_alert(number=3)), (), [("a1", 3, "new")]),
    ],
)
def test_new_receivers(state: NotificationState, pending: Any, expected: list[tuple[str, int, str]]) -> None:
    assert for_new_receivers([state], pending) == expected


@pytest.mark.parametrize(
    ("status", "notified", "due_ids", "dropped"),
    [
        ("open", (), [(1, 2)], ()),
        ("resolved", (), [], (1, 2)),
        ("resolved", (sent(),), [(1, 2)], ()),
        ("corrected", (sent("boss"),), [], (1, 2)),
    ],
)
def test_pending_entries(status: str, notified: Any, due_ids: list[tuple[int, ...]], dropped: tuple[int, ...]) -> None:
    """A closed alert is dropped for a receiver that was never notified of it."""
    state = NotificationState(stored_alert(status=status), notified)
    plan = due_from_pending([PendingNotification(number, "a1", number, "lead") for number in (1, 2)], {"a1": state})
    assert ([notification.pending_ids for notification in plan.due], plan.dropped) == (due_ids, dropped)


def test_one_notification_for_each_alert_and_receiver() -> None:
    notifications = [
        DueNotification("a1", "lead", "reminder"),
        DueNotification("a1", "lead", "escalation"),
        DueNotification("a1", "boss", "escalation"),
        DueNotification("a1", "lead", "first", (4,)),
        DueNotification("a2", "lead", "reminder"),
    ]
    chosen = {(item.alert_id, item.receiver): item.notification_type for item in one_per_receiver(notifications)}
    assert chosen == {("a1", "lead"): "first", ("a1", "boss"): "escalation", ("a2", "lead"): "reminder"}


def test_a_thread_is_that_of_the_first_notification() -> None:
    later = sent(thread_id="t2", notified_at=NOW + DAY)
    assert thread_id_of(NotificationState(stored_alert(), (later, sent(thread_id="t1"))), "lead") == "t1"
    assert thread_id_of(OPEN, "boss") is None
