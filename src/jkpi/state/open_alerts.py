"""What the open alerts about falls say, as they were told last: of everybody or of one segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from jkpi.state.engine import (
    alert_transitions,
    alerts,
    migrate,
    notification_log,
    read_transaction,
    series_states,
    state_engine,
)

_TOTAL = "all"
_IS_OPEN_DROP = (alerts.c.status == "open", alerts.c.kind == "drop")


@dataclass(frozen=True)
class OpenAlert:
    """An open alert. `state`: of its series today, firing or recovering; `value`, `low`, `high` and `usual` in the unit
    of the KPI and over the days from `first_day` to `last_day`, None where nothing was told in figures. These days
    begin later than `since`, when it fell, where it fell further.

    line: baseline (against what is usual), promise, or median (slower); of the last `within` is the time, in seconds,
    in which usually half are done, and the values are shares done within it.
    """

    alert_id: str
    journey: str
    moment: str
    segment: str
    segment_value: str
    state: str
    onset: date
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: float | None = None
    last_day: date | None = None
    line: str = ""
    baseline: float | None = None
    within_seconds: float | None = None
    first_day: date | None = None

    @property
    def is_total(self) -> bool:
        return self.segment == _TOTAL


def open_alerts(state_url: str) -> list[OpenAlert]:
    """All open alerts about falls: by journey and moment, everybody first, then by segment and value.

    Raises:
        SystemFailure: the state database is away or locked.
    """
    engine = state_engine(state_url)
    try:
        migrate(engine)
        with read_transaction(engine) as connection:
            return read_open_alerts(connection)
    finally:
        engine.dispose()


def read_open_alerts(connection: Connection) -> list[OpenAlert]:
    """The same, from an open connection."""
    rows = connection.execute(
        select(alerts, alert_transitions.c.number, alert_transitions.c.payload, series_states.c.state)
        .join(alert_transitions)
        .outerjoin(series_states, series_states.c.series_id == alerts.c.series_id)
        .where(*_IS_OPEN_DROP)
        .order_by(alert_transitions.c.number)
    ).mappings()
    newest, figures_of = {row["alert_id"]: row for row in rows}, _latest_figures(connection)
    open_alerts_found = [
        _open_alert(row, figures_of.get((alert_id, row["number"])) or row["payload"]["figures"])
        for alert_id, row in newest.items()
    ]
    return sorted(
        open_alerts_found,
        key=lambda open_alert: (
            open_alert.journey,
            open_alert.moment,
            not open_alert.is_total,
            open_alert.segment,
            open_alert.segment_value,
        ),
    )


def _latest_figures(connection: Connection) -> dict[tuple[str, int], Mapping[str, Any]]:
    """Alert and number of its transition -> the figures of the last message about it: a repeat has newer ones than what
    it repeats. Only those with figures: an alert may be repeated while its days are not there."""
    rows = connection.execute(
        select(notification_log.c.alert_id, notification_log.c.number, notification_log.c.figures)
        .join(alerts)
        .where(*_IS_OPEN_DROP, notification_log.c.status == "notified", notification_log.c.figures.is_not(None))
        .order_by(notification_log.c.notified_at, notification_log.c.log_id)
    )
    return {(row.alert_id, row.number): row.figures for row in rows if row.figures.get("value") is not None}


def _open_alert(row: Mapping[Any, Any], figures: Mapping[str, Any]) -> OpenAlert:
    first, last = figures.get("first_day"), figures.get("last_day")
    return OpenAlert(
        alert_id=row["alert_id"],
        journey=row["journey"],
        moment=row["moment"],
        segment=row["segment"],
        segment_value=row["segment_value"],
        state=row["state"] or "firing",
        onset=row["onset"],
        value=figures.get("value"),
        low=figures.get("ci_low"),
        high=figures.get("ci_high"),
        n=figures.get("n"),
        first_day=date.fromisoformat(first) if first else None,
        last_day=date.fromisoformat(last) if last else None,
        line=figures.get("line", ""),
        baseline=figures.get("expected"),
        within_seconds=figures.get("within_seconds"),
    )
