"""The rows of the dashboard tables about alerts and series states, from the state database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from jkpi.config.settings import Settings
from jkpi.dashboards import value_labels
from jkpi.dashboards.names import MapTitles, TableRow
from jkpi.dashboards.sources import source_rows
from jkpi.journeys.model import Journey
from jkpi.state.alert_reader import read_alert_tables
from jkpi.warehouse.base import Warehouse, as_naive_utc

SEGMENT_NOT_EVALUATED_TEXT = "segment not evaluated"
_MOMENT_READINGS_QUERY = """
select
    journey, kpi, segment, segment_value, segment_label, period, period_start, value, ci_low, ci_high, sample_size, unit
from dashboards.dash_readings
where is_primary and status = 'final' and value is not null and period in ('week', 'month')
    and exists (
        select 1 from marts.dim_moments as moments
        where moments.is_current and moments.journey = dash_readings.journey and moments.kpi = dash_readings.kpi
    )
order by journey, kpi, segment, segment_value, period, period_start
"""


def moment_reading_rows(
    warehouse: Warehouse,
    journeys: Sequence[Journey],
    states: Sequence[Mapping[Any, Any]],
    titles: MapTitles,
    now: datetime,
) -> Iterator[TableRow]:
    """Rows of `dash_moment_readings`: each final week and month of a moment in every segment, with its interval, the
    promise of today and today's state of the series."""
    by_kpi: dict[tuple[str, str], list[TableRow]] = {}
    for row in warehouse.rows(_MOMENT_READINGS_QUERY):
        by_kpi.setdefault((row["journey"], row["kpi"]), []).append(row)
    state_by_series = {(row["journey"], row["moment"], row["segment"], row["segment_value"]): row for row in states}
    for journey in journeys:
        today = titles.today(journey.journey, now)
        kpis = {kpi_id: kpi for kpi_id, kpi, _, _ in journey.all_kpis()}
        for moment in journey.moments_of_truth:
            labels = titles.journey_columns(journey.journey) | titles.moment_columns(
                journey.journey, moment.moment, moment.kpi
            )
            for row in by_kpi.get((journey.journey, moment.kpi), ()):
                segment = (row["segment"], row["segment_value"])
                is_evaluated = segment[0] == "all" or segment[0] in moment.segments
                promise, kpi = moment.promise_to(*segment), kpis[moment.kpi]
                labelled = (value_labels.unit_of_kpi(kpi), kpi.main_statistic)
                yield {
                    **row,
                    **labels,
                    "promise": promise,
                    "interval_label": value_labels.format_table_interval(row["ci_low"], row["ci_high"], *labelled)
                    or "none",
                    "promise_label": value_labels.format_promise(promise, *labelled, kpi.better_direction) or "none",
                    "state_label": _series_state_text(
                        state_by_series.get((journey.journey, moment.moment, *segment)), is_evaluated, today
                    ),
                    "as_of": as_naive_utc(now),
                }


def _series_state_text(state: Mapping[Any, Any] | None, is_evaluated: bool, today: date) -> str:
    if state is None:
        return value_labels.NOT_EVALUATED_TEXT if is_evaluated else SEGMENT_NOT_EVALUATED_TEXT
    return value_labels.format_state_and_start(state["state"], state["state_since"], today)


_HEALTH_QUERY = "select * from marts.rpt_journey_health"


def exported_rows(settings: Settings, warehouse: Warehouse, journeys: Sequence[Journey]) -> dict[str, list[TableRow]]:
    """Table of `tables.EXPORTED_TABLES` -> its rows, as of `settings.now`."""
    titles = MapTitles(journeys)
    tables = read_alert_tables(settings.state_url)
    health = {(row["journey"], row["kpi"]): row for row in warehouse.rows(_HEALTH_QUERY)}
    return {
        "dash_alerts": [
            _dash_alert_row(row, tables.acknowledged_by.get(row["alert_id"]), titles, settings.now)
            for row in tables.alerts
        ],
        "dash_moments": _dash_moment_rows(journeys, tables.series_states, health, titles, settings.now),
        "dash_moment_readings": list(
            moment_reading_rows(warehouse, journeys, tables.series_states, titles, settings.now)
        ),
        "dash_sources": source_rows(warehouse, titles, settings.now),
    }


