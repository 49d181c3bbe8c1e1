"""Numbers and days as people read them. Pure; plain text."""

from __future__ import annotations

from datetime import date, timedelta

from jkpi.alerts.pools import Pool
from jkpi.alerts.series import Watched

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


class Figures:
    """Values of one KPI, with just enough digits that the smallest fall worth telling can be seen."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._points = watched.statistic == "nps"
        smallest = watched.falls_off_by if self._points else 100.0 * watched.falls_off_by
        self._digits = 0 if smallest >= 2.0 else 1

    def value(self, rate: float) -> str:
        """A higher-is-better rate as the KPI shows it: 62 %, or +31."""
        return self.native(self._watched.value(rate))

    def native(self, value: float) -> str:
        """A value in the KPI's own unit."""
        if self._points:
            return signed(value, self._digits)
        return f"{_hidden(100.0 * value, self._digits)} %"

    def interval(self, pool: Pool) -> str:
        """The 95 % interval of pooled days."""
        low, high = sorted(self._watched.value(edge) for edge in pool.interval)
        if self._points:
            return f"{signed(low, self._digits)} to {signed(high, self._digits)}"
        return f"{_hidden(100.0 * low, self._digits)} to {_hidden(100.0 * high, self._digits)} %"

    def difference(self, one: float, other: float) -> str:
        """How far two rates are apart, without sign."""
        apart = abs(self._watched.value(one) - self._watched.value(other)) * (1.0 if self._points else 100.0)
        return f"{apart:.{self._digits}f} points"


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


def covered(pool: Pool, period: str) -> str:
    """7 days, 3 to 9 July 2011; 24 of 29 days, 14 July to 11 August 2011, where some are not counted."""
    step = 7 if period == "week" else 1
    whole = (pool.last - pool.first).days // step + 1
    some = f"{whole - len(pool.left_out)} of " if pool.left_out else ""
    return f"{some}{periods(whole, period)}, {span(pool.first, pool.last + timedelta(days=step - 1))}"


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
