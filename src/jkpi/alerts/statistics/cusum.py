"""Evidence that a series has fallen: log-likelihood ratios of its readings, summed, never below zero. Pure.

For each of three falls (once, twice and four times `falls_off_by`) a reading adds the logarithm of how much better that
fall explains it than what is usual does. The sum that matters is the largest one, which finds falls of all three sizes;
it began where it was last zero. Counts that spread more than independent cases do are worth less: the logarithm is
divided by that ratio of variances (quasi-likelihood), in which the error of the baseline itself is counted for a week.

Sources: Page (1954), Biometrika 41; Wedderburn (1974), Biometrika 61.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jkpi.alerts.statistics.beta_binomial import Bools, Floats, Ints
from jkpi.alerts.statistics.rules import EFFECT_SIZES, NO_COLUMN
from jkpi.alerts.statistics.running_sums import EvaluatedColumn

THRESHOLD_OFFSET = np.array([[0.5], [-0.6], [0.5]])
"""What evidence for each fall must have beyond the others: the middle one is what most alerts turn out to be."""
TYPICAL_LOG_LIKELIHOOD, MAX_DETECTION_DAYS = 3.0, 28.0
"""Over how much evidence the error of the baseline is reckoned, in logarithms, and over how many days at the most."""
QUASI_LIMIT = 1.0
"""Beyond so many deviations below the usual, quasi-likelihood would make too much of a day that is merely unlike
others: there the predictive beta-binomial speaks, whose evidence is bounded."""
_MIN_RATE_FRACTION = 0.1
"""A rate that is lower than the fall itself is taken to fall to a tenth."""


@dataclass(frozen=True, eq=False)
class Increment:
    """What one column adds. `surprise` (S,): effective good outcomes beyond the expected ones, `variance` (S,) theirs
    where nothing has happened, `common` (S,) the part of it that a day's cases have in common; `cost` (3, S): what a
    column of nothing takes from the evidence for each fall; `added` (3, S): what this one adds."""

    score: Floats
    variance: Floats
    shared_variance: Floats
    drift: Floats
    llr: Floats


def increment_of(readings: EvaluatedColumn, min_drop: Floats, usable_days: Floats) -> Increment:
    """`usable` (S,): the days that the reference rate rests on, infinite where it is known exactly."""
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
    """(3, N): the logarithm of the ratio of beta-binomial probabilities, the rates known only as well as they are."""
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
    """(3, S): the variance of evidence against that of a baseline known exactly. Its error is the same all along, so it
    weighs the more, the more days a fall takes to show."""
    detection_days = np.minimum(TYPICAL_LOG_LIKELIHOOD / np.maximum(drift, 1e-9), MAX_DETECTION_DAYS)
    inflation: Floats = 1.0 + detection_days / np.maximum(usable_days, 1.0)
    return inflation


@dataclass(frozen=True, eq=False)
class CusumState:
    """The sums of S series, (3, S), and the columns since which they have been above zero."""

    sums: Floats
    positive_since: Ints

    @property
    def maximum(self) -> Floats:
        """(S,)."""
        maximum: Floats = (self.sums - THRESHOLD_OFFSET).max(axis=0)
        return maximum

    @property
    def onset(self) -> Ints:
        """(S,): since when the largest sum has been above zero."""
        rows = np.arange(self.sums.shape[1])
        onset: Ints = self.positive_since[(self.sums - THRESHOLD_OFFSET).argmax(axis=0), rows]
        return onset


def zero_cusum(series_count: int) -> CusumState:
    return CusumState(
        np.zeros((len(EFFECT_SIZES), series_count)),
        np.full((len(EFFECT_SIZES), series_count), NO_COLUMN, dtype=np.intp),
    )


def update_cusum(before: CusumState, column: int, llr: Floats, included: Bools, expired: Bools) -> CusumState:
    """The sums after one more column; where it does not count they stay, what is `forgotten` begins anew."""
    sums = np.where(expired, 0.0, before.sums)
    positive_since = np.where(included & (sums <= 0.0), column, before.positive_since)
    return CusumState(np.where(included, np.maximum(sums + llr, 0.0), sums), positive_since)
