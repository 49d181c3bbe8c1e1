"""How fresh each source is, and which journeys it feeds: from the load log."""

from __future__ import annotations

from datetime import UTC, datetime

from jkpi.dashboards.names import MapTitles, TableRow
from jkpi.schedules import is_late
from jkpi.warehouse.base import Warehouse, as_naive_utc

_DAY_SECONDS = 86400.0
_SOURCE_FRESHNESS_QUERY = """
select
    sources.source, sources.title, sources.kind, sources.owner, sources.schedule, sources.late_seconds, feeds.journey,
    loads.newest_row_at, loads.loaded_at, loads.count_read, loads.count_rejected, loads.last_status, gaps.seconds
from raw.map_sources as sources
left join (select distinct journey, source from intermediate.int_kpi_sources) as feeds
    on sources.source = feeds.source
left join (
    select
        source,
        max(case when status = 'loaded' and coalesce(first_at, last_at) <= :now then least(last_at, :now) end)
            as newest_row_at,
        max(case when status = 'loaded' then loaded_at end) as loaded_at,
        sum(case when status = 'loaded' then rows_read end) as count_read,
        sum(case when status = 'loaded' then rejected end) as count_rejected,
        max(case when newest = 1 then status end) as last_status
    from (
        select *, row_number() over (partition by source order by loaded_at desc) as newest
        from raw.load_batches
        where status <> 'empty'
    ) as batches
    group by source
) as loads on sources.source = loads.source
left join (
    select
        source,
        sum(extract(epoch from least(ends_at, :now) - greatest(starts_at, :since))) as seconds
    from raw.blind_spots
    where ends_at > :since and starts_at < :now
    group by source
) as gaps on sources.source = gaps.source
order by sources.source, feeds.journey
"""


def source_rows(warehouse: Warehouse, titles: MapTitles, now: datetime) -> list[TableRow]:
    """The rows of `dash_sources`, as of `now` (aware)."""
    current = as_naive_utc(now)
    since = datetime.fromtimestamp(now.timestamp() - 28 * _DAY_SECONDS, UTC)
    rows = []
    for row in warehouse.rows(_SOURCE_FRESHNESS_QUERY, {"now": current, "since": as_naive_utc(since)}):
        newest = row["newest_row_at"]
        rows.append(
            {
                **titles.journey_columns(row["journey"] or ""),
                "source": row["source"],
                "title": row["title"] or row["source"],
                "kind": row["kind"],
                "owner": row["owner"],
                "schedule": row["schedule"],
                "freshness": _freshness_text(row, current),
                "newest_row_at": newest,
                "age_days": max(0.0, (current - newest).total_seconds() / _DAY_SECONDS) if newest else None,
                "loaded_at": row["loaded_at"],
                "count_read": int(row["count_read"] or 0),
                "count_rejected": int(row["count_rejected"] or 0),
                "gap_days_28d": float(row["seconds"] or 0) / _DAY_SECONDS,
                "as_of": current,
            }
        )
    return rows


def _freshness_text(row: TableRow, current: datetime) -> str:
    if row["last_status"] == "refused":
        return "last delivery refused"
    if row["newest_row_at"] is None:
        return "no data yet"
    late = is_late(row["newest_row_at"], row["schedule"] or "", int(row["late_seconds"] or 0), current)
    return "freshness unknown" if late is None else "late" if late else "fresh"
