"""Conditions of a source: unmapped events, silence, missing rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from jkpi.alerts.map_health.condition import MapCondition
from jkpi.alerts.series.moment_context import owner_receivers
from jkpi.config.settings import Settings
from jkpi.documents.durations import format_duration
from jkpi.formatting.dates import format_day
from jkpi.formatting.numbers import format_count, sanitize
from jkpi.schedules import longest_interval
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.holidays import most_common_timezone, read_holidays

_EVENTS_BY_SOURCE = """
select
    source,
    count(*) as events,
    sum(case when touchpoint in (select touchpoint from raw.map_touchpoints where is_current) then 0 else 1 end)
        as unmapped
from raw.touchpoint_events
where occurred_at > :since and occurred_at <= :now
group by source
order by source
"""
_SOURCES = """
select map_sources.source, map_sources.title, map_sources.owner, map_sources.schedule, map_sources.late_seconds,
    map_sources.wave_closes_seconds, max(least(load_batches.last_at, :now)) as last_at
from raw.map_sources
join raw.load_batches on map_sources.source = load_batches.source and load_batches.status = 'loaded'
where coalesce(load_batches.first_at, load_batches.last_at) <= :now
group by map_sources.source, map_sources.title, map_sources.owner, map_sources.schedule, map_sources.late_seconds,
    map_sources.wave_closes_seconds
