"""Values of a watched KPI as messages write them. Pure; plain text."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from jkpi.alerts.series.watched import WatchedMoment
from jkpi.alerts.statistics.effect_size import EffectSize
from jkpi.alerts.statistics.running_sums import PooledSample
from jkpi.formatting.dates import format_period
from jkpi.formatting.numbers import format_fixed, pluralize, shown_number
from jkpi.formatting.readings import format_goal, format_interval, format_reading


class KpiFormatter:
    """Values of one KPI, with enough digits to show its minimum drop (`min_drop`)."""

    def __init__(self, watched: WatchedMoment) -> None:
        self._watched = watched
        self._is_points = watched.statistic == "nps"
        self._unit = "points" if self._is_points else "share"
        min_drop_points = watched.min_drop if self._is_points else 100.0 * watched.min_drop
        self._digits = 0 if min_drop_points >= 2.0 else 1

    def from_rate(self, rate: float) -> str:
        """A higher-is-better rate in the unit of the KPI: 62 %, or +31."""
        return self.in_unit(self._watched.to_value(rate))

    def in_unit(self, value: float) -> str:
        """A value in the unit of the KPI."""
        return format_reading(value, self._unit, self._watched.statistic, digits=self._digits)

    def goal(self, value: float) -> str:
        """A promise with all its digits."""
        return format_goal(value, self._unit, self._watched.statistic)

    def interval_of(self, sample: PooledSample) -> str:
        """The 95 % interval of pooled days."""
        low, high = sorted(self._watched.to_value(bound) for bound in sample.interval)
        return self.interval_in_unit(low, high)

    def interval_in_unit(self, low: float, high: float) -> str:
        """An interval in the unit of the KPI."""
        return format_interval(low, high, self._unit, self._watched.statistic, digits=self._digits) or ""

    def min_drop_in_points(self) -> str:
        """The minimum drop: 5 points; 0.5 points."""
        points = self._watched.min_drop if self._is_points else 100.0 * self._watched.min_drop
        return f"{format_fixed(points, self._digits)} points"

    def difference_in_points(self, first_rate: float, second_rate: float) -> str:
        """How far two rates are apart, without sign: the difference of the two values as they are shown. "less than a
        point" (or 0.1 points) if they are shown alike and are not."""
        difference = self._shown_difference(first_rate, second_rate)
        if difference or first_rate == second_rate:
            return _points_text(difference)
        return "less than a point" if self._digits == 0 else f"less than {10**-self._digits:g} points"

    def effect_text(self, effect: EffectSize) -> str:
        """The estimated drop with its 95 % interval: about 9 points (6 to 13)."""
        points, bounds = self._effect_points(effect)
        return f"about {_points_text(points)} ({bounds})"

    def level_text(self, effect: EffectSize) -> str:
        """The estimated level that the rate dropped to, with its 95 % interval: about 84 % (80 to 86 %)."""
        return f"about {self.from_rate(effect.rate)} ({self.level_interval(effect)})"

    def effect_text_with_confidence(self, effect: EffectSize) -> str:
        """about 9 points (6 to 13 with 95 % confidence)."""
        points, bounds = self._effect_points(effect)
        return f"about {_points_text(points)} ({bounds} with 95 % confidence)"

    def level_interval(self, effect: EffectSize) -> str:
        """The 95 % interval of the level that the rate dropped to."""
        low, high = sorted(self._watched.to_value(effect.reference - bound) for bound in (effect.low, effect.high))
        return format_interval(low, high, self._unit, self._watched.statistic, digits=self._digits) or ""

    def _effect_points(self, effect: EffectSize) -> tuple[Decimal, str]:
        """The difference of the values that are shown beside it, and the bounds around it."""
        points = self._shown_difference(effect.reference, effect.rate)
        scale = 200.0 if self._is_points else 100.0
        low, high = (Decimal(format_fixed(scale * bound, self._digits)) for bound in (effect.low, effect.high))
        return points, f"{min(low, points)} to {max(high, points)}"

    def _shown_difference(self, first_rate: float, second_rate: float) -> Decimal:
        return abs(shown_number(self.from_rate(first_rate)) - shown_number(self.from_rate(second_rate)))


def _points_text(points: Decimal) -> str:
    return f"{points} point" if points == 1 else f"{points} points"


def format_covered(sample: PooledSample, period: str) -> str:
    """7 days, 3 to 9 July 2011; 24 of 29 days, 14 July to 11 August 2011, where some days are not counted."""
    step = 7 if period == "week" else 1
    total_periods = (sample.last_day - sample.first_day).days // step + 1
    counted = f"{total_periods - len(sample.skipped_days)} of " if sample.skipped_days else ""
    dates = format_period(sample.first_day, sample.last_day + timedelta(days=step - 1))
    return f"{counted}{pluralize(total_periods, period)}, {dates}"
