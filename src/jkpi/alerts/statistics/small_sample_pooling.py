"""Series too small to be judged day by day: their days are pooled until there is enough. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jkpi.alerts.statistics.baseline import BaselineEstimate
from jkpi.alerts.statistics.beta_binomial import Bools, Floats, Ints
from jkpi.alerts.statistics.reading_grid import ReadingGrid
from jkpi.alerts.statistics.rules import MIN_N, MIN_POOLED_N


@dataclass(frozen=True, eq=False)
class PooledReading:
    """What a column brings to be judged, each array (S,): `good` of `n` cases since column `first`, `rate` what is
    usual for them, and whether they are `enough`."""

    successes: Floats
    n: Floats
    first_column: Ints
    rate: Floats
    is_sufficient: Bools


class SmallSamplePool:
    """What has been pooled of S series and not been judged yet."""

    def __init__(self, grid: ReadingGrid) -> None:
        self._grid = grid
        self._successes, self._n, self._expected = (np.zeros(grid.series_count) for _ in range(3))
        self._first_column = np.zeros(grid.series_count, dtype=np.intp)

    @property
    def has_pending(self) -> Bools:
        """(S,): whether cases have been pooled and not been judged."""
        pending: Bools = self._n > 0
        return pending

    def add(self, column: int, estimate: BaselineEstimate, is_valid: Bools) -> PooledReading:
        """One column further; `read` (S,): whether it has sound counts."""
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
