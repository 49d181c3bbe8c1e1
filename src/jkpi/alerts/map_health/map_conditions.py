"""What is wrong with the map itself, or with what feeds it: a touchpoint that is not seen, events that are on no map, a
source gone silent, rows that are missing. Each is told once to its owner; its end is recorded, not told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from jkpi.alerts.map_health.condition import MapCondition
from jkpi.alerts.map_health.source_conditions import missing_rows, silent_sources, unmapped_events
from jkpi.alerts.series.moment_context import owner_receivers
from jkpi.config.settings import Settings
from jkpi.documents.durations import format_duration
from jkpi.formatting.dates import format_day
from jkpi.journeys.model import Journey
from jkpi.warehouse.base import Warehouse

_COVERAGE = """
select journey, element, name, stage, count_events_28d, first_evidence_at, last_evidence_at
from marts.rpt_map_coverage
where element in ('touchpoint', 'unmapped_touchpoint')
order by journey, name
"""


def map_conditions(warehouse: Warehouse, journeys: Sequence[Journey], settings: Settings) -> list[MapCondition]:
    """All that is wrong now. A workspace in which nothing was loaded or measured yet has nothing wrong."""
    conditions_found: list[MapCondition] = []
    now = settings.now.astimezone(UTC).replace(tzinfo=None)
    if warehouse.table_exists("marts", "rpt_map_coverage"):
        coverage = warehouse.rows(_COVERAGE)
        conditions_found += _touchpoints_without_events(coverage, journeys, settings, now)
        conditions_found += unmapped_events(warehouse, coverage, settings, now)
    if warehouse.table_exists("raw", "map_sources") and warehouse.table_exists("raw", "load_batches"):
        silent_now = silent_sources(warehouse, settings, now)
        conditions_found += [
            *silent_now,
            *missing_rows(warehouse, settings, now, {condition.segment_value for condition in silent_now}),
        ]
    return conditions_found


def _touchpoints_without_events(
    coverage: Sequence[Mapping[str, Any]], journeys: Sequence[Journey], settings: Settings, now: datetime
) -> list[MapCondition]:
    """Touchpoints without evidence for long, in journeys that have been watched for as long; where no touchpoint of a
    journey was seen, that is one thing to say, to the owner of the journey."""
    no_events_after = settings.alerting.options.no_events_after
    conditions_found = []
    for journey in journeys:
        rows = [row for row in coverage if row["element"] == "touchpoint" and row["journey"] == journey.journey]
        watched_since = min((row["first_evidence_at"] for row in rows if row["first_evidence_at"]), default=None)
        if watched_since is None or watched_since > now - no_events_after:
            continue
        without_events = [
            row for row in rows if row["last_evidence_at"] is None or row["last_evidence_at"] < now - no_events_after
        ]
        if len(without_events) == len(rows):
            last = max(row["last_evidence_at"] for row in rows if row["last_evidence_at"])
            conditions_found.append(_journey_without_events(journey, last, no_events_after, settings))
            continue
        touchpoints = {
            touchpoint.touchpoint: (stage, touchpoint) for stage in journey.stages for touchpoint in stage.touchpoints
        }
        for row in without_events:
            if row["name"] in touchpoints:
                stage, touchpoint = touchpoints[row["name"]]
                owner = stage.owner or journey.owner
                last_event_at = row["last_evidence_at"]
                confirmation_text = (
                    "confirmed by customers" if touchpoint.evidence != "hypothesis" else "so far a hypothesis"
                )
                conditions_found.append(
                    MapCondition(
                        "no_events", f"{journey.journey}/touchpoint/{touchpoint.touchpoint}", journey.journey, "touchpoint",
                        touchpoint.touchpoint, touchpoint.display_title, f"{touchpoint.display_title}: on the map, not in the data", owner,
                        owner_receivers(owner, settings), (last_event_at or watched_since).date(),
                        (
                            ("Where", f"{journey.title} > {stage.display_title} > {touchpoint.display_title} ({touchpoint.channel}); {confirmation_text}"),
                            ("Seen", f"last on {format_day(last_event_at.date())}" if last_event_at else "never"),
                            ("Told for", f"no event for {format_duration(no_events_after)}, while the journey goes on."),
                            ("Next", "Does it still happen? Take it off the map, or load the source that knows it."),
                        ),
                        f"select * from marts.rpt_map_coverage\nwhere name = '{touchpoint.touchpoint}'",
                    )
                )  # fmt: skip
    return conditions_found


def _journey_without_events(
    journey: Journey, last_event_at: datetime, no_events_after: timedelta, settings: Settings
) -> MapCondition:
    return MapCondition(
        "no_events", f"{journey.journey}/touchpoint", journey.journey, "touchpoint", "all", journey.title,
        f"{journey.title}: nothing of it is in the data", journey.owner, owner_receivers(journey.owner, settings),
        last_event_at.date(),
        (
            ("Where", f"{journey.title}, the whole journey"),
            ("Seen", f"last on {format_day(last_event_at.date())}"),
            ("Told for", f"no event of any of its touchpoints for {format_duration(no_events_after)}."),
            ("Next", "See jkpi status: which of its sources still bring rows?"),
        ),
        f"select * from marts.rpt_map_coverage\nwhere journey = '{journey.journey}'",
    )  # fmt: skip
