"""Numbers as the tables of a dashboard show them, and states in the order of their urgency."""

from __future__ import annotations

from datetime import date

from jkpi.formatting.durations import OPEN_SECONDS
from jkpi.journeys.kpi_base import KpiBase

_URGENT = ("firing", "error", "held", "no_data", "pattern", "watch", "recovering", "low_n", "learning", "ok")
_OPEN = " open hours"
UNJUDGED = "not judged yet"


def unit_of(kpi: KpiBase) -> str:
    """The unit of its first statistic, and of durations whether a calendar counts them."""
    by_calendar = kpi.measured_unit == "seconds" and getattr(kpi, "calendar", None) is not None
    return OPEN_SECONDS if by_calendar else kpi.measured_unit


def amount(value: float | None, unit: str) -> str | None:
    """77.1 % for a share, 5.4 h for seconds, 5.4 open hours where a calendar counts them; points and scores with one
    and two digits, counts whole."""
    if value is None:
        return None
    if unit == "share":
        return f"{100 * value:.1f} %"
    if unit == "seconds":
        return f"{value / 3600:.1f} h"
    if unit == OPEN_SECONDS:
        return f"{value / 3600:.1f}{_OPEN}"
    return f"{value:,.0f}" if unit == "count" else f"{value:.2f}" if unit == "score" else f"{value:.1f}"


def interval(low: float | None, high: float | None, unit: str) -> str | None:
    """From low to high, the unit said once."""
    if low is None or high is None:
        return None
    begin = amount(low, unit) or ""
    return f"{begin.removesuffix(' %').removesuffix(' h').removesuffix(_OPEN)} to {amount(high, unit)}"


def promise(value: float | None, unit: str, direction: str) -> str | None:
    """At least or at most so much."""
    return f"at {'most' if direction == 'lower' else 'least'} {amount(value, unit)}" if value is not None else None


def state(key: str | None) -> str:
    """The state of a moment of truth in words."""
    return UNJUDGED if key is None else key.replace("_", " ")


def standing(key: str | None, since: date | None, today: date) -> str:
    """A state, and since when, or, of what is recovering, when it fell: with the year where it is not this one."""
    said = state(key)
    if not since:
        return said
    day = f"{since.day} {since:{'%b' if since.year == today.year else '%b %Y'}}"
    return f"{said}, fell on {day}" if key == "recovering" else f"{said} since {day}"


def urgency(key: str | None) -> int:
    """0 for the most urgent; what nobody judged is as urgent as what is still being learned."""
    named = "ok" if key == "resolved" else "learning" if key is None else key
    return _URGENT.index(named) if named in _URGENT else 0
