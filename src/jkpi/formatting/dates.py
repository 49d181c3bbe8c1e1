"""Dates, periods and ages as text, in English in every locale. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from jkpi.formatting.durations import approximate_duration
from jkpi.formatting.numbers import PLAIN, Style, pluralize

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_AGE_UNITS = (("d", 86400), ("h", 3600), ("min", 60))


def format_day(day: date) -> str:
    """Wednesday 3 June 2026."""
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def format_period(first: date, last: date) -> str:
    """15 June 2026; 15 to 17 June 2026; 30 June to 2 July 2026."""
    end = f"{last.day} {_MONTHS[last.month - 1]} {last.year}"
    if first == last:
        return end
    begin = f"{first.day}"
    if (first.year, first.month) != (last.year, last.month):
        begin += f" {_MONTHS[first.month - 1]}"
    if first.year != last.year:
        begin += f" {first.year}"
    return f"{begin} to {end}"


def format_short_date(day: date, today: date) -> str:
    """3 Jun; with the year if it is another one: 3 Jun 2025."""
    text = f"{day.day} {_MONTHS[day.month - 1][:3]}"
    return text if day.year == today.year else f"{text} {day.year}"


def format_timestamp(timestamp: datetime) -> str:
    """3 June 2026, 07:05."""
    return f"{timestamp.day} {_MONTHS[timestamp.month - 1]} {timestamp:%Y, %H:%M}"


def format_since(start: date, today: date) -> str:
    """since 3 Jun, 12 days."""
    text = f"since {format_short_date(start, today)}"
    return f"{text}, {pluralize((today - start).days, 'day')}" if start < today else text


def format_state_since(state: str, start: date, today: date) -> str:
    """since 3 Jun, 12 days; of a recovering series the day of its onset: dropped on 3 Jun, 12 days ago."""
    since = format_since(start, today)
    if state != "recovering":
        return since
    return f"dropped on {since.removeprefix('since ')}" + (" ago" if start < today else "")


def format_time_ago(earlier: datetime, now: datetime, style: Style = PLAIN) -> str:
    """How long ago, both in the same zone: 3 h ago. A future time, or one in this minute, is "just now"."""
    past = now - earlier
    if past < timedelta(minutes=1):
        return "just now"
    if past < timedelta(minutes=90):
        return f"{past // timedelta(minutes=1)}{style.space}min ago"
    if past < timedelta(hours=36):
        return f"{round(past / timedelta(hours=1))}{style.space}h ago"
    days = round(past / timedelta(days=1))
    return f"{days} days ago" if days < 90 else f"{approximate_duration(days)} ago"


def format_age(seconds: float) -> str:
    """An age in the largest unit of which it has at least two: 25 d, 36 h, 90 min, 45 s."""
    for unit, size in _AGE_UNITS:
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"
