"""Judged readings as sums: one pool as people are told of it, and the running sums of many series. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from jkpi.alerts.statistics.beta_binomial import Flags, Floats, Whole, predictive_tail, wilson, wilson_bounds
from jkpi.alerts.statistics.reading_matrix import Grid

EPSILON = 1e-9
"""Differences of running sums are this exact at least: a rate on the line is not beyond it."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Several judged readings as one sum; `expected` and `bound` are counts under the reference and at the line;
    `left_out` are the days (or weeks) in between that nothing is counted of."""

    first: date
    last: date
    days: int = 0
    good: float = 0.0
    n: float = 0.0
    expected: float = 0.0
    bound: float = 0.0
    spread: float = 0.0
    strength: float = float("inf")
    left_out: tuple[date, ...] = ()

    @property
    def rate(self) -> float:
        return self.good / self.n if self.n else 0.0

    @property
    def reference(self) -> float:
        return self.expected / self.n if self.n else 0.0

    @property
    def line(self) -> float:
        return self.bound / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson 95 % at the effective sample size: days that differ among themselves are worth fewer cases."""
        shrink = self.n / self.spread if self.spread else 0.0
        return wilson(self.good * shrink, self.n * shrink)

    @property
    def tail(self) -> float:
        """P of so few good outcomes or fewer over all these days together."""
        rho = pooled_rho(np.array([self.n]), np.array([self.spread]))
        return float(predictive_tail(self.good, self.n, self.reference, rho, self.strength)[0])


def pooled_rho(n: Floats, spread: Floats) -> Floats:
    """The intraclass correlation at which one day of n cases would spread as these days together do."""
    size = np.maximum(n, 2.0)
    rho: Floats = np.maximum(spread / size - 1.0, 0.0) / (size - 1.0)
    return rho


@dataclass(frozen=True, eq=False)
class Judged:
    """One column as it is judged against one line, each array (S,).

    `judged`: whether it is; `good` of `n` cases since column `first` (several columns where few cases are pooled);
    `reference` the rate it is held against, known as well as `strength` cases tell it; `line` the rate that must be
    undercut to be worth waking somebody; `rho` and `evenness` as in `past.Usual`.
    """

    judged: Flags
    good: Floats
    n: Floats
    first: Whole
    reference: Floats
    line: Floats
    rho: Floats
    strength: Floats
    evenness: Floats

    @property
    def spread(self) -> Floats:
        """Variance over p (1 - p): n where cases are independent and either good or bad."""
        spread: Floats = self.n * self.evenness * (1.0 + np.maximum(self.n - 1.0, 0.0) * self.rho)
        return spread

    def tails(self, below: float = -1.0) -> Floats:
        """(S,): P(X <= good), exact where that can be small: nearer than `below` deviations it is called 1."""
        variance = self.spread + self.n**2 / self.strength
        away = (self.good - self.n * self.reference) / np.sqrt(
            np.maximum(variance * self.reference * (1.0 - self.reference), 1e-12)
        )
        tail = np.ones(len(self.n))
        rows = np.flatnonzero(self.judged & (away < below))
        if len(rows):
            even = self.evenness[rows]
            tail[rows] = predictive_tail(
                self.good[rows] / even,
                np.round(self.n[rows] / even),
                self.reference[rows],
                self.rho[rows],
                self.strength[rows] / even,
            )
        return tail


class Sums:
    """Running sums of judged columns against one line; a range of columns of a series is their difference."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._total = np.zeros((grid.length + 1, 6, grid.series))
        self._strength = np.full((grid.length, grid.series), np.inf)
        self._first = np.zeros((grid.length, grid.series), dtype=np.int32)

    def add(self, column: int, day: Judged) -> None:
        """Columns come in order, each once."""
        n = np.where(day.judged, day.n, 0.0)
        counted = (day.judged, np.where(day.judged, day.good, 0.0), n, n * day.reference, n * day.line,
                   np.where(day.judged, day.spread, 0.0))  # fmt: skip
        for before, after, added in zip(self._total[column], self._total[column + 1], counted, strict=True):
            np.add(before, added, out=after)
        self._strength[column] = np.where(day.judged, day.strength, np.inf)
        self._first[column] = day.first

    def over(self, rows: Whole, since: Whole, until: int) -> Floats:
        """(6, N): days, good, n, expected, bound, spread of series from column `since` to `until`, both included."""
        sums: Floats = self._total[until + 1][:, rows] - self._total[since, :, rows].T
        return sums

    def is_beyond(self, rows: Whole, since: Whole, until: int) -> Flags:
        """(N,): whether the pooled rate lies below the line."""
        _, good, n, _, bound, _ = self.over(rows, since, until)
        beyond: Flags = (n > 0) & (good < bound - EPSILON)
        return beyond

    def tail(self, rows: Whole, since: Whole, until: int) -> Floats:
        """(N,): P of so few good outcomes over all these days together."""
        _, good, n, expected, _, spread = self.over(rows, since, until)
        strength = np.minimum(self._strength[since, rows], self._strength[until, rows])
        return predictive_tail(good, n, expected / np.maximum(n, 1.0), pooled_rho(n, spread), strength)

    def is_clear(self, rows: Whole, since: Whole, until: int) -> tuple[Flags, Flags]:
        """(N,) twice: whether the pooled rate lies above the line, and whether its whole 95 % interval does."""
        _, good, n, _, bound, spread = self.over(rows, since, until)
        shrink = n / np.maximum(spread, EPSILON)
        low, _ = wilson_bounds(good * shrink, n * shrink)
        return good > bound + EPSILON, low > bound / np.maximum(n, 1.0)

    def first(self, rows: Whole, columns: Whole) -> Whole:
        """The first column that was pooled into these."""
        first: Whole = self._first[columns, rows].astype(np.intp)
        return first

    def pool(self, row: int, since: int, until: int) -> Pool:
        """A range of one series, as it is told."""
        at = np.array([row])
        days, good, n, expected, bound, spread = (float(one) for one in self.over(at, np.array([since]), until)[:, 0])
        first = int(self.first(at, np.array([since]))[0])
        strength = float(self._strength[since : until + 1, row].min())
        return Pool(
            self._grid.day(first), self._grid.day(until), round(days), good, n, expected, bound, spread, strength,
            self._left_out(row, first, since, until),
        )  # fmt: skip

    def _left_out(self, row: int, first: int, since: int, until: int) -> tuple[date, ...]:
        """The columns from `first` that no judged one from `since` to `until` counts in."""
        judged = since + np.flatnonzero(np.diff(self._total[since : until + 2, 0, row]) > 0)
        steps = np.zeros(until + 2 - first, dtype=np.intp)
        np.add.at(steps, np.maximum(self._first[judged, row] - first, 0), 1)
        np.add.at(steps, judged + 1 - first, -1)
        return tuple(self._grid.day(first + int(column)) for column in np.flatnonzero(np.cumsum(steps[:-1]) == 0))
