"""What is wrong with a source: it brings what is on no map, it has gone silent, rows of it are missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from jkpi.alerts.map_health.condition import Condition
from jkpi.alerts.series.moment_context import receivers_of
from jkpi.config.settings import Settings
from jkpi.documents.durations import format_duration
from jkpi.formatting.numbers import count, day, plain
from jkpi.schedules import longest_gap
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.holidays import holidays, zone_of_most

_BY_SOURCE = """
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
    max(least(load_batches.last_at, :now)) as last_at
from raw.map_sources
join raw.load_batches on map_sources.source = load_batches.source and load_batches.status = 'loaded'
where coalesce(load_batches.first_at, load_batches.last_at) <= :now
group by map_sources.source, map_sources.title, map_sources.owner, map_sources.schedule, map_sources.late_seconds
order by map_sources.source
"""
_SPOTS = """
select spots.source, spots.starts_at, spots.ends_at, spots.reason, map_sources.title, map_sources.owner
from raw.blind_spots as spots
join raw.map_sources on spots.source = map_sources.source
where map_sources.owner is not null and spots.ends_at > :since
order by spots.source, spots.starts_at
"""
_FOUR_WEEKS = timedelta(days=28)


def unmapped(w: Warehouse, coverage: Sequence[Mapping[str, Any]], settings: Settings, now: datetime) -> list[Condition]:
    """Sources of which more than so many events of four weeks are on no map."""
    most = settings.telling.how.unmapped_share
    # A touchpoint that several journeys draw has a row in each.
    counts = {(row["element"], row["name"]): row["count_events_28d"] or 0 for row in coverage}
    total = sum(counts.values())
    strange = {name: number for (element, name), number in counts.items() if element != "touchpoint" and number}
    if not total or sum(strange.values()) <= most * total:
        return []
    owners = {row["source"]: row for row in w.rows("select source, title, owner from raw.map_sources")}
    names = ", ".join(f"{plain(name, 40)} ({count(n)})" for name, n in sorted(strange.items(), key=lambda i: -i[1])[:5])
    found = []
    for row in w.rows(_BY_SOURCE, {"since": now - _FOUR_WEEKS, "now": now}):
        share = float(row["unmapped"]) / float(row["events"])
        if share > most:
            known = owners.get(row["source"], {})
            owner, title = known.get("owner") or "", known.get("title") or row["source"]
            found.append(
                Condition(
                    "unmapped", f"source/{row['source']}/unmapped", "", "source", row["source"], title,
                    f"{title}: {100 * share:.0f} % of its events are on no map", owner, receivers_of(owner, settings),
                    now.date(),
                    (
                        ("Where", f"source {row['source']}"),
                        ("Now", f"{count(row['unmapped'])} of {count(row['events'])} events of four weeks"),
                        ("Told for", f"more than {100 * most:g} % unknown; the largest of all: {names}."),
                        ("Next", "Draw them on the map, or map their names in the source's YAML (null: not wanted)."),
                    ),
                    "select * from marts.rpt_map_coverage\nwhere element = 'unmapped_touchpoint'"
                    "\norder by count_events_28d desc",
                )
            )  # fmt: skip
    return found


def silent(w: Warehouse, settings: Settings, now: datetime) -> list[Condition]:
    """Sources whose newest row is older than their rhythm, their lateness and the holidays since explain."""
    found = []
    rows = w.rows(_SOURCES, {"now": now})
    closed = _closed(w, min((row["last_at"] for row in rows), default=now), now)
    for row in rows:
        gap, late = longest_gap(row["schedule"]), timedelta(seconds=row["late_seconds"] or 0)
        allowed = settings.telling.how.silent_after or (2 * gap + late if gap else None)
        if allowed is None or row["schedule"] in ("@once", "@continuous"):
            continue
        owner, last = row["owner"] or "", row["last_at"]
        allowed += timedelta(days=sum(last.date() < one <= now.date() for one in closed))
        if now - last <= allowed:
            continue
        rhythm = f"loaded {row['schedule']}" if row["schedule"] else "without a schedule"
        found.append(
            Condition(
                "silent", f"source/{row['source']}", "", "source", row["source"], row["title"],
                f"{row['title']}: no new rows since {day(last.date())}", owner, receivers_of(owner, settings),
                last.date(),
                (
                    ("Where", f"source {row['source']}, {rhythm}"),
                    ("Seen", f"its newest row is of {last:%Y-%m-%d %H:%M} UTC"),
                    ("Told for", f"nothing newer for more than {format_duration(allowed)}."),
                    ("Next", "Does it still write? What rests on it is not judged meanwhile: see jkpi status."),
                ),
                "select * from raw.load_batches\n"
                f"where source = '{row['source']}'\norder by started_at desc",
            )
        )  # fmt: skip
    return found


def _closed(w: Warehouse, since: datetime, now: datetime) -> frozenset[date]:
    """Holidays of the workspace's calendars of late, on which no source is missed."""
    if not w.table_exists("raw", "map_calendars"):
        return frozenset()
    return holidays(w, zone_of_most(w), max(since, now - _FOUR_WEEKS).date(), now.date())


def missing(w: Warehouse, settings: Settings, now: datetime, gone_silent: Collection[str]) -> list[Condition]:
    """Where rows did not come in the last four weeks, as the checks of the data found: to the owner of the source, who
    can bring them. A silence is not told a second time. A source without an owner has nobody to tell: the owners of the
    moments that are not judged meanwhile are told anyhow."""
    if not w.table_exists("raw", "blind_spots"):
        return []
    found = []
    for row in w.rows(_SPOTS, {"since": now - _FOUR_WEEKS}):
        if row["source"] in gone_silent and row["ends_at"] >= now:
            continue
        starts, source = row["starts_at"], row["source"]
        found.append(
            Condition(
                "missing", f"source/{source}/missing/{starts:%Y-%m-%dT%H:%M}", "", "source", source, row["title"],
                f"{row['title']}: rows are missing, {day(starts.date())}", row["owner"],
                receivers_of(row["owner"], settings), starts.date(),
                (
                    ("Where", f"source {source}"),
                    ("Seen", plain(row["reason"], 200)),
                    ("Told for", "What rests on these rows is not judged, rather than judged wrongly."),
                    ("Next", f"Put them where the source reads, then: jkpi load --source {source}; jkpi check."),
                ),
                f"select * from raw.blind_spots\nwhere source = '{source}'\norder by starts_at desc",
            )
        )  # fmt: skip
    return found
