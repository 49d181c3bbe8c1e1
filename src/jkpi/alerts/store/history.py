"""One alert with all that is known of it: what was told, to whom, from which readings, and how these are now."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from jkpi.alerts.evidence.daily_readings import Day, read_days
from jkpi.alerts.store.acknowledgements import AlertFace, face
from jkpi.alerts.store.reading_snapshots import kept
from jkpi.config.settings import Settings
from jkpi.state.engine import alert_transitions, alerts, outbox, reading, state_engine, tellings
from jkpi.warehouse.base import Warehouse


@dataclass(frozen=True)
class Heard:
    """What became of telling one receiver: owed (and why), dropped, or the state of its message. `destination`: a hash
    of where it went."""

    receiver: str
    purpose: str
    status: str
    message_id: str | None
    sent_at: datetime | None
    destination: str | None
    problem: str | None


@dataclass(frozen=True)
class Step:
    """One transition, as it was told: `rows` are (label, text)."""

    number: int
    transition: str
    happened_on: date
    recorded_at: datetime
    headline: str
    rows: list[tuple[str, str]]
    facts: dict[str, Any]
    sql: str
    number_sql: str
    heard: list[Heard]


@dataclass(frozen=True)
class Then:
    """A day's reading as it was told from, and as it is now; None where there is none."""

    day: date
    then: Day | None
    now: Day | None

    @property
    def is_changed(self) -> bool:
        parts = ("numerator", "denominator", "status")
        return any(getattr(self.then, part, None) != getattr(self.now, part, None) for part in parts)


@dataclass(frozen=True)
class Story:
    """`readings` are those behind the newest transition that rests on some; `number_now` what its query gives today,
    None where there is no warehouse to ask (`is_compared` is false then) or no such query."""

    alert: AlertFace
    series: str
    kind: str
    steps: list[Step]
    readings: list[Then] = field(default_factory=list)
    is_compared: bool = False
    number_then: dict[str, float] | None = None
    number_now: dict[str, float] | None = None


def story(settings: Settings, alert_id: str, w: Warehouse | None) -> Story:
    """Everything about one alert. `w`: where the readings of now are; None leaves them out.

    Raises:
        InputError: there is no such alert.
    """
    seen = face(settings, alert_id)
    engine = state_engine(settings.state_url)
    try:
        with reading(engine) as connection:
            alert = connection.execute(select(alerts).where(alerts.c.alert_id == alert_id)).one()
            steps = _steps(connection, alert_id)
            ledger = kept(connection, alert_id)
    finally:
        engine.dispose()
    measured = w if w is not None and w.table_exists("marts", "fct_kpi_readings") else None
    then = ledger[max(ledger)] if ledger else []
    told = next((step for step in reversed(steps) if step.number_sql), None)
    source = next((step.facts for step in steps if ledger and step.number == max(ledger)), {})
    return Story(
        seen,
        alert.series_id,
        alert.kind,
        steps,
        _compared(alert, then, measured, source),
        measured is not None,
        {"value": told.facts["value"], "n": told.facts["n"]} if told else None,
        _asked(measured, told.number_sql) if told and measured else None,
    )


def _steps(connection: Connection, alert_id: str) -> list[Step]:
    messages = select(tellings, outbox.c.status.label("message"), outbox.c.sent_at, outbox.c.destination,
                      outbox.c.last_error)  # fmt: skip
    joined = messages.outerjoin(outbox, outbox.c.notification_id == tellings.c.notification_id)
    heard: dict[int, list[Heard]] = {}
    for row in connection.execute(joined.where(tellings.c.alert_id == alert_id).order_by(tellings.c.telling_id)):
        heard.setdefault(row.number, []).append(
            Heard(
                row.receiver, row.purpose, row.message or (f"{row.status}: {row.held}" if row.held else row.status),
                row.notification_id, row.sent_at, row.destination, row.last_error,
            )
        )  # fmt: skip
    of_alert = alert_transitions.c.alert_id == alert_id
    rows = connection.execute(select(alert_transitions).where(of_alert).order_by(alert_transitions.c.number)).all()
    return [_step(row, heard.get(row.number, [])) for row in rows]


def _step(row: Row[Any], heard: list[Heard]) -> Step:
    evidence = row.evidence
    return Step(
        row.number,
        row.transition,
        row.happened_on,
        row.recorded_at,
        evidence["headline"],
        [(label, text) for label, text in evidence.get("rows", [])],
        evidence.get("facts", {}),
        evidence.get("sql", ""),
        evidence.get("number_sql", ""),
        heard,
    )


def _compared(alert: Row[Any], then: list[Day], w: Warehouse | None, facts: dict[str, Any]) -> list[Then]:
    """`facts` say what these readings were readings of."""
    if not then:
        return []
    first, last = then[0].period_start, then[-1].period_start
    now: dict[date, Day] = {}
    if w is not None:
        period, within = facts.get("period", "day"), facts.get("within_seconds")
        by_segment = read_days(w, alert.journey, alert.kpi, alert.statistic, first, last, period, within)
        now = {day.period_start: day for day in by_segment.get((alert.segment, alert.segment_value), ())}
    before = {day.period_start: day for day in then}
    return [Then(day, before.get(day), now.get(day)) for day in sorted({*before, *now})]


def _asked(w: Warehouse, sql: str) -> dict[str, float] | None:
    """What the query of the number gives today."""
    rows = w.rows(sql)
    if not rows or rows[0]["value"] is None:
        return None
    return {"value": float(rows[0]["value"]), "n": float(rows[0]["n"])}
