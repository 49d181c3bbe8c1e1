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

from jkpi.alerts.statistics.baseline import Usual
from jkpi.alerts.statistics.beta_binomial import Flags, Floats
from jkpi.alerts.statistics.reading_matrix import Grid
from jkpi.alerts.statistics.rules import Cadence

AROUND = 3
"""So many days before and after the turn of a month have a habit of their own."""
MONTHS, LEAST_MONTHS = 12, 3
SURE = 1.5
"""A habit lies so many standard errors below the usual."""
FRESH = 6
"""What belongs to a fall that is older, in columns, says nothing of how months turn."""


class Months:
    """The turns of months of S series, as they have been so far. Weeks have none."""

    def __init__(self, grid: Grid, cadence: Cadence) -> None:
        self._grid, self._is_daily = grid, cadence.step == 1
        self._apart = np.full((2 * AROUND, MONTHS, grid.series), np.nan)
        self._known = np.zeros((2 * AROUND, MONTHS, grid.series))
        self._count = np.zeros((2 * AROUND, grid.series), dtype=np.intp)

    def lower(self, column: int) -> Floats:
        """(S,): how much lower than its day of the week a column usually is, in rates; 0 where that is not known."""
        at = self._place(column)
        if at is None:
            return np.zeros(self._grid.series)
        apart, known = self._apart[at], self._known[at]
        lowest = np.nanargmin(np.where(np.isnan(apart), np.inf, apart), axis=0)
        weight = np.where(np.arange(MONTHS)[:, None] == lowest, 0.0, known)
        total = weight.sum(axis=0)
        mean = (weight * np.nan_to_num(apart)).sum(axis=0) / np.where(total > 0, total, 1.0)
        is_habit = (self._count[at] >= LEAST_MONTHS) & (-mean * np.sqrt(total) > SURE)
        lower: Floats = np.where(is_habit, -mean, 0.0)
        return lower

    def learn(self, column: int, usual: Usual, rows: Flags) -> None:
        """Remember how far a column lies from what is usual of its day of the week; `rows` (S,): of which series."""
        at = self._place(column)
        rows = rows & (self._grid.n[column] > 0)
        if at is None or not rows.any():
            return
        n, rate = self._grid.n[column][rows], usual.rate[rows]
        spread = usual.evenness[rows] * (1.0 + np.maximum(n - 1.0, 0.0) * usual.rho[rows]) / n
        variance = rate * (1.0 - rate) * (spread + 1.0 / usual.strength[rows])
        month = self._count[at, rows] % MONTHS
        self._apart[at, month, rows] = self._grid.good[column][rows] / n - rate
        self._known[at, month, rows] = 1.0 / np.maximum(variance, 1e-9)
        self._count[at, rows] += 1

    def _place(self, column: int) -> int | None:
        return turn_of(self._grid.day(column)) if self._is_daily else None


def turn_of(day: date) -> int | None:
    """0 to 2 for the first days of a month, 3 to 5 for the last ones, the very last being 3."""
    if day.day <= AROUND:
        return day.day - 1
    left = (_first_of_next(day) - day).days
    return AROUND + left - 1 if left <= AROUND else None


def _first_of_next(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def lowered(usual: Usual, lower: Floats) -> Usual:
    """What is usual of a day that is usually lower by so much."""
    return replace(usual, rate=np.maximum(usual.rate - lower, 0.1 * usual.rate)) if lower.any() else usual
