"""The queries of the page: from the marts, the map tables and the load log to `PageData`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from jkpi.living_map.charts import WEEKS_SHOWN
from jkpi.living_map.insights import read_insights
from jkpi.living_map.page_data import (
    KpiData,
    KpiReading,
    MomentData,
    OpenPromises,
    PageData,
    PromiseBulk,
    SourceData,
    StageData,
    TouchpointData,
    UnmappedTouchpoint,
)
from jkpi.warehouse.base import Warehouse, as_naive_utc

RECENT_WINDOW = timedelta(days=28)

_Row = dict[str, Any]


def read_page_data(warehouse: Warehouse, now: datetime) -> tuple[PageData, ...]:
    """The data of the current version of every journey in the warehouse, by title.

    Args:
        now: Aware UTC; "the last 28 days" end here.
    """
    if not warehouse.table_exists("raw", "map_journeys"):
        return ()
    journeys = warehouse.rows("select * from raw.map_journeys where is_current order by title, journey")
    sources = _read_sources(warehouse, now) if journeys else ()
    return tuple(_page_data(warehouse, row, sources, now) for row in journeys)


def _page_data(warehouse: Warehouse, row: _Row, sources: tuple[SourceData, ...], now: datetime) -> PageData:
    journey, content = row["journey"], _json_object(row["content"])
    viewpoint = content.get("viewpoint") or _json_object(row["viewpoint"])
    is_measured = warehouse.table_exists("marts", "fct_kpi_readings")
    last_week = _newest_week(warehouse, journey, row["timezone"], now, is_measured)
    coverage = _read_coverage(warehouse, journey)
    stages = _read_stages(warehouse, journey, now)
    covered_touchpoints = [
        coverage_row
        for coverage_row in coverage
        if coverage_row["element"] == "touchpoint" and coverage_row["first_evidence_at"] is not None
    ]
    return PageData(
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
        touchpoints=_read_touchpoints(warehouse, journey, stages, coverage),
        kpis=_read_kpis(warehouse, journey, last_week, is_measured, content, stages),
        moments=_read_moments(warehouse, journey, content),
        sources=sources,
        unmapped_touchpoints=tuple(
            UnmappedTouchpoint(coverage_row["name"], int(coverage_row["count_events"] or 0))
            for coverage_row in coverage
            if coverage_row["element"] == "unmapped_touchpoint"
        ),
        first_event_at=min((coverage_row["first_evidence_at"] for coverage_row in covered_touchpoints), default=None),
        last_event_at=max((coverage_row["last_evidence_at"] for coverage_row in covered_touchpoints), default=None),
        is_measured=is_measured,
        insights=read_insights(warehouse, journey, last_week - timedelta(weeks=WEEKS_SHOWN - 1), last_week),
    )


def _newest_week(warehouse: Warehouse, journey: str, timezone: str | None, now: datetime, is_measured: bool) -> date:
    """The Monday of this week in the journey's zone, or of the newest week with readings if the data end earlier."""
    today = now.astimezone(ZoneInfo(timezone or "UTC")).date()
    this_week = today - timedelta(days=today.weekday())
    if not is_measured:
        return this_week
    newest = warehouse.scalar(
        "select max(period_start) from marts.fct_kpi_readings where journey = :journey and period = 'week'",
        {"journey": journey},
    )
    return this_week if newest is None else min(this_week, newest)


def _read_stages(warehouse: Warehouse, journey: str, now: datetime) -> tuple[StageData, ...]:
    visits: dict[str, int] = {}
    is_measured = warehouse.table_exists("marts", "fct_stage_visits")
    if is_measured:
        until = now.astimezone(UTC).replace(tzinfo=None)
        visit_counts = warehouse.rows(
            "select stage, count(*) as visits from marts.fct_stage_visits"
            " where is_in_viewpoint and journey = :journey and entered_at >= :since and entered_at < :until"
            " group by stage",
            {"journey": journey, "since": until - RECENT_WINDOW, "until": until},
        )
        visits = {row["stage"]: int(row["visits"]) for row in visit_counts}
    rows = warehouse.rows(
        "select stage, title, owner, content from raw.map_stages where journey = :journey and is_current"
        " order by position",
        {"journey": journey},
    )
    return tuple(
        StageData(
            stage=row["stage"],
            title=row["title"],
            owner=row["owner"] or "",
            content=_json_object(row["content"]),
            visits_28d=visits.get(row["stage"], 0) if is_measured else None,
        )
        for row in rows
    )


def _read_coverage(warehouse: Warehouse, journey: str) -> list[_Row]:
    if not warehouse.table_exists("marts", "rpt_map_coverage"):
        return []
    # All columns: a warehouse measured by an older release may lack the newest of them.
    return warehouse.rows(
        "select * from marts.rpt_map_coverage where journey = :journey or element = 'unmapped_touchpoint'"
        " order by count_events desc, name",
        {"journey": journey},
    )


