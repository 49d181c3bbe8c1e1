"""Who is still to be told what. Pure: what is owed, what was told, and the time in; what to say now out.

A transition is owed to each of its receivers until it is told or dropped. What was held back is told afterwards only if
it still is news: an alert that opened and closed meanwhile is never told, and neither is its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from jkpi.alerts.notifications.log_entries import DueNotification, PendingNotification, SentNotification
from jkpi.alerts.notifications.model import NotificationType
from jkpi.alerts.transitions.model import StoredAlert


@dataclass(frozen=True)
class NotificationPlan:
    """What to tell, and which owed rows are news no more."""

    due: tuple[DueNotification, ...]
    dropped: tuple[int, ...]


@dataclass(frozen=True)
class NotificationState:
    """An alert, what was told of it, and whether somebody took it on since it was last news. `receivers`: who is to
    hear of it by what the map and `jkpi.yml` say today; `seems_over`: its newest days are clear, and not yet enough."""

    alert: StoredAlert
    sent: tuple[SentNotification, ...] = ()
    is_acknowledged: bool = False
    escalate_after: timedelta | None = None
    escalate_to: tuple[str, ...] = ()
    receivers: tuple[str, ...] = ()
    is_recovering: bool = False
    notified_receivers: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "notified_receivers", frozenset(notification.receiver for notification in self.sent))

    @property
    def sent_since_alerting(self) -> tuple[SentNotification, ...]:
        """What was told since it was last news."""
        return tuple(
            notification for notification in self.sent if notification.number >= self.alert.last_alerting_number
        )


def for_new_receivers(
    states: Iterable[NotificationState], pending: Iterable[PendingNotification]
) -> list[tuple[str, int, str]]:
    """(alert, number, receiver): the newest of open alerts, for those who were named only after it was told."""
    already_pending = {(notification.alert_id, notification.receiver) for notification in pending}
    return [
        (state.alert.alert_id, state.alert.number, receiver)
        for state in states
        if state.alert.is_open
        for receiver in state.receivers
        if receiver not in state.notified_receivers and (state.alert.alert_id, receiver) not in already_pending
    ]


def plan_notifications(
    pending: Iterable[PendingNotification], states: dict[str, NotificationState]
) -> NotificationPlan:
    """Of all that is owed of one alert to one receiver, the newest says it all."""
    groups: dict[tuple[str, str], list[PendingNotification]] = {}
    for notification in pending:
        groups.setdefault((notification.alert_id, notification.receiver), []).append(notification)
    due: list[DueNotification] = []
    dropped: list[int] = []
    for (alert_id, receiver), notifications in groups.items():
        state = states[alert_id]
        log_ids = tuple(notification.log_id for notification in notifications)
        if not state.alert.is_open and receiver not in state.notified_receivers:
            dropped += log_ids
        else:
            due.append(DueNotification(alert_id, receiver, "first", log_ids))
    return NotificationPlan(tuple(due), tuple(dropped))


def reminders(states: Iterable[NotificationState], now: datetime, every: timedelta | None) -> list[DueNotification]:
    """Open falls that nobody took on, to those who last heard of them so long ago and still are to hear of them. What
    seems to be over is not repeated as if it were not."""
    if every is None:
        return []
    due = []
    for state in states:
        needs_attention = state.alert.is_open and state.alert.kind == "drop" and not state.is_acknowledged
        if needs_attention and not state.is_recovering:
            last_notified: dict[str, datetime] = {}
            for notification in state.sent_since_alerting:
                last_notified[notification.receiver] = max(
                    notification.notified_at, last_notified.get(notification.receiver, notification.notified_at)
                )
            receivers = {*state.receivers, *state.escalate_to}
            due += [
                DueNotification(state.alert.alert_id, receiver, "reminder")
                for receiver, notified_at in last_notified.items()
                if receiver in receivers and now - notified_at >= every
            ]
    return due


def escalations(states: Iterable[NotificationState], now: datetime) -> list[DueNotification]:
    """Open falls that nobody took on in the time their map gives, to those whom it names then; once."""
    due = []
    for state in states:
        first_notified = min(
            (
                notification.notified_at
                for notification in state.sent_since_alerting
                if notification.notification_type == "first"
            ),
            default=None,
        )
        already_escalated = {
            notification.receiver
            for notification in state.sent_since_alerting
            if notification.notification_type == "escalation"
        }
        needs_attention = state.alert.is_open and state.alert.kind == "drop" and not state.is_acknowledged
        if (
            needs_attention
            and first_notified is not None
            and state.escalate_after
            and now - first_notified >= state.escalate_after
        ):
            receivers = (receiver for receiver in state.escalate_to if receiver not in already_escalated)
            due += [DueNotification(state.alert.alert_id, receiver, "escalation") for receiver in receivers]
    return due


def one_per_receiver(due: Sequence[DueNotification]) -> list[DueNotification]:
    """At most one of each alert to each receiver: news before escalation before repeat."""
    order: tuple[NotificationType, ...] = ("first", "escalation", "reminder")
    chosen: dict[tuple[str, str], DueNotification] = {}
    for notification in sorted(due, key=lambda notification: order.index(notification.notification_type)):
        chosen.setdefault((notification.alert_id, notification.receiver), notification)
    return list(chosen.values())


def thread_id_of(state: NotificationState, receiver: str) -> str | None:
    """The thread in which a receiver heard of an alert first."""
    notifications = [notification for notification in state.sent if notification.receiver == receiver]
    return (
        min(notifications, key=lambda notification: (notification.notified_at, notification.number)).thread_id
        if notifications
        else None
    )
