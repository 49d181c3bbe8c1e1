"""Numbers, periods and dates as text."""

from __future__ import annotations

from datetime import date

_MONTHS = [
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
]


_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def _round_percent(value: float, digits: int) -> str:
    """Rounded, but never to 0 or 100 when it is not: that would hide somebody."""
    text = f"{value:.{digits}f}"
    if float(text) in (0.0, 100.0) and abs(value - float(text)) > 1e-9:
        return f"{value:.1f}" if float(f"{value:.1f}") not in (0.0, 100.0) else f"{value:.2f}"
    return text


def format_signed(value: float, digits: int = 0) -> str:
    """+31, -4, 0."""
    text = f"{value:+.{digits}f}"
    return text if float(text) else "0"


def format_count(number: float) -> str:
    return f"{number:,.0f}"


def format_day(day: date) -> str:
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


def format_days(number: int) -> str:
    return pluralize(number, "day")


def format_percent(proportion: float) -> str:
    return f"{_round_percent(100.0 * proportion, 0)} %"


def pluralize(number: int, period: str) -> str:
    """1 day; 3 weeks."""
    return f"1 {period}" if number == 1 else f"{number} {period}s"


def approximate_duration(days: float) -> str:
    """So many days, as one speaks of them: 9 months, 1.5 years."""
    if days < 45:
        return f"{days:.0f} days"
    if days < 350:
        return f"{days / 30.44:.0f} months"
    years = f"{days / 365.25:.1f}".removesuffix(".0")
    return "a year" if years == "1" else f"{years} years"


def format_odds(probability: float) -> str:
    """A tail probability in words."""
    if probability < 1e-6:
        return "less than one in a million"
    odds = 1.0 / probability
    rounded = round(odds, -max(0, len(str(int(odds))) - 2))
    return f"one in {rounded:,.0f}"


def sanitize(text: str, max_length: int = 80) -> str:
    """Text from data made safe for a message: one line, no control characters, not endless."""
    one_line = "".join(character if character.isprintable() else " " for character in text).strip()
    return one_line if len(one_line) <= max_length else one_line[: max_length - 1] + "…"
