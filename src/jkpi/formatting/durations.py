"""How long something takes, in words. Pure; plain text.

What a calendar counts is said in open hours, never in days: a working day is not 24 of them.
"""

from __future__ import annotations

from itertools import pairwise

OPEN_SECONDS = "open_seconds"
"""The unit of a duration that a calendar counts, where words are made of it; tables have it as `seconds`."""
IN_OPEN_HOURS = "in open hours"

_HOUR, _MINUTE = 3600, 60
_WALL_UNITS = (("days", 86400), ("h", _HOUR), ("min", _MINUTE), ("s", 1))


def format_wall_time(seconds: float) -> str:
    """45 s; 3 h 8 min; 2 days 4 h."""
    return _in_two_units(round(seconds), _WALL_UNITS)


def format_open_time(seconds: float) -> str:
    """24 open hours; 90 open minutes; 5 h 7 min of open time."""
    rounded = round(seconds / _MINUTE) * _MINUTE if seconds >= _HOUR else round(seconds)
    for unit, size, upper in (("hour", _HOUR, float("inf")), ("minute", _MINUTE, 2 * _HOUR)):
        if size <= rounded < upper and rounded % size == 0:
            number = rounded // size
            return f"{number} open {unit}{'' if number == 1 else 's'}"
    return f"{_in_two_units(rounded, _WALL_UNITS[1:])} of open time"


def _in_two_units(seconds: int, units: tuple[tuple[str, int], ...]) -> str:
    """In the two largest units that it needs."""
    for (name, size), (smaller, smaller_size) in pairwise(units):
        if seconds >= size:
            count, remainder = divmod(round(seconds / smaller_size) * smaller_size, size)
            unit = name if name != "days" or count != 1 else "day"
            return f"{count} {unit}" + (f" {remainder // smaller_size} {smaller}" if remainder else "")
    return f"{seconds} s"
