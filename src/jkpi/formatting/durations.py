"""Durations as text. Pure.

Time that a calendar counts is written in open hours, never in days: a working day does not have 24 of them.
"""

from __future__ import annotations

import re
from itertools import pairwise

from jkpi.formatting.numbers import NO_VALUE, PLAIN, Style, format_fixed, pluralize

OPEN_SECONDS = "open_seconds"
"""The unit of a duration that a calendar counts, as texts need it; tables have it as `seconds`."""
IN_OPEN_HOURS = "in open hours"

_HOUR, _MINUTE, _DAY = 3600, 60, 86400
_WALL_UNITS = (("days", _DAY), ("h", _HOUR), ("min", _MINUTE), ("s", 1))
_ROUNDED_UNITS = ((90.0, 1.0, "s"), (5400.0, 60.0, "min"), (172800.0, 3600.0, "h"), (float("inf"), 86400.0, "days"))
_MAX_MINUTES = 5400.0
_DAYS_OF_MONTH, _DAYS_OF_YEAR = 30.44, 365.25


def format_wall_time(seconds: float) -> str:
    """A time in two units: 45 s; 3 h 8 min; 2 days 4 h."""
    return _in_two_units(round(seconds), _WALL_UNITS)


def format_open_time(seconds: float) -> str:
    """24 open hours; 90 open minutes; 5 h 7 min of open time."""
    rounded = round(seconds / _MINUTE) * _MINUTE if seconds >= _HOUR else round(seconds)
    for unit, size, upper in (("hour", _HOUR, float("inf")), ("minute", _MINUTE, 2 * _HOUR)):
        if size <= rounded < upper and rounded % size == 0:
            return pluralize(rounded // size, f"open {unit}")
    return f"{_in_two_units(rounded, _WALL_UNITS[1:])} of open time"


def format_rounded_duration(seconds: float, *, open_hours: bool = False, style: Style = PLAIN) -> str:
    """A measured time in the unit that suits its size: 45 s, 42 min, 5.4 h, 3.2 days.

    open_hours: counted by a calendar, so in hours at most; the text next to it must say that these are open hours.
    """
    if open_hours and seconds >= _MAX_MINUTES:
        return _in_unit(seconds, 3600.0, "h", style)
    for limit, size, unit in _ROUNDED_UNITS:
        if seconds < limit:
            return _in_unit(seconds, size, unit, style)
    return NO_VALUE


def format_declared_duration(seconds: float, *, open_hours: bool = False, style: Style = PLAIN) -> str:
    """A promise or tolerance in the unit in which the YAML gives it: 4 h, 1 day, 30 days; 24 open hours."""
    if open_hours:
        return re.sub(r"(?<=\d) ", style.space, format_open_time(seconds))
    for unit, size in _WALL_UNITS[:-1]:
        if seconds >= size and seconds % size == 0:
            number = int(seconds // size)
            return f"{number}{style.space}{'day' if unit == 'days' and number == 1 else unit}"
    return format_rounded_duration(seconds, style=style)


def approximate_duration(days: float) -> str:
    """A long time, rounded: 1 day, 45 days, 2 months, a year, 9.6 years."""
    if days < 60:
        return pluralize(round(days), "day")
    if days < 350:
        return pluralize(round(days / _DAYS_OF_MONTH), "month")
    years = f"{days / _DAYS_OF_YEAR:.1f}".removesuffix(".0")
    return "a year" if years == "1" else f"{years} years"


def _in_two_units(seconds: int, units: tuple[tuple[str, int], ...]) -> str:
    """A time in its largest unit, and the remainder in the next one if there is any."""
    for (name, size), (smaller, smaller_size) in pairwise(units):
        if seconds >= size:
            count, remainder = divmod(round(seconds / smaller_size) * smaller_size, size)
            unit = name if name != "days" or count != 1 else "day"
            return f"{count} {unit}" + (f" {remainder // smaller_size} {smaller}" if remainder else "")
    return f"{seconds} s"


def _in_unit(seconds: float, size: float, unit: str, style: Style) -> str:
    amount = seconds / size
    text = format_fixed(amount, 1 if amount < 9.95 and unit in ("h", "days") else 0, style).removesuffix(".0")
    return f"{text}{style.space}{'day' if unit == 'days' and text == '1' else unit}"