def _dash_alert_row(row: Mapping[Any, Any], acknowledged_by: str | None, titles: MapTitles, now: datetime) -> TableRow:
    is_total = row["segment"] == "all" or not row["segment"]
    until = row["closed_on"] or titles.today(row["journey"], now)
    segment_label = "All customers" if is_total else f"{row['segment']}: {row['segment_value']}"
    return {
        **titles.journey_columns(row["journey"]),
        **titles.moment_columns(row["journey"], row["moment"], row["kpi"]),
        "alert_id": row["alert_id"],
        "segment": row["segment"],
        "segment_value": row["segment_value"],
        "segment_label": segment_label,
        "kind": row["kind"].replace("_", " "),
        "status": row["status"],
        "title": row["title"],
        "annotation_label": segment_label.lower() if is_total else segment_label,
        "owner": row["owner"],
        "onset": row["onset"],
        "fired_on": row["fired_on"],
        "closed_on": row["closed_on"],
        "age_days": max(0, (until - row["onset"]).days),
        "acknowledged_by": acknowledged_by,
        "as_of": as_naive_utc(now),
    }


def _dash_moment_rows(
    journeys: Sequence[Journey],
    states: Sequence[Mapping[Any, Any]],
    health: Mapping[tuple[str, str], TableRow],
    titles: MapTitles,
    now: datetime,
) -> list[TableRow]:
    total_states = {(row["journey"], row["moment"]): row for row in states if row["segment"] == "all"}
    firing_segments: dict[tuple[str, str], list[str]] = {}
    for row in states:
        if row["segment"] != "all" and row["alert_id"] is not None:
            firing_segments.setdefault((row["journey"], row["moment"]), []).append(
                f"{row['segment']}: {row['segment_value']}"
            )
    below_promise: dict[tuple[str, str], list[str]] = {}
    for row in states:
        if row["segment"] != "all" and row["alert_id"] is None and row["promise_breach"] is not None:
            below_promise.setdefault((row["journey"], row["moment"]), []).append(
                f"{row['segment']}: {row['segment_value']}"
            )
    rows = []
    for journey in journeys:
        kpis = {kpi_id: kpi for kpi_id, kpi, _, _ in journey.all_kpis()}
        for moment in journey.moments_of_truth:
            key = (journey.journey, moment.moment)
            state, week = total_states.get(key, {}), health.get((journey.journey, moment.kpi), {})
            unit, direction = kpis[moment.kpi].main_unit, kpis[moment.kpi].better_direction
            labelled = (value_labels.unit_of_kpi(kpis[moment.kpi]), kpis[moment.kpi].main_statistic)
            low, high = week.get("ci_low_week"), week.get("ci_high_week")
            rows.append(
                {
                    **titles.journey_columns(journey.journey),
                    **titles.moment_columns(*key, moment.kpi),
                    "state_label": value_labels.format_state(state.get("state")),
                    "state_order": value_labels.state_order(state.get("state")),
                    "since": state.get("state_since"),
                    "firing_segments": ", ".join(firing_segments.get(key, ())) or None,
                    "segments_below_promise": ", ".join(below_promise.get(key, ())) or None,
                    "owner": moment.owner,
                    "unit": unit,
                    "value": week.get("value_week"),
                    "ci_low": low,
                    "ci_high": high,
                    "promise": moment.default_promise,
                    "baseline": week.get("baseline"),
                    "week_start": week.get("value_week_start"),
                    "sample_size": week.get("sample_size_week"),
                    "value_label": value_labels.format_table_value(week.get("value_week"), *labelled),
                    "interval_label": value_labels.format_table_interval(low, high, *labelled),
                    "promise_label": value_labels.format_promise(moment.default_promise, *labelled, direction),
                    "baseline_label": value_labels.format_table_value(week.get("baseline"), *labelled),
                    "as_of": as_naive_utc(now),
                }
            )
    return rows
