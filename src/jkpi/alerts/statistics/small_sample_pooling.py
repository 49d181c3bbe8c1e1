"""Series too small to be judged day by day: their days are pooled until there is enough. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jkpi.alerts.statistics.baseline import Usual
from jkpi.alerts.statistics.beta_binomial import Flags, Floats, Whole
from jkpi.alerts.statistics.reading_matrix import Grid
from jkpi.alerts.statistics.rules import LEAST_N, POOLED_N


@dataclass(frozen=True, eq=False)
class Counted:
    """What a column brings to be judged, each array (S,): `good` of `n` cases since column `first`, `rate` what is
    usual for them, and whether they are `enough`."""

    good: Floats
    n: Floats
    first: Whole
    rate: Floats
    enough: Flags


class Sparse:
    """What has been pooled of S series and not been judged yet."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._good, self._n, self._usual = (np.zeros(grid.series) for _ in range(3))
        self._first = np.zeros(grid.series, dtype=np.intp)

    @property
    def is_waiting(self) -> Flags:
        """(S,): whether cases have been pooled and not been judged."""
        waiting: Flags = self._n > 0
        return waiting

    def go(self, column: int, usual: Usual, read: Flags) -> Counted:
        """One column further; `read` (S,): whether it has sound counts."""
        good, n = self._grid.good[column], self._grid.n[column]
        is_sparse = (usual.usable > 0) & (usual.mean_n < LEAST_N)
        alone = Counted(good, n, np.full(len(n), column), usual.rate, read & (n >= usual.least_n))
        if not is_sparse.any():
            return alone
        adds = read & is_sparse & (n > 0)
        self._first = np.where(adds & (self._n == 0), column, self._first)
        self._good, self._n = np.where(adds, self._good + good, self._good), np.where(adds, self._n + n, self._n)
        self._usual = np.where(adds, self._usual + n * usual.rate, self._usual)
        full = adds & (self._n >= POOLED_N)
        counted = Counted(
            np.where(is_sparse, self._good, good),
            np.where(is_sparse, self._n, n),
            np.where(is_sparse, self._first, column),
            np.where(is_sparse, self._usual / np.maximum(self._n, 1.0), usual.rate),
            np.where(is_sparse, full, alone.enough),
        )
        self._good, self._n, self._usual = (np.where(full, 0.0, one) for one in (self._good, self._n, self._usual))
        return counted
