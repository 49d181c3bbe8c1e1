"""What comes back at every turn of a month is usual: its last three days and its first three. Pure.

How far each of these days lay from what was usual of its day of the week is remembered for a year of months. From the
third month on the mean of these differences is taken for usual, without the lowest (one fall is no habit) and weighted
by how well each is known, where chance alone would seldom make it so low. Only what is lower than usual is: a habit may
be why nothing is told, never why something is.
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
"""So many days before and after the turn of a month have a habit of their own."""
MONTHS, MIN_MONTHS = 12, 3
MIN_STANDARD_ERRORS = 1.5
"""A habit lies so many standard errors below the usual."""
RECENT_DROP_COLUMNS = 6
"""What belongs to a fall that is older, in columns, says nothing of how months turn."""


class MonthEndEffect:
    """The turns of months of S series, as they have been so far. Weeks have none."""

    def __init__(self, grid: ReadingGrid, config: EvaluationConfig) -> None:
        self._grid, self._is_daily = grid, config.step_days == 1
        self._differences = np.full((2 * TURN_DAYS, MONTHS, grid.series_count), np.nan)
        self._precisions = np.zeros((2 * TURN_DAYS, MONTHS, grid.series_count))
        self._count = np.zeros((2 * TURN_DAYS, grid.series_count), dtype=np.intp)

    def adjustment(self, column: int) -> Floats:
        """(S,): how much lower than its day of the week a column usually is, in rates; 0 where that is not known."""
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
        """Remember how far a column lies from what is usual of its day of the week; `rows` (S,): of which series."""
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
    """0 to 2 for the first days of a month, 3 to 5 for the last ones, the very last being 3."""
    if day.day <= TURN_DAYS:
        return day.day - 1
    days_left = (_first_of_next(day) - day).days
    return TURN_DAYS + days_left - 1 if days_left <= TURN_DAYS else None


def _first_of_next(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def apply_adjustment(estimate: BaselineEstimate, adjustment: Floats) -> BaselineEstimate:
    """What is usual of a day that is usually lower by so much."""
    return (
        replace(estimate, rate=np.maximum(estimate.rate - adjustment, 0.1 * estimate.rate))
        if adjustment.any()
        else estimate
    )
