"""The queries of the page: from the marts, the map tables and the ledger of loads to `Facts`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from jkpi.living_map.charts import WEEKS
from jkpi.living_map.insights import read_insights
from jkpi.living_map.page_data import Facts, Kpi, Moment, Reading, Source, Stage, Stray, Touchpoint
from jkpi.warehouse.base import Warehouse

RECENT = timedelta(days=28)

_Row = dict[str, Any]


def read_journeys(w: Warehouse, now: datetime) -> tuple[Facts, ...]:
    """The current version of every journey in the warehouse with all that is known of it, by title.

    Args:
        now: Aware UTC; "the last 28 days" end here.
    """
    if not w.table_exists("raw", "map_journeys"):
        return ()
    journeys = w.rows("select * from raw.map_journeys where is_current order by title, journey")
    sources = _sources(w) if journeys else ()
    return tuple(_facts(w, row, sources, now) for row in journeys)


def _facts(w: Warehouse, row: _Row, sources: tuple[Source, ...], now: datetime) -> Facts:
    journey, content = row["journey"], _object(row["content"])
    viewpoint = content.get("viewpoint") or _object(row["viewpoint"])
    measured = w.table_exists("marts", "fct_kpi_readings")
    last_week = _last_week(w, journey, row["timezone"], now, measured)
    coverage = _coverage(w, journey)
    stages = _stages(w, journey, now)
    seen = [found for found in coverage if found["element"] == "touchpoint" and found["first_evidence_at"] is not None]
    return Facts(
        journey=journey,
        title=row["title"],
        version=int(row["version"]),
        owner=row["owner"] or "",
        timezone=row["timezone"] or "UTC",
        persona=viewpoint.get("persona"),
        persona_segment=viewpoint.get("segment") or {},
        valid_from=row["valid_from"],
        starts_with=tuple(json.loads(row["starts_with"] or "[]")),
        ends_with=tuple(json.loads(row["ends_with"] or "[]")),
        window_seconds=row["window_seconds"],
        last_week=last_week,
        stages=stages,
        touchpoints=_touchpoints(w, journey, stages, coverage),
        kpis=_kpis(w, journey, last_week, measured, _drawn_kpis(content, stages)),
        moments=_moments(w, journey, content),
        sources=sources,
        strays=tuple(
            Stray(found["name"], int(found["count_events"] or 0))
            for found in coverage
            if found["element"] == "unmapped_touchpoint"
        ),
        first_evidence_at=min((found["first_evidence_at"] for found in seen), default=None),
        last_evidence_at=max((found["last_evidence_at"] for found in seen), default=None),
        measured=measured,
        insights=read_insights(w, journey, last_week - timedelta(weeks=WEEKS - 1), last_week),
    )


def _last_week(w: Warehouse, journey: str, timezone: str | None, now: datetime, measured: bool) -> date:
    """The Monday of this week in the journey's zone, or of the newest week with readings where the data end before."""
    today = now.astimezone(ZoneInfo(timezone or "UTC")).date()
    this_week = today - timedelta(days=today.weekday())
    if not measured:
        return this_week
    newest = w.scalar(
        "select max(period_start) from marts.fct_kpi_readings where journey = :journey and period = 'week'",
        {"journey": journey},
    )
    return this_week if newest is None else min(this_week, newest)


def _stages(w: Warehouse, journey: str, now: datetime) -> tuple[Stage, ...]:
    visits: dict[str, int] = {}
    measured = w.table_exists("marts", "fct_stage_visits")
    if measured:
        until = now.astimezone(UTC).replace(tzinfo=None)
        counted = w.rows(
            "select stage, count(*) as visits from marts.fct_stage_visits"
            " where is_in_viewpoint and journey = :journey and entered_at >= :since and entered_at < :until"
            " group by stage",
            {"journey": journey, "since": until - RECENT, "until": until},
        )
        visits = {row["stage"]: int(row["visits"]) for row in counted}
    rows = w.rows(
        "select stage, title, owner, content from raw.map_stages where journey = :journey and is_current"
        " order by position",
        {"journey": journey},
    )
    return tuple(
        Stage(
            stage=row["stage"],
            title=row["title"],
            owner=row["owner"] or "",
            content=_object(row["content"]),
            visits_28d=visits.get(row["stage"], 0) if measured else None,
        )
        for row in rows
    )


