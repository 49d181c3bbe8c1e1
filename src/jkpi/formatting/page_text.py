"""Numbers and times as people read them. Pure; every function returns plain text.

The narrow no-break space keeps a number and its unit on one line, as the SI brochure (9th edition, 5.4.3) asks for.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from jkpi.formatting.durations import OPEN_SECONDS, format_open_time

NARROW_NO_BREAK_SPACE = "\u202f"
_NO_VALUE = "–"
_DURATION_STEPS = ((90.0, 1.0, "s"), (5400.0, 60.0, "min"), (172800.0, 3600.0, "h"), (float("inf"), 86400.0, "days"))


def titleize(identifier: str) -> str:
    """`technician_on_site` -> `Technician on site`."""
    text = identifier.replace("_", " ").replace("-", " ").strip()
    return text[:1].upper() + text[1:]


def format_percent(value: float, against: float | None = None) -> str:
    """A share 0..1 as per cent. `beside` is a promise shown next to it: a value that only rounds to the promise gets
    a decimal more, so that "90 % of 90 % promised" never hides a miss."""
    per_cent = 100.0 * value
    digits = 1 if 0.0 < per_cent < 9.95 else 0
    rounded = round(per_cent, digits)
    needs_decimal = rounded in (0.0, 100.0) and rounded != per_cent
    if against is not None and rounded == round(100.0 * against, digits) and abs(value - against) > 1e-9:
        needs_decimal = True
    if needs_decimal:
        digits = 1
        if round(per_cent, 1) == 100.0:
            return f">{NARROW_NO_BREAK_SPACE}99.9{NARROW_NO_BREAK_SPACE}%"
        if round(per_cent, 1) == 0.0:
            return f"<{NARROW_NO_BREAK_SPACE}0.1{NARROW_NO_BREAK_SPACE}%"
    return f"{per_cent:.{digits}f}{NARROW_NO_BREAK_SPACE}%"


def format_exact_percent(value: float) -> str:
    """A promise or target as it was written: 0.9 -> 90 %, 0.925 -> 92.5 %."""
    return f"{round(100.0 * value, 2):g}{NARROW_NO_BREAK_SPACE}%"


def _format_scaled(seconds: float, factor: float, unit: str) -> str:
    amount = seconds / factor
    digits = 1 if amount < 9.95 and unit in ("h", "days") else 0
    text = f"{amount:.{digits}f}"
    text = text.removesuffix(".0")
    return f"{text}{NARROW_NO_BREAK_SPACE}{'day' if unit == 'days' and text == '1' else unit}"


def format_rounded_duration(seconds: float) -> str:
    """Seconds as the unit a person would choose: 45 s, 42 min, 5.4 h, 3.2 days."""
    for limit, factor, unit in _DURATION_STEPS:
        if seconds < limit:
            return _format_scaled(seconds, factor, unit)
    return _NO_VALUE


def format_rounded_open_duration(seconds: float) -> str:
    """The same of time that a calendar counts, in hours at most; what stands beside it says that they are open ones."""
    return format_rounded_duration(seconds) if seconds < _DURATION_STEPS[1][0] else _format_scaled(seconds, 3600.0, "h")


def format_declared_open_duration(seconds: float) -> str:
    """24 open hours; 5 h 7 min of open time."""
    return re.sub(r"(?<=\d) ", NARROW_NO_BREAK_SPACE, format_open_time(seconds))


def format_declared_duration(seconds: float) -> str:
    """A duration somebody declared stays what it is: 4 h, 1 day, 30 days."""
    for factor, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= factor and seconds % factor == 0:
            amount = int(seconds // factor)
            return f"{amount}{NARROW_NO_BREAK_SPACE}{'day' if unit == 'days' and amount == 1 else unit}"
    return format_rounded_duration(seconds)


def format_count(value: float) -> str:
    return f"{value:,.0f}"


def format_points(value: float, statistic: str = "nps") -> str:
    """NPS carries its sign, a mean score two digits."""
    if statistic == "nps":
        rounded = round(value)
        return f"{'+' if rounded > 0 else '−' if rounded < 0 else ''}{abs(rounded)}"
    return f"{value:.2f}"


def format_reading(amount: float | None, unit: str, statistic: str, against: float | None = None) -> str:
    """A reading by its unit: share, seconds, open_seconds, points, score (0 to 1) or count."""
    if amount is None:
        return _NO_VALUE
    if unit == "share":
        return format_percent(amount, against)
    if unit == "seconds":
        return format_rounded_duration(amount)
    if unit == OPEN_SECONDS:
        return format_rounded_open_duration(amount)
    if unit == "score":
        return f"{amount:.2f}"
    if unit == "points":
        return format_points(amount, statistic)
    return format_count(amount)


def format_goal(amount: float, unit: str, statistic: str) -> str:
    """A promise or target, unrounded where it is a share or a declared duration."""
    if unit == "share":
        return format_exact_percent(amount)
    if unit == "seconds":
        return format_declared_duration(amount)
    if unit == OPEN_SECONDS:
        return format_declared_open_duration(amount)
    return format_reading(amount, unit, statistic)


def format_interval(low: float | None, high: float | None, unit: str, statistic: str) -> str | None:
    """The 95 % interval, or None where the mart gives none."""
    if low is None or high is None:
        return None
    if unit == "share":
        digits = 1 if high < 0.0995 else 0
        return f"{100 * low:.{digits}f}–{100 * high:.{digits}f}{NARROW_NO_BREAK_SPACE}%"
    if unit == "points" and statistic == "nps":
        return f"{format_points(low)} to {format_points(high)}"
    if unit in ("points", "score"):
        return f"{low:.2f}–{high:.2f}"
    return f"{format_reading(low, unit, statistic)} – {format_reading(high, unit, statistic)}"


def format_short_date(date_: date, today: date) -> str:
    """`3 Jun`, with the year when it is not this one."""
    text = f"{date_.day} {date_:%b}"
    return text if date_.year == today.year else f"{text} {date_.year}"


def format_timestamp(timestamp: datetime) -> str:
    return f"{timestamp.day} {timestamp:%B %Y, %H:%M}"


def format_time_ago(earlier: datetime, now: datetime) -> str:
    """How long since, both in the same zone. Something in the future or of this minute is "just now"."""
    past = now - earlier
    if past < timedelta(minutes=1):
        return "just now"
    if past < timedelta(minutes=90):
        return f"{past // timedelta(minutes=1)}{NARROW_NO_BREAK_SPACE}min ago"
    if past < timedelta(hours=36):
        return f"{round(past / timedelta(hours=1))}{NARROW_NO_BREAK_SPACE}h ago"
    days = round(past / timedelta(days=1))
    return f"{days} days ago" if days < 90 else f"{round(days / 30.44)} months ago"


def format_since(start: date, today: date) -> str:
    """`since 3 Jun, 12 days`."""
    days = (today - start).days
    length = "today" if days <= 0 else "1 day" if days == 1 else f"{days} days"
    return (
        f"since {format_short_date(start, today)}, {length}" if days > 0 else f"since {format_short_date(start, today)}"
    )


def format_state_since_page(state: str, start: date, today: date) -> str:
    """`since 3 Jun, 12 days`; of what is recovering the day on which it fell: `fell on 3 Jun, 12 days ago`."""
    since = format_since(start, today)
    if state != "recovering":
        return since
    return f"fell on {since.removeprefix('since ')}" + (" ago" if start < today else "")


def join_names(names: list[str]) -> str:
    """a; a and b; a, b and c."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
