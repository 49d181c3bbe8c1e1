"""The monthly list of the segments of a moment that are below their promise. Pure.

With one promise for all, many segments may have missed it for as long as they are known. Each is true, none is news:
one list a month says so, as a table. A drop from a segment's own baseline is an alert at once, and not in the list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from jkpi.alerts.notifications.figures import KpiFormatter
from jkpi.alerts.notifications.model import SYNTHETIC_MARK, Notification, TextTable
from jkpi.alerts.series.watched import WatchedMoment
from jkpi.alerts.transitions.model import EvaluatedSeries
from jkpi.formatting.dates import format_day
from jkpi.formatting.numbers import format_count, pluralize, sanitize
from jkpi.state.alert_records import PromiseBreach

PROMISE_LIST_EVENT = "promises.monthly"
MAX_LISTED = 100
"""Largest number of segments in the table."""


def promise_breach(evaluated: EvaluatedSeries) -> PromiseBreach | None:
    """The broken promise of a segment, in the unit of the KPI; None if it is kept, or if it dropped, which is an
    alert, or if its newest readings are too old to say anything about today."""
    series, breach = evaluated.series, evaluated.result.promise_breach
    if breach is None or series.promise is None or evaluated.result.open_episode is not None or evaluated.is_stale:
        return None
    watched = series.watched
    low, high = sorted(watched.to_value(bound) for bound in breach.drop.interval)
    return PromiseBreach(
        series.segment,
        series.segment_value,
        breach.onset,
        watched.to_value(breach.drop.rate),
        low,
        high,
        breach.drop.n,
        series.promise,
    )


def month_of(now: datetime, timezone: str) -> str:
    """The calendar month in a journey's time zone: 2026-03."""
    return f"{now.astimezone(ZoneInfo(timezone)):%Y-%m}"


def promise_list_id(workspace: str, watched: WatchedMoment, receiver: str, month: str) -> str:
    """Id of the list of a moment, a receiver and a month: the same list cannot be queued twice."""
    key = f"promises|{workspace}|{watched.journey}|{watched.moment}|{receiver}|{month}"
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def compose_promise_list(
    watched: WatchedMoment,
    breaches: Sequence[PromiseBreach],
    notification_id: str,
    workspace: str,
    now: datetime,
    *,
    is_synthetic: bool,
) -> Notification:
    """The list as a message, the segments furthest from their promise first."""
    formatter = KpiFormatter(watched)
    ordered = sorted(breaches, key=lambda breach: _shortfall(watched, breach), reverse=True)
    side = "above" if watched.direction == "lower" else "below"
    subject = pluralize(len(ordered), "segment")
    verb, possessive = ("is", "its") if len(ordered) == 1 else ("are", "their")
    rows = tuple(
        (
            f"{sanitize(breach.segment)} = {sanitize(breach.segment_value)}",
            formatter.in_unit(breach.value),
            formatter.interval_in_unit(breach.low, breach.high),
            format_count(breach.n),
            formatter.goal(breach.promise),
            format_day(breach.since),
        )
        for breach in ordered[:MAX_LISTED]
    )
    omitted_count = len(ordered) - len(rows)
    notes = [
        "None of them has dropped from its own baseline: what drops is an alert at once.",
        "The value and its interval are of all days since then."
        f" A promise is broken if it is missed by at least {formatter.min_drop_in_points()}.",
        "The list comes once a month, until the promises are kept or changed.",
        f"Owner: {watched.owner}",
    ]
    if omitted_count:
        notes.insert(0, f"And {pluralize(omitted_count, 'more segment')}.")
    return Notification(
        notification_id,
        workspace,
        f"{now:%Y-%m-%d %H:%M}",
        is_synthetic,
        (f"{SYNTHETIC_MARK} " if is_synthetic else "") + f"{watched.title}: {subject} {side} {possessive} promise",
        "warning",
        tables=(
            TextTable(
                f"{watched.journey_title}: {subject} {verb} {side} {possessive} promise",
                ("Segment", watched.kpi_title, "95 % interval", "n", "Promise", "Since"),
                rows,
            ),
        ),
        sections=(("How to read this", tuple(notes)),),
        event=PROMISE_LIST_EVENT,
    )


def _shortfall(watched: WatchedMoment, breach: PromiseBreach) -> float:
    return watched.to_rate(breach.promise) - watched.to_rate(breach.value)