order by map_sources.source
"""
_GAPS = """
select gaps.source, gaps.starts_at, gaps.ends_at, gaps.reason, map_sources.title, map_sources.owner
from raw.blind_spots as gaps
join raw.map_sources on gaps.source = map_sources.source
where map_sources.owner is not null and gaps.ends_at > :since
order by gaps.source, gaps.starts_at
"""
_FOUR_WEEKS = timedelta(days=28)


def unmapped_events(
    warehouse: Warehouse, coverage: Sequence[Mapping[str, Any]], settings: Settings, now: datetime
) -> list[MapCondition]:
    """Sources with more unmapped events in four weeks than max_unmapped_share."""
    max_share = settings.alerting.options.max_unmapped_share
    # A touchpoint that is on the map of several journeys has a row in each.
    counts = {(row["element"], row["name"]): row["count_events_28d"] or 0 for row in coverage}
    total = sum(counts.values())
    unmapped_names = {name: number for (element, name), number in counts.items() if element != "touchpoint" and number}
    if not total or sum(unmapped_names.values()) <= max_share * total:
        return []
    owners = {row["source"]: row for row in warehouse.rows("select source, title, owner from raw.map_sources")}
    names = ", ".join(
        f"{sanitize(name, 40)} ({format_count(event_count)})"
        for name, event_count in sorted(unmapped_names.items(), key=lambda name_and_count: -name_and_count[1])[:5]
    )
    conditions = []
    for row in warehouse.rows(_EVENTS_BY_SOURCE, {"since": now - _FOUR_WEEKS, "now": now}):
        proportion = float(row["unmapped"]) / float(row["events"])
        if proportion > max_share:
            source_row = owners.get(row["source"], {})
            owner, title = source_row.get("owner") or "", source_row.get("title") or row["source"]
            conditions.append(
                MapCondition(
                    "unmapped",
                    f"source/{row['source']}/unmapped",
                    "",
                    "source",
                    row["source"],
                    title,
                    f"{title}: {100 * proportion:.0f} % of its events are on no map",
                    owner,
                    owner_receivers(owner, settings),
                    now.date(),
                    (
                        ("Where", f"source {row['source']}"),
                        (
                            "Now",
                            f"{format_count(row['unmapped'])} of {format_count(row['events'])} events in four weeks",
                        ),
                        ("Why", f"more than {100 * max_share:g} % are on no map; most frequent: {names}."),
                        (
                            "Next",
                            "Add them to the map, or rename them in the YAML of the source (null ignores a name).",
                        ),
                    ),
                    "select * from marts.rpt_map_coverage\nwhere element = 'unmapped_touchpoint'"
                    "\norder by count_events_28d desc",
                )
            )
    return conditions


def silent_sources(warehouse: Warehouse, settings: Settings, now: datetime) -> list[MapCondition]:
    """Sources whose newest row is older than schedule, allowed lateness and holidays explain."""
    conditions = []
    rows = warehouse.rows(_SOURCES, {"now": now})
    closed_days = _recent_holidays(warehouse, min((row["last_at"] for row in rows), default=now), now)
    for row in rows:
        schedule_gap, allowed_lateness = longest_interval(row["schedule"]), timedelta(seconds=row["late_seconds"] or 0)
        allowed_silence = settings.alerting.options.silent_after or (
            2 * schedule_gap + allowed_lateness if schedule_gap else None
        )
        is_in_waves = row["wave_closes_seconds"] is not None
        if allowed_silence is None or is_in_waves or row["schedule"] in ("@once", "@continuous"):
            continue
        owner, last_row_at = row["owner"] or "", row["last_at"]
        allowed_silence += timedelta(
            days=sum(last_row_at.date() < closed_day <= now.date() for closed_day in closed_days)
        )
        if now - last_row_at <= allowed_silence:
            continue
        schedule_text = f"loaded {row['schedule']}" if row["schedule"] else "without a schedule"
        conditions.append(
            MapCondition(
                "silent",
                f"source/{row['source']}",
                "",
                "source",
                row["source"],
                row["title"],
                f"{row['title']}: no new rows since {format_day(last_row_at.date())}",
                owner,
                owner_receivers(owner, settings),
                last_row_at.date(),
                (
                    ("Where", f"source {row['source']}, {schedule_text}"),
                    ("Newest row", f"{last_row_at:%Y-%m-%d %H:%M} UTC"),
                    ("Why", f"no newer row for more than {format_duration(allowed_silence)}."),
                    (
                        "Next",
                        "Check the source. KPIs that depend on it are not evaluated until it is back: see jkpi status.",
                    ),
                ),
                f"select * from raw.load_batches\nwhere source = '{row['source']}'\norder by started_at desc",
            )
        )
    return conditions


def _recent_holidays(warehouse: Warehouse, first_day: datetime, now: datetime) -> frozenset[date]:
    """Recent holidays of the workspace; sources are not expected to bring rows on them."""
    if not warehouse.table_exists("raw", "map_journeys"):
        return frozenset()
    return read_holidays(
        warehouse, most_common_timezone(warehouse), max(first_day, now - _FOUR_WEEKS).date(), now.date()
    )


def missing_rows(
    warehouse: Warehouse, settings: Settings, now: datetime, silent_now: Collection[str]
) -> list[MapCondition]:
    """Data gaps of the last four weeks, for the owners of the sources. A source that is silent now is not reported
    twice. A source without an owner is left out: the owners of the affected moments are notified of the data gap
    anyway."""
    if not warehouse.table_exists("raw", "blind_spots"):
        return []
    conditions = []
    for row in warehouse.rows(_GAPS, {"since": now - _FOUR_WEEKS}):
        if row["source"] in silent_now and row["ends_at"] >= now:
            continue
        starts, source = row["starts_at"], row["source"]
        conditions.append(
            MapCondition(
                "missing",
                f"source/{source}/missing/{starts:%Y-%m-%dT%H:%M}",
                "",
                "source",
                source,
                row["title"],
                f"{row['title']}: rows are missing, {format_day(starts.date())}",
                row["owner"],
                owner_receivers(row["owner"], settings),
                starts.date(),
                (
                    ("Where", f"source {source}"),
                    ("Found", sanitize(row["reason"], 200)),
                    ("Why", "KPIs that depend on these rows are not evaluated, because the result would be wrong."),
                    (
                        "Next",
                        f"Provide the rows, then run jkpi load --source {source} and jkpi check.",
                    ),
                ),
                f"select * from raw.blind_spots\nwhere source = '{source}'\norder by starts_at desc",
            )
        )
    return conditions
