"""SQL of the notification log, the outbox, acknowledgements and silences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update

from jkpi.alerts.notifications.log_entries import DueNotification, PendingNotification, SentNotification
from jkpi.alerts.notifications.model import Notification
from jkpi.alerts.notifications.silences import Silence, SuppressionReason
from jkpi.alerts.receivers.plain_text import render_text
from jkpi.state.engine import acknowledgements, alerts, deferred_watch_lists, notification_log, outbox, silences

_CHUNK = 500


def add_pending(connection: Connection, recipients: Iterable[tuple[str, int, str]], now: datetime) -> None:
    """Add (alert, number, receiver): transitions that receivers have to be notified of."""
    entries = [
        {
            "alert_id": alert_id,
            "number": number,
            "receiver": receiver,
            "notification_type": "first",
            "status": "pending",
            "created_at": now,
        }
        for alert_id, number, receiver in recipients
    ]
    if entries:
        connection.execute(insert(notification_log), entries)


def read_pending(connection: Connection) -> list[PendingNotification]:
    """All pending entries, oldest first."""
    columns = [notification_log.c[name] for name in PendingNotification.__dataclass_fields__]
    rows = connection.execute(
        select(*columns).where(notification_log.c.status == "pending").order_by(notification_log.c.log_id)
    ).all()
    return [PendingNotification(**row._mapping) for row in rows]


def read_sent(connection: Connection) -> dict[str, list[SentNotification]]:
    """Alert -> its sent notifications, for alerts that are open or have pending entries."""
    has_pending = select(notification_log.c.alert_id).where(notification_log.c.status == "pending")
    wanted = or_(alerts.c.status == "open", alerts.c.alert_id.in_(has_pending))
    columns = [notification_log.c[name] for name in SentNotification.__dataclass_fields__]
    rows = connection.execute(
        select(*columns)
        .join(alerts, alerts.c.alert_id == notification_log.c.alert_id)
        .where(notification_log.c.status == "notified", wanted)
        .order_by(notification_log.c.log_id)
    ).all()
    by_alert: dict[str, list[SentNotification]] = {}
    for row in rows:
        by_alert.setdefault(row.alert_id, []).append(SentNotification(**row._mapping))
    return by_alert


def receivers_notified(connection: Connection, alert_ids: Iterable[str]) -> dict[str, set[str]]:
    """Alert -> the receivers that were notified of it."""
    by_alert: dict[str, set[str]] = {}
    ids = sorted(alert_ids)
    for start in range(0, len(ids), _CHUNK):
        in_chunk = notification_log.c.alert_id.in_(ids[start : start + _CHUNK])
        query = (
            select(notification_log.c.alert_id, notification_log.c.receiver)
            .where(notification_log.c.status == "notified", in_chunk)
            .distinct()
        )
        for row in connection.execute(query):
            by_alert.setdefault(row.alert_id, set()).add(row.receiver)
    return by_alert


def read_acknowledged_numbers(connection: Connection) -> dict[str, int]:
    """Alert -> the newest of its transitions that was acknowledged."""
    query = select(acknowledgements.c.alert_id, func.max(acknowledgements.c.number)).group_by(
        acknowledgements.c.alert_id
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def read_active_silences(connection: Connection, now: datetime) -> list[Silence]:
    """The silences that are active now."""
    columns = [silences.c[name] for name in Silence.__dataclass_fields__]
    is_active = (silences.c.until > now, silences.c.ended_at.is_(None))
    return [
        Silence(**row._mapping)
        for row in connection.execute(select(*columns).where(*is_active).order_by(silences.c.silence_id))
    ]


def read_deferred_watch_lists(connection: Connection) -> set[str]:
    """The receivers whose watch list waits."""
    return set(connection.execute(select(deferred_watch_lists.c.receiver)).scalars())


def defer_watch_lists(connection: Connection, receivers: Iterable[str]) -> None:
    """Replace the receivers whose watch list waits."""
    connection.execute(delete(deferred_watch_lists))
    if rows := [{"receiver": receiver} for receiver in sorted(receivers)]:
        connection.execute(insert(deferred_watch_lists), rows)


def record_notified(
    connection: Connection,
    due: DueNotification,
    number: int,
    notification: Notification,
    thread_id: str,
    now: datetime,
    figures: Mapping[str, Any],
) -> None:
    """Mark an alert as notified by this message: the newest pending entry becomes notified, older ones are dropped.

    A reminder or an escalation has no pending entry and gets a new one. figures: those in the message.
    """
    values = {
        "status": "notified",
        "suppression_reason": None,
        "notification_type": due.notification_type,
        "thread_id": thread_id,
        "notification_id": notification.notification_id,
        "notified_at": now,
        "figures": dict(figures),
    }
    if due.pending_ids:
        discard(connection, due.pending_ids[:-1])
        connection.execute(
            update(notification_log).where(notification_log.c.log_id == due.pending_ids[-1]).values(**values)
        )
    else:
        row = {"alert_id": due.alert_id, "number": number, "receiver": due.receiver, "created_at": now}
        connection.execute(insert(notification_log).values(**row, **values))


def forward_acknowledgement(
    connection: Connection,
    alert_id: str,
    number: int,
    receiver: str,
    notification: Notification,
    thread_id: str,
    now: datetime,
) -> None:
    """Queue the message that notifies a program of an acknowledgement, in order with the others about that alert."""
    enqueue(connection, receiver, notification, [], now)
    row = {
        "alert_id": alert_id,
        "number": number,
        "receiver": receiver,
        "notification_type": "acknowledgement",
        "status": "forwarded",
        "thread_id": thread_id,
        "notification_id": notification.notification_id,
        "created_at": now,
        "notified_at": now,
    }
    connection.execute(insert(notification_log).values(**row))


def discard(connection: Connection, log_ids: Sequence[int]) -> None:
    """Drop log entries that need no notification any more."""
    _update_entries(connection, log_ids, status="dropped", suppression_reason=None)


def suppress(connection: Connection, log_ids: Sequence[int], reason: SuppressionReason) -> None:
    """Keep log entries pending, and record the reason."""
    _update_entries(connection, log_ids, suppression_reason=reason)


def _update_entries(connection: Connection, log_ids: Sequence[int], **values: str | None) -> None:
    if log_ids:
        statement = update(notification_log).where(notification_log.c.log_id == bindparam("this")).values(**values)
        connection.execute(statement, [{"this": log_id} for log_id in log_ids])


def count_queued_last_day(connection: Connection, now: datetime) -> dict[str, int]:
    """Receiver -> messages queued within the last 24 hours."""
    is_recent = outbox.c.created_at > now - timedelta(days=1)
    query = select(outbox.c.receiver, func.count()).where(is_recent).group_by(outbox.c.receiver)
    return {row[0]: row[1] for row in connection.execute(query)}


def queued_ids(connection: Connection, notification_ids: Sequence[str]) -> set[str]:
    """Which of these messages were queued, now or earlier."""
    found: set[str] = set()
    for start in range(0, len(notification_ids), _CHUNK):
        in_chunk = outbox.c.notification_id.in_(notification_ids[start : start + _CHUNK])
        found.update(connection.execute(select(outbox.c.notification_id).where(in_chunk)).scalars())
    return found


def enqueue(
    connection: Connection, receiver: str, notification: Notification, transition_ids: list[str], now: datetime
) -> None:
    """Queue one message, due at once. now: the time of the data; delivery uses the clock of the machine."""
    connection.execute(
        insert(outbox).values(
            notification_id=notification.notification_id,
            receiver=receiver,
            title=notification.title,
            body=render_text(notification),
            severity=notification.severity,
            content=notification.to_json(),
            transition_ids=transition_ids,
            status="queued",
            attempts=0,
            created_at=now,
        )
    )