def _coverage(w: Warehouse, journey: str) -> list[_Row]:
    if not w.table_exists("marts", "rpt_map_coverage"):
        return []
    # All columns: a warehouse measured by an older release may lack the newest of them.
    return w.rows(
        "select * from marts.rpt_map_coverage where journey = :journey or element = 'unmapped_touchpoint'"
        " order by count_events desc, name",
        {"journey": journey},
    )


def _touchpoints(w: Warehouse, journey: str, stages: tuple[Stage, ...], coverage: list[_Row]) -> tuple[Touchpoint, ...]:
    seen = {row["name"]: row for row in coverage if row["element"] == "touchpoint"}
    titles = {
        drawn.get("touchpoint"): drawn.get("title")
        for stage in stages
        for drawn in stage.content.get("touchpoints") or ()
        if isinstance(drawn, Mapping)
    }
    rows = w.rows(
        "select touchpoint, stage, channel, stage_side, evidence, is_staffed from raw.map_touchpoints"
        " where journey = :journey and is_current order by stage_position, position",
        {"journey": journey},
    )
    return tuple(
        Touchpoint(
            touchpoint=row["touchpoint"],
            stage=row["stage"],
            title=titles.get(row["touchpoint"]),
            channel=row["channel"] or "",
            stage_side=row["stage_side"] or "front",
            evidence=row["evidence"] or "hypothesis",
            is_staffed=bool(row["is_staffed"]),
            count_events=found.get("count_events"),
            count_events_28d=found.get("count_events_28d"),
            last_evidence_at=found.get("last_evidence_at"),
        )
        for row in rows
        for found in [seen.get(row["touchpoint"], {})]
    )


def _drawn_kpis(content: Mapping[str, Any], stages: tuple[Stage, ...]) -> dict[str, int]:
    """KPI id -> its place on the drawn map, which the tables do not keep."""
    drawn = [*content.get("kpis", ()), *(kpi for stage in stages for kpi in stage.content.get("kpis", ()))]
    return {str(kpi.get("id")): place for place, kpi in enumerate(drawn)}


def _kpis(w: Warehouse, journey: str, last_week: date, measured: bool, order: Mapping[str, int]) -> tuple[Kpi, ...]:
    weeks: dict[str, list[Reading]] = defaultdict(list)
    days: dict[str, Reading] = {}
    rows = w.rows(
        "select * from raw.map_kpis where journey = :journey and is_current order by stage_position, kpi",
        {"journey": journey},
    )
    # What was counted by another definition is another number: the words of this one would say of it what it is not.
    means = {row["kpi"]: row["definition"] for row in rows}
    others: set[str] = set()
    if measured:
        scope = {"journey": journey, "first": last_week - timedelta(weeks=WEEKS - 1), "last": last_week}
        columns = (
            "select kpi, statistic, period_start, value, ci_low, ci_high, sample_size, open_count, status, unit,"
            " is_primary, definition from marts.fct_kpi_readings where journey = :journey and segment = 'all'"
        )
        for row in w.rows(
            f"{columns} and period = 'week' and period_start between :first and :last order by period_start", scope
        ):
            if row["definition"] == means.get(row["kpi"]):
                weeks[row["kpi"]].append(_reading(row))
            else:
                others.add(row["kpi"])
        for row in w.rows(
            f"{columns} and period = 'day' and is_primary and status = 'final' and value is not null"
            " and period_start >= :first order by period_start",
            scope,
        ):
            if row["definition"] == means.get(row["kpi"]):
                days[row["kpi"]] = _reading(row)
    usual: dict[str, float | None] = {}
    if w.table_exists("marts", "rpt_journey_health"):
        health = w.rows(
            "select kpi, baseline from marts.rpt_journey_health where journey = :journey", {"journey": journey}
        )
        usual = {row["kpi"]: row["baseline"] for row in health}
    rows.sort(key=lambda row: order.get(row["kpi"], len(order)))
    return tuple(
        Kpi(
            kpi=row["kpi"],
            stage=row["stage"],
            kind=row["kind"],
            title=row["title"] or row["kpi"],
            unit=row["unit"] or "share",
            direction=row["direction"] or "higher",
            target=row["target"],
            rule=row,
            weeks=tuple(weeks[row["kpi"]]),
            last_day=days.get(row["kpi"]),
            baseline=usual.get(row["kpi"]),
            is_redefined=row["kpi"] in others,
        )
        for row in rows
    )


