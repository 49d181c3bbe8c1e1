"""Deliver the messages of the outbox, at least once and in order: claim a message, send it, mark it as sent.

If the process dies before sending, the next one sends the message. If it dies between sending and marking, the message
is sent again when its lease ends; both copies have the same id in the last line. If a receiver fails, delivery is
retried at growing intervals for three days; then the message becomes a dead letter, and another receiver is notified.
Later messages about the same alert wait until then: a resolution that arrives before its opening would leave an
incident open for ever.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, exists, func, literal, or_, select, update

from jkpi.alerts.notifications.model import Notification, notification_from_json
from jkpi.alerts.receivers.ack_links import link_factory
from jkpi.alerts.receivers.send import destination_hash, send
from jkpi.alerts.series.watched import CONSOLE
from jkpi.alerts.store.notification_log import enqueue
from jkpi.config.settings import Receiver, Settings
from jkpi.errors import InputError, SystemFailure
from jkpi.state.engine import (
    UtcDateTime,
    migrated_engine,
    notification_log,
    outbox,
    read_transaction,
    write_transaction,
)

LEASE = timedelta(minutes=5)
RETRY_FOR = timedelta(days=3)
INITIAL_BACKOFF = timedelta(minutes=1)
MAX_BACKOFF = timedelta(hours=6)
UNDELIVERED = "message.undelivered"
_UNSENT = ("queued", "sending")


@dataclass(frozen=True)
class DeliveryReport:
    """How many messages were sent, failed (will be retried), became dead letters, and are still queued.

    problems: the reasons for failures, without secrets.
    """

    sent: int
    failed: int
    dead_lettered: int
    queued: int
    problems: tuple[str, ...] = ()


def deliver(settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> DeliveryReport:
    """Send the messages that are due, by the clock of the machine (not by `as_of`).

    Raises:
        SystemFailure: the state database is locked or cannot be reached. A receiver that fails raises nothing: see the
            report.
    """
    counts = {"sent": 0, "failed": 0, "dead_lettered": 0}
    problems: list[str] = []
    with migrated_engine(settings.state_url) as engine:
        attempted: set[str] = set()
        while message := _claim(engine, clock(), attempted):
            attempted.add(message.notification_id)
            try:
                receiver = _receiver_named(settings, message.receiver)
                link = link_factory(settings.alerting, receiver.name, clock())
                remark = send(receiver, _notification_of(message), link, clock())
            except (InputError, SystemFailure) as error:
                outcome = _schedule_retry(engine, message, error.message, clock(), settings)
                problems.append(error.message)
            else:
                outcome = _mark_sent(engine, message, destination_hash(receiver), remark, clock())
                problems += [remark] if remark else []
            counts[outcome] += 1
        with read_transaction(engine) as connection:
            queued = connection.execute(select(func.count()).where(outbox.c.status.in_(_UNSENT))).scalar_one()
    return DeliveryReport(counts["sent"], counts["failed"], counts["dead_lettered"], queued, tuple(problems))


def _claim(engine: Engine, now: datetime, attempted: set[str]) -> Row[Any] | None:
    """The next message that is due, leased to this process. A conditional update gives it to one process only.

    On PostgreSQL, a message that another process is claiming is skipped. A message is not claimed while an older one
    about the same alert to the same receiver is unsent, so that a resolution never arrives before its opening.
    """
    earlier = outbox.alias("earlier")
    is_first = ~exists().where(
        earlier.c.receiver == outbox.c.receiver,
        earlier.c.status.in_(_UNSENT),
        _comes_before(earlier.c.notification_id, outbox.c.notification_id),
    )
    is_due = or_(outbox.c.next_attempt_at.is_(None), outbox.c.next_attempt_at <= now)
    is_free = or_(
        and_(outbox.c.status == "queued", is_due),
        and_(outbox.c.status == "sending", outbox.c.lease_until <= now),
    )
    is_claimable = and_(is_free, is_first)
    claim_id = uuid.uuid4().hex
    with write_transaction(engine, serialised=False) as connection:
        notification_id = connection.execute(
            select(outbox.c.notification_id)
            .where(is_claimable, outbox.c.notification_id.not_in(attempted))
            .order_by(outbox.c.created_at, outbox.c.notification_id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).scalar()
        if notification_id is None:
            return None
        claimed = connection.execute(
            update(outbox)
            .where(outbox.c.notification_id == notification_id, is_claimable)
            .values(
                status="sending",
                claimed_by=claim_id,
                lease_until=now + LEASE,
                attempts=outbox.c.attempts + 1,
                first_attempt_at=func.coalesce(outbox.c.first_attempt_at, literal(now, UtcDateTime)),
            )
        )
        if claimed.rowcount != 1:
            return None
        return connection.execute(select(outbox).where(outbox.c.notification_id == notification_id)).one()


def _comes_before(earlier_id: ColumnElement[str], later_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether two messages are about the same alert and the first one is older.

    The order of the log decides. Times do not: they come from two clocks, that of the data and that of the machine.
    """
    earlier, later = notification_log.alias("earlier_entry"), notification_log.alias("later_entry")
    comes_before = exists().where(
        earlier.c.notification_id == earlier_id,
        later.c.notification_id == later_id,
        earlier.c.alert_id == later.c.alert_id,
        earlier.c.log_id < later.c.log_id,
    )
    return comes_before.correlate_except(earlier, later)


