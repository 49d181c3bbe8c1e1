"""Entries of the notification log: pending, sent and due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jkpi.alerts.notifications.model import Purpose


@dataclass(frozen=True)
class Owed:
    """A transition that a receiver has not heard of."""

    telling_id: int
    alert_id: str
    number: int
    receiver: str


@dataclass(frozen=True)
class Told:
    """A transition that a receiver was told, in which message and thread."""

    alert_id: str
    number: int
    receiver: str
    purpose: Purpose
    thread: str
    notification_id: str
    told_at: datetime


@dataclass(frozen=True)
class Due:
    """To be told now, if nothing holds it back; `owed` are the rows that are settled by it."""

    alert_id: str
    receiver: str
    purpose: Purpose
    owed: tuple[int, ...] = ()
