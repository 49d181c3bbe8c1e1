"""Alerts and series states, read from the state database for status, pages, digests and dashboards.

Figures are those of the newest notification, so that every place shows what the owner was notified of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from jkpi.state.alert_records import (
    TOTAL_SEGMENT,
    MomentState,
    OpenAlert,
    OpenEarlyWarning,
    OpenVolumeDrop,
    PromiseBreach,
)
from jkpi.state.engine import state_session
from jkpi.state.tables import acknowledgements, alert_transitions, alerts, notification_log, series_states

StoredRow = Mapping[Any, Any]
"""One row of a table: column -> value."""
_IS_OPEN_DROP = (alerts.c.status == "open", alerts.c.kind == "drop")


@dataclass(frozen=True)
class AlertTables:
    """Whole tables, for dashboards: alerts by id, series states by id, and who acknowledged each alert last."""

    alerts: Sequence[StoredRow]
    series_states: Sequence[StoredRow]
    acknowledged_by: Mapping[str, str]


def read_alert_tables(state_url: str) -> AlertTables:
    """All alerts and series states, as one consistent read.

    Raises:
        SystemFailure: the state database cannot be reached or is locked.
    """
    with state_session(state_url) as connection:
        acknowledged = connection.execute(select(acknowledgements).order_by(acknowledgements.c.number)).all()
        return AlertTables(
            connection.execute(select(alerts).order_by(alerts.c.alert_id)).mappings().all(),
            connection.execute(select(series_states).order_by(series_states.c.series_id)).mappings().all(),
            {row.alert_id: row.acknowledged_by for row in acknowledged},
        )


def moment_states(state_url: str) -> list[MomentState]:
    """The state of each moment at its last evaluation; empty before the first one.

    Raises:
        SystemFailure: the state database cannot be reached or is locked.
    """
    with state_session(state_url) as connection:
        return read_moment_states(connection)


def read_moment_states(connection: Connection) -> list[MomentState]:
    """The same, from an open connection."""
    order = ("journey", "moment", "segment", "segment_value")
    rows = connection.execute(select(series_states).order_by(*order)).all()
    firing_segments: dict[tuple[str, str], list[str]] = {}
    breaches: dict[tuple[str, str], list[PromiseBreach]] = {}
    for row in rows:
        if row.segment != TOTAL_SEGMENT and row.alert_id is not None:
            firing_segments.setdefault((row.journey, row.moment), []).append(f"{row.segment} = {row.segment_value}")
        elif row.promise_breach is not None:
            breaches.setdefault((row.journey, row.moment), []).append(_promise_breach(row._mapping))
    early_warnings, volume_drops = _open_early_warnings(connection), _open_volume_drops(connection)
    return [
        MomentState(
            row.journey,
            row.moment,
            row.state,
            row.state_since,
            row.alert_id,
            tuple(firing_segments.get((row.journey, row.moment), ())),
            early_warnings.get(row.series_id),
            tuple(breaches.get((row.journey, row.moment), ())),
            volume_drops.get(row.series_id),
        )
        for row in rows
        if row.segment == TOTAL_SEGMENT
    ]


def _promise_breach(row: StoredRow) -> PromiseBreach:
    figures = row["promise_breach"]
    return PromiseBreach(
        row["segment"],
        row["segment_value"],
        date.fromisoformat(figures["since"]),
        figures["value"],
        figures["low"],
        figures["high"],
        figures["n"],
        row["promise"],
    )


def _open_early_warnings(connection: Connection) -> dict[str, OpenEarlyWarning]:
    """Series -> its open early warning, with the text of its newest transition."""
    rows = connection.execute(
        select(alerts.c.series_id, alerts.c.alert_id, alerts.c.onset, alert_transitions.c.payload)
        .join(alert_transitions)
        .where(alerts.c.status == "open", alerts.c.kind == "early_warning")
        .order_by(alert_transitions.c.number)
    )
    return {row.series_id: OpenEarlyWarning(row.alert_id, row.onset, row.payload["early_warning"]) for row in rows}


def _open_volume_drops(connection: Connection) -> dict[str, OpenVolumeDrop]:
    """Series -> its open drop of volume, with the headline of its newest transition."""
    rows = connection.execute(
        select(alerts.c.series_id, alerts.c.alert_id, alerts.c.onset, alert_transitions.c.payload)
        .join(alert_transitions)
        .where(alerts.c.status == "open", alerts.c.kind == "volume")
        .order_by(alert_transitions.c.number)
    )
    return {row.series_id: OpenVolumeDrop(row.alert_id, row.onset, row.payload["headline"]) for row in rows}


def open_alerts(state_url: str) -> list[OpenAlert]:
    """All open alerts about drops: by journey and moment, all customers first, then by segment and value.

    Raises:
        SystemFailure: the state database cannot be reached or is locked.
    """
    with state_session(state_url) as connection:
        return read_open_alerts(connection)


def read_open_alerts(connection: Connection) -> list[OpenAlert]:
    """The same, from an open connection."""
    rows = connection.execute(
        select(alerts, alert_transitions.c.number, alert_transitions.c.payload, series_states.c.state)
        .join(alert_transitions)
        .outerjoin(series_states, series_states.c.series_id == alerts.c.series_id)
        .where(*_IS_OPEN_DROP)
        .order_by(alert_transitions.c.number)
    ).mappings()
    newest, figures_of = {row["alert_id"]: row for row in rows}, latest_figures(connection)
    included = read_included(connection)
    drops = [
        _open_alert(
            row,
            figures_of.get((alert_id, row["number"])) or row["payload"]["figures"],
            included.get(row["series_id"], ()),
        )
        for alert_id, row in newest.items()
    ]
    return sorted(
        drops,
        key=lambda alert: (alert.journey, alert.moment, not alert.is_total, alert.segment, alert.segment_value),
    )


def read_included(connection: Connection) -> dict[str, tuple[str, ...]]:
    """Series -> the drops without an alert of their own that its alert includes: "all customers", "region = south", and
    with the moment in front if it is another one. Unescaped."""
    own, parent = series_states, series_states.alias("parent")
    rows = connection.execute(
        select(own, parent.c.journey.label("parent_journey"), parent.c.moment.label("parent_moment"))
        .join(parent, own.c.included_in == parent.c.series_id)
        .order_by(own.c.series_id)
    )
    included: dict[str, tuple[str, ...]] = {}
    for row in rows:
        name = "all customers" if row.segment == TOTAL_SEGMENT else f"{row.segment} = {row.segment_value}"
        if (row.journey, row.moment) != (row.parent_journey, row.parent_moment):
            name = row.moment if row.segment == TOTAL_SEGMENT else f"{row.moment}, {name}"
        included[row.included_in] = (*included.get(row.included_in, ()), name)
    return included


def latest_figures(connection: Connection) -> dict[tuple[str, int], Mapping[str, Any]]:
    """(alert, number of its transition) -> the figures of the newest notification about it: a reminder has newer ones
    than the transition. Notifications without figures are skipped: a reminder may be sent while its readings are
    withheld."""
    rows = connection.execute(
        select(notification_log.c.alert_id, notification_log.c.number, notification_log.c.figures)
        .join(alerts)
        .where(*_IS_OPEN_DROP, notification_log.c.status == "notified", notification_log.c.figures.is_not(None))
        .order_by(notification_log.c.notified_at, notification_log.c.log_id)
    )
    return {(row.alert_id, row.number): row.figures for row in rows if row.figures.get("value") is not None}


def _open_alert(row: Mapping[Any, Any], figures: Mapping[str, Any], includes: tuple[str, ...]) -> OpenAlert:
    first, last = figures.get("first_day"), figures.get("last_day")
    estimate = figures.get("effect_size") or figures
    return OpenAlert(
        alert_id=row["alert_id"],
        journey=row["journey"],
        moment=row["moment"],
        segment=row["segment"],
        segment_value=row["segment_value"],
        state=row["state"] or "firing",
        onset=row["onset"],
        value=estimate.get("value"),
        low=estimate.get("ci_low"),
        high=estimate.get("ci_high"),
        counted=figures.get("value"),
        n=figures.get("n"),
        first_day=date.fromisoformat(first) if first else None,
        last_day=date.fromisoformat(last) if last else None,
        line=figures.get("line", ""),
        baseline=figures.get("expected"),
        within_seconds=figures.get("within_seconds"),
        promise=figures.get("promise"),
        includes=includes,
    )
