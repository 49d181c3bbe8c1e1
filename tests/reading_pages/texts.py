"""Numbers, intervals, days and ages out of the texts of a page."""

from __future__ import annotations

import re
from datetime import date, timedelta

_FACTORS = {"": 1.0, "%": 0.01, "s": 1.0, "min": 60.0, "h": 3600.0, "day": 86400.0, "days": 86400.0}
_NUMBER = re.compile(r"^([<>]?) ?([+\-−]?)([\d,]+)(?:\.(\d+))? ?(%|s|min|h|days?)?$")
_BETWEEN = re.compile(r"^(.+?)(?: ?– ?| to )(.+)$")
_UNIT = re.compile(r"(%|s|min|h|days?)$")
_DAY = re.compile(r"\b(\d{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?: (\d{4}))?\b")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_AGO = re.compile(r"(\d+(?:\.\d+)?|a) ?(min|h|days|months|years?) ago$")
_STEPS = {"min": 60.0, "h": 3600.0, "days": 86400.0, "months": 30.44 * 86400, "year": 365.25 * 86400}


def says(shown: str, value: float) -> bool:
    """Whether a text is that number, to the digits that it has: shares 0 to 1, durations in seconds."""
    found = _NUMBER.match(_plain(shown))
    if not found:
        return False
    edge, sign, whole, digits, unit = found.groups()
    factor = _FACTORS[unit or ""]
    number = float(f"{whole.replace(',', '')}.{digits or 0}") * factor * (-1 if sign in ("-", "−") else 1)
    if edge:
        return value > number if edge == ">" else value < number
    # A whole number of hours or days below ten is one whose tenths are none.
    exact = len(digits or "") or int(unit in ("h", "day", "days") and len(whole) == 1)
    return abs(number - value) <= 0.5 * factor * 10.0**-exact + 1e-9


def between(shown: str, low: float, high: float) -> bool:
    """Whether a text is that interval; its unit may stand once, at the end."""
    parts = _BETWEEN.match(_plain(shown))
    if not parts:
        return False
    first, last = parts.groups()
    unit = _UNIT.search(last)
    if unit and not _UNIT.search(first):
        first += unit.group()
    return says(first, low) and says(last, high)


def _plain(shown: str) -> str:
    """With a plain space between number and unit instead of the narrow no-break space."""
    return shown.replace("\u202f", " ")


def day_in(shown: str, today: date) -> date | None:
    """The first day that a text names; without a year it is of this one."""
    found = _DAY.search(shown)
    if not found:
        return None
    day, month, year = found.groups()
    return date(int(year or today.year), _MONTHS.index(month) + 1, int(day))


def is_ago(shown: str, past: timedelta) -> bool:
    """Whether a text ends with that age, to the unit that it has."""
    if shown.endswith("just now"):
        return past < timedelta(minutes=1)
    found = _AGO.search(shown)
    if not found:
        return False
    number = 1.0 if found.group(1) == "a" else float(found.group(1))
    step = _STEPS[found.group(2).replace("years", "year")]
    return abs(past.total_seconds() - number * step) < step


def among(texts: list[str], start: str) -> str:
    """What follows `start` in the one of the texts that begins so; nothing where none does."""
    return next((text.removeprefix(start).strip() for text in texts if text.startswith(start)), "")
