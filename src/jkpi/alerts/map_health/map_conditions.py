"""All conditions of the map and its sources, and touchpoints without events.

The owner is notified once of each. Its end is recorded, without a notification; only volume that is back is notified.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from jkpi.alerts.map_health.condition import MapCondition
from jkpi.alerts.map_health.pair_order import pairs_in_wrong_order
from jkpi.alerts.map_health.source_conditions import missing_rows, silent_sources, unmapped_events
from jkpi.alerts.map_health.volume_conditions import volume_conditions
from jkpi.alerts.series.moment_context import owner_receivers
from jkpi.alerts.statistics.event_rhythm import EventRhythm
from jkpi.config.settings import Settings
from jkpi.documents.durations import format_duration
from jkpi.formatting.dates import format_day
from jkpi.formatting.durations import approximate_duration
from jkpi.formatting.numbers import format_fixed, pluralize
from jkpi.journeys.model import Journey, Stage, Touchpoint
from jkpi.warehouse.base import Warehouse

_COVERAGE = """
select journey, element, name, stage, count_events_28d, first_evidence_at, last_evidence_at
from marts.rpt_map_coverage
where element in ('touchpoint', 'unmapped_touchpoint')
order by journey, name
"""


_RHYTHM = "select * from marts.rpt_touchpoint_rhythm order by journey, touchpoint"


@dataclass(frozen=True)
class TouchpointRhythm:
    """The rhythm of a touchpoint. silent_days: days of the journey without an event of it up to now; of_source: up to
    the newest day on which its own sources brought an event of any touchpoint."""

    rhythm: EventRhythm
    silent_days: int
    of_source: int


Rhythms = Mapping[tuple[str, str], TouchpointRhythm]
"""(journey, touchpoint) -> its rhythm, for touchpoints with events."""


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
            for condition in _touchpoints_without_events(coverage, _read_rhythms(warehouse), journeys, settings, now)
        ]
        conditions += unmapped_events(warehouse, coverage, settings, now)
    conditions += pairs_in_wrong_order(warehouse, journeys, settings, now)
    if warehouse.table_exists("raw", "map_sources") and warehouse.table_exists("raw", "load_batches"):
        silent_now = silent_sources(warehouse, settings, now)
        conditions += [
            *silent_now,
            *missing_rows(warehouse, settings, now, {condition.segment_value for condition in silent_now}),
        ]
    return conditions


def _read_rhythms(warehouse: Warehouse) -> Rhythms:
    if not warehouse.table_exists("marts", "rpt_touchpoint_rhythm"):
        return {}
    return {
        (row["journey"], row["touchpoint"]): TouchpointRhythm(
            EventRhythm(
                row["count_gaps"],
                row["sum_gap_days"],
                row["count_silences"],
                row["sum_silent_days"],
                row["sum_squared_silent_days"],
                row["longest_silent_days"],
            ),
            row["silent_days"],
            row["silent_days_of_source"],
        )
        for row in warehouse.rows(_RHYTHM)
    }


def _touchpoints_without_events(
    coverage: Sequence[Mapping[str, Any]],
    rhythms: Rhythms,
    journeys: Sequence[Journey],
    settings: Settings,
    now: datetime,
) -> list[MapCondition]:
    """Touchpoints that have been silent for longer than their own rhythm explains; without a rhythm, for longer than
    no_events_after in a journey observed for at least as long. If no touchpoint of a journey has had events for
    no_events_after, this is one condition, for the owner of the journey."""
    no_events_after = settings.alerting.options.no_events_after
    conditions = []
    for journey in journeys:
        rows = [row for row in coverage if row["element"] == "touchpoint" and row["journey"] == journey.journey]
        watched_since = min((row["first_evidence_at"] for row in rows if row["first_evidence_at"]), default=None)
        if watched_since is None:
            continue
        last_event_at = max(row["last_evidence_at"] for row in rows if row["last_evidence_at"])
        if last_event_at < now - no_events_after:
            conditions.append(_journey_without_events(journey, last_event_at, no_events_after, settings))
            continue
        touchpoints = {
            touchpoint.touchpoint: (stage, touchpoint) for stage in journey.stages for touchpoint in stage.touchpoints
        }
        for row in rows:
            if row["name"] not in touchpoints:
                continue
            reason = _silence_reason(
                row, rhythms.get((journey.journey, row["name"])), len(rows), watched_since, settings, now
            )
            if reason:
                stage, touchpoint = touchpoints[row["name"]]
                conditions.append(
                    _touchpoint_without_events(
                        journey, stage, touchpoint, row["last_evidence_at"], watched_since, reason, settings
                    )
                )
    return conditions


def _silence_reason(
    row: Mapping[str, Any],
    known: TouchpointRhythm | None,
    touchpoint_count: int,
    watched_since: datetime,
    settings: Settings,
    now: datetime,
) -> str:
    """Why the silence of a touchpoint is worth a notification; empty if it is not."""
    no_events_after, last = settings.alerting.options.no_events_after, row["last_evidence_at"]
    is_longer_than_fixed = (watched_since if last is None else last) < now - no_events_after
    if known is None or last is None or not known.rhythm.is_known:
        # Two events say little, but a second silence as long as the first would be no surprise.
        is_longer_than_before = known is None or known.silent_days > 2 * known.rhythm.longest
        fixed_text = (
            f"no event for {format_duration(no_events_after)}, while other touchpoints of the journey have events."
        )
        return fixed_text if is_longer_than_fixed and is_longer_than_before else ""
    false_alarm_every = settings.alerting.options.false_alarm_every / timedelta(days=1)
    # A source that brings nothing else may only be late, so its silence counts after the fixed time.
    silent_days = known.silent_days if is_longer_than_fixed else known.of_source
    if not known.rhythm.is_unusual(silent_days, touchpoint_count, false_alarm_every):
        return ""
    return _rhythm_text(known.rhythm, silent_days)


def _rhythm_text(rhythm: EventRhythm, silent_days: int) -> str:
    """`no event on 9 days in a row on which the journey had others. Before, it had events on every one of these ...`"""
    mean = rhythm.mean_gap_days
    usual = (
        "on every one of these days"
        if mean < 1.05
        else f"about every {format_fixed(mean, 1 if mean < 10 else 0)} of these days"
    )
    longest = f"its longest silence was {pluralize(rhythm.longest, 'day')}" if rhythm.longest else "it never missed one"
    years = 1.0 / max(rhythm.silences_per_day(silent_days), 1e-9) / 365.25
    chance = "less than once in 100 years" if years > 100 else f"about once in {approximate_duration(years * 365.25)}"
    return (
        f"no event on {pluralize(silent_days, 'day')} in a row on which the journey had others. Before, it had events"
        f" {usual}, and {longest}. So long a silence comes by chance {chance}."
    )


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
    reason: str,
    settings: Settings,
) -> MapCondition:
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
            ("Why", reason),
            ("Next", "If it no longer happens, remove it from the map. If it does, load the source that records it."),
        ),
        f"select * from marts.rpt_map_coverage\nwhere name = '{touchpoint.touchpoint}'",
    )
