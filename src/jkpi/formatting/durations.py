"""How long something takes, in words. Pure; plain text.

What a calendar counts is said in open hours, never in days: a working day is not 24 of them.
"""

from __future__ import annotations

from itertools import pairwise

OPEN_SECONDS = "open_seconds"
"""The unit of a duration that a calendar counts, where words are made of it; tables have it as `seconds`."""
IN_OPEN_HOURS = "in open hours"

_HOUR, _MINUTE = 3600, 60
_WALL = (("days", 86400), ("h", _HOUR), ("min", _MINUTE), ("s", 1))


def wall_time(seconds: float) -> str:
    """45 s; 3 h 8 min; 2 days 4 h."""
    return _two(round(seconds), _WALL)


def open_time(seconds: float) -> str:
    """24 open hours; 90 open minutes; 5 h 7 min of open time."""
    whole = round(seconds / _MINUTE) * _MINUTE if seconds >= _HOUR else round(seconds)
    for unit, size, most in (("hour", _HOUR, float("inf")), ("minute", _MINUTE, 2 * _HOUR)):
        if size <= whole < most and whole % size == 0:
            number = whole // size
            return f"{number} open {unit}{'' if number == 1 else 's'}"
    return f"{_two(whole, _WALL[1:])} of open time"


def _two(seconds: int, units: tuple[tuple[str, int], ...]) -> str:
    """In the two largest units that it needs."""
    for (name, size), (smaller, small) in pairwise(units):
        if seconds >= size:
            whole, rest = divmod(round(seconds / small) * small, size)
            shown = name if name != "days" or whole != 1 else "day"
            return f"{whole} {shown}" + (f" {rest // small} {smaller}" if rest else "")
    return f"{seconds} s"
