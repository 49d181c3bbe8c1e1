"""An alert is open, and the rate falls further: by as much again as is worth waking somebody. Pure.

What is usual is lowered by as much as the rate has fallen, and evidence for a fall from there adds up as it does for
the first one. The depth is that of the days since the fall was told, as long as nothing speaks for a further one; of
few days it is known badly, and evidence is worth less in proportion.
"""

from __future__ import annotations

import numpy as np

from jkpi.alerts.statistics.beta_binomial import Floats, Whole
from jkpi.alerts.statistics.cusum import add_up, gain, nothing_yet
from jkpi.alerts.statistics.running_sums import EPSILON, Judged, Sums

_LEAST_RATE = 0.01


class Deeper:
    """Of S series, those with an open alert: `falls` lists the further ones of each, as columns (since, fired)."""

    def __init__(self, series: int, falls_off_by: Floats, size: Floats) -> None:
        self.falls: list[list[tuple[int, int]]] = [[] for _ in range(series)]
        self._falls_off_by, self._dear = falls_off_by, np.log(size)
        self._evidence = nothing_yet(series)
        self._depth, self._days, self._n = np.zeros(series), np.ones(series), np.ones(series)
        self._since = np.zeros(series, dtype=np.intp)

    def begin(self, rows: Whole, sums: Sums, since: Whole, column: int) -> None:
        """Alerts open, or are told to have fallen further: what follows is held against these days."""
        self._since[rows] = since
        self._evidence.sums[:, rows] = 0.0
        self._measure(rows, sums, column)

    def _measure(self, rows: Whole, sums: Sums, column: int) -> None:
        days, good, n, expected, _, spread = sums.over(rows, self._since[rows], column)
        self._depth[rows] = np.maximum(expected - good, 0.0) / np.maximum(n, 1.0)
        self._days[rows] = np.maximum(days, 1.0)
        self._n[rows] = np.maximum(n * n / np.maximum(spread, EPSILON), 1.0)

    def go(self, rows: Whole, column: int, day: Judged, need: Floats, sums: Sums) -> None:
        """One judged column further, for series whose alert has been open before it."""
        if not len(rows):
            return
        lower = np.maximum(day.reference[rows] - self._depth[rows], _LEAST_RATE)
        falls = self._falls_off_by[rows]
        strength = 1.0 / (1.0 / day.strength[rows] + 1.0 / self._n[rows])
        seen = Judged(day.judged[rows], day.good[rows], day.n[rows], day.first[rows], lower, lower - falls,
                      day.rho[rows], strength, day.evenness[rows])  # fmt: skip
        added = np.zeros_like(self._evidence.sums)
        added[:, rows] = gain(seen, falls, self._days[rows]).added
        counts = np.zeros(len(self._depth), dtype=bool)
        counts[rows] = True
        self._evidence = add_up(self._evidence, column, added, counts, np.zeros_like(counts))
        self._measure(rows[(self._evidence.sums[:, rows] <= 0.0).all(axis=0)], sums, column)
        self._tell(rows, column, need, sums)

    def _tell(self, rows: Whole, column: int, need: Floats, sums: Sums) -> None:
        rows = rows[self._evidence.most[rows] >= need[rows] + self._dear[rows]]
        since = self._evidence.began[rows]
        days, good, n, _, bound, _ = sums.over(rows, since, column)
        told = (days > 1) & (good < bound - n * self._depth[rows] - EPSILON)
        for row, first in zip(rows[told], since[told], strict=True):
            self.falls[row].append((int(first), column))
        self.begin(rows[told], sums, since[told], column)

    def end(self, row: int) -> list[tuple[int, int]]:
        """The further falls of an alert that closes."""
        found, self.falls[row] = self.falls[row], []
        return found
