"""Numbers and days as people read them. Pure; plain text."""

from __future__ import annotations

from datetime import timedelta

from jkpi.alerts.series.watched import Watched
from jkpi.alerts.statistics.running_sums import Pool
from jkpi.formatting.numbers import _hidden, periods, signed, span


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


def covered(pool: Pool, period: str) -> str:
    """7 days, 3 to 9 July 2011; 24 of 29 days, 14 July to 11 August 2011, where some are not counted."""
    step = 7 if period == "week" else 1
    whole = (pool.last - pool.first).days // step + 1
    some = f"{whole - len(pool.left_out)} of " if pool.left_out else ""
    return f"{some}{periods(whole, period)}, {span(pool.first, pool.last + timedelta(days=step - 1))}"
