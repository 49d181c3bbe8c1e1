"""When to notify, remind and escalate, for each alert and receiver. Pure: log entries and time in, plan out.

A transition is pending for each of its receivers until they are notified or it is dropped. What was suppressed is
notified later only if it still matters: an alert that opened and closed in the meantime is dropped, and so is its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from jkpi.alerts.notifications.log_entries import DueNotification, PendingNotification, SentNotification
from jkpi.alerts.notifications.model import NotificationType
from jkpi.alerts.transitions.model import StoredAlert


@dataclass(frozen=True)
class PendingPlan:
    """What is due of the pending entries, and which of them need no notification any more."""

    due: tuple[DueNotification, ...]
    dropped: tuple[int, ...]


@dataclass(frozen=True)
class NotificationState:
    """What decides about the notifications of one alert.

    is_acknowledged: since its last alerting transition (opened, reopened or worsened). receivers: by today's map and
    `jkpi.yml`, none if the alert is closed. is_recovering: its newest days are above the threshold, but not yet long
    enough to resolve it.
    """

    alert: StoredAlert
    sent: tuple[SentNotification, ...] = ()
    is_acknowledged: bool = False
    escalate_after: timedelta | None = None
    escalate_to: tuple[str, ...] = ()
    receivers: tuple[str, ...] = ()
    is_recovering: bool = False
    notified_receivers: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "notified_receivers", frozenset(sent.receiver for sent in self.sent))

    @property
    def sent_since_alerting(self) -> tuple[SentNotification, ...]:
        """Notifications since the last alerting transition, that one included."""
        return tuple(sent for sent in self.sent if sent.number >= self.alert.last_alerting_number)

    @property
    def needs_attention(self) -> bool:
        """Whether reminders and escalations are sent: only about an open drop that nobody has acknowledged."""
        return self.alert.is_open and self.alert.kind == "drop" and not self.is_acknowledged


def for_new_receivers(
    states: Iterable[NotificationState], pending: Iterable[PendingNotification]
) -> list[tuple[str, int, str]]:
    """(alert, newest number, receiver): open alerts, for receivers that were named after the others were notified."""
    already_pending = {(entry.alert_id, entry.receiver) for entry in pending}
    return [
        (state.alert.alert_id, state.alert.number, receiver)
        for state in states
        if state.alert.is_open
        for receiver in state.receivers
        if receiver not in state.notified_receivers and (state.alert.alert_id, receiver) not in already_pending
    ]


def due_from_pending(pending: Iterable[PendingNotification], states: Mapping[str, NotificationState]) -> PendingPlan:
    """One notification for each alert and receiver: the newest transition includes the older ones.

    A closed alert is dropped for a receiver that was never notified of it.
    """
    log_ids: dict[tuple[str, str], list[int]] = {}
    for entry in pending:
        log_ids.setdefault((entry.alert_id, entry.receiver), []).append(entry.log_id)
    due: list[DueNotification] = []
    dropped: list[int] = []
    for (alert_id, receiver), ids in log_ids.items():
        state = states[alert_id]
        if not state.alert.is_open and receiver not in state.notified_receivers:
            dropped += ids
        else:
            due.append(DueNotification(alert_id, receiver, "first", tuple(ids)))
    return PendingPlan(tuple(due), tuple(dropped))


def reminders(states: Iterable[NotificationState], now: datetime, every: timedelta | None) -> list[DueNotification]:
    """Reminders of alerts that need attention, to receivers whose last notification is at least `every` old.

    No reminders while the alert is recovering, to receivers that are no longer named, or if `every` is None.
    """
    if every is None:
        return []
    due = []
    for state in states:
        if not state.needs_attention or state.is_recovering:
            continue
        last_notified: dict[str, datetime] = {}
        for sent in state.sent_since_alerting:
            last_notified[sent.receiver] = max(sent.notified_at, last_notified.get(sent.receiver, sent.notified_at))
        named = {*state.receivers, *state.escalate_to}
        due += [
            DueNotification(state.alert.alert_id, receiver, "reminder")
            for receiver, notified_at in last_notified.items()
            if receiver in named and now - notified_at >= every
        ]
    return due


def escalations(states: Iterable[NotificationState], now: datetime) -> list[DueNotification]:
    """Escalations of alerts that need attention, `escalate_after` after the first notification; once to a receiver."""
    due = []
    for state in states:
        sent_since = state.sent_since_alerting
        first_notified = min(
            (sent.notified_at for sent in sent_since if sent.notification_type == "first"), default=None
        )
        if not state.needs_attention or first_notified is None or not state.escalate_after:
            continue
        if now - first_notified >= state.escalate_after:
            escalated = {sent.receiver for sent in sent_since if sent.notification_type == "escalation"}
            due += [
                DueNotification(state.alert.alert_id, receiver, "escalation")
                for receiver in state.escalate_to
                if receiver not in escalated
            ]
    return due


def one_per_receiver(due: Sequence[DueNotification]) -> list[DueNotification]:
    """At most one notification for each alert and receiver: first before escalation before reminder."""
    order: tuple[NotificationType, ...] = ("first", "escalation", "reminder")
    chosen: dict[tuple[str, str], DueNotification] = {}
    for notification in sorted(due, key=lambda notification: order.index(notification.notification_type)):
        chosen.setdefault((notification.alert_id, notification.receiver), notification)
    return list(chosen.values())


def thread_id_of(state: NotificationState, receiver: str) -> str | None:
    """The thread of the receiver's first notification about an alert; None before it."""
    notifications = [sent for sent in state.sent if sent.receiver == receiver]
    first = min(notifications, key=lambda sent: (sent.notified_at, sent.number), default=None)
    return first.thread_id if first is not None else None
