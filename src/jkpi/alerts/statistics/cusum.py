"""CUSUM: log-likelihood ratios of readings against a drop, summed, never below zero. Pure.

For each of three drops (1, 2 and 4 times min_drop) a reading adds the log of how much better that drop explains it than
the reference rate does. The largest of the three sums counts, so drops of all three sizes are found; the onset is where
that sum was last zero. Counts that spread more than independent cases count for less: the log ratio is divided by the
ratio of variances (quasi-likelihood), which includes the error of the baseline over a week.

Sources: Page (1954), Biometrika 41; Wedderburn (1974), Biometrika 61.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jkpi.alerts.statistics.beta_binomial import Bools, Floats, Ints
from jkpi.alerts.statistics.rules import EFFECT_SIZES, NO_COLUMN
from jkpi.alerts.statistics.running_sums import EvaluatedColumn

THRESHOLD_OFFSET = np.array([[0.5], [-0.6], [0.5]])
"""Extra evidence that each drop size must show. The middle one is preferred: most alerts turn out to be of that size.
"""
TYPICAL_LOG_LIKELIHOOD, MAX_DETECTION_DAYS = 3.0, 28.0
"""Evidence, in logs, and maximum number of days over which the error of the baseline is counted."""
QUASI_LIMIT = 1.0
"""Standard deviations below the reference from which quasi-likelihood would overrate a single unusual day. Beyond them
the predictive beta-binomial is used, whose evidence is bounded."""
_MIN_RATE_FRACTION = 0.1
"""A reference rate smaller than the drop is assumed to drop to a tenth of itself."""


@dataclass(frozen=True, eq=False)
class Increment:
    """What one column adds. score (S,): effective successes above the expected number. variance (S,): variance of score
    without a drop. shared_variance (S,): share of that variance which the cases of a day have in common. drift (3, S):
    what a column without a drop takes from each sum. llr (3, S): log-likelihood ratio of this column."""

    score: Floats
    variance: Floats
    shared_variance: Floats
    drift: Floats
    llr: Floats


def increment_of(readings: EvaluatedColumn, min_drop: Floats, usable_days: Floats) -> Increment:
    """Increment of one column. usable_days (S,): days behind the reference rate, infinite if it is known exactly."""
    expected_rate = np.clip(readings.reference, 1e-6, 1.0 - 1e-6)
    dropped_rate = np.maximum(
        expected_rate - np.array(EFFECT_SIZES)[:, None] * min_drop, _MIN_RATE_FRACTION * expected_rate
    )
    weight = np.where(readings.evaluated, readings.n / np.maximum(readings.scaled_variance, 1e-9), 0.0)
    log_success_ratio, log_failure_ratio = (
        np.log(dropped_rate / expected_rate),
        np.log((1.0 - dropped_rate) / (1.0 - expected_rate)),
    )
    drift = -weight * readings.n * (expected_rate * log_success_ratio + (1.0 - expected_rate) * log_failure_ratio)
    score = weight * (readings.successes - readings.n * expected_rate)
    llr = score * (log_success_ratio - log_failure_ratio) - drift
    extreme = np.flatnonzero(
        score < -QUASI_LIMIT * np.sqrt(weight * readings.n * expected_rate * (1.0 - expected_rate))
    )
    if len(extreme):
        llr[:, extreme] = np.minimum(
            llr[:, extreme], _predictive_log_ratio(readings, extreme, expected_rate[extreme], dropped_rate[:, extreme])
        )
    llr /= np.maximum(variance_inflation(drift, usable_days), 1.0 + weight * readings.n / readings.effective_n)
    shared_variance = np.where(readings.evaluated, 1.0 - np.minimum(weight * readings.variance_ratio, 1.0), 0.0)
    return Increment(score, weight * readings.n * expected_rate * (1.0 - expected_rate), shared_variance, drift, llr)


def _predictive_log_ratio(readings: EvaluatedColumn, rows: Ints, expected_rate: Floats, dropped_rate: Floats) -> Floats:
    """(3, N): log ratio of beta-binomial probabilities, given how well the rates are known."""
    from scipy.special import gammaln

    precision = 1.0 / np.maximum(readings.rho[rows] + 1.0 / readings.effective_n[rows], 1e-6)
    variance_ratio = readings.variance_ratio[rows]
    successes, failures = (
        readings.successes[rows] / variance_ratio,
        (readings.n[rows] - readings.successes[rows]) / variance_ratio,
    )

    def log_likelihood(rate: Floats) -> Floats:
        a, b = rate * precision, (1.0 - rate) * precision
        value: Floats = gammaln(successes + a) - gammaln(a) + gammaln(failures + b) - gammaln(b)
        return value

    return log_likelihood(dropped_rate) - log_likelihood(expected_rate)


def variance_inflation(drift: Floats, usable_days: Floats) -> Floats:
    """(3, S): variance of the evidence relative to an exactly known baseline. The error of the baseline is the same
    every day, so it matters more the longer a drop takes to show."""
    detection_days = np.minimum(TYPICAL_LOG_LIKELIHOOD / np.maximum(drift, 1e-9), MAX_DETECTION_DAYS)
    inflation: Floats = 1.0 + detection_days / np.maximum(usable_days, 1.0)
    return inflation


@dataclass(frozen=True, eq=False)
class CusumState:
    """sums (3, S), and positive_since (3, S), the columns since which they are above zero."""

    sums: Floats
    positive_since: Ints

    @property
    def maximum(self) -> Floats:
        """(S,): the largest sum after its offset."""
        maximum: Floats = (self.sums - THRESHOLD_OFFSET).max(axis=0)
        return maximum

    @property
    def onset(self) -> Ints:
        """(S,): column since which the largest sum is above zero."""
        rows = np.arange(self.sums.shape[1])
        onset: Ints = self.positive_since[(self.sums - THRESHOLD_OFFSET).argmax(axis=0), rows]
        return onset


def zero_cusum(series_count: int) -> CusumState:
    return CusumState(
        np.zeros((len(EFFECT_SIZES), series_count)),
        np.full((len(EFFECT_SIZES), series_count), NO_COLUMN, dtype=np.intp),
    )


def update_cusum(before: CusumState, column: int, llr: Floats, included: Bools, expired: Bools) -> CusumState:
    """The sums after one more column: unchanged if the column is not included, restarted if they have expired."""
    sums = np.where(expired, 0.0, before.sums)
    positive_since = np.where(included & (sums <= 0.0), column, before.positive_since)
    return CusumState(np.where(included, np.maximum(sums + llr, 0.0), sums), positive_since)