def _notification_of(message: Row[Any]) -> Notification:
    return notification_from_json(message.content)


def _mark_sent(engine: Engine, message: Row[Any], sent_to: str, remark: str | None, now: datetime) -> str:
    is_claimed = and_(outbox.c.notification_id == message.notification_id, outbox.c.claimed_by == message.claimed_by)
    values = {"status": "sent", "sent_at": now, "lease_until": None, "last_error": remark, "destination": sent_to}
    with write_transaction(engine, serialised=False) as connection:
        connection.execute(update(outbox).where(is_claimed).values(**values))
    return "sent"


def _schedule_retry(engine: Engine, message: Row[Any], reason: str, now: datetime, settings: Settings) -> str:
    """Schedule a retry; after three days make the message a dead letter and notify another receiver."""
    backoff = min(INITIAL_BACKOFF * 2 ** min(message.attempts - 1, 20), MAX_BACKOFF)
    is_dead_letter = now - message.first_attempt_at >= RETRY_FOR
    is_claimed = and_(outbox.c.notification_id == message.notification_id, outbox.c.claimed_by == message.claimed_by)
    with write_transaction(engine, serialised=False) as connection:
        status = "dead_lettered" if is_dead_letter else "queued"
        updated = connection.execute(
            update(outbox)
            .where(is_claimed)
            .values(status=status, lease_until=None, last_error=reason, next_attempt_at=now + backoff)
        )
        # The three days of the messages that wait behind it begin now, as if they had been tried.
        waits_behind = (
            outbox.c.receiver == message.receiver,
            outbox.c.status == "queued",
            _comes_before(literal(message.notification_id), outbox.c.notification_id),
        )
        first_attempt_at = func.coalesce(outbox.c.first_attempt_at, literal(now, UtcDateTime))
        connection.execute(update(outbox).where(*waits_behind).values(first_attempt_at=first_attempt_at))
        if is_dead_letter and updated.rowcount == 1:
            _notify_fallback(connection, message, reason, now, settings)
    return "dead_lettered" if is_dead_letter else "failed"


def _notify_fallback(connection: Connection, message: Row[Any], reason: str, now: datetime, settings: Settings) -> None:
    """Notify another receiver that a message was not delivered, unless that message was such a notice itself."""
    fallbacks = [settings.default_receiver or CONSOLE, CONSOLE]
    receiver = next((name for name in fallbacks if name != message.receiver), None)
    notification = _notification_of(message)
    if receiver is None or notification.event == UNDELIVERED:
        return
    fallback_note = replace(
        notification,
        notification_id=hashlib.sha256(f"dead|{message.notification_id}".encode()).hexdigest()[:16],
        title=f"Not delivered to {message.receiver}: {message.title}",
        severity="warning",
        event=UNDELIVERED,
        text=f"Delivery to {message.receiver} failed for three days: {reason}.\n\n{notification.text}".strip(),
        replies_to=(),
        closed_threads=(),
    )
    enqueue(connection, receiver, fallback_note, [], now)


def _receiver_named(settings: Settings, name: str) -> Receiver:
    """The receiver of that name; `console` needs no declaration.

    Raises:
        SystemFailure: the workspace no longer declares it.
    """
    if name in settings.receivers:
        return settings.receivers[name]
    if name == CONSOLE:
        return Receiver(CONSOLE, "console")
    raise SystemFailure(f"receiver {name} is not declared in jkpi.yml", hint="declare it under receivers:")