def _read_touchpoints(
    warehouse: Warehouse, journey: str, stages: tuple[StageData, ...], coverage: list[_Row]
) -> tuple[TouchpointData, ...]:
    coverage_by_touchpoint = {row["name"]: row for row in coverage if row["element"] == "touchpoint"}
    titles = {
        map_touchpoint.get("touchpoint"): map_touchpoint.get("title")
        for stage in stages
        for map_touchpoint in stage.content.get("touchpoints") or ()
        if isinstance(map_touchpoint, Mapping)
    }
    rows = warehouse.rows(
        "select touchpoint, stage, channel, stage_side, evidence, is_staffed from raw.map_touchpoints"
        " where journey = :journey and is_current order by stage_position, position",
        {"journey": journey},
    )
    return tuple(
        TouchpointData(
            touchpoint=row["touchpoint"],
            stage=row["stage"],
            title=titles.get(row["touchpoint"]),
            channel=row["channel"] or "",
            stage_side=row["stage_side"] or "front",
            confirmation=row["evidence"] or "hypothesis",
            is_staffed=bool(row["is_staffed"]),
            count_events=coverage_row.get("count_events"),
            count_events_28d=coverage_row.get("count_events_28d"),
            last_event_at=coverage_row.get("last_evidence_at"),
        )
        for row in rows
        for coverage_row in [coverage_by_touchpoint.get(row["touchpoint"], {})]
    )


def _kpi_order(content: Mapping[str, Any], stages: tuple[StageData, ...]) -> dict[str, int]:
    """KPI id -> its position on the map, which the tables do not keep."""
    map_kpis = [*content.get("kpis", ()), *(kpi for stage in stages for kpi in stage.content.get("kpis", ()))]
    return {str(kpi.get("id")): position for position, kpi in enumerate(map_kpis)}


def kpis_by_wave(content: Mapping[str, Any]) -> frozenset[str]:
    """KPIs that a moment of truth evaluates by survey wave."""
    moments = (moment for moment in content.get("moments_of_truth") or () if isinstance(moment, Mapping))
    return frozenset(str(moment["kpi"]) for moment in moments if moment.get("period") == "wave")


def _read_kpis(
    warehouse: Warehouse,
    journey: str,
    last_week: date,
    is_measured: bool,
    content: Mapping[str, Any],
    stages: tuple[StageData, ...],
) -> tuple[KpiData, ...]:
    order, by_wave = _kpi_order(content, stages), kpis_by_wave(content)
    weeks: dict[str, list[KpiReading]] = defaultdict(list)
    days: dict[str, KpiReading] = {}
    rows = warehouse.rows(
        "select * from raw.map_kpis where journey = :journey and is_current order by stage_position, kpi",
        {"journey": journey},
    )
    # Readings under another definition are another number: the definition of today would describe them wrongly.
    definition_by_kpi = {row["kpi"]: row["definition"] for row in rows}
    redefined_kpis: set[str] = set()
    if is_measured:
        scope = {"journey": journey, "first": last_week - timedelta(weeks=WEEKS_SHOWN - 1), "last": last_week}
        columns = (
            "select kpi, statistic, period_start, value, ci_low, ci_high, sample_size, open_count, status, unit,"
            " is_primary, definition, wave from marts.fct_kpi_readings where journey = :journey and segment = 'all'"
        )
        for row in warehouse.rows(
            f"{columns} and ((period = 'week' and period_start between :first and :last) or period = 'wave')"
            " order by period_start",
            scope,
        ):
            if (row["wave"] is not None) != (row["kpi"] in by_wave):
                continue
            if row["definition"] == definition_by_kpi.get(row["kpi"]):
                weeks[row["kpi"]].append(_kpi_reading(row))
            else:
                redefined_kpis.add(row["kpi"])
        for row in warehouse.rows(
            f"{columns} and period = 'day' and is_primary and status = 'final' and value is not null"
            " and period_start >= :first order by period_start",
            scope,
        ):
            if row["kpi"] not in by_wave and row["definition"] == definition_by_kpi.get(row["kpi"]):
                days[row["kpi"]] = _kpi_reading(row)
    baseline_by_kpi: dict[str, float | None] = {}
    if warehouse.table_exists("marts", "rpt_journey_health"):
        health = warehouse.rows(
            "select kpi, baseline from marts.rpt_journey_health where journey = :journey", {"journey": journey}
        )
        baseline_by_kpi = {row["kpi"]: row["baseline"] for row in health}
    open_promises, promise_bulks = _read_open_promises(warehouse, journey), _read_promise_bulks(warehouse, journey)
    rows.sort(key=lambda row: order.get(row["kpi"], len(order)))
    return tuple(
        KpiData(
            kpi=row["kpi"],
            stage=row["stage"],
            kind=row["kind"],
            title=row["title"] or row["kpi"],
            unit=row["unit"] or "share",
            direction=row["direction"] or "higher",
            target=row["target"],
            parameters=row,
            weeks=tuple(weeks[row["kpi"]]),
            last_day=days.get(row["kpi"]),
            baseline=None if row["kpi"] in by_wave else baseline_by_kpi.get(row["kpi"]),
            is_redefined=row["kpi"] in redefined_kpis,
            is_by_wave=row["kpi"] in by_wave,
            open_promises=tuple(open_promises[row["kpi"]]),
            promise_bulks=tuple(promise_bulks[row["kpi"]]),
        )
        for row in rows
    )


