"""How long a schedule may be silent by itself: the longest time between two of its runs. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from itertools import pairwise


def is_late(newest: datetime, schedule: str, late_seconds: int, now: datetime) -> bool | None:
    """Whether the newest row is older than two rounds of the schedule and the allowance for late data.

    None where the schedule has no rhythm that is known (none at all, @once, @continuous): then nothing is promised.
    """
    period = longest_gap(schedule)
    if period is None:
        return None
    return now - newest > 2 * period + timedelta(seconds=late_seconds)


_NAMED = {
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
_PART = re.compile(r"(\*|\?|\d+|[a-z]{3})(?:-(\d+|[a-z]{3}))?(?:/(\d+))?")
_SOME_DAY = date(2023, 1, 1)
_DAYS = 4 * 366


def longest_gap(schedule: str | None) -> timedelta | None:
    """The longest time between two runs, to the day where days are left out, else to the hour.

    None where there is no schedule, where it has no rhythm (@once, @continuous), or where its cron uses L, W or #.
    """
    if schedule is None or schedule.startswith("@"):
        return _NAMED.get(schedule or "")
    fields = schedule.strip().lower().split()
    if len(fields) != 5:
        return None
    hours = _values(fields[1], 0, 23)
    in_month, months = _values(fields[2], 1, 31), _values(fields[3], 1, 12, _MONTHS)
    in_week = _values(fields[4], 0, 7, _WEEKDAYS)
    if hours is None or in_month is None or months is None or in_week is None:
        return None
    days = [day for day in (_SOME_DAY + timedelta(days=n) for n in range(_DAYS)) if day.month in months]
    any_of_both = fields[2][0] not in "*?" and fields[4][0] not in "*?"
    weekdays = {number % 7 for number in in_week}
    runs = []
    for day in days:
        fits = day.day in in_month, day.isoweekday() % 7 in weekdays
        if any(fits) if any_of_both else all(fits):
            runs.append(day)
    if len(runs) < 2:
        return None
    longest = max(later - sooner for sooner, later in pairwise(runs))
    if longest > timedelta(days=1):
        return longest
    ordered = sorted(hours)
    return timedelta(hours=max(b - a for a, b in zip(ordered, [*ordered[1:], ordered[0] + 24], strict=True)))


def _values(field: str, low: int, high: int, names: list[str] | None = None) -> set[int] | None:
    """The numbers that a field of cron stands for; None where it is written in a way that is not known here."""
    found: set[int] = set()
    for part in field.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            return None
        first, last, step = match.groups()
        begin = low if first in "*?" else _number(first, low, names)
        alone = high if first in "*?" or step else begin
        end = alone if last is None else _number(last, low, names)
        if begin is None or end is None or not low <= begin <= end <= high:
            return None
        found |= set(range(begin, end + 1, int(step or 1) or 1))
    return found


def _number(text: str, low: int, names: list[str] | None) -> int | None:
    if text.isdigit():
        return int(text)
    return names.index(text) + low if names and text in names else None
