"""All alerts ever announced, as a list shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from jkpi.alerts.book import read_announced
from jkpi.alerts.hushes import covers
from jkpi.alerts.tellings_book import read_acknowledged, read_silences
from jkpi.settings import Settings
from jkpi.state import alerts, migrate, reading, state_engine, tellings


@dataclass(frozen=True)
class AlertSummary:
    """An alert as a list shows it. `kind`: fall, early, blind, error, no_evidence, unmapped or silent; `status`: open,
    resolved, corrected or superseded; `flags` of an open one: acknowledged, silenced, and muted or capped where it is
    not told yet for that reason."""

    alert_id: str
    status: str
    kind: str
    journey: str
    moment: str
    segment: str
    segment_value: str
    title: str
    owner: str
    since: date
    fired_on: date
    closed_on: date | None
    flags: tuple[str, ...] = ()


def list_alerts(settings: Settings) -> list[AlertSummary]:
    """All alerts ever announced, the open ones first, then the newest."""
    columns = [alerts.c[name] for name in AlertSummary.__dataclass_fields__ if name != "flags"]
    engine = state_engine(settings.state_url)
    try:
        migrate(engine)
        with reading(engine) as connection:
            query = select(alerts.c.series_id, *columns).order_by(alerts.c.fired_on.desc(), alerts.c.alert_id)
            rows = connection.execute(query).all()
            flags = _flags(connection, settings, {row.alert_id: row.series_id for row in rows if row.status == "open"})
    finally:
        engine.dispose()
    listed = []
    for row in rows:
        values = {name: value for name, value in row._mapping.items() if name != "series_id"}
        listed.append(AlertSummary(**values, flags=flags.get(row.alert_id, ())))
    return sorted(listed, key=lambda alert: alert.status != "open")


def _flags(connection: Connection, settings: Settings, open_alerts: dict[str, str]) -> dict[str, tuple[str, ...]]:
    """Alert -> its flags, for alerts (id -> series) that are open."""
    acknowledged = read_acknowledged(connection)
    news = {alert.alert_id: alert.news for alert in read_announced(connection)}
    why = tellings.c.held.in_(("muted", "capped"))
    owed = select(tellings.c.alert_id, tellings.c.held).where(tellings.c.status == "owed", why)
    held = {row.alert_id: row.held for row in connection.execute(owed)}
    silenced = read_silences(connection, settings.now)
    found = {}
    for alert_id, series_id in open_alerts.items():
        flags = ["acknowledged"] if acknowledged.get(alert_id, 0) >= news[alert_id] else []
        flags += ["silenced"] if any(covers(one.scope, series_id, alert_id) for one in silenced) else []
        flags += [str(held[alert_id])] if alert_id in held else []
        found[alert_id] = tuple(flags)
    return found
