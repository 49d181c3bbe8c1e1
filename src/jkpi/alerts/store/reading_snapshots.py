"""The daily readings behind a transition, kept as they were when it was notified."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date

from sqlalchemy import Connection, func, insert, select

from jkpi.alerts.evidence.daily_readings import Day
from jkpi.state.engine import alerts, told_readings


def keep(connection: Connection, alert_id: str, number: int, days: Iterable[Day]) -> None:
    """The readings that a transition was told from, for good."""
    rows = [{"alert_id": alert_id, "number": number, **asdict(day)} for day in days]
    if rows:
        connection.execute(insert(told_readings), rows)


def kept(connection: Connection, alert_id: str) -> dict[int, list[Day]]:
    """Number of the transition -> the readings as they were then."""
    columns = [told_readings.c[name] for name in Day.__dataclass_fields__]
    rows = connection.execute(
        select(told_readings.c.number, *columns)
        .where(told_readings.c.alert_id == alert_id)
        .order_by(told_readings.c.number, told_readings.c.period_start)
    ).all()
    found: dict[int, list[Day]] = {}
    for row in rows:
        values = dict(row._mapping)
        found.setdefault(values.pop("number"), []).append(Day(**values))
    return found


def final_days(connection: Connection) -> dict[str, frozenset[date]]:
    """Fall -> the days from its first one to its end, or to when it was certain, that had a final reading of anybody
    when something was told of it."""
    end = func.coalesce(alerts.c.closed_on, alerts.c.fired_on)
    rows = connection.execute(
        select(told_readings.c.alert_id, told_readings.c.period_start)
        .join(alerts)
        .where(
            alerts.c.kind == "fall",
            told_readings.c.status == "final",
            told_readings.c.denominator > 0,
            told_readings.c.period_start.between(alerts.c.since, end),
        )
        .distinct()
    )
    found: dict[str, set[date]] = {}
    for row in rows:
        found.setdefault(row.alert_id, set()).add(row.period_start)
    return {alert_id: frozenset(days) for alert_id, days in found.items()}
