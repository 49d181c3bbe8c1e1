"""A further drop during an open alert, again by at least min_drop. Pure.

The reference is lowered by the depth of the drop, and evidence for a drop from there adds up as for the first one. The
depth is measured over the days since the last reported drop, as long as there is no evidence for a further one. A few
days measure it badly, so the evidence counts for less.
"""

from __future__ import annotations

import numpy as np

from jkpi.alerts.statistics.beta_binomial import Floats, Ints
from jkpi.alerts.statistics.cusum import increment_of, update_cusum, zero_cusum
from jkpi.alerts.statistics.running_sums import EPSILON, EvaluatedColumn, RunningSums

_MIN_RATE = 0.01


class FurtherDrop:
    """Further drops of S series with an open alert. drops: per series the columns (onset, fired)."""

    def __init__(self, series_count: int, min_drop: Floats, family_size: Floats) -> None:
        self.drops: list[list[tuple[int, int]]] = [[] for _ in range(series_count)]
        self._min_drop, self._family_penalty = min_drop, np.log(family_size)
        self._cusum = zero_cusum(series_count)
        self._depth, self._days, self._effective_n = (
            np.zeros(series_count),
            np.ones(series_count),
            np.ones(series_count),
        )
        self._since = np.zeros(series_count, dtype=np.intp)

    def start(self, rows: Ints, running_sums: RunningSums, onset: Ints, column: int) -> None:
        """An alert has opened or dropped further: compare what follows with these days."""
        self._since[rows] = onset
        self._cusum.sums[:, rows] = 0.0
        self._measure_depth(rows, running_sums, column)

    def _measure_depth(self, rows: Ints, running_sums: RunningSums, column: int) -> None:
        days, successes, n, expected, _, scaled_variance = running_sums.totals(rows, self._since[rows], column)
        self._depth[rows] = np.maximum(expected - successes, 0.0) / np.maximum(n, 1.0)
        self._days[rows] = np.maximum(days, 1.0)
        self._effective_n[rows] = np.maximum(n * n / np.maximum(scaled_variance, EPSILON), 1.0)

    def advance(
        self, rows: Ints, column: int, readings: EvaluatedColumn, threshold: Floats, running_sums: RunningSums
    ) -> None:
        """Add one evaluated column, for series whose alert was open before it."""
        if not len(rows):
            return
        lowered_rate = np.maximum(readings.reference[rows] - self._depth[rows], _MIN_RATE)
        min_drop = self._min_drop[rows]
        effective_n = 1.0 / (1.0 / readings.effective_n[rows] + 1.0 / self._effective_n[rows])
        lowered_readings = EvaluatedColumn(
            readings.evaluated[rows],
            readings.successes[rows],
            readings.n[rows],
            readings.first_column[rows],
            lowered_rate,
            lowered_rate - min_drop,
            readings.rho[rows],
            effective_n,
            readings.variance_ratio[rows],
        )
        llr = np.zeros_like(self._cusum.sums)
        llr[:, rows] = increment_of(lowered_readings, min_drop, self._days[rows]).llr
        included = np.zeros(len(self._depth), dtype=bool)
        included[rows] = True
        self._cusum = update_cusum(self._cusum, column, llr, included, np.zeros_like(included))
        self._measure_depth(rows[(self._cusum.sums[:, rows] <= 0.0).all(axis=0)], running_sums, column)
        self._record_drops(rows, column, threshold, running_sums)

    def _record_drops(self, rows: Ints, column: int, threshold: Floats, running_sums: RunningSums) -> None:
        rows = rows[self._cusum.maximum[rows] >= threshold[rows] + self._family_penalty[rows]]
        onsets = self._cusum.onset[rows]
        days, successes, n, _, limit, _ = running_sums.totals(rows, onsets, column)
        is_further_drop = (days > 1) & (successes < limit - n * self._depth[rows] - EPSILON)
        for row, onset in zip(rows[is_further_drop], onsets[is_further_drop], strict=True):
            self.drops[row].append((int(onset), column))
        self.start(rows[is_further_drop], running_sums, onsets[is_further_drop], column)

    def finish(self, row: int) -> list[tuple[int, int]]:
        """Further drops of an alert that closes. They are removed here."""
        drops, self.drops[row] = self.drops[row], []
        return drops
