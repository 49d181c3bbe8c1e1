"""The longest time between two runs of a schedule, and whether a source is late by it. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from itertools import pairwise


def is_late(newest_at: datetime, schedule: str, late_seconds: int, now: datetime) -> bool | None:
    """Whether the newest row is older than two schedule intervals plus the allowed lateness.

    None if the interval is unknown: no schedule, @once, @continuous, or cron with L, W or #.
    """
    period = longest_interval(schedule)
    if period is None:
        return None
    return now - newest_at > 2 * period + timedelta(seconds=late_seconds)


_PRESETS = {
    "@hourly": timedelta(hours=1),
    "@daily": timedelta(days=1),
    "@midnight": timedelta(days=1),
    "@weekly": timedelta(days=7),
    "@monthly": timedelta(days=31),
    "@quarterly": timedelta(days=92),
    "@yearly": timedelta(days=366),
}
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_CRON_PART = re.compile(r"(\*|\?|\d+|[a-z]{3})(?:-(\d+|[a-z]{3}))?(?:/(\d+))?")
_REFERENCE_DAY = date(2023, 1, 1)
_DAYS_SIMULATED = 4 * 366


def longest_interval(schedule: str | None) -> timedelta | None:
    """The longest time between two runs: in days if the schedule skips days, else in hours.

    None if there is no schedule, if it has no interval (@once, @continuous), or if its cron uses L, W or #.
    """
    if schedule is None or schedule.startswith("@"):
        return _PRESETS.get(schedule or "")
    fields = schedule.strip().lower().split()
    if len(fields) != 5:
        return None
    hours = _cron_values(fields[1], 0, 23)
    in_month, months = _cron_values(fields[2], 1, 31), _cron_values(fields[3], 1, 12, _MONTHS)
    in_week = _cron_values(fields[4], 0, 7, _WEEKDAYS)
    if hours is None or in_month is None or months is None or in_week is None:
        return None
    days = [day for day in (_REFERENCE_DAY + timedelta(days=n) for n in range(_DAYS_SIMULATED)) if day.month in months]
    either_matches = fields[2][0] not in "*?" and fields[4][0] not in "*?"
    weekdays = {number % 7 for number in in_week}
    run_days = []
    for day in days:
        matches = day.day in in_month, day.isoweekday() % 7 in weekdays
        if any(matches) if either_matches else all(matches):
            run_days.append(day)
    if len(run_days) < 2:
        return None
    longest = max(later - earlier for earlier, later in pairwise(run_days))
    if longest > timedelta(days=1):
        return longest
    ordered = sorted(hours)
    return timedelta(hours=max(b - a for a, b in zip(ordered, [*ordered[1:], ordered[0] + 24], strict=True)))


def _cron_values(field: str, low: int, high: int, names: list[str] | None = None) -> set[int] | None:
    """The numbers that a cron field matches; None if its syntax is not supported."""
    values: set[int] = set()
    for part in field.split(","):
        match = _CRON_PART.fullmatch(part)
        if match is None:
            return None
        first, last, step = match.groups()
        begin = low if first in "*?" else _cron_number(first, low, names)
        default_end = high if first in "*?" or step else begin
        end = default_end if last is None else _cron_number(last, low, names)
        if begin is None or end is None or not low <= begin <= end <= high:
            return None
        values |= set(range(begin, end + 1, int(step or 1) or 1))
    return values


def _cron_number(text: str, low: int, names: list[str] | None) -> int | None:
    if text.isdigit():
        return int(text)
    return names.index(text) + low if names and text in names else None
