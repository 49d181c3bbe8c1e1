"""A reading, its goal and its interval as text, by the unit of its KPI. Pure.

Units: share (0..1), seconds, open_seconds (counted by a calendar), points (NPS or a mean score), score (0..1), count.
"""

from __future__ import annotations

from jkpi.formatting.durations import OPEN_SECONDS, format_declared_duration, format_rounded_duration
from jkpi.formatting.numbers import (
    NO_VALUE,
    PLAIN,
    Style,
    format_count,
    format_exact_percent,
    format_fixed,
    format_percent,
    format_signed,
    percent_number,
)


def format_reading(
    value: float | None,
    unit: str,
    statistic: str,
    *,
    digits: int | None = None,
    against: float | None = None,
    style: Style = PLAIN,
) -> str:
    """71 %, 5.4 h, +31, 4.26, 1,234; an en dash where there is no value.

    digits: decimals of a share or of NPS. against: the goal shown next to a share.
    """
    if value is None:
        return NO_VALUE
    if unit == "share":
        return format_percent(value, digits, against=against, style=style)
    if unit in ("seconds", OPEN_SECONDS):
        return format_rounded_duration(value, open_hours=unit == OPEN_SECONDS, style=style)
    if unit == "points" and statistic == "nps":
        return format_signed(value, digits or 0, style)
    if unit in ("points", "score"):
        return format_fixed(value, 2, style)
    return format_count(value)


def format_goal(value: float, unit: str, statistic: str, style: Style = PLAIN) -> str:
    """A promise or target; a share or a duration as the YAML gives it."""
    if unit == "share":
        return format_exact_percent(value, style)
    if unit in ("seconds", OPEN_SECONDS):
        return format_declared_duration(value, open_hours=unit == OPEN_SECONDS, style=style)
    return format_reading(value, unit, statistic, style=style)


def format_interval(
    low: float | None,
    high: float | None,
    unit: str,
    statistic: str,
    *,
    digits: int | None = None,
    style: Style = PLAIN,
) -> str | None:
    """The 95 % interval: 57 to 67 %, +15 to +45, 50 min to 2 h; None where the mart has none."""
    if low is None or high is None:
        return None
    if unit == "share":
        decimals = digits if digits is not None else 1 if high < 0.0995 else 0
        bounds = [percent_number(bound, decimals, style=style).replace(style.space, "") for bound in (low, high)]
        return f"{style.between.join(bounds)}{style.space}%"
    low_text, high_text = (format_reading(bound, unit, statistic, digits=digits, style=style) for bound in (low, high))
    if unit == "score" or (unit == "points" and statistic != "nps"):
        return f"{low_text}{style.between}{high_text}"
    between = style.between if unit != "points" else PLAIN.between
    return f"{low_text}{between if between == PLAIN.between else f' {between} '}{high_text}"
