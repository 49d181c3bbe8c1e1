"""Write one transition, and the alert it belongs to, into the state database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, update

from jkpi.alerts.evidence.alert_context import Finding
from jkpi.alerts.notifications.body import rows as told_rows
from jkpi.alerts.notifications.compose import facts
from jkpi.alerts.notifications.headline import headline
from jkpi.alerts.transitions.closing import terms
from jkpi.alerts.transitions.model import STATUS_AFTER
from jkpi.state.engine import (
    alert_transitions,
    alerts,
)


def write_transition(connection: Connection, finding: Finding, now: datetime) -> None:
    """The alert as it is after the transition, and the transition with its evidence."""
    transition = finding.transition
    status = STATUS_AFTER[transition.name]
    changed = {
        "status": status,
        "closed_on": None if status == "open" else transition.happened_on,
        "closed_at": None if status == "open" else now,
    }
    if transition.number == 1:
        connection.execute(insert(alerts).values(**_new_alert(finding, now), **changed))
    else:
        if transition.name == "reopened":
            changed |= {"since": transition.since, "fired_on": transition.happened_on}
        connection.execute(update(alerts).where(alerts.c.alert_id == transition.alert_id).values(**changed))
    connection.execute(
        insert(alert_transitions).values(
            transition_id=transition.transition_id,
            alert_id=transition.alert_id,
            number=transition.number,
            transition=transition.name,
            happened_on=transition.happened_on,
            recorded_at=now,
            evidence=_evidence(finding),
        )
    )


def _new_alert(finding: Finding, now: datetime) -> dict[str, Any]:
    transition = finding.transition
    return {
        "alert_id": transition.alert_id,
        "series_id": finding.series_id,
        **_series_columns(finding),
        "kind": transition.kind,
        "since": transition.since,
        "fired_on": transition.happened_on,
        "owner": finding.owner,
        "title": finding.title,
        "opened_at": now,
    }


def _series_columns(finding: Finding) -> dict[str, str]:
    """What an alert is about; of the map's own alerts, what part of the map, or which source."""
    names = ("journey", "moment", "kpi", "statistic", "segment", "segment_value")
    series, condition = finding.series, finding.condition
    if series is not None:
        watched = series.watched
        parts = (watched.journey, watched.moment, watched.kpi, watched.statistic, series.segment, series.segment_value)
    else:
        assert condition is not None, "an alert is opened on a series that was judged, or on a condition of the map"
        parts = (condition.journey, "", "", "", condition.segment, condition.segment_value)
    return dict(zip(names, parts, strict=True))


def _evidence(finding: Finding) -> dict[str, Any]:
    """What a later run must know of what was told, and what was told in figures: rates are higher-is-better."""
    transition, announced = finding.transition, finding.transition.announced
    held_to = terms(transition.judged) if transition.judged else announced.terms if announced else {}
    parts = transition.breach.parts if transition.breach else ()
    return {
        "headline": headline(finding),
        "terms": dict(held_to),
        "receivers": list(finding.receivers),
        "parts": [[part.line, part.since.isoformat()] for part in parts],
        "figures": [
            {
                "line": part.line,
                "since": part.fell.first.isoformat(),
                "last": part.fell.last.isoformat(),
                "good": part.fell.good,
                "n": part.fell.n,
                "reference": part.fell.reference,
                "interval": list(part.fell.interval),
                "tail": part.fell.tail,
            }
            for part in parts
        ],
        "sql": finding.condition.sql if finding.condition else finding.sql,
        "number_sql": finding.number_sql,
        "rows": [list(row) for row in told_rows(finding)],
        "facts": dict(facts(finding)),
        "vanished": transition.vanished,
    }
