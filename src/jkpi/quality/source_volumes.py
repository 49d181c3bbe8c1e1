"""Read the volumes of each source from the landing tables, with SQL of both engines."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from jkpi.quality.data_gaps import RefusedBatch, SourceVolumes
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.holidays import most_common_timezone, read_known_holidays

_TIME_BY_TABLE = {
    "touchpoint_events": "occurred_at",
    "survey_responses": "responded_at",
    "survey_invitations": "invited_at",
    # A total is about its whole period, so its time is the end of the period.
    "period_counts": "(period_start + case covers when 'day' then interval '1 day' when 'week' then interval '7 days'"
    " else interval '1 month' end)",
}
_LOCAL_TIME = "({time} at time zone 'UTC' at time zone cast(:zone as text))"
_ROWS_BY_DAY = """
with rows_of_source as (
    select
        landed.source,
        {local_time} as local_time,
        {time} as event_at,
        {horizon} as horizon
    from raw.{table} as landed
    left join raw.map_sources as map_sources on landed.source = map_sources.source
    where {time} <= :now
)
select
    source,
    cast(local_time as date) as day,
    count(*) as rows_of_day,
    sum(case when cast(local_time as time) < cast(horizon as time) then 1 else 0 end) as rows_so_far,
    max(event_at) as last_at
from rows_of_source
group by 1, 2
"""
_HORIZON = "(cast(:now as timestamp) - coalesce(map_sources.late_seconds, 0) * interval '1 second')"
_LOAD_TOTALS = """
select
    source,
    cast(sum(rows_read) as bigint) as rows_read,
    cast(sum(rejected) as bigint) as rejected
from raw.load_batches
where status = 'loaded'
group by source
"""
_REFUSED_BATCHES = """
select
    refused.source,
    refused.origin,
    max(refused.reason) as reason,
    max(refused.started_at) as refused_at
from raw.load_batches as refused
where
    refused.status = 'refused'
    and not exists (
        select 1
        from raw.load_batches as later
        where
            later.source = refused.source
            and later.origin = refused.origin
            and later.status = 'loaded'
            and coalesce(later.loaded_at, later.started_at) >= refused.started_at
    )
group by refused.source, refused.origin
order by refused.source, refused.origin
"""
_LAST_BEFORE = """
select max(least(last_at, :refused_at))
from raw.load_batches
where source = :source and status = 'loaded' and started_at <= :refused_at
"""
_FIRST_AFTER = """
select min(first_at)
from raw.load_batches
where source = :source and status = 'loaded' and started_at > :refused_at and first_at > :before
"""
_ALLOWED_LATENESS = "select source, late_seconds from raw.map_sources"
_IN_WAVES = """
select source from raw.survey_responses where wave is not null
union
select source from raw.survey_invitations where wave is not null
"""


def read_source_volumes(warehouse: Warehouse, now: datetime) -> list[SourceVolumes]:
    """The volumes of every source that has rows or batches, by name. Rows after `now` (naive UTC) are not counted.

    Days are those of the time zone of most journeys, or of UTC if the warehouse has no map yet.
    """
    zone = most_common_timezone(warehouse)
    counts, partial_day_counts, last_at = _count_by_day(warehouse, now, zone)
    utc_counts, utc_partial_day_counts, _ = _count_by_day(warehouse, now, None) if zone != "UTC" else ({}, {}, {})
    lateness = {row["source"]: timedelta(seconds=row["late_seconds"] or 0) for row in warehouse.rows(_ALLOWED_LATENESS)}
    in_waves = {row["source"] for row in warehouse.rows(_IN_WAVES)}
    load_totals = {row["source"]: row for row in warehouse.rows(_LOAD_TOTALS)}
    refused = _read_refused(warehouse)
    first = min((day for days in counts.values() for day in days), default=now.date())
    closed = read_known_holidays(warehouse, zone, first, now.date() + timedelta(days=1))
    return [
        SourceVolumes(
            source=source,
            counts=dict(counts.get(source, {})),
            utc_counts=dict(utc_counts.get(source, {})),
            partial_day_counts=dict(partial_day_counts.get(source, {})),
            utc_partial_day_counts=dict(utc_partial_day_counts.get(source, {})),
            last_at=last_at.get(source),
            zone=zone,
            allowed_lateness=lateness.get(source, timedelta(0)),
            refused=tuple(refused.get(source, ())),
            read=_load_total(load_totals, source, "rows_read"),
            rejected=_load_total(load_totals, source, "rejected"),
            holidays=closed,
            in_waves=source in in_waves,
        )
        for source in sorted({*counts, *load_totals, *refused})
    ]


def _count_by_day(
    warehouse: Warehouse, now: datetime, zone: str | None
) -> tuple[dict[str, Counter[date]], dict[str, Counter[date]], dict[str, datetime]]:
    """By source: rows per day of a zone (None: UTC), rows up to the horizon's time of day, newest timestamp."""
    counts: dict[str, Counter[date]] = defaultdict(Counter)
    partial_day_counts: dict[str, Counter[date]] = defaultdict(Counter)
    last_at: dict[str, datetime] = {}
    local = _LOCAL_TIME if zone else "{time}"
    parameters = {"now": now, "zone": zone} if zone else {"now": now}
    for table, time in _TIME_BY_TABLE.items():
        expressions = {"local_time": local.format(time=time), "horizon": local.format(time=_HORIZON)}
        for row in warehouse.rows(_ROWS_BY_DAY.format(table=table, time=time, **expressions), parameters):
            source = row["source"]
            counts[source][row["day"]] += int(row["rows_of_day"])
            partial_day_counts[source][row["day"]] += int(row["rows_so_far"])
            last_at[source] = max(last_at.get(source, row["last_at"]), row["last_at"])
    return counts, partial_day_counts, last_at


def _read_refused(warehouse: Warehouse) -> dict[str, list[RefusedBatch]]:
    batches: dict[str, list[RefusedBatch]] = defaultdict(list)
    for row in warehouse.rows(_REFUSED_BATCHES):
        parameters: dict[str, Any] = {"source": row["source"], "refused_at": row["refused_at"]}
        last_before = warehouse.scalar(_LAST_BEFORE, parameters)
        first_after = (
            warehouse.scalar(_FIRST_AFTER, {**parameters, "before": last_before}) if last_before is not None else None
        )
        batches[row["source"]].append(RefusedBatch(row["origin"], row["reason"] or "refused", last_before, first_after))
    return batches


def _load_total(load_totals: dict[str, dict[str, Any]], source: str, column: str) -> int:
    return int(load_totals[source][column] or 0) if source in load_totals else 0
