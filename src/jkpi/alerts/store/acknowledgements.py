"""What people say about alerts: I take it on; be silent about it until then. The state of an alert goes on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from jkpi.alerts.notifications.model import Entry, Letter
from jkpi.alerts.notifications.silences import Silence, covers
from jkpi.alerts.store.notification_log import pass_on, read_silences
from jkpi.alerts.transitions.model import NEWS
from jkpi.config.settings import Settings
from jkpi.documents.documents import nearest
from jkpi.errors import InputError
from jkpi.state.engine import (
    acknowledgements,
    alert_transitions,
    alerts,
    migrate,
    reading,
    series_states,
    silences,
    state_engine,
    tellings,
    writing,
)


@dataclass(frozen=True)
class Acknowledged:
    """Who took an alert on, and when. `is_new`: it was done just now. `messages`: programs that hear of it."""

    alert_id: str
    headline: str
    who: str
    at: datetime
    note: str
    is_new: bool
    messages: int = 0


@dataclass(frozen=True)
class AlertFace:
    """What a person must see to know which alert they are asked about."""

    alert_id: str
    status: str
    headline: str
    owner: str
    since: str
    acknowledged: Acknowledged | None


def face(settings: Settings, alert_id: str) -> AlertFace:
    """An alert in short.

    Raises:
        InputError: there is none of that id.
    """
    engine = state_engine(settings.state_url)
    try:
        migrate(engine)
        with reading(engine) as connection:
            alert, newest = _alert(connection, alert_id), _newest(connection, alert_id)
            known = _acknowledged(connection, alert_id, newest.evidence["headline"])
            return AlertFace(
                alert_id, alert.status, newest.evidence["headline"], alert.owner, f"{alert.since:%Y-%m-%d}", known
            )
    finally:
        engine.dispose()


def acknowledge(settings: Settings, alert_id: str, who: str, note: str, via: str, at: datetime) -> Acknowledged:
    """Take an alert on: it is not repeated and not escalated, until it is news again. The first to do so is kept.

    Programs that were told of the alert (PagerDuty, webhooks) are told of this as well.

    Raises:
        InputError: there is no such alert, or it is closed.
    """
    engine = state_engine(settings.state_url)
    try:
        migrate(engine)
        with writing(engine) as connection:
            alert, newest = _alert(connection, alert_id), _newest(connection, alert_id)
            if alert.status != "open":
                raise InputError(f"alert {alert_id} is {alert.status} already: there is nothing to take on")
            headline = newest.evidence["headline"]
            known = _acknowledged(connection, alert_id, headline)
            if known is not None:
                return known
            row = {"alert_id": alert_id, "number": newest.number, "who": who, "via": via, "note": note}
            connection.execute(insert(acknowledgements).values(**row, acknowledged_at=at))
            told = _tell_programs(connection, settings, alert, newest, f"acknowledged by {who}", at)
            return Acknowledged(alert_id, headline, who, at, note, True, told)
    finally:
        engine.dispose()


def silence(settings: Settings, scope: str, until: datetime, reason: str, who: str, at: datetime) -> Silence:
    """Hold back what would be said of an alert or of series until a time (by the time of the data). What is still news
    then is told then.

    Raises:
        InputError: nothing is called so, or the time has passed.
    """
    if until <= settings.now:
        raise InputError(
            f"a silence until {until:%Y-%m-%d %H:%M} would be over already: it is {settings.now:%Y-%m-%d %H:%M} UTC",
            hint="name a later time with --until, or a length with --for",
        )
    engine = state_engine(settings.state_url)
    try:
        migrate(engine)
        with writing(engine) as connection:
            _known(connection, scope)
            row = {"scope": scope, "until": until, "reason": reason, "who": who, "created_at": at}
            made = connection.execute(insert(silences).values(**row))
            key = made.inserted_primary_key
            return Silence(int(key[0]) if key else 0, scope, until, reason, who)
    finally:
        engine.dispose()


def unsilence(settings: Settings, scope: str, who: str, at: datetime) -> list[Silence]:
    """End the silences of that scope, or the one of that number; those that were ended.

    Raises:
        InputError: there is none.
    """
    engine = state_engine(settings.state_url)
    try:
        migrate(engine)
        with writing(engine) as connection:
            held = read_silences(connection, settings.now)
            ended = [one for one in held if scope in (one.scope, str(one.silence_id))]
            if not ended:
                known = [one.scope for one in held]
                raise InputError(
                    f"nothing called {scope!r} is silenced", hint=nearest(scope, known) or "see jkpi alerts"
                )
            for one in ended:
                this = silences.c.silence_id == one.silence_id
                connection.execute(update(silences).where(this).values(ended_at=at, ended_by=who))
            return ended
    finally:
        engine.dispose()


def current_silences(settings: Settings) -> list[Silence]:
    """The silences that hold now."""
    engine = state_engine(settings.state_url)
    try:
        migrate(engine)
        with reading(engine) as connection:
            return read_silences(connection, settings.now)
    finally:
        engine.dispose()


def _alert(connection: Connection, alert_id: str) -> Row[Any]:
    row = connection.execute(select(alerts).where(alerts.c.alert_id == alert_id)).one_or_none()
    if row is None:
        known: list[str] = list(connection.execute(select(alerts.c.alert_id)).scalars())
        raise InputError(f"there is no alert {alert_id!r}", hint=nearest(alert_id, known) or "see jkpi alerts")
    return row


def _newest(connection: Connection, alert_id: str) -> Row[Any]:
    of_alert = alert_transitions.c.alert_id == alert_id
    query = select(alert_transitions).where(of_alert).order_by(alert_transitions.c.number.desc()).limit(1)
    return connection.execute(query).one()


def _acknowledged(connection: Connection, alert_id: str, headline: str) -> Acknowledged | None:
    """Who took it on since it was last news."""
    of_alert = alert_transitions.c.alert_id == alert_id, alert_transitions.c.transition.in_(NEWS)
    news = select(alert_transitions.c.number).where(*of_alert).order_by(alert_transitions.c.number.desc()).limit(1)
    since = acknowledgements.c.number >= news.scalar_subquery()
    query = select(acknowledgements).where(acknowledgements.c.alert_id == alert_id, since)
    row = connection.execute(query.order_by(acknowledgements.c.number).limit(1)).one_or_none()
    return Acknowledged(alert_id, headline, row.who, row.acknowledged_at, row.note, False) if row else None


def _known(connection: Connection, scope: str) -> None:
    names: set[str] = set(connection.execute(select(series_states.c.series_id)).scalars())
    rows = connection.execute(select(alerts.c.series_id, alerts.c.alert_id)).all()
    if any(covers(scope, name) for name in names) or any(covers(scope, row.series_id, row.alert_id) for row in rows):
        return
    known = {*names, *(row.series_id for row in rows), *(name.partition("/")[0] for name in names)}
    hint = (
        nearest(scope, known) or "an alert's id, JOURNEY, JOURNEY/MOMENT or source/NAME: see jkpi alerts, jkpi status"
    )
    raise InputError(f"nothing is called {scope!r}", hint=hint)


def _tell_programs(
    connection: Connection, settings: Settings, alert: Row[Any], newest: Row[Any], headline: str, at: datetime
) -> int:
    of_alert = tellings.c.alert_id == alert.alert_id, tellings.c.status == "told"
    rows = connection.execute(select(tellings).where(*of_alert).order_by(tellings.c.telling_id)).all()
    first = {row.receiver: row for row in reversed(rows)}
    told = 0
    for name, row in sorted(first.items()):
        # An incident that many alerts share is not taken on by taking on one of them.
        if name not in settings.receivers or not settings.receivers[name].is_machine or row.thread != alert.alert_id:
            continue
        key = f"acknowledged|{alert.alert_id}|{newest.number}|{name}"
        entry = Entry(
            alert.alert_id, newest.number, "news", "acknowledged", alert.kind, alert.series_id,
            newest.evidence["headline"], alert.owner, "info", row.thread, False,
        )  # fmt: skip
        letter = Letter(
            hashlib.sha256(key.encode()).hexdigest()[:16], settings.name, f"{at:%Y-%m-%d %H:%M}", settings.synthetic,
            f"{newest.evidence['headline']}: {headline}", "info", (entry,), replies_to=(row.notification_id,),
            event="alerts.acknowledged", text=headline,
        )  # fmt: skip
        pass_on(connection, alert.alert_id, newest.number, name, letter, row.thread, at)
        told += 1
    return told
