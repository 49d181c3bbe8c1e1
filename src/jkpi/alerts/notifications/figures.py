"""Numbers and days as people read them. Pure; plain text."""

from __future__ import annotations

from datetime import timedelta

from jkpi.alerts.series.watched import WatchedMoment
from jkpi.alerts.statistics.running_sums import PooledSample
from jkpi.formatting.numbers import _round_percent, format_period, format_signed, pluralize


class KpiFormatter:
    """Values of one KPI, with just enough digits that the smallest fall worth telling can be seen."""

    def __init__(self, watched: WatchedMoment) -> None:
        self._watched = watched
        self._is_points = watched.statistic == "nps"
        smallest_drop = watched.min_drop if self._is_points else 100.0 * watched.min_drop
        self._digits = 0 if smallest_drop >= 2.0 else 1

    def from_rate(self, rate: float) -> str:
        """A higher-is-better rate as the KPI shows it: 62 %, or +31."""
        return self.in_unit(self._watched.to_value(rate))

    def in_unit(self, value: float) -> str:
        """A value in the KPI's own unit."""
        if self._is_points:
            return format_signed(value, self._digits)
        return f"{_round_percent(100.0 * value, self._digits)} %"

    def interval_of(self, sample: PooledSample) -> str:
        """The 95 % interval of pooled days."""
        low, high = sorted(self._watched.to_value(bound) for bound in sample.interval)
        if self._is_points:
            return f"{format_signed(low, self._digits)} to {format_signed(high, self._digits)}"
        return f"{_round_percent(100.0 * low, self._digits)} to {_round_percent(100.0 * high, self._digits)} %"

    def difference_in_points(self, first_rate: float, second_rate: float) -> str:
        """How far two rates are apart, without sign."""
        difference = abs(self._watched.to_value(first_rate) - self._watched.to_value(second_rate)) * (
            1.0 if self._is_points else 100.0
        )
        return f"{difference:.{self._digits}f} points"


def format_covered(sample: PooledSample, period: str) -> str:
    """7 days, 3 to 9 July 2011; 24 of 29 days, 14 July to 11 August 2011, where some are not counted."""
    step = 7 if period == "week" else 1
    total_periods = (sample.last_day - sample.first_day).days // step + 1
    counted = f"{total_periods - len(sample.skipped_days)} of " if sample.skipped_days else ""
    return f"{counted}{pluralize(total_periods, period)}, {format_period(sample.first_day, sample.last_day + timedelta(days=step - 1))}"
