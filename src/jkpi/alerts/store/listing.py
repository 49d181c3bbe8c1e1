"""All alerts, open and closed, as `jkpi alerts` lists them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, select

from jkpi.alerts.notifications.silences import scope_matches
from jkpi.alerts.store.alerts import read_alerts
from jkpi.alerts.store.notification_log import read_acknowledged_numbers, read_active_silences
from jkpi.alerts.transitions.model import ALERTING_TRANSITIONS
from jkpi.config.settings import Settings
from jkpi.formatting.numbers import sanitize
from jkpi.state.alert_reader import latest_figures, read_included
from jkpi.state.engine import alert_transitions, alerts, notification_log, series_states, state_session


@dataclass(frozen=True)
class ListedAlert:
    """An alert as a list shows it.

    kind: drop, early_warning, data_gap, error, no_events, unmapped, silent, missing or volume. status: open, resolved,
    corrected or superseded. flags of an open alert: acknowledged, silenced, and muted or rate_limited while its
    notification is suppressed for that reason. baseline: in the unit of the KPI, None where the alert is about the
    promise or about no KPI. promise: to its customers when it was notified, None if there was none. size: the drop as
    estimated with its interval, or the level of a broken promise, as its newest notification shows it; empty if it is
    about neither. includes: drops that are certain and part of this open alert. period: day or week. last_day: the last
    day of the period that closed the alert. current_value, current_n: of an open drop, over its newest week,
    in the unit of the KPI; None for other alerts.
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
    onset: date
    fired_on: date
    closed_on: date | None
    kpi: str
    statistic: str
    period: str = "day"
    last_day: date | None = None
    baseline: float | None = None
    promise: float | None = None
    flags: tuple[str, ...] = ()
    size: str = ""
    includes: tuple[str, ...] = ()
    current_value: float | None = None
    current_n: float | None = None


def list_alerts(settings: Settings) -> list[ListedAlert]:
    """All alerts: open ones first, then by the day they fired, the newest first."""
    columns = [alerts.c[name] for name in ListedAlert.__dataclass_fields__ if name in alerts.c]
    with state_session(settings.state_url) as connection:
        query = select(alerts.c.series_id, *columns).order_by(alerts.c.fired_on.desc(), alerts.c.alert_id)
        rows = connection.execute(query).all()
        current_of = _current_figures(connection)
        figures_of = _figures(connection)
        newest_figures, included = latest_figures(connection), read_included(connection)
        flags = _flags(connection, settings, {row.alert_id: row.series_id for row in rows if row.status == "open"})
    listed = []
    for row in rows:
        values = {name: value for name, value in row._mapping.items() if name != "series_id"}
        figures = figures_of.get(row.alert_id, [])
        period = next((alert_figures["period"] for alert_figures in figures if "period" in alert_figures), "day")
        last_day = row.closed_on + timedelta(days=6 if period == "week" else 0) if row.closed_on else None
        baseline = next(
            (
                alert_figures["expected"]
                for alert_figures in reversed(figures)
                if alert_figures.get("line") == "baseline"
            ),
            None,
        )
        promise = next(
            (alert_figures["promise"] for alert_figures in reversed(figures) if "promise" in alert_figures), None
        )
        newest = max((key for key in newest_figures if key[0] == row.alert_id), default=None)
        shown_figures = newest_figures[newest] if newest else figures[-1] if figures else {}
        is_open_drop = row.status == "open" and row.kind == "drop"
        listed.append(
            ListedAlert(
                **values,
                period=period,
                last_day=last_day,
                baseline=baseline,
                promise=promise,
                flags=flags.get(row.alert_id, ()),
                size=(shown_figures.get("effect_size") or {}).get("text", ""),
                includes=tuple(map(sanitize, included.get(row.series_id, ()))) if is_open_drop else (),
                current_value=current_of.get(row.alert_id, (None, None))[0],
                current_n=current_of.get(row.alert_id, (None, None))[1],
            )
        )
    return sorted(listed, key=lambda alert: alert.status != "open")


def _current_figures(connection: Connection) -> dict[str, tuple[float | None, float | None]]:
    """Alert -> current_value and current_n, of the series with an open drop."""
    columns = series_states.c.alert_id, series_states.c.current_value, series_states.c.current_n
    rows = connection.execute(select(*columns).where(series_states.c.alert_id.is_not(None))).all()
    return {row.alert_id: (row.current_value, row.current_n) for row in rows}


def _figures(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Alert -> the figures of its alerting transitions, in order."""
    columns = alert_transitions.c.alert_id, alert_transitions.c.payload
    query = select(*columns).where(alert_transitions.c.transition_type.in_(ALERTING_TRANSITIONS))
    by_alert: dict[str, list[dict[str, Any]]] = {}
    for row in connection.execute(query.order_by(alert_transitions.c.number)):
        by_alert.setdefault(row.alert_id, []).append(row.payload["figures"])
    return by_alert


def _flags(connection: Connection, settings: Settings, open_alerts: dict[str, str]) -> dict[str, tuple[str, ...]]:
    """Alert -> its flags, for the open alerts (id -> series)."""
    acknowledged = read_acknowledged_numbers(connection)
    last_alerting = {alert.alert_id: alert.last_alerting_number for alert in read_alerts(connection)}
    is_suppressed = notification_log.c.suppression_reason.in_(("muted", "rate_limited"))
    pending = select(notification_log.c.alert_id, notification_log.c.suppression_reason).where(
        notification_log.c.status == "pending", is_suppressed
    )
    suppressed = {row.alert_id: row.suppression_reason for row in connection.execute(pending)}
    active_silences = read_active_silences(connection, settings.now)
    flags_of = {}
    for alert_id, series_id in open_alerts.items():
        flags = ["acknowledged"] if acknowledged.get(alert_id, 0) >= last_alerting[alert_id] else []
        flags += (
            ["silenced"]
            if any(scope_matches(active_silence.scope, series_id, alert_id) for active_silence in active_silences)
            else []
        )
        flags += [str(suppressed[alert_id])] if alert_id in suppressed else []
        flags_of[alert_id] = tuple(flags)
    return flags_of
