"""Rows of what dashboards show beside the readings: alerts and states from the state database, sources from the ledger
of loads. Looked up, not counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from jkpi.dashboards import spoken
from jkpi.freshness import is_late
from jkpi.journeys import Journey
from jkpi.settings import Settings
from jkpi.state import acknowledgements, alerts, migrate, reading, series_states, state_engine
from jkpi.warehouse import Warehouse

Row = dict[str, Any]

NO_JOURNEY = ("(none)", "On no map")
_SOURCES = """
select
    sources.source, sources.title, sources.kind, sources.owner, sources.schedule, sources.late_seconds, feeds.journey,
    loads.newest_row_at, loads.loaded_at, loads.count_read, loads.count_rejected, loads.last_status, blind.seconds
from raw.map_sources as sources
left join (select distinct journey, source from intermediate.int_kpi_sources) as feeds
    on sources.source = feeds.source
left join (
    select
        source,
        max(case when status = 'loaded' then last_at end) as newest_row_at,
        max(case when status = 'loaded' then loaded_at end) as loaded_at,
        sum(case when status = 'loaded' then rows_read end) as count_read,
        sum(case when status = 'loaded' then rejected end) as count_rejected,
        max(case when newest = 1 then status end) as last_status
    from (select *, row_number() over (partition by source order by loaded_at desc) as newest from raw.load_batches)
        as batches
    group by source
) as loads on sources.source = loads.source
left join (
    select
        source,
        sum(extract(epoch from least(ends_at, :now) - greatest(starts_at, :since))) as seconds
    from raw.blind_spots
    where ends_at > :since and starts_at < :now
    group by source
) as blind on sources.source = blind.source
order by sources.source, feeds.journey
"""
_HEALTH = "select * from marts.rpt_journey_health"
_DAY = 86400.0


class Titles:
    """What people read for the names of a map; names that the map has no longer are shown as they are."""

    def __init__(self, journeys: Sequence[Journey]) -> None:
        self.journeys = {journey.journey: journey for journey in journeys}
        self._moments = {(j.journey, m.moment): m.shown for j in journeys for m in j.moments_of_truth}
        self._kpis: dict[tuple[str, str], tuple[str, str]] = {}
        for journey in journeys:
            digits = len(str(len(journey.stages)))
            for kpi_id, kpi, stage, position in journey.all_kpis():
                place = f"{position:0{digits}}. {stage.shown}" if stage and position else "Whole journey"
                self._kpis[journey.journey, kpi_id] = (kpi.shown, place)

    def of_journey(self, journey: str) -> Row:
        known = self.journeys.get(journey)
        name, title = (journey, known.title if known else journey) if journey else NO_JOURNEY
        return {"journey": name, "journey_title": title}

    def of_moment(self, journey: str, moment: str, kpi: str) -> Row:
        title, stage = self._kpis.get((journey, kpi), (kpi, ""))
        return {
            "moment": moment,
            "moment_title": self._moments.get((journey, moment), moment),
            "kpi": kpi,
            "kpi_title": title,
            "stage_label": stage,
        }

    def today(self, journey: str, now: datetime) -> date:
        known = self.journeys.get(journey)
        return now.astimezone(ZoneInfo(known.timezone) if known else UTC).date()


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
        "dash_sources": _sources(w, titles, settings.now),
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
        "as_of": _naive(now),
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
            low, high = week.get("ci_low_week"), week.get("ci_high_week")
            made.append(
                {
                    **titles.of_journey(journey.journey),
                    **titles.of_moment(*key, moment.kpi),
                    "state": spoken.state(state.get("state")),
                    "urgency": spoken.urgency(state.get("state")),
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
                    "now_text": spoken.amount(week.get("value_week"), unit),
                    "interval_text": spoken.interval(low, high, unit),
                    "promise_text": spoken.promise(moment.promise, unit, direction),
                    "usual_text": spoken.amount(week.get("baseline"), unit),
                    "as_of": _naive(now),
                }
            )
    return made


def _sources(w: Warehouse, titles: Titles, now: datetime) -> list[Row]:
    current = _naive(now)
    since = datetime.fromtimestamp(now.timestamp() - 28 * _DAY, UTC)
    made = []
    for row in w.rows(_SOURCES, {"now": current, "since": _naive(since)}):
        newest = row["newest_row_at"]
        made.append(
            {
                **titles.of_journey(row["journey"] or ""),
                "source": row["source"],
                "title": row["title"] or row["source"],
                "kind": row["kind"],
                "owner": row["owner"],
                "schedule": row["schedule"],
                "state": _freshness(row, current),
                "newest_row_at": newest,
                "age_days": max(0.0, (current - newest).total_seconds() / _DAY) if newest else None,
                "loaded_at": row["loaded_at"],
                "count_read": int(row["count_read"] or 0),
                "count_rejected": int(row["count_rejected"] or 0),
                "blind_days_28d": float(row["seconds"] or 0) / _DAY,
                "as_of": current,
            }
        )
    return made


def _freshness(row: Row, current: datetime) -> str:
    if row["last_status"] == "refused":
        return "last delivery refused"
    if row["newest_row_at"] is None:
        return "no data yet"
    late = is_late(row["newest_row_at"], row["schedule"] or "", int(row["late_seconds"] or 0), current)
    return "age not judged" if late is None else "late" if late else "fresh"


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
