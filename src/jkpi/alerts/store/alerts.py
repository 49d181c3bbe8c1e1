"""The tables of alerts: what was announced, read and written. SQL only, no judgement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from jkpi.alerts.store.reading_snapshots import final_days
from jkpi.alerts.transitions.model import NEWS, Announced, Judged
from jkpi.config.settings import Settings
from jkpi.state.engine import (
    MomentState,
    OpenSign,
    alert_transitions,
    alerts,
    migrate,
    reading,
    series_states,
    state_engine,
)


def moment_states(settings: Settings) -> list[MomentState]:
    """How each moment of truth stood when it was last judged; none where nothing was."""
    engine = state_engine(settings.state_url)
    try:
        migrate(engine)
        with reading(engine) as connection:
            return read_states(connection)
    finally:
        engine.dispose()


def read_states(connection: Connection) -> list[MomentState]:
    """The state of each moment as a whole, which of its segments have an alert of their own, and its early sign."""
    order = ("journey", "moment", "segment", "segment_value")
    rows = connection.execute(select(series_states).order_by(*order)).all()
    falling: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.segment != "all" and row.alert_id is not None:
            falling.setdefault((row.journey, row.moment), []).append(f"{row.segment} = {row.segment_value}")
    signs = _open_signs(connection)
    return [
        MomentState(
            row.journey,
            row.moment,
            row.state,
            row.since,
            row.alert_id,
            tuple(falling.get((row.journey, row.moment), ())),
            signs.get(row.series_id),
        )
        for row in rows
        if row.segment == "all"
    ]


def _open_signs(connection: Connection) -> dict[str, OpenSign]:
    """Series -> its open early sign as it was told last, without the name of the moment."""
    rows = connection.execute(
        select(alerts.c.series_id, alerts.c.alert_id, alerts.c.since, alert_transitions.c.evidence)
        .join(alert_transitions)
        .where(alerts.c.status == "open", alerts.c.kind == "early")
        .order_by(alert_transitions.c.number)
    )
    return {
        row.series_id: OpenSign(row.alert_id, row.since, row.evidence["headline"].rpartition("early sign: ")[2])
        for row in rows
    }


def last_judged_at(connection: Connection) -> datetime | None:
    """As of when the series were judged last, aware UTC; None where they never were."""
    return connection.execute(select(func.max(series_states.c.judged_at))).scalar()


def read_announced(connection: Connection) -> list[Announced]:
    """All alerts with what was last told of them, and every part that ever was."""
    rows = connection.execute(
        select(
            alerts,
            alert_transitions.c.number,
            alert_transitions.c.transition,
            alert_transitions.c.evidence,
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
    return [_announced(group, final.get(alert_id, frozenset())) for alert_id, group in grouped.items()]


def _announced(rows: Sequence[Row[Any]], final: frozenset[date]) -> Announced:
    last = rows[-1]
    parts = {(line, date.fromisoformat(since)) for row in rows for line, since in row.evidence["parts"]}
    held_to = last.evidence["terms"]
    if not isinstance(held_to, dict):  # of an older release
        held_to = dict(zip(("promise", "falls_off_by"), held_to, strict=False))
    return Announced(
        alert_id=last.alert_id,
        series_id=last.series_id,
        journey=last.journey,
        moment=last.moment,
        segment=last.segment,
        segment_value=last.segment_value,
        kind=last.kind,
        status=last.status,
        since=last.since,
        fired_on=last.fired_on,
        closed_on=last.closed_on,
        number=last.number,
        terms=held_to,
        told=tuple(sorted(parts)),
        spoken=tuple((row.number, line) for row in rows if row.transition in NEWS for line in _spoken(row.evidence)),
        title=last.title,
        owner=last.owner,
        receivers=tuple(last.evidence["receivers"]),
        name=last.transition,
        final_days=final,
        last_day=last.last_day,
        vanished=last.evidence.get("vanished", False),
        news=max((row.number for row in rows if row.transition in NEWS), default=1),
    )


def _spoken(evidence: Mapping[str, Any]) -> list[str]:
    """The line that a message was about; of an older release, all lines that were open."""
    line = evidence.get("facts", {}).get("line")
    return [line] if line else [line for line, _ in evidence["parts"]]


def store_states(connection: Connection, judged: Iterable[Judged], now: datetime) -> None:
    """Replace all series states, but for those of open alerts whose series is not in the data now: when it was there
    last has to be known."""
    is_told = (alerts.c.status == "open", alerts.c.kind == "fall")
    told = connection.execute(select(alerts.c.series_id, alerts.c.alert_id).where(*is_told)).all()
    open_alerts: dict[str, str] = {row.series_id: row.alert_id for row in told}
    judged = list(judged)
    gone = set(open_alerts) - {one.series.series_id for one in judged}
    connection.execute(delete(series_states).where(series_states.c.series_id.not_in(gone)))
    rows = []
    for one in judged:
        series, track = one.series, one.track
        watched, alert_id = series.watched, open_alerts.get(series.series_id)
        rows.append(
            {
                "series_id": series.series_id,
                "journey": watched.journey,
                "moment": watched.moment,
                "kpi": watched.kpi,
                "statistic": watched.statistic,
                "segment": series.segment,
                "segment_value": series.segment_value,
                "state": str(track.state),
                "since": track.since,
                "last_day": track.last_day,
                "tail": track.tail,
                "rate": track.rate,
                "n": track.n,
                "reference": track.reference,
                "false_alarm_every": track.false_alarm_every,
                "alert_id": alert_id,
                "inhibited": one.inhibited and track.breach is not None,
                "judged_at": now,
            }
        )
    if rows:
        connection.execute(insert(series_states), rows)
