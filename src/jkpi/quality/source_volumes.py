"""What the landing tables say of each source, counted by SQL that both engines know."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from jkpi.quality.data_gaps import Refused, SourceFacts
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.holidays import holidays, zone_of_most

_TIMES = {
    "touchpoint_events": "occurred_at",
    "survey_responses": "responded_at",
    "survey_invitations": "invited_at",
    # A total says something of its whole period, so it is there when that is over.
    "period_counts": "(period_start + case covers when 'day' then interval '1 day' when 'week' then interval '7 days'"
    " else interval '1 month' end)",
}
_LOCAL = "({time} at time zone 'UTC' at time zone cast(:zone as text))"
_DAYS = """
with rows_of_source as (
    select
        landed.source,
        {moment} as moment,
        {time} as happened_at,
        {horizon} as horizon
    from raw.{table} as landed
    left join raw.map_sources as known on landed.source = known.source
    where {time} <= :now
)
select
    source,
    cast(moment as date) as day,
    count(*) as rows_of_day,
    sum(case when cast(moment as time) < cast(horizon as time) then 1 else 0 end) as rows_so_far,
    max(happened_at) as last_at
from rows_of_source
group by 1, 2
"""
_HORIZON = "(cast(:now as timestamp) - coalesce(known.late_seconds, 0) * interval '1 second')"
_LEDGER = """
select
    source,
    cast(sum(rows_read) as bigint) as rows_read,
    cast(sum(rejected) as bigint) as rejected
from raw.load_batches
where status = 'loaded'
group by source
"""
_REFUSED = """
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
_BEFORE = """
select max(last_at)
from raw.load_batches
where source = :source and status = 'loaded' and started_at <= :refused_at
"""
_AFTER = """
select min(first_at)
from raw.load_batches
where source = :source and status = 'loaded' and started_at > :refused_at and first_at > :before
"""
_LATE = "select source, late_seconds from raw.map_sources"


def read_facts(w: Warehouse, now: datetime) -> list[SourceFacts]:
    """Facts of every source that has rows or batches, by name; `now` is naive UTC, and nothing later is counted.

    Days are cut in the zone of the most journeys, in UTC where no map is in the warehouse yet.
    """
    zone = zone_of_most(w)
    counts, so_far, last_at = _by_day(w, now, zone)
    utc_counts, utc_so_far, _ = _by_day(w, now, None) if zone != "UTC" else ({}, {}, {})
    late = {row["source"]: timedelta(seconds=row["late_seconds"] or 0) for row in w.rows(_LATE)}
    ledger = {row["source"]: row for row in w.rows(_LEDGER)}
    refused = _read_refused(w)
    first = min((day for days in counts.values() for day in days), default=now.date())
    closed = holidays(w, zone, first, now.date() + timedelta(days=1))
    return [
        SourceFacts(
            source=source,
            counts=dict(counts.get(source, {})),
            utc_counts=dict(utc_counts.get(source, {})),
            so_far=dict(so_far.get(source, {})),
            utc_so_far=dict(utc_so_far.get(source, {})),
            last_at=last_at.get(source),
            zone=zone,
            late=late.get(source, timedelta(0)),
            refused=tuple(refused.get(source, ())),
            read=_number(ledger, source, "rows_read"),
            rejected=_number(ledger, source, "rejected"),
            holidays=closed,
        )
        for source in sorted({*counts, *ledger, *refused})
    ]


def _by_day(
    w: Warehouse, now: datetime, zone: str | None
) -> tuple[dict[str, Counter[date]], dict[str, Counter[date]], dict[str, datetime]]:
    """Rows of each source by day of a zone (None: UTC), those up to the horizon's time of day, and its newest row."""
    counts: dict[str, Counter[date]] = defaultdict(Counter)
    so_far: dict[str, Counter[date]] = defaultdict(Counter)
    last_at: dict[str, datetime] = {}
    local = _LOCAL if zone else "{time}"
    given = {"now": now, "zone": zone} if zone else {"now": now}
    for table, time in _TIMES.items():
        places = {"moment": local.format(time=time), "horizon": local.format(time=_HORIZON)}
        for row in w.rows(_DAYS.format(table=table, time=time, **places), given):
            source = row["source"]
            counts[source][row["day"]] += int(row["rows_of_day"])
            so_far[source][row["day"]] += int(row["rows_so_far"])
            last_at[source] = max(last_at.get(source, row["last_at"]), row["last_at"])
    return counts, so_far, last_at


def _read_refused(w: Warehouse) -> dict[str, list[Refused]]:
    found: dict[str, list[Refused]] = defaultdict(list)
    for row in w.rows(_REFUSED):
        place: dict[str, Any] = {"source": row["source"], "refused_at": row["refused_at"]}
        before = w.scalar(_BEFORE, place)
        after = w.scalar(_AFTER, {**place, "before": before}) if before is not None else None
        found[row["source"]].append(Refused(row["origin"], row["reason"] or "refused", before, after))
    return found


def _number(ledger: dict[str, dict[str, Any]], source: str, column: str) -> int:
    return int(ledger[source][column] or 0) if source in ledger else 0
