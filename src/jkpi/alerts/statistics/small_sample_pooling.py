"""Pooling of small readings: they are summed until there are enough cases to evaluate. Pure.

Every reading enters a pool, and each case counts once, whatever the usual volume is. A pool is evaluated once it has
MIN_N cases; or earlier, if none of them is good and that alone is a collapse. No reading is dropped because it is
small: whether data are complete is shown by the status of a reading (provisional, withheld), not by its size.

A pool whose newest reading is older than evidence_ttl is emptied, because it says nothing about today.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jkpi.alerts.statistics.baseline import BaselineEstimate
from jkpi.alerts.statistics.beta_binomial import Bools, Floats, Ints, predictive_cdf
from jkpi.alerts.statistics.reading_grid import ReadingGrid
from jkpi.alerts.statistics.rules import ALPHA_COLLAPSE, MIN_N, EvaluationConfig


@dataclass(frozen=True, eq=False)
class PooledReading:
    """What is evaluated at a column; each array (S,). successes of n cases since first_column, rate: expected rate,
    is_sufficient: whether there are enough cases."""

    successes: Floats
    n: Floats
    first_column: Ints
    rate: Floats
    is_sufficient: Bools


class SmallSamplePool:
    """Pooled cases of S series that are not evaluated yet."""

    def __init__(self, grid: ReadingGrid, config: EvaluationConfig) -> None:
        self._grid, self._evidence_ttl = grid, config.evidence_ttl
        self._successes, self._n, self._expected = (np.zeros(grid.series_count) for _ in range(3))
        self._first_column, self._last_column = np.zeros((2, grid.series_count), dtype=np.intp)

    @property
    def has_pending(self) -> Bools:
        """(S,): whether pooled cases wait to be evaluated."""
        pending: Bools = self._n > 0
        return pending

    def add(self, column: int, estimate: BaselineEstimate, is_valid: Bools) -> PooledReading:
        """Add one column. is_valid (S,): whether it has valid counts."""
        successes, n = self._grid.successes[column], self._grid.n[column]
        is_added = is_valid & (n > 0)
        pending = np.flatnonzero(self._n)
        too_old = pending[column - self._last_column[pending] > self._evidence_ttl]
        self._empty(too_old)
        pending = np.flatnonzero(self._n)
        first_column = np.full(len(n), column, dtype=np.intp)
        first_column[pending] = self._first_column[pending]
        self._first_column = first_column
        self._last_column[is_added] = column
        self._successes += np.where(is_added, successes, 0.0)
        self._n += np.where(is_added, n, 0.0)
        self._expected += np.where(is_added, n * estimate.rate, 0.0)
        rate = estimate.rate.copy()
        rate[pending] = self._expected[pending] / self._n[pending]
        is_sufficient = is_added & (self._n >= MIN_N)
        all_bad = np.flatnonzero(is_added & ~is_sufficient & (self._successes == 0.0))
        if len(all_bad):
            tails = predictive_cdf(
                self._successes[all_bad],
                self._n[all_bad],
                rate[all_bad],
                estimate.rho[all_bad],
                estimate.effective_n[all_bad],
            )
            is_sufficient[all_bad] = tails < ALPHA_COLLAPSE
        pooled = PooledReading(self._successes.copy(), self._n.copy(), self._first_column, rate, is_sufficient)
        self._empty(is_sufficient)
        return pooled

    def _empty(self, which: Bools | Ints) -> None:
        for sums in (self._successes, self._n, self._expected):
            sums[which] = 0.0
