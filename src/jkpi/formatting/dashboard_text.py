"""Numbers as the tables of a dashboard show them, and states in the order of their urgency."""

from __future__ import annotations

from datetime import date

from jkpi.formatting.durations import OPEN_SECONDS
from jkpi.journeys.kpi_base import KpiBase

_STATES_BY_URGENCY = (
    "firing",
    "error",
    "suspended",
    "no_data",
    "pattern",
    "watch",
    "recovering",
    "low_n",
    "learning",
    "ok",
)
_OPEN_HOURS_SUFFIX = " open hours"
NOT_EVALUATED_TEXT = "not judged yet"


def unit_of_kpi(kpi: KpiBase) -> str:
    """The unit of its first statistic, and of durations whether a calendar counts them."""
    by_calendar = kpi.main_unit == "seconds" and getattr(kpi, "calendar", None) is not None
    return OPEN_SECONDS if by_calendar else kpi.main_unit


def format_dashboard_value(value: float | None, unit: str) -> str | None:
    """77.1 % for a share, 5.4 h for seconds, 5.4 open hours where a calendar counts them; points and scores with one
    and two digits, counts whole."""
    if value is None:
        return None
    if unit == "share":
        return f"{100 * value:.1f} %"
    if unit == "seconds":
        return f"{value / 3600:.1f} h"
    if unit == OPEN_SECONDS:
        return f"{value / 3600:.1f}{_OPEN_HOURS_SUFFIX}"
    return f"{value:,.0f}" if unit == "count" else f"{value:.2f}" if unit == "score" else f"{value:.1f}"


def format_dashboard_interval(low: float | None, high: float | None, unit: str) -> str | None:
    """From low to high, the unit said once."""
    if low is None or high is None:
        return None
    begin = format_dashboard_value(low, unit) or ""
    return f"{begin.removesuffix(' %').removesuffix(' h').removesuffix(_OPEN_HOURS_SUFFIX)} to {format_dashboard_value(high, unit)}"


def format_promise(value: float | None, unit: str, direction: str) -> str | None:
    """At least or at most so much."""
    return (
        f"at {'most' if direction == 'lower' else 'least'} {format_dashboard_value(value, unit)}"
        if value is not None
        else None
    )


def format_state(key: str | None) -> str:
    """The state of a moment of truth in words."""
    return NOT_EVALUATED_TEXT if key is None else key.replace("_", " ")


def format_state_since(key: str | None, since: date | None, today: date) -> str:
    """A state, and since when, or, of what is recovering, when it fell: with the year where it is not this one."""
    state_text = format_state(key)
    if not since:
        return state_text
    day = f"{since.day} {since:{'%b' if since.year == today.year else '%b %Y'}}"
    return f"{state_text}, fell on {day}" if key == "recovering" else f"{state_text} since {day}"


def state_order(key: str | None) -> int:
    """0 for the most urgent; what nobody judged is as urgent as what is still being learned."""
    state_key = "ok" if key == "resolved" else "learning" if key is None else key
    return _STATES_BY_URGENCY.index(state_key) if state_key in _STATES_BY_URGENCY else 0
