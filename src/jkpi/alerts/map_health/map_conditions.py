"""All conditions of the map and its sources, and touchpoints without events.

The owner is notified once of each. Its end is recorded, without a notification; only volume that is back is notified.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from jkpi.alerts.map_health.condition import MapCondition
from jkpi.alerts.map_health.source_conditions import missing_rows, silent_sources, unmapped_events
from jkpi.alerts.map_health.volume_conditions import volume_conditions
from jkpi.alerts.series.moment_context import owner_receivers
from jkpi.config.settings import Settings
from jkpi.documents.durations import format_duration
from jkpi.formatting.dates import format_day
from jkpi.journeys.model import Journey, Stage, Touchpoint
from jkpi.warehouse.base import Warehouse

_COVERAGE = """
select journey, element, name, stage, count_events_28d, first_evidence_at, last_evidence_at
from marts.rpt_map_coverage
where element in ('touchpoint', 'unmapped_touchpoint')
order by journey, name
"""


def map_conditions(warehouse: Warehouse, journeys: Sequence[Journey], settings: Settings) -> list[MapCondition]:
    """All conditions that are true now, and how drops of volume ended. None before the first load and measure."""
    conditions = volume_conditions(warehouse, journeys, settings)
    low_volume = {condition.series_id for condition in conditions if condition.ending is None}
    now = settings.now.astimezone(UTC).replace(tzinfo=None)
    if warehouse.table_exists("marts", "rpt_map_coverage"):
        coverage = warehouse.rows(_COVERAGE)
        # A touchpoint whose volume dropped to nothing was reported when it did.
        conditions += [
            dataclasses.replace(condition, is_inhibited=condition.series_id in low_volume)
            for condition in _touchpoints_without_events(coverage, journeys, settings, now)
        ]
        conditions += unmapped_events(warehouse, coverage, settings, now)
    if warehouse.table_exists("raw", "map_sources") and warehouse.table_exists("raw", "load_batches"):
        silent_now = silent_sources(warehouse, settings, now)
        conditions += [
            *silent_now,
            *missing_rows(warehouse, settings, now, {condition.segment_value for condition in silent_now}),
        ]
    return conditions


def _touchpoints_without_events(
    coverage: Sequence[Mapping[str, Any]], journeys: Sequence[Journey], settings: Settings, now: datetime
) -> list[MapCondition]:
    """Touchpoints without events for longer than no_events_after, in journeys observed for at least as long. If no
    touchpoint of a journey has events, this is one condition, for the owner of the journey."""
    no_events_after = settings.alerting.options.no_events_after
    conditions = []
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
            conditions.append(_journey_without_events(journey, last, no_events_after, settings))
            continue
        touchpoints = {
            touchpoint.touchpoint: (stage, touchpoint) for stage in journey.stages for touchpoint in stage.touchpoints
        }
        for row in without_events:
            if row["name"] in touchpoints:
                stage, touchpoint = touchpoints[row["name"]]
                conditions.append(
                    _touchpoint_without_events(
                        journey, stage, touchpoint, row["last_evidence_at"], watched_since, settings
                    )
                )
    return conditions


def _journey_without_events(
    journey: Journey, last_event_at: datetime, no_events_after: timedelta, settings: Settings
) -> MapCondition:
    return MapCondition(
        "no_events",
        f"{journey.journey}/touchpoint",
        journey.journey,
        "touchpoint",
        "all",
        journey.title,
        f"{journey.title}: no events of any touchpoint",
        journey.owner,
        owner_receivers(journey.owner, settings),
        last_event_at.date(),
        (
            ("Where", f"{journey.title}, the whole journey"),
            ("Last event", format_day(last_event_at.date())),
            ("Why", f"no event of any touchpoint for {format_duration(no_events_after)}."),
            ("Next", "Run jkpi status to see which of its sources still bring rows."),
        ),
        f"select * from marts.rpt_map_coverage\nwhere journey = '{journey.journey}'",
    )


def _touchpoint_without_events(
    journey: Journey,
    stage: Stage,
    touchpoint: Touchpoint,
    last_event_at: datetime | None,
    watched_since: datetime,
    settings: Settings,
) -> MapCondition:
    no_events_after = format_duration(settings.alerting.options.no_events_after)
    is_confirmed = touchpoint.confirmation != "hypothesis"
    confirmation = "confirmed by customers" if is_confirmed else "not confirmed by customers yet"
    owner, title = stage.owner or journey.owner, touchpoint.display_title
    return MapCondition(
        "no_events",
        f"{journey.journey}/touchpoint/{touchpoint.touchpoint}",
        journey.journey,
        "touchpoint",
        touchpoint.touchpoint,
        title,
        f"{title}: on the map, but no events",
        owner,
        owner_receivers(owner, settings),
        (last_event_at or watched_since).date(),
        (
            ("Where", f"{journey.title} > {stage.display_title} > {title} ({touchpoint.channel}); {confirmation}"),
            ("Last event", format_day(last_event_at.date()) if last_event_at else "none"),
            ("Why", f"no event for {no_events_after}, while other touchpoints of the journey have events."),
            ("Next", "If it no longer happens, remove it from the map. If it does, load the source that records it."),
        ),
        f"select * from marts.rpt_map_coverage\nwhere name = '{touchpoint.touchpoint}'",
    )
