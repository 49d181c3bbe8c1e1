"""Numbers and times as people read them. Pure; every function returns plain text.

The narrow no-break space keeps a number and its unit on one line, as the SI brochure (9th edition, 5.4.3) asks for.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from jkpi.formatting.durations import OPEN_SECONDS, open_time

NARROW = "\u202f"
_NONE = "–"
_STEPS = ((90.0, 1.0, "s"), (5400.0, 60.0, "min"), (172800.0, 3600.0, "h"), (float("inf"), 86400.0, "days"))


def humanise(identifier: str) -> str:
    """`technician_on_site` -> `Technician on site`."""
    text = identifier.replace("_", " ").replace("-", " ").strip()
    return text[:1].upper() + text[1:]


def share(value: float, beside: float | None = None) -> str:
    """A share 0..1 as per cent. `beside` is a promise shown next to it: a value that only rounds to the promise gets
    a decimal more, so that "90 % of 90 % promised" never hides a miss."""
    per_cent = 100.0 * value
    digits = 1 if 0.0 < per_cent < 9.95 else 0
    rounded = round(per_cent, digits)
    hides = rounded in (0.0, 100.0) and rounded != per_cent
    if beside is not None and rounded == round(100.0 * beside, digits) and abs(value - beside) > 1e-9:
        hides = True
    if hides:
        digits = 1
        if round(per_cent, 1) == 100.0:
            return f">{NARROW}99.9{NARROW}%"
        if round(per_cent, 1) == 0.0:
            return f"<{NARROW}0.1{NARROW}%"
    return f"{per_cent:.{digits}f}{NARROW}%"


def exact_share(value: float) -> str:
    """A promise or target as it was written: 0.9 -> 90 %, 0.925 -> 92.5 %."""
    return f"{round(100.0 * value, 2):g}{NARROW}%"


def _scaled(seconds: float, factor: float, unit: str) -> str:
    amount = seconds / factor
    digits = 1 if amount < 9.95 and unit in ("h", "days") else 0
    text = f"{amount:.{digits}f}"
    text = text.removesuffix(".0")
    return f"{text}{NARROW}{'day' if unit == 'days' and text == '1' else unit}"


def duration(seconds: float) -> str:
    """Seconds as the unit a person would choose: 45 s, 42 min, 5.4 h, 3.2 days."""
    for limit, factor, unit in _STEPS:
        if seconds < limit:
            return _scaled(seconds, factor, unit)
    return _NONE


def open_duration(seconds: float) -> str:
    """The same of time that a calendar counts, in hours at most; what stands beside it says that they are open ones."""
    return duration(seconds) if seconds < _STEPS[1][0] else _scaled(seconds, 3600.0, "h")


def open_span(seconds: float) -> str:
    """24 open hours; 5 h 7 min of open time."""
    return re.sub(r"(?<=\d) ", NARROW, open_time(seconds))


def span(seconds: float) -> str:
    """A duration somebody declared stays what it is: 4 h, 1 day, 30 days."""
    for factor, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= factor and seconds % factor == 0:
            amount = int(seconds // factor)
            return f"{amount}{NARROW}{'day' if unit == 'days' and amount == 1 else unit}"
    return duration(seconds)


def count(value: float) -> str:
    return f"{value:,.0f}"


def points(value: float, statistic: str = "nps") -> str:
    """NPS carries its sign, a mean score two digits."""
    if statistic == "nps":
        rounded = round(value)
        return f"{'+' if rounded > 0 else '−' if rounded < 0 else ''}{abs(rounded)}"
    return f"{value:.2f}"


def value(amount: float | None, unit: str, statistic: str, beside: float | None = None) -> str:
    """A reading by its unit: share, seconds, open_seconds, points, score (0 to 1) or count."""
    if amount is None:
        return _NONE
    if unit == "share":
        return share(amount, beside)
    if unit == "seconds":
        return duration(amount)
    if unit == OPEN_SECONDS:
        return open_duration(amount)
    if unit == "score":
        return f"{amount:.2f}"
    if unit == "points":
        return points(amount, statistic)
    return count(amount)


def goal(amount: float, unit: str, statistic: str) -> str:
    """A promise or target, unrounded where it is a share or a declared duration."""
    if unit == "share":
        return exact_share(amount)
    if unit == "seconds":
        return span(amount)
    if unit == OPEN_SECONDS:
        return open_span(amount)
    return value(amount, unit, statistic)


def interval(low: float | None, high: float | None, unit: str, statistic: str) -> str | None:
    """The 95 % interval, or None where the mart gives none."""
    if low is None or high is None:
        return None
    if unit == "share":
        digits = 1 if high < 0.0995 else 0
        return f"{100 * low:.{digits}f}–{100 * high:.{digits}f}{NARROW}%"
    if unit == "points" and statistic == "nps":
        return f"{points(low)} to {points(high)}"
    if unit in ("points", "score"):
        return f"{low:.2f}–{high:.2f}"
    return f"{value(low, unit, statistic)} – {value(high, unit, statistic)}"


def day(moment: date, today: date) -> str:
    """`3 Jun`, with the year when it is not this one."""
    text = f"{moment.day} {moment:%b}"
    return text if moment.year == today.year else f"{text} {moment.year}"


def clock(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y, %H:%M}"


def ago(then: datetime, now: datetime) -> str:
    """How long since, both in the same zone. Something in the future or of this minute is "just now"."""
    past = now - then
    if past < timedelta(minutes=1):
        return "just now"
    if past < timedelta(minutes=90):
        return f"{past // timedelta(minutes=1)}{NARROW}min ago"
    if past < timedelta(hours=36):
        return f"{round(past / timedelta(hours=1))}{NARROW}h ago"
    days = round(past / timedelta(days=1))
    return f"{days} days ago" if days < 90 else f"{round(days / 30.44)} months ago"


def days_since(start: date, today: date) -> str:
    """`since 3 Jun, 12 days`."""
    days = (today - start).days
    length = "today" if days <= 0 else "1 day" if days == 1 else f"{days} days"
    return f"since {day(start, today)}, {length}" if days > 0 else f"since {day(start, today)}"


def standing_since(state: str, start: date, today: date) -> str:
    """`since 3 Jun, 12 days`; of what is recovering the day on which it fell: `fell on 3 Jun, 12 days ago`."""
    since = days_since(start, today)
    if state != "recovering":
        return since
    return f"fell on {since.removeprefix('since ')}" + (" ago" if start < today else "")


def listed(names: list[str]) -> str:
    """a; a and b; a, b and c."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
