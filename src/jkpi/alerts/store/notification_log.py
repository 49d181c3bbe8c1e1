"""The tables of who was told what: tellings, acknowledgements, silences, messages. SQL only, no judgement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update

from jkpi.alerts.notifications.log_entries import Due, Owed, Told
from jkpi.alerts.notifications.model import Letter
from jkpi.alerts.notifications.silences import Held, Silence
from jkpi.alerts.receivers.plain_text import render
from jkpi.state.engine import acknowledgements, alerts, held_digests, outbox, silences, tellings

_AT_ONCE = 500


def owe(connection: Connection, rows: Iterable[tuple[str, int, str]], now: datetime) -> None:
    """(alert, number, receiver): a transition that somebody has to hear of."""
    listed = [
        {
            "alert_id": alert, "number": number, "receiver": receiver, "purpose": "news", "status": "owed",
            "created_at": now,
        }
        for alert, number, receiver in rows
    ]  # fmt: skip
    if listed:
        connection.execute(insert(tellings), listed)


def read_owed(connection: Connection) -> list[Owed]:
    """All that nobody has heard of, oldest first."""
    columns = [tellings.c[name] for name in ("telling_id", "alert_id", "number", "receiver")]
    rows = connection.execute(select(*columns).where(tellings.c.status == "owed").order_by(tellings.c.telling_id)).all()
    return [Owed(**row._mapping) for row in rows]


def read_told(connection: Connection) -> dict[str, list[Told]]:
    """Alert -> what was told of it, for all that are open or of which something is owed."""
    owed = select(tellings.c.alert_id).where(tellings.c.status == "owed")
    wanted = or_(alerts.c.status == "open", alerts.c.alert_id.in_(owed))
    columns = [tellings.c[name] for name in Told.__dataclass_fields__]
    rows = connection.execute(
        select(*columns)
        .join(alerts, alerts.c.alert_id == tellings.c.alert_id)
        .where(tellings.c.status == "told", wanted)
        .order_by(tellings.c.telling_id)
    ).all()
    found: dict[str, list[Told]] = {}
    for row in rows:
        found.setdefault(row.alert_id, []).append(Told(**row._mapping))
    return found


def heard_by(connection: Connection, alert_ids: Iterable[str]) -> dict[str, set[str]]:
    """Alert -> all who were told of it."""
    found: dict[str, set[str]] = {}
    wanted = sorted(alert_ids)
    for start in range(0, len(wanted), _AT_ONCE):
        these = tellings.c.alert_id.in_(wanted[start : start + _AT_ONCE])
        query = select(tellings.c.alert_id, tellings.c.receiver).where(tellings.c.status == "told", these).distinct()
        for row in connection.execute(query):
            found.setdefault(row.alert_id, set()).add(row.receiver)
    return found


def read_acknowledged(connection: Connection) -> dict[str, int]:
    """Alert -> the newest of its transitions that somebody took on."""
    query = select(acknowledgements.c.alert_id, func.max(acknowledgements.c.number)).group_by(
        acknowledgements.c.alert_id
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def read_silences(connection: Connection, now: datetime) -> list[Silence]:
    """The silences that hold now."""
    columns = [silences.c[name] for name in Silence.__dataclass_fields__]
    holds = (silences.c.until > now, silences.c.ended_at.is_(None))
    return [
        Silence(**row._mapping)
        for row in connection.execute(select(*columns).where(*holds).order_by(silences.c.silence_id))
    ]


def read_held_digests(connection: Connection) -> set[str]:
    """The receivers whose digest waits."""
    return set(connection.execute(select(held_digests.c.receiver)).scalars())


def hold_digests(connection: Connection, receivers: Iterable[str]) -> None:
    """The digests of these wait, and of nobody else."""
    connection.execute(delete(held_digests))
    if rows := [{"receiver": receiver} for receiver in sorted(receivers)]:
        connection.execute(insert(held_digests), rows)


def settle(connection: Connection, due: Due, number: int, letter: Letter, thread: str, now: datetime,
           facts: Mapping[str, Any]) -> None:  # fmt: skip
    """A receiver hears of an alert by this message: the newest owed row says so, the others are dropped. `facts`: the
    figures in it."""
    told = {
        "status": "told", "held": None, "purpose": due.purpose, "thread": thread,
        "notification_id": letter.message_id, "told_at": now, "facts": dict(facts),
    }  # fmt: skip
    if due.owed:
        drop(connection, due.owed[:-1])
        connection.execute(update(tellings).where(tellings.c.telling_id == due.owed[-1]).values(**told))
    else:
        row = {"alert_id": due.alert_id, "number": number, "receiver": due.receiver, "created_at": now}
        connection.execute(insert(tellings).values(**row, **told))


def pass_on(connection: Connection, alert_id: str, number: int, receiver: str, letter: Letter, thread: str,
            at: datetime) -> None:  # fmt: skip
    """A program is told that somebody took an alert on: a message in the order of all others about that alert."""
    post(connection, receiver, letter, [], at)
    row = {
        "alert_id": alert_id, "number": number, "receiver": receiver, "purpose": "acknowledgement",
        "status": "passed on", "thread": thread, "notification_id": letter.message_id, "created_at": at, "told_at": at,
    }  # fmt: skip
    connection.execute(insert(tellings).values(**row))


def drop(connection: Connection, telling_ids: Sequence[int]) -> None:
    """These are news no more."""
    _each(connection, telling_ids, status="dropped", held=None)


def hold(connection: Connection, telling_ids: Sequence[int], why: Held) -> None:
    """These stay owed."""
    _each(connection, telling_ids, held=why)


def _each(connection: Connection, telling_ids: Sequence[int], **values: str | None) -> None:
    if telling_ids:
        statement = update(tellings).where(tellings.c.telling_id == bindparam("this")).values(**values)
        connection.execute(statement, [{"this": one} for one in telling_ids])


def count_lately(connection: Connection, receiver: str, now: datetime) -> int:
    """How many messages were written to a receiver within a day."""
    since = outbox.c.created_at > now - timedelta(days=1)
    return connection.execute(select(func.count()).where(outbox.c.receiver == receiver, since)).scalar_one()


def post(connection: Connection, receiver: str, letter: Letter, transitions: list[str], now: datetime) -> None:
    """One message, due at once. `now` is when it became true; sending goes by the clock of the world."""
    connection.execute(
        insert(outbox).values(
            notification_id=letter.message_id,
            receiver=receiver,
            title=letter.title,
            body=render(letter),
            mood=letter.mood,
            content=letter.to_json(),
            transitions=transitions,
            status="waiting",
            attempts=0,
            created_at=now,
        )
    )
