"""Whether a source's newest row is too old for its schedule. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

_PERIODS = {
    "@hourly": timedelta(hours=1),
    "@daily": timedelta(days=1),
    "@midnight": timedelta(days=1),
    "@weekly": timedelta(weeks=1),
    "@monthly": timedelta(days=31),
}


def is_late(newest: datetime, schedule: str, late_seconds: int, now: datetime) -> bool | None:
    """Whether the newest row is older than two rounds of the schedule and the allowance for late data.

    None where the schedule has no fixed length (a cron line, or none at all): then nothing is promised.
    """
    period = _PERIODS.get(schedule)
    if period is None:
        return None
    return now - newest > 2 * period + timedelta(seconds=late_seconds)
