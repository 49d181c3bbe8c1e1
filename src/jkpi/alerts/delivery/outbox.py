"""From the outbox to the receivers, at least once and in order: a message is claimed, sent, and marked.

A process that dies before sending leaves the message to the next one; one that dies after sending and before marking
leaves it to be sent again when its claim runs out, recognisable by the message id in its last line. A receiver that
fails is tried again at growing intervals for three days; then the message is dead, and another receiver is told so.
What came later waits until then: an end that arrives before its beginning would leave an incident open for ever.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, exists, func, literal, or_, select, update

from jkpi.alerts.notifications.model import Letter, from_json
from jkpi.alerts.receivers.ack_links import maker
from jkpi.alerts.receivers.send import destination, send
from jkpi.alerts.series.watched import CONSOLE
from jkpi.alerts.store.notification_log import post
from jkpi.config.settings import Receiver, Settings
from jkpi.errors import InputError, SystemFailure
from jkpi.state.engine import UtcDateTime, migrate, outbox, reading, state_engine, tellings, writing

LEASE = timedelta(minutes=5)
PATIENCE = timedelta(days=3)
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
UNDELIVERED = "message.undelivered"
_UNSENT = ("waiting", "sending")


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
                receiver = _receiver(settings, message.receiver)
                link = maker(settings.telling, receiver.name, clock())
                remark = send(receiver, _letter(message, settings), link, clock())
            except (InputError, SystemFailure) as error:
                outcome = _put_off(engine, message, error.message, clock(), settings)
                problems.append(error.message)
            else:
                outcome = _mark_sent(engine, message, destination(receiver), remark, clock())
                problems += [remark] if remark else []
            counts[outcome] += 1
        with reading(engine) as connection:
            waiting = connection.execute(select(func.count()).where(outbox.c.status.in_(_UNSENT))).scalar_one()
    finally:
        engine.dispose()
    return DeliveryReport(counts["sent"], counts["failed"], counts["dead"], waiting, tuple(problems))


def _claim(engine: Engine, now: datetime, tried: set[str]) -> Row[Any] | None:
    """The next message that is due, now leased to this process: the conditional update lets one of many have it.

    On PostgreSQL a message that another dispatcher is just claiming is passed over, not waited for. Nothing is claimed
    while an older message of the same alert to the same receiver is not sent: no end may come before its beginning, and
    no acknowledgement before what was acknowledged.
    """
    earlier = outbox.alias("earlier")
    is_first = ~exists().where(
        earlier.c.receiver == outbox.c.receiver,
        earlier.c.status.in_(_UNSENT),
        _comes_before(earlier.c.notification_id, outbox.c.notification_id),
    )
    arrived = or_(outbox.c.next_attempt_at.is_(None), outbox.c.next_attempt_at <= now)
    free = or_(
        and_(outbox.c.status == "waiting", arrived),
        and_(outbox.c.status == "sending", outbox.c.lease_until <= now),
    )
    due = and_(free, is_first)
    claim = uuid.uuid4().hex
    with writing(engine, serialised=False) as connection:
        found = connection.execute(
            select(outbox.c.notification_id)
            .where(due, outbox.c.notification_id.not_in(tried))
            .order_by(outbox.c.created_at, outbox.c.notification_id)
            .limit(1)
            .with_for_update(skip_locked=True)
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


def _comes_before(one: ColumnElement[str], other: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether one of two messages to a receiver tells of the same alert as the other, and earlier.

    By the order in which it was written down: their times are by two clocks, that of the data and that of the world.
    """
    ours, theirs = tellings.alias("ours"), tellings.alias("theirs")
    found = exists().where(
        ours.c.notification_id == one,
        theirs.c.notification_id == other,
        ours.c.alert_id == theirs.c.alert_id,
        ours.c.telling_id < theirs.c.telling_id,
    )
    return found.correlate_except(ours, theirs)


def _letter(message: Row[Any], settings: Settings) -> Letter:
    """The letter of a message; one that was written when messages were text alone is told as that text."""
    if message.content is not None:
        return from_json(message.content)
    as_of = f"{message.created_at:%Y-%m-%d %H:%M}"
    return Letter(
        message.notification_id, settings.name, as_of, settings.synthetic, message.title, message.mood,
        text=message.body,
    )  # fmt: skip


def _mark_sent(engine: Engine, message: Row[Any], where: str, remark: str | None, now: datetime) -> str:
    mine = and_(outbox.c.notification_id == message.notification_id, outbox.c.claimed_by == message.claimed_by)
    done = {"status": "sent", "sent_at": now, "lease_until": None, "last_error": remark, "destination": where}
    with writing(engine, serialised=False) as connection:
        connection.execute(update(outbox).where(mine).values(**done))
    return "sent"


def _put_off(engine: Engine, message: Row[Any], why: str, now: datetime, settings: Settings) -> str:
    """Try again later, or give up after three days and say so elsewhere."""
    wait = min(FIRST_WAIT * 2 ** min(message.attempts - 1, 20), LONGEST_WAIT)
    is_dead = now - message.first_tried_at >= PATIENCE
    mine = and_(outbox.c.notification_id == message.notification_id, outbox.c.claimed_by == message.claimed_by)
    with writing(engine, serialised=False) as connection:
        status = "dead" if is_dead else "waiting"
        changed = connection.execute(
            update(outbox)
            .where(mine)
            .values(status=status, lease_until=None, last_error=why, next_attempt_at=now + wait)
        )
        # What waits behind it is given up no later than if it had been tried itself.
        behind = (
            outbox.c.receiver == message.receiver,
            outbox.c.status == "waiting",
            _comes_before(literal(message.notification_id), outbox.c.notification_id),
        )
        since = func.coalesce(outbox.c.first_tried_at, literal(now, UtcDateTime))
        connection.execute(update(outbox).where(*behind).values(first_tried_at=since))
        if is_dead and changed.rowcount == 1:
            _tell_elsewhere(connection, message, why, now, settings)
    return "dead" if is_dead else "failed"


def _tell_elsewhere(connection: Connection, message: Row[Any], why: str, now: datetime, settings: Settings) -> None:
    """A message that nobody got is news for somebody else; a note about a note is not."""
    others = [settings.default_receiver or CONSOLE, CONSOLE]
    receiver = next((name for name in others if name != message.receiver), None)
    letter = _letter(message, settings)
    if receiver is None or letter.event == UNDELIVERED:
        return
    note = replace(
        letter,
        message_id=hashlib.sha256(f"dead|{message.notification_id}".encode()).hexdigest()[:16],
        title=f"Not delivered to {message.receiver}: {message.title}",
        mood="warning",
        event=UNDELIVERED,
        text=f"For {message.receiver}, tried for three days: {why}.\n\n{letter.text}".strip(),
        replies_to=(),
        over=(),
    )
    post(connection, receiver, note, [], now)


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
