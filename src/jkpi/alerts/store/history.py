"""The history of one alert: its transitions, their deliveries, and the readings behind them, then and now."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from jkpi.alerts.evidence.daily_readings import DailyReading
from jkpi.alerts.evidence.reading_cache import read_daily_readings
from jkpi.alerts.store.acknowledgements import AlertSummary, summary_of
from jkpi.alerts.store.reading_snapshots import load_snapshots
from jkpi.config.settings import Settings
from jkpi.state.engine import alert_transitions, alerts, notification_log, outbox, state_session
from jkpi.warehouse.base import Warehouse


@dataclass(frozen=True)
class DeliveryRecord:
    """One notification to one receiver.

    status: pending (with the reason for suppression, if any), dropped, forwarded, or the status of its message in the
    outbox. destination: a hash of the address. problem: the last error.
    """

    receiver: str
    notification_type: str
    status: str
    notification_id: str | None
    sent_at: datetime | None
    destination: str | None
    problem: str | None


@dataclass(frozen=True)
class HistoryEntry:
    """One transition as it was notified. rows: (label, text)."""

    number: int
    transition: str
    happened_on: date
    recorded_at: datetime
    headline: str
    rows: list[tuple[str, str]]
    figures: dict[str, Any]
    readings_sql: str
    value_sql: str
    deliveries: list[DeliveryRecord]


@dataclass(frozen=True)
class ReadingThenNow:
    """The reading of a day when the notification was written, and today; None if there is none."""

    day: date
    then: DailyReading | None
    now: DailyReading | None

    @property
    def is_changed(self) -> bool:
        compared = ("numerator", "denominator", "status")
        return any(getattr(self.then, name, None) != getattr(self.now, name, None) for name in compared)


@dataclass(frozen=True)
class AlertHistory:
    """Everything about one alert.

    readings: those behind the newest transition that has any. value_then, value_now: the value and n of the newest
    transition with a query, and what that query returns today; None without such a query. is_compared: False if there
    was no warehouse to ask; then everything about today is None.
    """

    alert: AlertSummary
    series_id: str
    kind: str
    entries: list[HistoryEntry]
    readings: list[ReadingThenNow] = field(default_factory=list)
    is_compared: bool = False
    value_then: dict[str, float] | None = None
    value_now: dict[str, float] | None = None


def alert_history(settings: Settings, alert_id: str, warehouse: Warehouse | None) -> AlertHistory:
    """Everything about one alert. warehouse: for today's readings; None leaves them out.

    Raises:
        InputError: there is no such alert.
    """
    summary = summary_of(settings, alert_id)
    with state_session(settings.state_url) as connection:
        alert = connection.execute(select(alerts).where(alerts.c.alert_id == alert_id)).one()
        entries = _entries(connection, alert_id)
        snapshots = load_snapshots(connection, alert_id)
    marts = warehouse if warehouse is not None and warehouse.table_exists("marts", "fct_kpi_readings") else None
    newest_snapshot = snapshots[max(snapshots)] if snapshots else []
    last_with_value = next((entry for entry in reversed(entries) if entry.value_sql), None)
    figures = next((entry.figures for entry in entries if snapshots and entry.number == max(snapshots)), {})
    return AlertHistory(
        summary,
        alert.series_id,
        alert.kind,
        entries,
        _compare_readings(alert, newest_snapshot, marts, figures),
        marts is not None,
        {"value": last_with_value.figures["value"], "n": last_with_value.figures["n"]} if last_with_value else None,
        _value_today(marts, last_with_value.value_sql) if last_with_value and marts else None,
    )


def _entries(connection: Connection, alert_id: str) -> list[HistoryEntry]:
    query = select(
        notification_log, outbox.c.status.label("message"), outbox.c.sent_at, outbox.c.destination, outbox.c.last_error
    )
    with_messages = query.outerjoin(outbox, outbox.c.notification_id == notification_log.c.notification_id)
    deliveries: dict[int, list[DeliveryRecord]] = {}
    for row in connection.execute(
        with_messages.where(notification_log.c.alert_id == alert_id).order_by(notification_log.c.log_id)
    ):
        deliveries.setdefault(row.number, []).append(
            DeliveryRecord(
                row.receiver,
                row.notification_type,
                row.message or (f"{row.status}: {row.suppression_reason}" if row.suppression_reason else row.status),
                row.notification_id,
                row.sent_at,
                row.destination,
                row.last_error,
            )
        )
    of_alert = alert_transitions.c.alert_id == alert_id
    rows = connection.execute(select(alert_transitions).where(of_alert).order_by(alert_transitions.c.number)).all()
    return [_entry(row, deliveries.get(row.number, [])) for row in rows]


def _entry(row: Row[Any], deliveries: list[DeliveryRecord]) -> HistoryEntry:
    payload = row.payload
    return HistoryEntry(
        row.number,
        row.transition_type,
        row.happened_on,
        row.recorded_at,
        payload["headline"],
        [(label, text) for label, text in payload["rows"]],
        payload["figures"],
        payload["readings_sql"],
        payload["value_sql"],
        deliveries,
    )


def _compare_readings(
    alert: Row[Any], then: list[DailyReading], warehouse: Warehouse | None, figures: dict[str, Any]
) -> list[ReadingThenNow]:
    """Compare the readings day by day. figures: of their transition, with its period and time limit."""
    if not then:
        return []
    first, last = then[0].period_start, then[-1].period_start
    now: dict[date, DailyReading] = {}
    if warehouse is not None:
        period, within_seconds = figures.get("period", "day"), figures.get("within_seconds")
        by_segment = read_daily_readings(
            warehouse, alert.journey, alert.kpi, alert.statistic, first, last, period, within_seconds
        )
        now = {day.period_start: day for day in by_segment.get((alert.segment, alert.segment_value), ())}
    before = {day.period_start: day for day in then}
    return [ReadingThenNow(day, before.get(day), now.get(day)) for day in sorted({*before, *now})]


def _value_today(warehouse: Warehouse, sql: str) -> dict[str, float] | None:
    """What the query of the value returns today."""
    rows = warehouse.rows(sql)
    if not rows or rows[0]["value"] is None:
        return None
    return {"value": float(rows[0]["value"]), "n": float(rows[0]["n"])}
