"""Evidence that an alert needs, so that false alarms stay within the budget. Pure.

If days are independent, the evidence for one drop reaches a height h by chance at Siegmund's rate: rate(h) = C
exp(-theta h) a day, with theta = 1 and C = I exp(-1.166 sqrt(2 I)), where I is the drift of a day without a drop. The
three drop sizes together do so about half as often as the sum of their rates. If successive days have something in
common, sums over days vary more, and theta is smaller in proportion. The factor is estimated from the clean history of
the series: the variance of its sums over blocks of a week. This is the variance a block bootstrap would draw, computed
without drawing, so nothing is random and replaying history gives the same result as running day by day.

A short history shows little of this. Until it is longer, the variance that cases of a day share beyond chance is
assumed to last from one day to the next (correlation 1/2) and hardly from week to week. Where the history shows more
than that, the threshold follows the history, however large it is. The estimate is renewed each time the clean history
has grown by a month, from that history alone.

significant_p_values and significant_e_values control the false discovery rate over the segments of a moment.

Sources: Siegmund (1985), Sequential Analysis, chapter II; Kuensch (1989), Annals of Statistics 17 (blocks); Benjamini
and Hochberg (1995), JRSS B 57.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from jkpi.alerts.statistics.beta_binomial import Bools, Floats, Ints
from jkpi.alerts.statistics.cusum import THRESHOLD_OFFSET, Increment, variance_inflation
from jkpi.alerts.statistics.reading_grid import ReadingGrid
from jkpi.alerts.statistics.rules import EFFECT_SIZES, RuleArrays


def significant_p_values(group: Ints, p_values: Floats, alpha: Floats, family_size: Floats) -> Bools:
    """(N,): which candidates pass. Each array (N,). group: the moment; family_size: number of its segments."""
    return significant_e_values(group, np.log(alpha) - np.log(np.maximum(p_values, 1e-300)), family_size)


def significant_e_values(group: Ints, log_excess: Floats, family_size: Floats) -> Bools:
    """(N,): the same for evidence. log_excess: log of the evidence above what a single series needs."""
    if not len(group):
        return np.zeros(0, dtype=bool)
    order = np.lexsort((-log_excess, group))
    in_order = group[order]
    starts = np.flatnonzero(np.concatenate([[True], in_order[1:] != in_order[:-1]]))
    group_index = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(group))))
    rank = np.arange(len(group)) - starts[group_index] + 1
    passes = log_excess[order] >= np.log(family_size[order] / rank)
    last_passing_rank = np.zeros(len(starts), dtype=np.intp)
    np.maximum.at(last_passing_rank, group_index, np.where(passes, rank, 0))
    significant = np.zeros(len(group), dtype=bool)
    significant[order] = rank <= last_passing_rank[group_index]
    return significant


THEORY_BLOCKS = 8.0
MIN_THRESHOLD, MAX_THRESHOLD = 3.0, 60.0
EFFECT_OVERLAP = 0.4
DEFAULT_CONSTANT, DEFAULT_VARIANCE_RATIO = 0.17, 1.3
"""Defaults without history: sum of the three constants C, which hardly depends on the number of cases, and the ratio of
variances."""
_OVERSHOOT = 1.166
_BISECTIONS = 24


class ThresholdCalibration:
    """threshold (S,), and achieved_run_length (S,): days between two false alarms to expect from the history, at most
    the target, NaN while unknown. It is below the target where even MAX_THRESHOLD is too low for the series.

    Counts are in columns. A column is used once it is older than evidence_ttl, when it is known whether it led to an
    alert.
    """

    def __init__(self, grid: ReadingGrid, rules: RuleArrays) -> None:
        config, series_count = rules.config, grid.series_count
        self._target_run_length, self._step_days, self._learning_readings = (
            rules.target_run_length,
            config.step_days,
            config.learning_readings,
        )
        self._autocorrelation_inflation = config.autocorrelation_inflation
        self._block_length, self._delay, self._window = (
            config.block_length,
            config.evidence_ttl,
            config.window - config.gap,
        )
        self._clean = np.zeros((grid.length, series_count), dtype=bool)
        self._increments: deque[Increment] = deque(maxlen=self._delay + 1)
        self._ring, self._ring_position = (
            np.zeros((self._block_length, series_count)),
            np.zeros(series_count, dtype=np.intp),
        )
        self._block_sum, self._count, self._score_sum, self._block_squares, self._variance, self._shared_variance = (
            np.zeros((6, series_count))
        )
        self._drifts = np.zeros((len(EFFECT_SIZES), series_count))
        self.threshold: Floats = DEFAULT_VARIANCE_RATIO * np.log(
            np.maximum(self._target_run_length * DEFAULT_CONSTANT, np.e)
        )
        self.achieved_run_length: Floats = np.full(series_count, np.nan)

    def add(self, column: int, increment: Increment, clean: Bools) -> None:
        """Add a column, and recalibrate the series whose clean history has grown by a month."""
        self._clean[column] = clean
        self._increments.append(increment)
        if column < self._delay:
            return
        rows, delayed = np.flatnonzero(self._clean[column - self._delay]), self._increments[0]
        score, position = delayed.score[rows], self._ring_position[rows]
        self._block_sum[rows] += score - self._ring[position, rows]
        self._ring[position, rows] = score
        self._ring_position[rows] = (position + 1) % self._block_length
        self._count[rows] += 1.0
        self._score_sum[rows] += score
        self._block_squares[rows] += np.where(self._count[rows] >= self._block_length, self._block_sum[rows] ** 2, 0.0)
        self._variance[rows] += delayed.variance[rows]
        self._shared_variance[rows] += delayed.shared_variance[rows]
        self._drifts[:, rows] += delayed.drift[:, rows]
        count = self._count[rows]
        self._recalibrate(rows[(count == self._learning_readings // 2) | (count % self._learning_readings == 0)])

    def remove(self, row: int, since: int, column: int) -> None:
        """Exclude columns that turned out to belong to an alert."""
        self._clean[since : column + 1, row] = False

    def _recalibrate(self, rows: Ints) -> None:
        if not len(rows):
            return
        count, block_length = self._count[rows], float(self._block_length)
        block_variance = (
            self._block_squares[rows] / (count - block_length + 1.0)
            - (block_length * self._score_sum[rows] / count) ** 2
        )
        # Centring on the observed mean removes a known share of the variance.
        observed_ratio = block_variance / np.maximum(
            block_length * self._variance[rows] / count * (1.0 - block_length / count), 1e-12
        )
        blocks = count / block_length
        shared_variance = self._shared_variance[rows] / count
        presumed_excess = self._autocorrelation_inflation * shared_variance
        expected_ratio = (THEORY_BLOCKS * (1.0 + presumed_excess) + blocks * observed_ratio) / (THEORY_BLOCKS + blocks)
        ratio = np.maximum(np.maximum(expected_ratio, observed_ratio), 1.0)
        drift = self._drifts[:, rows] / count
        inflation = variance_inflation(drift, np.full(len(rows), float(self._window)))
        effective_drift = drift / inflation
        constants = (
            EFFECT_OVERLAP
            * np.exp(-THRESHOLD_OFFSET)
            * effective_drift
            * np.exp(-_OVERSHOOT * np.sqrt(2.0 * effective_drift))
        )
        slopes, target_run_length = inflation / (inflation - 1.0 + ratio), self._target_run_length[rows]
        self.threshold[rows] = _solve_threshold(constants, slopes, target_run_length)
        rate = (constants * np.exp(-slopes * self.threshold[rows])).sum(axis=0)
        # More than the target is not stated: a history of months does not show what happens once in years.
        self.achieved_run_length[rows] = self._step_days * np.minimum(1.0 / np.maximum(rate, 1e-9), target_run_length)


def _solve_threshold(constants: Floats, slopes: Floats, target_run_length: Floats) -> Floats:
    """(S,): threshold at which the rates sum to one in target_run_length, by bisection."""
    low, high = np.full(len(target_run_length), MIN_THRESHOLD), np.full(len(target_run_length), MAX_THRESHOLD)
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        too_frequent = (constants * np.exp(-slopes * middle)).sum(axis=0) * target_run_length > 1.0
        low, high = np.where(too_frequent, middle, low), np.where(too_frequent, high, middle)
    return high
