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


def _hidden(per_cent: float, digits: int) -> str:
    """Rounded, but never to 0 or 100 when it is not: that would hide somebody."""
    text = f"{per_cent:.{digits}f}"
    if float(text) in (0.0, 100.0) and abs(per_cent - float(text)) > 1e-9:
        return f"{per_cent:.1f}" if float(f"{per_cent:.1f}") not in (0.0, 100.0) else f"{per_cent:.2f}"
    return text


def signed(value: float, digits: int = 0) -> str:
    """+31, -4, 0."""
    text = f"{value:+.{digits}f}"
    return text if float(text) else "0"


def count(number: float) -> str:
    return f"{number:,.0f}"


def day(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def span(first: date, last: date) -> str:
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


def days(number: int) -> str:
    return periods(number, "day")


def percent(share: float) -> str:
    return f"{_hidden(100.0 * share, 0)} %"


def periods(number: int, period: str) -> str:
    """1 day; 3 weeks."""
    return f"1 {period}" if number == 1 else f"{number} {period}s"


def interval(days: float) -> str:
    """So many days, as one speaks of them: 9 months, 1.5 years."""
    if days < 45:
        return f"{days:.0f} days"
    if days < 350:
        return f"{days / 30.44:.0f} months"
    years = f"{days / 365.25:.1f}".removesuffix(".0")
    return "a year" if years == "1" else f"{years} years"


def chance(tail: float) -> str:
    """A tail probability in words."""
    if tail < 1e-6:
        return "less than one in a million"
    odds = 1.0 / tail
    rounded = round(odds, -max(0, len(str(int(odds))) - 2))
    return f"one in {rounded:,.0f}"


def plain(text: str, longest: int = 80) -> str:
    """Text from data made safe for a message: one line, no control characters, not endless."""
    one_line = "".join(sign if sign.isprintable() else " " for sign in text).strip()
    return one_line if len(one_line) <= longest else one_line[: longest - 1] + "…"
