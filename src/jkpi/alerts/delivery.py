"""From the outbox to the receivers, at least once: a message is claimed, sent, and marked.

A process that dies before sending leaves the message to the next one; one that dies after sending and before marking
leaves it to be sent again when its claim runs out, recognisable by the message id in its last line. A receiver that
fails is tried again at growing intervals for three days; then the message is dead, and another receiver is told so.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, func, insert, literal, or_, select, update

from jkpi.alerts.receivers import send
from jkpi.alerts.series import CONSOLE
from jkpi.errors import SystemFailure
from jkpi.settings import Receiver, Settings
from jkpi.state import UtcDateTime, migrate, outbox, reading, state_engine, writing

LEASE = timedelta(minutes=5)
PATIENCE = timedelta(days=3)
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)


@dataclass(frozen=True)
class DeliveryReport:
    """Messages sent, failed (to be tried again), given up, and still waiting. `problems`: why, without secrets."""

    sent: int
    failed: int
    dead: int
    waiting: int
    problems: tuple[str, ...] = ()


def deliver(settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> DeliveryReport:
    """Send what is due, by the clock of the world, even where `as_of` makes time stand still for the data.

    Raises:
        SystemFailure: the state database is locked or away. A receiver that fails raises nothing: see the report.
    """
    engine = state_engine(settings.state_url)
    counts = {"sent": 0, "failed": 0, "dead": 0}
    problems: list[str] = []
    try:
        migrate(engine)
        tried: set[str] = set()
        while message := _claim(engine, clock(), tried):
            tried.add(message.notification_id)
            try:
                send(_receiver(settings, message.receiver), message.title, message.body, message.mood)
            except SystemFailure as error:
                outcome = _put_off(engine, message, error.message, clock(), settings)
                problems.append(error.message)
            else:
                outcome = _mark_sent(engine, message, clock())
            counts[outcome] += 1
        with reading(engine) as connection:
            unsent = outbox.c.status.in_(("waiting", "sending"))
            waiting = connection.execute(select(func.count()).where(unsent)).scalar_one()
    finally:
        engine.dispose()
    return DeliveryReport(counts["sent"], counts["failed"], counts["dead"], waiting, tuple(problems))


def _claim(engine: Engine, now: datetime, tried: set[str]) -> Row[Any] | None:
    """The next message that is due, now leased to this process: the conditional update lets one of many have it."""
    arrived = or_(outbox.c.next_attempt_at.is_(None), outbox.c.next_attempt_at <= now)
    due = or_(
        and_(outbox.c.status == "waiting", arrived),
        and_(outbox.c.status == "sending", outbox.c.lease_until <= now),
    )
    claim = uuid.uuid4().hex
    with writing(engine) as connection:
        found = connection.execute(
            select(outbox.c.notification_id)
            .where(due, outbox.c.notification_id.not_in(tried))
            .order_by(outbox.c.created_at, outbox.c.notification_id)
            .limit(1)
        ).scalar()
        if found is None:
            return None
        claimed = connection.execute(
            update(outbox)
            .where(outbox.c.notification_id == found, due)
            .values(
                status="sending",
                claimed_by=claim,
                lease_until=now + LEASE,
                attempts=outbox.c.attempts + 1,
                first_tried_at=func.coalesce(outbox.c.first_tried_at, literal(now, UtcDateTime)),
            )
        )
        if claimed.rowcount != 1:
            return None
        return connection.execute(select(outbox).where(outbox.c.notification_id == found)).one()


def _mark_sent(engine: Engine, message: Row[Any], now: datetime) -> str:
    mine = and_(outbox.c.notification_id == message.notification_id, outbox.c.claimed_by == message.claimed_by)
    with writing(engine) as connection:
        connection.execute(
            update(outbox).where(mine).values(status="sent", sent_at=now, lease_until=None, last_error=None)
        )
    return "sent"


def _put_off(engine: Engine, message: Row[Any], why: str, now: datetime, settings: Settings) -> str:
    """Try again later, or give up after three days and say so elsewhere."""
    wait = min(FIRST_WAIT * 2 ** min(message.attempts - 1, 20), LONGEST_WAIT)
    is_dead = now - message.first_tried_at >= PATIENCE
    mine = and_(outbox.c.notification_id == message.notification_id, outbox.c.claimed_by == message.claimed_by)
    with writing(engine) as connection:
        status = "dead" if is_dead else "waiting"
        connection.execute(
            update(outbox)
            .where(mine)
            .values(status=status, lease_until=None, last_error=why, next_attempt_at=now + wait)
        )
        if is_dead:
            _tell_elsewhere(connection, message, why, now, settings)
    return "dead" if is_dead else "failed"


def _tell_elsewhere(connection: Connection, message: Row[Any], why: str, now: datetime, settings: Settings) -> None:
    """A message that nobody got is news for somebody else; a note about a note is not."""
    others = [settings.default_receiver or CONSOLE, CONSOLE]
    receiver = next((name for name in others if name != message.receiver), None)
    if receiver is None or not message.transitions:
        return
    note_id = hashlib.sha256(f"dead|{message.notification_id}".encode()).hexdigest()[:16]
    body = f"For {message.receiver}, tried for three days: {why}.\n\n{message.title}\n\n{message.body}"
    connection.execute(
        insert(outbox).values(
            notification_id=note_id,
            receiver=receiver,
            title=f"Not delivered to {message.receiver}: {message.title}",
            body=body,
            mood="warning",
            transitions=[],
            status="waiting",
            attempts=0,
            created_at=now,
        )
    )


def _receiver(settings: Settings, name: str) -> Receiver:
    """The receiver of that name; `console` is there without being declared.

    Raises:
        SystemFailure: the workspace has none of that name any more.
    """
    if name in settings.receivers:
        return settings.receivers[name]
    if name == CONSOLE:
        return Receiver(CONSOLE, "console")
    raise SystemFailure(f"receiver {name} is not declared in jkpi.yml", hint="declare it under receivers:")