def _reading(row: _Row) -> Reading:
    return Reading(
        statistic=row["statistic"],
        period_start=row["period_start"],
        value=row["value"],
        low=row["ci_low"],
        high=row["ci_high"],
        sample_size=int(row["sample_size"] or 0),
        open_count=int(row["open_count"] or 0),
        status=row["status"],
        unit=row["unit"],
        is_primary=bool(row["is_primary"]),
    )


def _moments(w: Warehouse, journey: str, content: Mapping[str, Any]) -> tuple[Moment, ...]:
    drawn = [moment for moment in content.get("moments_of_truth") or () if isinstance(moment, Mapping)]
    titles = {moment.get("moment"): moment.get("title") for moment in drawn}
    order = {moment.get("moment"): place for place, moment in enumerate(drawn)}
    rows = w.rows(
        "select moment, kpi, statistic, promise, owner from raw.map_moments where journey = :journey and is_current"
        " order by moment",
        {"journey": journey},
    )
    moments = [
        Moment(
            row["moment"], row["kpi"], row["statistic"], row["promise"], row["owner"] or "", titles.get(row["moment"])
        )
        for row in rows
    ]
    return tuple(sorted(moments, key=lambda moment: order.get(moment.moment, len(order))))


def _sources(w: Warehouse) -> tuple[Source, ...]:
    if not w.table_exists("raw", "map_sources"):
        return ()
    rows = w.rows("""
        select
            map_sources.source, map_sources.title, map_sources.kind, map_sources.owner, map_sources.schedule,
            map_sources.late_seconds, loads.newest_row_at, loads.loaded_at, loads.rows_read, loads.rows_rejected
        from raw.map_sources
        left join (
            select
                source,
                max(case when status = 'loaded' then last_at end) as newest_row_at,
                max(case when status = 'loaded' then loaded_at end) as loaded_at,
                sum(case when status = 'loaded' then rows_read end) as rows_read,
                sum(case when status = 'loaded' then rejected end) as rows_rejected
            from raw.load_batches
            group by source
        ) as loads on map_sources.source = loads.source
        order by map_sources.source
    """)
    refused = {
        row["source"]: row["reason"]
        for row in w.rows("""
            select source, reason from (
                select source, status, reason, row_number() over (partition by source order by loaded_at desc) as nth
                from raw.load_batches
                where status <> 'empty'
            ) as batches
            where nth = 1 and status = 'refused'
        """)
    }
    blind: dict[str, list[tuple[datetime, datetime, str]]] = defaultdict(list)
    for row in w.rows("select source, starts_at, ends_at, reason from raw.blind_spots order by starts_at"):
        blind[row["source"]].append((row["starts_at"], row["ends_at"], row["reason"]))
    return tuple(
        Source(
            source=row["source"],
            title=row["title"] or row["source"],
            kind=row["kind"] or "",
            owner=row["owner"] or "",
            schedule=row["schedule"] or "",
            late_seconds=int(row["late_seconds"] or 0),
            newest_row_at=row["newest_row_at"],
            loaded_at=row["loaded_at"],
            rows_read=int(row["rows_read"] or 0),
            rows_rejected=int(row["rows_rejected"] or 0),
            refused=refused.get(row["source"]),
            blind=tuple(blind[row["source"]]),
        )
        for row in rows
    )


def _object(text: str | None) -> dict[str, Any]:
    """A JSON object of a map table; nothing written is an empty one."""
    loaded = json.loads(text) if text else {}
    return loaded if isinstance(loaded, dict) else {}
