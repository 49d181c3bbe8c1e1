"""SQL of the tables of alerts and series states."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from jkpi.alerts.evidence.alert_context import included_drops, main_detection
from jkpi.alerts.notifications.promise_list import promise_breach
from jkpi.alerts.store.reading_snapshots import final_days
from jkpi.alerts.transitions.model import ALERTING_TRANSITIONS, EvaluatedSeries, StoredAlert
from jkpi.state.engine import alert_transitions, alerts, series_states


def last_evaluated_at(connection: Connection) -> datetime | None:
    """Time of the last evaluation, aware UTC; None before the first one."""
    return connection.execute(select(func.max(series_states.c.evaluated_at))).scalar()


def read_alerts(connection: Connection) -> list[StoredAlert]:
    """All alerts with their newest transition, and every line that any of their transitions notified."""
    rows = connection.execute(
        select(
            alerts,
            alert_transitions.c.number,
            alert_transitions.c.transition_type,
            alert_transitions.c.payload,
            series_states.c.last_day,
        )
        .join(alert_transitions)
        .outerjoin(series_states, series_states.c.series_id == alerts.c.series_id)
        .order_by(alerts.c.alert_id, alert_transitions.c.number)
    ).all()
    final = final_days(connection)
    grouped: dict[str, list[Row[Any]]] = {}
    for row in rows:
        grouped.setdefault(row.alert_id, []).append(row)
    return [_stored_alert(group, final.get(alert_id, frozenset())) for alert_id, group in grouped.items()]


def _stored_alert(rows: Sequence[Row[Any]], final: frozenset[date]) -> StoredAlert:
    last = rows[-1]
    notified_lines = {
        (line, date.fromisoformat(onset)) for row in rows for line, onset in row.payload["notified_lines"]
    }
    return StoredAlert(
        alert_id=last.alert_id,
        series_id=last.series_id,
        journey=last.journey,
        moment=last.moment,
        segment=last.segment,
        segment_value=last.segment_value,
        kind=last.kind,
        status=last.status,
        onset=last.onset,
        fired_on=last.fired_on,
        closed_on=last.closed_on,
        number=last.number,
        rule_at_firing=last.payload["rule"],
        notified_lines=tuple(sorted(notified_lines)),
        mentioned_lines=tuple(
            (row.number, row.payload["figures"]["line"])
            for row in rows
            if row.transition_type in ALERTING_TRANSITIONS and "line" in row.payload["figures"]
        ),
        title=last.title,
        owner=last.owner,
        receivers=tuple(last.payload["receivers"]),
        last_transition=last.transition_type,
        final_days=final,
        last_day=last.last_day,
        series_missing=last.payload["series_missing"],
        last_alerting_number=max(
            (row.number for row in rows if row.transition_type in ALERTING_TRANSITIONS), default=1
        ),
    )


def replace_series_states(connection: Connection, evaluated: Iterable[EvaluatedSeries], now: datetime) -> None:
    """Replace all series states. A series that is no longer in the data keeps its row while its alert is open: the row
    says when the data last had it."""
    is_open_drop = (alerts.c.status == "open", alerts.c.kind == "drop")
    open_drops = connection.execute(select(alerts.c.series_id, alerts.c.alert_id).where(*is_open_drop)).all()
    open_alerts: dict[str, str] = {row.series_id: row.alert_id for row in open_drops}
    evaluated = list(evaluated)
    missing_series = set(open_alerts) - {series_evaluated.series.series_id for series_evaluated in evaluated}
    connection.execute(delete(series_states).where(series_states.c.series_id.not_in(missing_series)))
    included_in = {
        drop.series.series_id: parent for parent, drops in included_drops(evaluated).items() for drop in drops
    }
    rows = []
    for series_evaluated in evaluated:
        series, result = series_evaluated.series, series_evaluated.result
        watched, alert_id = series.watched, open_alerts.get(series.series_id)
        newest_week = main_detection(result.open_episode, "opened").newest_week if result.open_episode else None
        rows.append(
            {
                "series_id": series.series_id,
                "journey": watched.journey,
                "moment": watched.moment,
                "kpi": watched.kpi,
                "statistic": watched.statistic,
                "segment": series.segment,
                "segment_value": series.segment_value,
                "state": str(result.state),
                "state_since": result.state_since,
                "last_day": result.last_day,
                "tail_probability": result.tail,
                "rate": result.rate,
                "n": result.n,
                "baseline": result.reference,
                "promise": series.promise,
                "promise_breach": _breach_figures(series_evaluated),
                "days_between_false_alarms": result.false_alarm_every,
                "alert_id": alert_id,
                "current_value": watched.to_value(newest_week.rate) if newest_week else None,
                "current_n": newest_week.n if newest_week else None,
                "included_in": included_in.get(series.series_id),
                "evaluated_at": now,
            }
        )
    if rows:
        connection.execute(insert(series_states), rows)


def _breach_figures(evaluated: EvaluatedSeries) -> dict[str, Any] | None:
    """The figures of a broken promise of a segment, as stored."""
    breach = promise_breach(evaluated)
    if breach is None:
        return None
    return {
        "since": breach.since.isoformat(),
        "value": breach.value,
        "low": breach.low,
        "high": breach.high,
        "n": breach.n,
    }
