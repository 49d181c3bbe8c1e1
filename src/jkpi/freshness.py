"""Whether a source's newest row is too old for its schedule. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from jkpi.schedules import longest_gap


def is_late(newest: datetime, schedule: str, late_seconds: int, now: datetime) -> bool | None:
    """Whether the newest row is older than two rounds of the schedule and the allowance for late data.

    None where the schedule has no rhythm that is known (none at all, @once, @continuous): then nothing is promised.
    """
    period = longest_gap(schedule)
    if period is None:
        return None
    return now - newest > 2 * period + timedelta(seconds=late_seconds)
