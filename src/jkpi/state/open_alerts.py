"""What the open alerts about falls say, as they were told last: of everybody or of one segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from jkpi.state.engine import alert_transitions, alerts, migrate, reading, series_states, state_engine, tellings

_WHOLE = "all"
_OPEN = (alerts.c.status == "open", alerts.c.kind == "fall")


@dataclass(frozen=True)
class Fall:
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
    since: date
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: float | None = None
    last_day: date | None = None
    line: str = ""
    usual: float | None = None
    within: float | None = None
    first_day: date | None = None

    @property
    def is_whole(self) -> bool:
        return self.segment == _WHOLE


def open_falls(state_url: str) -> list[Fall]:
    """All open alerts about falls: by journey and moment, everybody first, then by segment and value.

    Raises:
        SystemFailure: the state database is away or locked.
    """
    engine = state_engine(state_url)
    try:
        migrate(engine)
        with reading(engine) as connection:
            return read_falls(connection)
    finally:
        engine.dispose()


def read_falls(connection: Connection) -> list[Fall]:
    """The same, from an open connection."""
    rows = connection.execute(
        select(alerts, alert_transitions.c.number, alert_transitions.c.evidence, series_states.c.state)
        .join(alert_transitions)
        .outerjoin(series_states, series_states.c.series_id == alerts.c.series_id)
        .where(*_OPEN)
        .order_by(alert_transitions.c.number)
    ).mappings()
    newest, told = {row["alert_id"]: row for row in rows}, _told(connection)
    found = [
        _fall(row, told.get((alert_id, row["number"])) or row["evidence"].get("facts", {}))
        for alert_id, row in newest.items()
    ]
    return sorted(found, key=lambda f: (f.journey, f.moment, not f.is_whole, f.segment, f.segment_value))


def _told(connection: Connection) -> dict[tuple[str, int], Mapping[str, Any]]:
    """Alert and number of its transition -> the figures of the last message about it: a repeat has newer ones than what
    it repeats. Only those with figures: an alert may be repeated while its days are not there."""
    rows = connection.execute(
        select(tellings.c.alert_id, tellings.c.number, tellings.c.facts)
        .join(alerts)
        .where(*_OPEN, tellings.c.status == "told", tellings.c.facts.is_not(None))
        .order_by(tellings.c.told_at, tellings.c.telling_id)
    )
    return {(row.alert_id, row.number): row.facts for row in rows if row.facts.get("value") is not None}


def _fall(row: Mapping[Any, Any], told: Mapping[str, Any]) -> Fall:
    first, last = told.get("first_day"), told.get("last_day")
    return Fall(
        alert_id=row["alert_id"],
        journey=row["journey"],
        moment=row["moment"],
        segment=row["segment"],
        segment_value=row["segment_value"],
        state=row["state"] or "firing",
        since=row["since"],
        value=told.get("value"),
        low=told.get("ci_low"),
        high=told.get("ci_high"),
        n=told.get("n"),
        first_day=date.fromisoformat(first) if first else None,
        last_day=date.fromisoformat(last) if last else None,
        line=told.get("line", ""),
        usual=told.get("expected"),
        within=told.get("within_seconds"),
    )
