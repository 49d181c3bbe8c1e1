"""Month-end effect: a drop that returns on the last three and first three days of each month is usual. Pure.

The difference of each of these days from its weekday baseline is kept for twelve months. From the third month on, their
mean is the expected difference. The lowest month is left out (a single drop is not a pattern), months are weighted by
their precision, and chance must be unlikely to make the mean so low. Only lower values are expected: the effect can
prevent an alert but never cause one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from jkpi.alerts.statistics.baseline import BaselineEstimate
from jkpi.alerts.statistics.beta_binomial import Bools, Floats
from jkpi.alerts.statistics.reading_grid import ReadingGrid
from jkpi.alerts.statistics.rules import EvaluationConfig

TURN_DAYS = 3
"""Days before and after the turn of a month that have an effect of their own."""
MONTHS, MIN_MONTHS = 12, 3
MIN_STANDARD_ERRORS = 1.5
"""Standard errors below the baseline from which an effect counts."""
RECENT_DROP_COLUMNS = 6
"""Days of an alert that began more columns ago than this are not used to learn the effect."""


class MonthEndEffect:
    """Differences at the turn of the month, for S series. Weekly series have none."""

    def __init__(self, grid: ReadingGrid, config: EvaluationConfig) -> None:
        self._grid, self._is_daily = grid, config.step_days == 1
        self._differences = np.full((2 * TURN_DAYS, MONTHS, grid.series_count), np.nan)
        self._precisions = np.zeros((2 * TURN_DAYS, MONTHS, grid.series_count))
        self._count = np.zeros((2 * TURN_DAYS, grid.series_count), dtype=np.intp)

    def adjustment(self, column: int) -> Floats:
        """(S,): by how much a column is usually below its weekday rate; 0 if unknown."""
        position = self._position(column)
        if position is None:
            return np.zeros(self._grid.series_count)
        differences, precisions = self._differences[position], self._precisions[position]
        lowest = np.nanargmin(np.where(np.isnan(differences), np.inf, differences), axis=0)
        weight = np.where(np.arange(MONTHS)[:, None] == lowest, 0.0, precisions)
        total = weight.sum(axis=0)
        mean = (weight * np.nan_to_num(differences)).sum(axis=0) / np.where(total > 0, total, 1.0)
        is_seasonal = (self._count[position] >= MIN_MONTHS) & (-mean * np.sqrt(total) > MIN_STANDARD_ERRORS)
        adjustment: Floats = np.where(is_seasonal, -mean, 0.0)
        return adjustment

    def update(self, column: int, estimate: BaselineEstimate, rows: Bools) -> None:
        """Store the difference of a column from its weekday baseline. rows (S,): series to update."""
        position = self._position(column)
        rows = rows & (self._grid.n[column] > 0)
        if position is None or not rows.any():
            return
        n, rate = self._grid.n[column][rows], estimate.rate[rows]
        relative_variance = estimate.variance_ratio[rows] * (1.0 + np.maximum(n - 1.0, 0.0) * estimate.rho[rows]) / n
        variance = rate * (1.0 - rate) * (relative_variance + 1.0 / estimate.effective_n[rows])
        month = self._count[position, rows] % MONTHS
        self._differences[position, month, rows] = self._grid.successes[column][rows] / n - rate
        self._precisions[position, month, rows] = 1.0 / np.maximum(variance, 1e-9)
        self._count[position, rows] += 1

    def _position(self, column: int) -> int | None:
        return position_in_turn(self._grid.day(column)) if self._is_daily else None


def position_in_turn(day: date) -> int | None:
    """0 to 2 for the first days of a month; 3 to 5 for the last ones, 3 being the very last; None for other days."""
    if day.day <= TURN_DAYS:
        return day.day - 1
    days_left = (_first_of_next(day) - day).days
    return TURN_DAYS + days_left - 1 if days_left <= TURN_DAYS else None


def _first_of_next(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def apply_adjustment(estimate: BaselineEstimate, adjustment: Floats) -> BaselineEstimate:
    """The baseline, lowered by the adjustment."""
    return (
        replace(estimate, rate=np.maximum(estimate.rate - adjustment, 0.1 * estimate.rate))
        if adjustment.any()
        else estimate
    )