def _read_open_promises(warehouse: Warehouse, journey: str) -> dict[str, list[OpenPromises]]:
    """KPI -> its open cases with a promise, youngest first."""
    found: dict[str, list[OpenPromises]] = defaultdict(list)
    if warehouse.table_exists("marts", "rpt_open_promises"):
        for row in warehouse.rows(
            "select kpi, age_from_days, count_not_due, count_overdue from marts.rpt_open_promises"
            " where journey = :journey and segment = 'all' order by kpi, age_from_days",
            {"journey": journey},
        ):
            found[row["kpi"]].append(
                OpenPromises(int(row["age_from_days"]), int(row["count_not_due"]), int(row["count_overdue"]))
            )
    return found


def _read_promise_bulks(warehouse: Warehouse, journey: str) -> dict[str, list[PromiseBulk]]:
    """KPI -> the days of these weeks on which promises fall due together, by day."""
    found: dict[str, list[PromiseBulk]] = defaultdict(list)
    if warehouse.table_exists("marts", "rpt_promises_due"):
        for row in warehouse.rows(
            "select kpi, due_date, count_promises, largest_started_date, largest_count from marts.rpt_promises_due"
            " where journey = :journey and is_bulk order by kpi, due_date",
            {"journey": journey},
        ):
            found[row["kpi"]].append(
                PromiseBulk(
                    row["due_date"],
                    int(row["count_promises"]),
                    row["largest_started_date"],
                    int(row["largest_count"]),
                )
            )
    return found


def _kpi_reading(row: _Row) -> KpiReading:
    return KpiReading(
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
        wave=row["wave"],
    )


def _read_moments(warehouse: Warehouse, journey: str, content: Mapping[str, Any]) -> tuple[MomentData, ...]:
    map_moments = [moment for moment in content.get("moments_of_truth") or () if isinstance(moment, Mapping)]
    titles = {moment.get("moment"): moment.get("title") for moment in map_moments}
    order = {moment.get("moment"): position for position, moment in enumerate(map_moments)}
    rows = warehouse.rows(
        "select moment, kpi, statistic, promise, owner from raw.map_moments where journey = :journey and is_current"
        " order by moment",
        {"journey": journey},
    )
    segment_promises: dict[str, dict[tuple[str, str], float]] = defaultdict(dict)
    for row in warehouse.rows(
        "select moment, segment, segment_value, promise from raw.map_promises"
        " where journey = :journey and is_current and segment <> 'all'",
        {"journey": journey},
    ):
        segment_promises[row["moment"]][row["segment"], row["segment_value"]] = row["promise"]
    moments = [
        MomentData(
            row["moment"],
            row["kpi"],
            row["statistic"],
            row["promise"],
            row["owner"] or "",
            titles.get(row["moment"]),
            segment_promises.get(row["moment"], {}),
        )
        for row in rows
    ]
    return tuple(sorted(moments, key=lambda moment: order.get(moment.moment, len(order))))


def _read_sources(warehouse: Warehouse, now: datetime) -> tuple[SourceData, ...]:
    if not warehouse.table_exists("raw", "map_sources"):
        return ()
    rows = warehouse.rows(
        """
        select
            map_sources.source, map_sources.title, map_sources.kind, map_sources.owner, map_sources.schedule,
            map_sources.late_seconds, loads.newest_row_at, loads.loaded_at, loads.rows_read, loads.rows_rejected
        from raw.map_sources
        left join (
            select
                source,
                max(case when status = 'loaded' and coalesce(first_at, last_at) <= :now then least(last_at, :now) end)
                    as newest_row_at,
                max(case when status = 'loaded' then loaded_at end) as loaded_at,
                sum(case when status = 'loaded' then rows_read end) as rows_read,
                sum(case when status = 'loaded' then rejected end) as rows_rejected
            from raw.load_batches
            group by source
        ) as loads on map_sources.source = loads.source
        order by map_sources.source
    """,
        {"now": as_naive_utc(now)},
    )
    refusal_reasons = {
        row["source"]: row["reason"]
        for row in warehouse.rows("""
            select source, reason from (
                select source, status, reason, row_number() over (partition by source order by loaded_at desc) as nth
                from raw.load_batches
                where status <> 'empty'
            ) as batches
            where nth = 1 and status = 'refused'
        """)
    }
    data_gaps: dict[str, list[tuple[datetime, datetime, str]]] = defaultdict(list)
    for row in warehouse.rows("select source, starts_at, ends_at, reason from raw.blind_spots order by starts_at"):
        data_gaps[row["source"]].append((row["starts_at"], row["ends_at"], row["reason"]))
    return tuple(
        SourceData(
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
            refusal_reason=refusal_reasons.get(row["source"]),
            data_gaps=tuple(data_gaps[row["source"]]),
        )
        for row in rows
    )


def _json_object(text: str | None) -> dict[str, Any]:
    """A JSON object of a map table; NULL is an empty one."""
    loaded = json.loads(text) if text else {}
    return loaded if isinstance(loaded, dict) else {}
