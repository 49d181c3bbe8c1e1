"""Entries of the notification log: pending, sent and due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jkpi.alerts.notifications.model import NotificationType


@dataclass(frozen=True)
class PendingNotification:
    """A transition that a receiver has not been notified of."""

    log_id: int
    alert_id: str
    number: int
    receiver: str


@dataclass(frozen=True)
class SentNotification:
    """A transition that a receiver was notified of, with its message and thread."""

    alert_id: str
    number: int
    receiver: str
    notification_type: NotificationType
    thread_id: str
    notification_id: str
    notified_at: datetime


@dataclass(frozen=True)
class DueNotification:
    """A notification that is due, unless it is suppressed. pending_ids: the log entries that it settles."""

    alert_id: str
    receiver: str
    notification_type: NotificationType
    pending_ids: tuple[int, ...] = ()
