"""What dashboards show beside the readings: alerts and states from the state database, looked up, not counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from jkpi.config.settings import Settings
from jkpi.dashboards.names import Row, Titles, naive
from jkpi.dashboards.sources import source_rows
from jkpi.formatting import dashboard_text
from jkpi.journeys.model import Journey
from jkpi.state.engine import acknowledgements, alerts, migrate, reading, series_states, state_engine
from jkpi.warehouse.base import Warehouse

NOT_BY_ITSELF = "not judged by itself"
_READINGS = """
select
    journey, kpi, segment, segment_value, segment_label, period, period_start, value, ci_low, ci_high, sample_size, unit
from dashboards.dash_readings
where is_primary and promise is not null and status = 'final' and value is not null and period in ('week', 'month')
order by journey, kpi, segment, segment_value, period, period_start
"""


def standing_rows(
    w: Warehouse, journeys: Sequence[Journey], states: Sequence[Mapping[Any, Any]], titles: Titles, now: datetime
) -> Iterator[Row]:
    """The rows of `dash_moment_readings`: each final week and month of a moment in every segment, with its interval and
    the state that the series has today."""
    by_kpi: dict[tuple[str, str], list[Row]] = {}
    for row in w.rows(_READINGS):
        by_kpi.setdefault((row["journey"], row["kpi"]), []).append(row)
    known = {(row["journey"], row["moment"], row["segment"], row["segment_value"]): row for row in states}
    for journey in journeys:
        today = titles.today(journey.journey, now)
        units = {kpi_id: dashboard_text.unit_of(kpi) for kpi_id, kpi, _, _ in journey.all_kpis()}
        for moment in journey.moments_of_truth:
            named = titles.of_journey(journey.journey) | titles.of_moment(journey.journey, moment.moment, moment.kpi)
            for row in by_kpi.get((journey.journey, moment.kpi), ()):
                segment = (row["segment"], row["segment_value"])
                judged = segment[0] == "all" or segment[0] in moment.by
                yield {
                    **row,
                    **named,
                    "interval_text": dashboard_text.interval(row["ci_low"], row["ci_high"], units[moment.kpi])
                    or "none",
                    "state_text": _standing(known.get((journey.journey, moment.moment, *segment)), judged, today),
                    "as_of": naive(now),
                }


def _standing(state: Mapping[Any, Any] | None, judged: bool, today: date) -> str:
    if state is None:
        return dashboard_text.UNJUDGED if judged else NOT_BY_ITSELF
    return dashboard_text.standing(state["state"], state["since"], today)


_HEALTH = "select * from marts.rpt_journey_health"


def told_rows(settings: Settings, w: Warehouse, journeys: Sequence[Journey]) -> dict[str, list[Row]]:
    """Table of `tables.TOLD` -> its rows, as of `settings.now`."""
    titles = Titles(journeys)
    engine = state_engine(settings.state_url)
    try:
        migrate(engine)
        with reading(engine) as connection:
            known = connection.execute(select(alerts).order_by(alerts.c.alert_id)).mappings().all()
            taken = connection.execute(select(acknowledgements).order_by(acknowledgements.c.number)).mappings().all()
            states = connection.execute(select(series_states).order_by(series_states.c.series_id)).mappings().all()
    finally:
        engine.dispose()
    by = {row["alert_id"]: row["who"] for row in taken}
    health = {(row["journey"], row["kpi"]): row for row in w.rows(_HEALTH)}
    return {
        "dash_alerts": [_alert(row, by.get(row["alert_id"]), titles, settings.now) for row in known],
        "dash_moments": _moments(journeys, states, health, titles, settings.now),
        "dash_moment_readings": list(standing_rows(w, journeys, states, titles, settings.now)),
        "dash_sources": source_rows(w, titles, settings.now),
    }


def _alert(row: Mapping[Any, Any], taken_on_by: str | None, titles: Titles, now: datetime) -> Row:
    whole = row["segment"] == "all" or not row["segment"]
    until = row["closed_on"] or titles.today(row["journey"], now)
    where = "All customers" if whole else f"{row['segment']}: {row['segment_value']}"
    return {
        **titles.of_journey(row["journey"]),
        **titles.of_moment(row["journey"], row["moment"], row["kpi"]),
        "alert_id": row["alert_id"],
        "segment": row["segment"],
        "segment_value": row["segment_value"],
        "segment_label": where,
        "kind": row["kind"].replace("_", " "),
        "status": row["status"],
        "title": row["title"],
        "mark": where.lower() if whole else where,
        "owner": row["owner"],
        "since": row["since"],
        "fired_on": row["fired_on"],
        "closed_on": row["closed_on"],
        "age_days": max(0, (until - row["since"]).days),
        "acknowledged_by": taken_on_by,
        "as_of": naive(now),
    }


def _moments(
    journeys: Sequence[Journey],
    states: Sequence[Mapping[Any, Any]],
    health: Mapping[tuple[str, str], Row],
    titles: Titles,
    now: datetime,
) -> list[Row]:
    whole = {(row["journey"], row["moment"]): row for row in states if row["segment"] == "all"}
    falling: dict[tuple[str, str], list[str]] = {}
    for row in states:
        if row["segment"] != "all" and row["alert_id"] is not None:
            falling.setdefault((row["journey"], row["moment"]), []).append(f"{row['segment']}: {row['segment_value']}")
    made = []
    for journey in journeys:
        kpis = {kpi_id: kpi for kpi_id, kpi, _, _ in journey.all_kpis()}
        for moment in journey.moments_of_truth:
            key = (journey.journey, moment.moment)
            state, week = whole.get(key, {}), health.get((journey.journey, moment.kpi), {})
            unit, direction = kpis[moment.kpi].measured_unit, kpis[moment.kpi].wanted
            said = dashboard_text.unit_of(kpis[moment.kpi])
            low, high = week.get("ci_low_week"), week.get("ci_high_week")
            made.append(
                {
                    **titles.of_journey(journey.journey),
                    **titles.of_moment(*key, moment.kpi),
                    "state": dashboard_text.state(state.get("state")),
                    "urgency": dashboard_text.urgency(state.get("state")),
                    "since": state.get("since"),
                    "falling_in": ", ".join(falling.get(key, ())) or None,
                    "owner": moment.owner,
                    "unit": unit,
                    "value": week.get("value_week"),
                    "ci_low": low,
                    "ci_high": high,
                    "promise": moment.promise,
                    "baseline": week.get("baseline"),
                    "week": week.get("value_week_start"),
                    "sample_size": week.get("sample_size_week"),
                    "now_text": dashboard_text.amount(week.get("value_week"), said),
                    "interval_text": dashboard_text.interval(low, high, said),
                    "promise_text": dashboard_text.promise(moment.promise, said, direction),
                    "usual_text": dashboard_text.amount(week.get("baseline"), said),
                    "as_of": naive(now),
                }
            )
    return made
