"""Acknowledge and silence alerts. Neither changes the state of an alert."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from jkpi.alerts.notifications.model import AlertItem, Notification
from jkpi.alerts.notifications.silences import Silence, scope_matches
from jkpi.alerts.store.notification_log import forward_acknowledgement, read_active_silences
from jkpi.alerts.transitions.model import ALERTING_TRANSITIONS
from jkpi.config.settings import Settings
from jkpi.documents.validation_errors import did_you_mean
from jkpi.errors import InputError
from jkpi.state.engine import (
    acknowledgements,
    alert_transitions,
    alerts,
    notification_log,
    series_states,
    silences,
    state_session,
)


@dataclass(frozen=True)
class Acknowledgement:
    """Who acknowledged an alert, and when.

    is_new: False if it had been acknowledged before. forwarded_count: programs (PagerDuty, webhooks) that are notified.
    """

    alert_id: str
    headline: str
    acknowledged_by: str
    acknowledged_at: datetime
    note: str
    is_new: bool
    forwarded_count: int = 0


@dataclass(frozen=True)
class AlertSummary:
    """What a person needs to see to recognise an alert. headline: of its newest transition."""

    alert_id: str
    status: str
    headline: str
    owner: str
    onset: str
    acknowledgement: Acknowledgement | None


def summary_of(settings: Settings, alert_id: str) -> AlertSummary:
    """The summary of an alert.

    Raises:
        InputError: there is no such alert.
    """
    with state_session(settings.state_url) as connection:
        alert, newest = _alert_row(connection, alert_id), _newest_transition(connection, alert_id)
        acknowledgement = _current_acknowledgement(connection, alert_id, newest.payload["headline"])
        return AlertSummary(
            alert_id,
            alert.status,
            newest.payload["headline"],
            alert.owner,
            f"{alert.onset:%Y-%m-%d}",
            acknowledgement,
        )


def acknowledge(
    settings: Settings, alert_id: str, acknowledged_by: str, note: str, via: str, now: datetime
) -> Acknowledgement:
    """Acknowledge an alert: no reminders and no escalation until it is reopened or worsens. The first one counts.

    Programs that were notified of the alert (PagerDuty, webhooks) are notified of the acknowledgement as well.

    Raises:
        InputError: there is no such alert, or it is closed.
    """
    with state_session(settings.state_url, write=True) as connection:
        alert, newest = _alert_row(connection, alert_id), _newest_transition(connection, alert_id)
        if alert.status != "open":
            raise InputError(f"alert {alert_id} is already {alert.status}: it cannot be acknowledged")
        headline = newest.payload["headline"]
        existing = _current_acknowledgement(connection, alert_id, headline)
        if existing is not None:
            return existing
        row = {
            "alert_id": alert_id,
            "number": newest.number,
            "acknowledged_by": acknowledged_by,
            "via": via,
            "note": note,
        }
        connection.execute(insert(acknowledgements).values(**row, acknowledged_at=now))
        forwarded_count = _forward_to_programs(
            connection, settings, alert, newest, f"acknowledged by {acknowledged_by}", now
        )
        return Acknowledgement(alert_id, headline, acknowledged_by, now, note, True, forwarded_count)


def silence(settings: Settings, scope: str, until: datetime, reason: str, created_by: str, now: datetime) -> Silence:
    """Suppress notifications about an alert or about series until a time, by the clock of the data (`as_of`).

    What is still true then is notified then.

    Raises:
        InputError: nothing has that name, or the time has passed.
    """
    if until <= settings.now:
        raise InputError(
            f"a silence cannot end at {until:%Y-%m-%d %H:%M}: it is already {settings.now:%Y-%m-%d %H:%M} UTC",
            hint="give a later time with --until, or a duration with --for",
        )
    with state_session(settings.state_url, write=True) as connection:
        _require_known_scope(connection, scope)
        row = {"scope": scope, "until": until, "reason": reason, "created_by": created_by, "created_at": now}
        inserted = connection.execute(insert(silences).values(**row))
        key = inserted.inserted_primary_key
        return Silence(int(key[0]) if key else 0, scope, until, reason, created_by)


def unsilence(settings: Settings, scope: str, ended_by: str, now: datetime) -> list[Silence]:
    """End the silences of a scope, or the one with that number. Returns the silences that were ended.

    Raises:
        InputError: there is none.
    """
    with state_session(settings.state_url, write=True) as connection:
        active = read_active_silences(connection, settings.now)
        ended = [
            active_silence
            for active_silence in active
            if scope in (active_silence.scope, str(active_silence.silence_id))
        ]
        if not ended:
            scopes = [active_silence.scope for active_silence in active]
            raise InputError(f"there is no silence of {scope!r}", hint=did_you_mean(scope, scopes) or "see jkpi alerts")
        for active_silence in ended:
            is_silence = silences.c.silence_id == active_silence.silence_id
            connection.execute(update(silences).where(is_silence).values(ended_at=now, ended_by=ended_by))
        return ended


def active_silences(settings: Settings) -> list[Silence]:
    """The silences that are active now."""
    with state_session(settings.state_url) as connection:
        return read_active_silences(connection, settings.now)


def _alert_row(connection: Connection, alert_id: str) -> Row[Any]:
    row = connection.execute(select(alerts).where(alerts.c.alert_id == alert_id)).one_or_none()
    if row is None:
        alert_ids: list[str] = list(connection.execute(select(alerts.c.alert_id)).scalars())
        raise InputError(f"there is no alert {alert_id!r}", hint=did_you_mean(alert_id, alert_ids) or "see jkpi alerts")
    return row


def _newest_transition(connection: Connection, alert_id: str) -> Row[Any]:
    of_alert = alert_transitions.c.alert_id == alert_id
    query = select(alert_transitions).where(of_alert).order_by(alert_transitions.c.number.desc()).limit(1)
    return connection.execute(query).one()


def _current_acknowledgement(connection: Connection, alert_id: str, headline: str) -> Acknowledgement | None:
    """The first acknowledgement since the last alerting transition (opened, reopened or worsened)."""
    of_alert = alert_transitions.c.alert_id == alert_id, alert_transitions.c.transition_type.in_(ALERTING_TRANSITIONS)
    last_alerting = (
        select(alert_transitions.c.number).where(*of_alert).order_by(alert_transitions.c.number.desc()).limit(1)
    )
    is_current = acknowledgements.c.number >= last_alerting.scalar_subquery()
    query = select(acknowledgements).where(acknowledgements.c.alert_id == alert_id, is_current)
    row = connection.execute(query.order_by(acknowledgements.c.number).limit(1)).one_or_none()
    return (
        Acknowledgement(alert_id, headline, row.acknowledged_by, row.acknowledged_at, row.note, False) if row else None
    )


def _require_known_scope(connection: Connection, scope: str) -> None:
    series_ids: set[str] = set(connection.execute(select(series_states.c.series_id)).scalars())
    rows = connection.execute(select(alerts.c.series_id, alerts.c.alert_id)).all()
    if any(scope_matches(scope, name) for name in series_ids) or any(
        scope_matches(scope, row.series_id, row.alert_id) for row in rows
    ):
        return
    known_names = {*series_ids, *(row.series_id for row in rows), *(name.partition("/")[0] for name in series_ids)}
    hint = (
        did_you_mean(scope, known_names)
        or "an alert's id, JOURNEY, JOURNEY/MOMENT or source/NAME: see jkpi alerts, jkpi status"
    )
    raise InputError(f"no alert, series or source is called {scope!r}", hint=hint)


def _forward_to_programs(
    connection: Connection, settings: Settings, alert: Row[Any], newest: Row[Any], headline: str, now: datetime
) -> int:
    of_alert = notification_log.c.alert_id == alert.alert_id, notification_log.c.status == "notified"
    rows = connection.execute(select(notification_log).where(*of_alert).order_by(notification_log.c.log_id)).all()
    first_sent = {row.receiver: row for row in reversed(rows)}
    forwarded = 0
    for name, row in sorted(first_sent.items()):
        # To acknowledge one alert does not acknowledge an incident that it shares with others.
        if name not in settings.receivers or not settings.receivers[name].is_machine or row.thread_id != alert.alert_id:
            continue
        key = f"acknowledged|{alert.alert_id}|{newest.number}|{name}"
        item = AlertItem(
            alert.alert_id,
            newest.number,
            "first",
            "acknowledged",
            alert.kind,
            alert.series_id,
            newest.payload["headline"],
            alert.owner,
            "info",
            row.thread_id,
            False,
        )
        notification = Notification(
            hashlib.sha256(key.encode()).hexdigest()[:16],
            settings.name,
            f"{now:%Y-%m-%d %H:%M}",
            settings.synthetic,
            f"{newest.payload['headline']}: {headline}",
            "info",
            (item,),
            replies_to=(row.notification_id,),
            event="alerts.acknowledged",
            text=headline,
        )
        forward_acknowledgement(connection, alert.alert_id, newest.number, name, notification, row.thread_id, now)
        forwarded += 1
    return forwarded
