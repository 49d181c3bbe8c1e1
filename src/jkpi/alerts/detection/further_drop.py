"""A further drop during an open alert, again by at least min_drop and a quarter of the depth. Pure.

The reference is lowered by the depth of the drop, and evidence for a drop from there adds up as for the first one. The
depth is that of the days after the alert was opened: those before may include usual days, or days that chance made so
low that the alert opened. In the first readings only a collapse counts. From then on the depth follows the days as long
as there is no evidence for a further drop. A few days measure it badly, so the evidence counts for less.
"""

from __future__ import annotations

import numpy as np

from jkpi.alerts.detection.state_machine import COLLAPSE, CUSUM
from jkpi.alerts.statistics.beta_binomial import Bools, Floats, Ints, predictive_cdf
from jkpi.alerts.statistics.cusum import increment_of, update_cusum, zero_cusum
from jkpi.alerts.statistics.rules import ALPHA_COLLAPSE
from jkpi.alerts.statistics.running_sums import EPSILON, EvaluatedColumn, RunningSums

_MIN_RATE, _MIN_DEVIATION = 0.01, 2.5
MIN_DEPTH_SHARE = 0.25
"""A further drop is at least this share of the depth."""
EXTRA_EVIDENCE = float(np.log(30.0))
"""Evidence beyond that of an alert: with it, one in fifty constant drops has a further message within four weeks."""
MIN_DEPTH_READINGS = 2
"""A collapse is compared with at least so many readings since the alert."""


class FurtherDrop:
    """Further drops of S series with an open alert. drops: per series (onset column, firing column, reason code).

    settling_readings: so many readings after an alert only measure the depth.
    """

    def __init__(self, series_count: int, min_drop: Floats, family_size: Floats, settling_readings: int) -> None:
        self.drops: list[list[tuple[int, int, int]]] = [[] for _ in range(series_count)]
        self._min_drop, self._extra_evidence = min_drop, np.log(family_size) + EXTRA_EVIDENCE
        self._settling_readings = settling_readings
        self._cusum = zero_cusum(series_count)
        self._depth, self._days, self._effective_n = (
            np.zeros(series_count),
            np.ones(series_count),
            np.ones(series_count),
        )
        self._since = np.zeros(series_count, dtype=np.intp)

    def start(self, rows: Ints, column: int) -> None:
        """An alert has opened or dropped further: the depth is that of the days that follow."""
        self._since[rows] = column + 1
        self._cusum.sums[:, rows] = 0.0

    def _measure_depth(self, rows: Ints, running_sums: RunningSums, column: int) -> None:
        days, successes, n, expected, _, scaled_variance = running_sums.totals(rows, self._since[rows], column)
        self._depth[rows] = np.maximum(expected - successes, 0.0) / np.maximum(n, 1.0)
        self._days[rows] = np.maximum(days, 1.0)
        self._effective_n[rows] = np.maximum(n * n / np.maximum(scaled_variance, EPSILON), 1.0)

    def advance(
        self, rows: Ints, column: int, readings: EvaluatedColumn, threshold: Floats, running_sums: RunningSums
    ) -> None:
        """Add one evaluated column, for series whose alert was open before it."""
        readings_since = running_sums.totals(rows, self._since[rows], column)[0]
        collapsed = self._collapsed(rows[readings_since > MIN_DEPTH_READINGS], readings)
        self._record_drops(collapsed, np.full(len(collapsed), column), column, COLLAPSE)
        is_settling = readings_since <= self._settling_readings
        self._measure_depth(rows[is_settling], running_sums, column)
        rows = rows[~is_settling & (self._since[rows] <= column)]
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
        self._find_by_evidence(rows, column, threshold, running_sums)

    def _collapsed(self, rows: Ints, readings: EvaluatedColumn) -> Ints:
        """Series of which this one reading is a collapse against the days since the alert."""
        n, rho = readings.n[rows], readings.rho[rows]
        is_below = self._is_deep_enough(rows, readings.successes[rows], n, n * readings.line[rows])
        rows, n, rho = rows[is_below], n[is_below], rho[is_below]
        successes, effective_n = readings.successes[rows], self._effective_n[rows]
        rate = np.maximum(readings.reference[rows] - self._depth[rows], _MIN_RATE)
        variance = (n * (1.0 + np.maximum(n - 1.0, 0.0) * rho) + n**2 / effective_n) * rate * (1.0 - rate)
        # Exact tails are slow. Nearer than this, none of them is small enough.
        is_far = successes - n * rate < -_MIN_DEVIATION * np.sqrt(variance)
        rows = rows[is_far]
        tails = predictive_cdf(successes[is_far], n[is_far], rate[is_far], rho[is_far], effective_n[is_far])
        return rows[tails < ALPHA_COLLAPSE * np.exp(-self._extra_evidence[rows])]

    def _is_deep_enough(self, rows: Ints, successes: Floats, n: Floats, limit: Floats) -> Bools:
        """(N,): whether these cases are lower than the depth by min_drop, which limit includes, and by a quarter."""
        lowered_by = np.maximum(self._depth[rows], (1.0 + MIN_DEPTH_SHARE) * self._depth[rows] - self._min_drop[rows])
        is_deep_enough: Bools = successes < limit - n * lowered_by - EPSILON
        return is_deep_enough

    def _find_by_evidence(self, rows: Ints, column: int, threshold: Floats, running_sums: RunningSums) -> None:
        rows = rows[self._cusum.maximum[rows] >= threshold[rows] + self._extra_evidence[rows]]
        onsets = self._cusum.onset[rows]
        days, successes, n, _, limit, _ = running_sums.totals(rows, onsets, column)
        is_further_drop = (days > 1) & self._is_deep_enough(rows, successes, n, limit)
        self._record_drops(rows[is_further_drop], onsets[is_further_drop], column, CUSUM)

    def _record_drops(self, rows: Ints, onsets: Ints, column: int, reason: int) -> None:
        for row, onset in zip(rows, onsets, strict=True):
            self.drops[row].append((int(onset), column, reason))
        self.start(rows, column)

    def finish(self, row: int) -> list[tuple[int, int, int]]:
        """Further drops of an alert that closes. They are removed here."""
        drops, self.drops[row] = self.drops[row], []
        return drops
