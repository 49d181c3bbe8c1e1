"""What the landing tables say of each source, counted by SQL that both engines know."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from jkpi.quality.blindness import Refused, SourceFacts
from jkpi.quality.holidays import holidays
from jkpi.warehouse import Warehouse

_TIMES = {
    "touchpoint_events": "occurred_at",
    "survey_responses": "responded_at",
    "survey_invitations": "invited_at",
    # A total says something of its whole period, so it is there when that is over.
    "period_counts": "(period_start + case covers when 'day' then interval '1 day' when 'week' then interval '7 days'"
    " else interval '1 month' end)",
}
_DAYS = """
select
    source,
    cast({time} at time zone 'UTC' at time zone cast(:zone as text) as date) as day,
    count(*) as rows_of_day,
    max({time}) as last_at
from raw.{table}
where {time} <= :now
group by 1, 2
"""
_UTC_DAYS = """
select
    source,
    cast({time} as date) as day,
    count(*) as rows_of_day
from raw.{table}
where {time} <= :now
group by 1, 2
"""
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
_ZONES = "select timezone, count(*) as journeys from raw.map_journeys where is_current group by timezone"


def read_facts(w: Warehouse, now: datetime) -> list[SourceFacts]:
    """Facts of every source that has rows or batches, by name; `now` is naive UTC, and nothing later is counted.

    Days are cut in the zone of the most journeys, in UTC where no map is in the warehouse yet.
    """
    zone = _zone(w)
    counts: dict[str, Counter[date]] = defaultdict(Counter)
    utc_counts: dict[str, Counter[date]] = defaultdict(Counter)
    last_at: dict[str, datetime] = {}
    for table, time in _TIMES.items():
        for row in w.rows(_DAYS.format(table=table, time=time), {"now": now, "zone": zone}):
            source = row["source"]
            counts[source][row["day"]] += row["rows_of_day"]
            last_at[source] = max(last_at.get(source, row["last_at"]), row["last_at"])
        for row in w.rows(_UTC_DAYS.format(table=table, time=time), {"now": now}) if zone != "UTC" else ():
            utc_counts[row["source"]][row["day"]] += row["rows_of_day"]
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


def _zone(w: Warehouse) -> str:
    zones = sorted(w.rows(_ZONES), key=lambda row: (-row["journeys"], row["timezone"]))
    return str(zones[0]["timezone"]) if zones else "UTC"


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
