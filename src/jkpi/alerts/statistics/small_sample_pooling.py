"""Pooling of small series: days are summed until there are enough cases to evaluate. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jkpi.alerts.statistics.baseline import BaselineEstimate
from jkpi.alerts.statistics.beta_binomial import Bools, Floats, Ints
from jkpi.alerts.statistics.reading_grid import ReadingGrid
from jkpi.alerts.statistics.rules import MIN_N, MIN_POOLED_N


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

    def __init__(self, grid: ReadingGrid) -> None:
        self._grid = grid
        self._successes, self._n, self._expected = (np.zeros(grid.series_count) for _ in range(3))
        self._first_column = np.zeros(grid.series_count, dtype=np.intp)

    @property
    def has_pending(self) -> Bools:
        """(S,): whether pooled cases wait to be evaluated."""
        pending: Bools = self._n > 0
        return pending

    def add(self, column: int, estimate: BaselineEstimate, is_valid: Bools) -> PooledReading:
        """Add one column. is_valid (S,): whether it has valid counts."""
        successes, n = self._grid.successes[column], self._grid.n[column]
        is_sparse = (estimate.usable_days > 0) & (estimate.mean_n < MIN_N)
        single = PooledReading(successes, n, np.full(len(n), column), estimate.rate, is_valid & (n >= estimate.min_n))
        if not is_sparse.any():
            return single
        is_added = is_valid & is_sparse & (n > 0)
        self._first_column = np.where(is_added & (self._n == 0), column, self._first_column)
        self._successes, self._n = (
            np.where(is_added, self._successes + successes, self._successes),
            np.where(is_added, self._n + n, self._n),
        )
        self._expected = np.where(is_added, self._expected + n * estimate.rate, self._expected)
        is_full = is_added & (self._n >= MIN_POOLED_N)
        pooled = PooledReading(
            np.where(is_sparse, self._successes, successes),
            np.where(is_sparse, self._n, n),
            np.where(is_sparse, self._first_column, column),
            np.where(is_sparse, self._expected / np.maximum(self._n, 1.0), estimate.rate),
            np.where(is_sparse, is_full, single.is_sufficient),
        )
        self._successes, self._n, self._expected = (
            np.where(is_full, 0.0, sums) for sums in (self._successes, self._n, self._expected)
        )
        return pooled
