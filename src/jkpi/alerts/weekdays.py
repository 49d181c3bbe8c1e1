"""A fall of one or two days of the week is not over by the good days between: it is over when these are good. Pure."""

from __future__ import annotations

import numpy as np

from jkpi.alerts.statistics.beta_binomial import Flags, Whole

_FEW = 2


class Weekdays:
    """Which columns of S series were judged, and which of them were bad."""

    def __init__(self, length: int, series: int, cycle: int) -> None:
        self._judged, self._bad = np.zeros((2, length, series), dtype=bool)
        self._cycle = cycle

    def add(self, column: int, judged: Flags, bad: Flags) -> None:
        self._judged[column], self._bad[column] = judged, judged & bad

    def seen_clear(self, rows: Whole, fell: Whole, clear: Whole, column: int) -> Flags:
        """(N,): whether each of the few days of the week that were bad since `fell` was judged since `clear`, none of
        them bad; where more than a few were, it is a fall of the whole week, and nothing is asked."""
        seen = np.ones(len(rows), dtype=bool)
        for number, (row, first, since) in enumerate(zip(rows, fell, clear, strict=True)):
            bad = set((np.flatnonzero(self._bad[first:since, row]) + first) % self._cycle)
            good = np.flatnonzero(self._judged[since : column + 1, row] & ~self._bad[since : column + 1, row]) + since
            seen[number] = len(bad) > _FEW or bad <= set(good % self._cycle)
        return seen
