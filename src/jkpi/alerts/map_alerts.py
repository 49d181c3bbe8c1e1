"""What is wrong with the map itself, or with what feeds it: a touchpoint that is not seen, events that are on no map, a
source gone silent. Each is told once to its owner; its end is recorded, not told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from jkpi.alerts.backdrops import receivers_of
from jkpi.alerts.figures import count, day, plain
from jkpi.alerts.schedules import longest_gap
from jkpi.documents import format_duration
from jkpi.journeys import Journey
from jkpi.settings import Settings
from jkpi.warehouse import Warehouse

MapKind = Literal["no_evidence", "unmapped", "silent"]
MAP_KINDS: frozenset[str] = frozenset({"no_evidence", "unmapped", "silent"})
_COVERAGE = """
select journey, element, name, stage, count_events_28d, first_evidence_at, last_evidence_at
from marts.rpt_map_coverage
where element in ('touchpoint', 'unmapped_touchpoint')
order by journey, name
"""
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
_FOUR_WEEKS = timedelta(days=28)


@dataclass(frozen=True)
class Condition:
    """Something that is wrong today. `rows`: (label, text), for the message; `sql` shows it."""

    kind: MapKind
    series_id: str
    journey: str
    segment: str
    segment_value: str
    title: str
    headline: str
    owner: str
    receivers: tuple[str, ...]
    since: date
    rows: tuple[tuple[str, str], ...]
    sql: str


def conditions(w: Warehouse, journeys: Sequence[Journey], settings: Settings) -> list[Condition]:
    """All that is wrong now. A workspace in which nothing was loaded or measured yet has nothing wrong."""
    found: list[Condition] = []
    now = settings.now.astimezone(UTC).replace(tzinfo=None)
    if w.table_exists("marts", "rpt_map_coverage"):
        coverage = w.rows(_COVERAGE)
        found += _unseen(coverage, journeys, settings, now)
        found += _unmapped(w, coverage, settings, now)
    if w.table_exists("raw", "map_sources") and w.table_exists("raw", "load_batches"):
        found += _silent(w.rows(_SOURCES, {"now": now}), settings, now)
    return found


def _unseen(
    coverage: Sequence[Mapping[str, Any]], journeys: Sequence[Journey], settings: Settings, now: datetime
) -> list[Condition]:
    """Touchpoints without evidence for long, in journeys that have been watched for as long; where no touchpoint of a
    journey was seen, that is one thing to say, to the owner of the journey."""
    long = settings.telling.how.without_evidence
    found = []
    for journey in journeys:
        rows = [row for row in coverage if row["element"] == "touchpoint" and row["journey"] == journey.journey]
        begun = min((row["first_evidence_at"] for row in rows if row["first_evidence_at"]), default=None)
        if begun is None or begun > now - long:
            continue
        unseen = [row for row in rows if row["last_evidence_at"] is None or row["last_evidence_at"] < now - long]
        if len(unseen) == len(rows):
            last = max(row["last_evidence_at"] for row in rows if row["last_evidence_at"])
            found.append(_unseen_journey(journey, last, long, settings))
            continue
        places = {at.touchpoint: (stage, at) for stage in journey.stages for at in stage.touchpoints}
        for row in unseen:
            if row["name"] in places:
                stage, at = places[row["name"]]
                owner = stage.owner or journey.owner
                seen = row["last_evidence_at"]
                drawn = "confirmed by customers" if at.evidence != "hypothesis" else "so far a hypothesis"
                found.append(
                    Condition(
                        "no_evidence", f"{journey.journey}/touchpoint/{at.touchpoint}", journey.journey, "touchpoint",
                        at.touchpoint, at.shown, f"{at.shown}: on the map, not in the data", owner,
                        receivers_of(owner, settings), (seen or begun).date(),
                        (
                            ("Where", f"{journey.title} > {stage.shown} > {at.shown} ({at.channel}); {drawn}"),
                            ("Seen", f"last on {day(seen.date())}" if seen else "never"),
                            ("Told for", f"no event for {format_duration(long)}, while the journey goes on."),
                            ("Next", "Does it still happen? Take it off the map, or load the source that knows it."),
                        ),
                        f"select * from marts.rpt_map_coverage\nwhere name = '{at.touchpoint}'",
                    )
                )  # fmt: skip
    return found


def _unseen_journey(journey: Journey, last: datetime, long: timedelta, settings: Settings) -> Condition:
    return Condition(
        "no_evidence", f"{journey.journey}/touchpoint", journey.journey, "touchpoint", "all", journey.title,
        f"{journey.title}: nothing of it is in the data", journey.owner, receivers_of(journey.owner, settings),
        last.date(),
        (
            ("Where", f"{journey.title}, the whole journey"),
            ("Seen", f"last on {day(last.date())}"),
            ("Told for", f"no event of any of its touchpoints for {format_duration(long)}."),
            ("Next", "See jkpi status: which of its sources still bring rows?"),
        ),
        f"select * from marts.rpt_map_coverage\nwhere journey = '{journey.journey}'",
    )  # fmt: skip


def _unmapped(
    w: Warehouse, coverage: Sequence[Mapping[str, Any]], settings: Settings, now: datetime
) -> list[Condition]:
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


def _silent(sources: Sequence[Mapping[str, Any]], settings: Settings, now: datetime) -> list[Condition]:
    """Sources whose newest row is older than their rhythm and their lateness explain."""
    found = []
    for row in sources:
        gap, late = longest_gap(row["schedule"]), timedelta(seconds=row["late_seconds"] or 0)
        allowed = settings.telling.how.silent_after or (2 * gap + late if gap else None)
        if allowed is None or row["schedule"] in ("@once", "@continuous") or now - row["last_at"] <= allowed:
            continue
        owner, last = row["owner"] or "", row["last_at"]
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
