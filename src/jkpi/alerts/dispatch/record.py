"""Write a transition and its alert to the state database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, update

from jkpi.alerts.evidence.alert_context import AlertContext
from jkpi.alerts.notifications.body import body_rows
from jkpi.alerts.notifications.compose import figures_of
from jkpi.alerts.notifications.headline import alert_headline, early_warning_detail
from jkpi.alerts.transitions.closing import rule_terms
from jkpi.alerts.transitions.model import STATUS_AFTER
from jkpi.state.engine import alert_transitions, alerts


def write_transition(connection: Connection, context: AlertContext, now: datetime) -> None:
    """Write the alert as it is after the transition, and the transition with its payload."""
    transition = context.transition
    status = STATUS_AFTER[transition.transition_type]
    changed = {
        "status": status,
        "closed_on": None if status == "open" else transition.happened_on,
        "closed_at": None if status == "open" else now,
    }
    if transition.number == 1:
        connection.execute(insert(alerts).values(**_new_alert(context, now), **changed))
    else:
        if transition.transition_type == "reopened":
            changed |= {"onset": transition.onset, "fired_on": transition.happened_on}
        connection.execute(update(alerts).where(alerts.c.alert_id == transition.alert_id).values(**changed))
    connection.execute(
        insert(alert_transitions).values(
            transition_id=transition.transition_id,
            alert_id=transition.alert_id,
            number=transition.number,
            transition_type=transition.transition_type,
            happened_on=transition.happened_on,
            recorded_at=now,
            payload=_payload(context),
        )
    )


def _new_alert(context: AlertContext, now: datetime) -> dict[str, Any]:
    transition = context.transition
    return {
        "alert_id": transition.alert_id,
        "series_id": context.series_id,
        **_series_columns(context),
        "kind": transition.kind,
        "onset": transition.onset,
        "fired_on": transition.happened_on,
        "owner": context.owner,
        "title": context.title,
        "opened_at": now,
    }


def _series_columns(context: AlertContext) -> dict[str, str]:
    """What an alert is about: its series; for an alert of the map, the part of the map or the source."""
    names = ("journey", "moment", "kpi", "statistic", "segment", "segment_value")
    series, condition = context.series, context.condition
    if series is not None:
        watched = series.watched
        values = (watched.journey, watched.moment, watched.kpi, watched.statistic, series.segment, series.segment_value)
    else:
        assert condition is not None, "an alert opens on an evaluated series or on a condition of the map"
        values = (condition.journey, "", "", "", condition.segment, condition.segment_value)
    return dict(zip(names, values, strict=True))


def _payload(context: AlertContext) -> dict[str, Any]:
    """What later runs and `jkpi alerts show` need: texts, figures and queries. Rates are higher-is-better."""
    transition, stored_alert = context.transition, context.transition.stored_alert
    rule_at_firing = (
        rule_terms(transition.evaluated)
        if transition.evaluated
        else stored_alert.rule_at_firing
        if stored_alert
        else {}
    )
    detections = transition.episode.detections if transition.episode else ()
    return {
        "headline": alert_headline(context),
        "early_warning": early_warning_detail(transition.evaluated) if transition.kind == "early_warning" else "",
        "rule": dict(rule_at_firing),
        "receivers": list(context.receivers),
        "notified_lines": [[detection.line, detection.onset.isoformat()] for detection in detections],
        "detections": [
            {
                "line": detection.line,
                "first": detection.drop.first_day.isoformat(),
                "last": detection.drop.last_day.isoformat(),
                "successes": detection.drop.successes,
                "n": detection.drop.n,
                "baseline": detection.drop.reference,
                "interval": list(detection.drop.interval),
                "tail_probability": detection.drop.tail,
            }
            for detection in detections
        ],
        "readings_sql": context.condition.sql if context.condition else context.readings_sql,
        "value_sql": context.value_sql,
        "rows": [list(row) for row in body_rows(context)],
        "figures": dict(figures_of(context)),
        "series_missing": transition.series_missing,
    }
