"""The daily readings behind a transition, kept as they were when it was notified."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date

from sqlalchemy import Connection, func, insert, select

from jkpi.alerts.evidence.daily_readings import DailyReading
from jkpi.state.engine import alerts, reading_snapshots


def save_snapshot(connection: Connection, alert_id: str, number: int, readings: Iterable[DailyReading]) -> None:
    """Keep the readings behind a transition."""
    rows = [{"alert_id": alert_id, "number": number, **asdict(reading)} for reading in readings]
    if rows:
        connection.execute(insert(reading_snapshots), rows)


def load_snapshots(connection: Connection, alert_id: str) -> dict[int, list[DailyReading]]:
    """Number of the transition -> its readings."""
    columns = [reading_snapshots.c[name] for name in DailyReading.__dataclass_fields__]
    rows = connection.execute(
        select(reading_snapshots.c.number, *columns)
        .where(reading_snapshots.c.alert_id == alert_id)
        .order_by(reading_snapshots.c.number, reading_snapshots.c.period_start)
    ).all()
    by_number: dict[int, list[DailyReading]] = {}
    for row in rows:
        values = dict(row._mapping)
        by_number.setdefault(values.pop("number"), []).append(DailyReading(**values))
    return by_number


def final_days(connection: Connection) -> dict[str, frozenset[date]]:
    """Alert about a drop -> days with a final, non-empty reading at the time of a notification.

    The days run from its onset to the day it closed, or to the day it fired while it is open.
    """
    end = func.coalesce(alerts.c.closed_on, alerts.c.fired_on)
    rows = connection.execute(
        select(reading_snapshots.c.alert_id, reading_snapshots.c.period_start)
        .join(alerts)
        .where(
            alerts.c.kind == "drop",
            reading_snapshots.c.status == "final",
            reading_snapshots.c.denominator > 0,
            reading_snapshots.c.period_start.between(alerts.c.onset, end),
        )
        .distinct()
    )
    days_of: dict[str, set[date]] = {}
    for row in rows:
        days_of.setdefault(row.alert_id, set()).add(row.period_start)
    return {alert_id: frozenset(days) for alert_id, days in days_of.items()}
