"""What is wrong with the map itself, or with what feeds it: a touchpoint that is not seen, events that are on no map, a
source gone silent, rows that are missing. Each is told once to its owner; its end is recorded, not told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from jkpi.alerts.map_health.condition import Condition
from jkpi.alerts.map_health.source_conditions import missing, silent, unmapped
from jkpi.alerts.series.moment_context import receivers_of
from jkpi.config.settings import Settings
from jkpi.documents.durations import format_duration
from jkpi.formatting.numbers import day
from jkpi.journeys.model import Journey
from jkpi.warehouse.base import Warehouse

_COVERAGE = """
select journey, element, name, stage, count_events_28d, first_evidence_at, last_evidence_at
from marts.rpt_map_coverage
where element in ('touchpoint', 'unmapped_touchpoint')
order by journey, name
"""


def conditions(w: Warehouse, journeys: Sequence[Journey], settings: Settings) -> list[Condition]:
    """All that is wrong now. A workspace in which nothing was loaded or measured yet has nothing wrong."""
    found: list[Condition] = []
    now = settings.now.astimezone(UTC).replace(tzinfo=None)
    if w.table_exists("marts", "rpt_map_coverage"):
        coverage = w.rows(_COVERAGE)
        found += _unseen(coverage, journeys, settings, now)
        found += unmapped(w, coverage, settings, now)
    if w.table_exists("raw", "map_sources") and w.table_exists("raw", "load_batches"):
        gone_silent = silent(w, settings, now)
        found += [*gone_silent, *missing(w, settings, now, {one.segment_value for one in gone_silent})]
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
