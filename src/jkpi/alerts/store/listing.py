"""All alerts ever announced, as a list shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, select

from jkpi.alerts.notifications.silences import covers
from jkpi.alerts.store.alerts import read_announced
from jkpi.alerts.store.notification_log import read_acknowledged, read_silences
from jkpi.alerts.transitions.model import NEWS
from jkpi.config.settings import Settings
from jkpi.state.engine import alert_transitions, alerts, migrate, reading, state_engine, tellings


@dataclass(frozen=True)
class AlertSummary:
    """An alert as a list shows it.

    kind: fall, early, blind, error, no_evidence, unmapped, silent or missing. status: open, resolved, corrected or
    superseded. flags of an open one: acknowledged, silenced, and muted or capped where it is not told yet for that
    reason. usual: what a fallen KPI is set against in what was told, in its own unit, None where that is a promise, or
    no reading of the KPI. period: day or week. last_day of one that is over: of the day or week that closed it.
    """

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
    kpi: str
    statistic: str
    period: str = "day"
    last_day: date | None = None
    usual: float | None = None
    flags: tuple[str, ...] = ()


def list_alerts(settings: Settings) -> list[AlertSummary]:
    """All alerts ever announced, the open ones first, then the newest."""
    columns = [alerts.c[name] for name in AlertSummary.__dataclass_fields__ if name in alerts.c]
    engine = state_engine(settings.state_url)
    try:
        migrate(engine)
        with reading(engine) as connection:
            query = select(alerts.c.series_id, *columns).order_by(alerts.c.fired_on.desc(), alerts.c.alert_id)
            rows = connection.execute(query).all()
            facts = _facts(connection)
            flags = _flags(connection, settings, {row.alert_id: row.series_id for row in rows if row.status == "open"})
    finally:
        engine.dispose()
    listed = []
    for row in rows:
        values = {name: value for name, value in row._mapping.items() if name != "series_id"}
        told = facts.get(row.alert_id, [])
        period = next((one["period"] for one in told if "period" in one), "day")
        last_day = row.closed_on + timedelta(days=6 if period == "week" else 0) if row.closed_on else None
        usual = next((one["expected"] for one in reversed(told) if one.get("line") == "baseline"), None)
        listed.append(AlertSummary(**values, period=period, last_day=last_day, usual=usual,
                                   flags=flags.get(row.alert_id, ())))  # fmt: skip
    return sorted(listed, key=lambda alert: alert.status != "open")


def _facts(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Alert -> the figures of its falls as they were told, in order."""
    columns = alert_transitions.c.alert_id, alert_transitions.c.evidence
    query = select(*columns).where(alert_transitions.c.transition.in_(NEWS))
    found: dict[str, list[dict[str, Any]]] = {}
    for row in connection.execute(query.order_by(alert_transitions.c.number)):
        found.setdefault(row.alert_id, []).append(row.evidence.get("facts", {}))
    return found


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
