"""Local level of a series: how far the last weeks lie below its baseline, for series that drift. Pure.

It is the weighted mean of what included columns have below or above their baseline, with a half-life of four weeks and
without the newest week, so that a drop does not hide itself at once. It is shrunk toward zero by its own uncertainty,
and only lowers the baseline: a raised one would make usual days look low.

Columns of an alert are not included, so the level stays where it was while an alert is open.

Source: positive-part shrinkage, James and Stein (1961), Fourth Berkeley Symposium.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jkpi.alerts.statistics.baseline import BaselineEstimate
from jkpi.alerts.statistics.beta_binomial import Bools, Floats, Ints
from jkpi.alerts.statistics.reading_grid import ReadingGrid
from jkpi.alerts.statistics.rules import EvaluationConfig

HALF_LIFE_DAYS = 28.0
REACH_DAYS = 112
"""Older columns have less than a sixteenth of the weight and are left out."""
MIN_RATE = 0.01


class LocalLevel:
    """Levels of those of S series whose rule asks for a local baseline. rows: their indices."""

    def __init__(self, grid: ReadingGrid, config: EvaluationConfig, is_local: Bools) -> None:
        self._grid, self._gap = grid, config.gap
        self._rows: Ints = np.flatnonzero(is_local)
        self._reach = REACH_DAYS // config.step_days
        self._decay = 0.5 ** (config.step_days / HALF_LIFE_DAYS)
        shape = (grid.length, len(self._rows))
        self._differences, self._variances, self._n = (np.zeros(shape) for _ in range(3))

    def lower(self, column: int, estimate: BaselineEstimate, excluded: Bools) -> BaselineEstimate:
        """The baseline of a column with the level of these series. excluded (T, S): columns that are not included."""
        if not len(self._rows):
            return estimate
        self._record(column, estimate)
        level, variance = self._levels(column, excluded)
        rate, effective_n = estimate.rate.copy(), estimate.effective_n.copy()
        own = rate[self._rows]
        lowered = np.maximum(own + level, np.minimum(own, MIN_RATE))
        unit_variance = np.maximum(own * (1.0 - own), 1e-9)
        rate[self._rows] = lowered
        effective_n[self._rows] = 1.0 / (
            1.0 / effective_n[self._rows] + np.where(level < 0.0, variance / unit_variance, 0.0)
        )
        return replace(estimate, rate=rate, effective_n=effective_n)

    def _record(self, column: int, estimate: BaselineEstimate) -> None:
        """What this column has above its expected successes, and the variance of that."""
        n, rate = self._grid.n[column, self._rows], estimate.rate[self._rows]
        self._differences[column] = self._grid.successes[column, self._rows] - n * rate
        spread = 1.0 + np.maximum(n - 1.0, 0.0) * estimate.rho[self._rows]
        self._variances[column] = n * rate * (1.0 - rate) * estimate.variance_ratio[self._rows] * spread
        self._n[column] = n

    def _levels(self, column: int, excluded: Bools) -> tuple[Floats, Floats]:
        """(N,) twice: the level, never above zero, and its variance."""
        end = max(column - self._gap, 0)
        span = slice(max(end - self._reach, 0), end)
        age = np.arange(end - span.start)[::-1, None]
        weight = np.where(excluded[span, self._rows], 0.0, self._decay**age)
        total_n = np.maximum((weight * self._n[span]).sum(axis=0), 1e-9)
        mean = (weight * self._differences[span]).sum(axis=0) / total_n
        variance = (weight**2 * self._variances[span]).sum(axis=0) / total_n**2
        shrinkage = np.maximum(1.0 - variance / np.maximum(mean**2, 1e-12), 0.0)
        return np.minimum(mean * shrinkage, 0.0), variance
