"""Values and states as dashboard tables show them: one decimal and hours, so that rows can be compared. Pure."""

from __future__ import annotations

from datetime import date

from jkpi.formatting.dates import format_short_date
from jkpi.formatting.durations import OPEN_SECONDS, format_open_time, format_rounded_duration
from jkpi.formatting.readings import format_goal, format_interval, format_reading
from jkpi.journeys.kpi_base import KpiBase

_STATES_BY_URGENCY = (
    "firing",
    "error",
    "suspended",
    "no_data",
    "below_promise",
    "pattern",
    "watch",
    "recovering",
    "low_n",
    "learning",
    "ok",
)
NOT_EVALUATED_TEXT = "not evaluated yet"
_MIN_SECONDS_IN_HOURS = 360.0
"""A tenth of an hour; less would round to 0.0 h or lose its first digit."""


def unit_of_kpi(kpi: KpiBase) -> str:
    """The unit of its first statistic; `open_seconds` for a duration that a calendar counts."""
    by_calendar = kpi.main_unit == "seconds" and getattr(kpi, "calendar", None) is not None
    return OPEN_SECONDS if by_calendar else kpi.main_unit


def format_table_value(value: float | None, unit: str, statistic: str) -> str | None:
    """77.1 %, 5.4 h, 5.4 open hours, +31.2, 4.26, 1,234; None where there is no value."""
    if value is None:
        return None
    if unit not in ("seconds", OPEN_SECONDS):
        return format_reading(value, unit, statistic, digits=1)
    is_open = unit == OPEN_SECONDS
    if abs(value) < _MIN_SECONDS_IN_HOURS:
        return format_open_time(value) if is_open else format_rounded_duration(value)
    return f"{value / 3600:.1f} {'open hours' if is_open else 'h'}"


def format_table_interval(low: float | None, high: float | None, unit: str, statistic: str) -> str | None:
    """From low to high, the unit once: 50.0 to 60.0 %."""
    if low is None or high is None:
        return None
    if unit not in ("seconds", OPEN_SECONDS):
        return format_interval(low, high, unit, statistic, digits=1)
    low_text, high_text = (format_table_value(bound, unit, statistic) or "" for bound in (low, high))
    if min(low, high) >= _MIN_SECONDS_IN_HOURS:
        low_text = low_text.partition(" ")[0]
    return f"{low_text} to {high_text}"


def format_promise(value: float | None, unit: str, statistic: str, direction: str) -> str | None:
    """at least 92.5 %; at most 1 day."""
    if value is None:
        return None
    return f"at {'most' if direction == 'lower' else 'least'} {format_goal(value, unit, statistic)}"


def format_state(key: str | None) -> str:
    """The label of a state."""
    return NOT_EVALUATED_TEXT if key is None else key.replace("_", " ")


def format_state_and_start(key: str | None, since: date | None, today: date) -> str:
    """firing since 3 Jun; recovering, dropped on 3 Jun."""
    label = format_state(key)
    if not since:
        return label
    day = format_short_date(since, today)
    return f"{label}, dropped on {day}" if key == "recovering" else f"{label} since {day}"


def state_order(key: str | None) -> int:
    """0 for the most urgent state; a state not evaluated yet sorts with learning."""
    state_key = "ok" if key == "resolved" else "learning" if key is None else key
    return _STATES_BY_URGENCY.index(state_key) if state_key in _STATES_BY_URGENCY else 0
