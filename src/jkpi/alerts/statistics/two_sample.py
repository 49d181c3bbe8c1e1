"""The difference of two samples: its tail by chance, and its 95 % interval. Pure.

A sample is a survey wave, or several pooled. Rates are 0-1, higher is better; an NPS is (NPS + 100) / 200, in which a
passive counts half.

Sources: Newcombe (1998), Statistics in Medicine 17, method 10, for two proportions; for NPS the adjusted Wald variance
of each sample, Rocks (2016), The American Statistician 70.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt

from jkpi.alerts.statistics.beta_binomial import Z95, predictive_cdf, wilson_interval

ADDED_PROMOTERS, ADDED_PASSIVES, ADDED_DETRACTORS = 0.75, 1.5, 0.75
"""Responses that the adjusted Wald interval adds to each sample."""


@dataclass(frozen=True)
class Sample:
    """Answers of one wave, or of several pooled. neutral: answers that count half (passives of NPS), else 0. is_nps:
    whether answers may count half."""

    successes: float
    n: float
    neutral: float = 0.0
    is_nps: bool = False

    @property
    def rate(self) -> float:
        return self.successes / self.n if self.n else 0.0

    @property
    def variance_ratio(self) -> float:
        """Variance of an answer over p (1 - p): 1 if each is good or bad, less if some count half."""
        product = self.rate * (1.0 - self.rate)
        if not self.is_nps or product <= 0.0:
            return 1.0
        # At least a tenth: where all answers are passives, the sample shows no variance, but there is some.
        return max(1.0 - self.neutral / (4.0 * self.n * product), 0.1)


def pool_samples(samples: Sequence[Sample]) -> Sample:
    """Several samples as one."""
    return Sample(
        sum(sample.successes for sample in samples),
        sum(sample.n for sample in samples),
        sum(sample.neutral for sample in samples),
        any(sample.is_nps for sample in samples),
    )


def drop_tail(sample: Sample, reference: Sample) -> float:
    """P of so few successes or fewer in sample, if its true rate were that of reference."""
    ratio = sample.variance_ratio
    return float(
        predictive_cdf(
            sample.successes / ratio,
            round(sample.n / ratio),
            reference.rate,
            0.0,
            effective_size(reference),
        )[0]
    )


def tail_below(sample: Sample, rate: float) -> float:
    """P of so few successes or fewer in sample, if its true rate were this one."""
    ratio = sample.variance_ratio
    return float(predictive_cdf(sample.successes / ratio, round(sample.n / ratio), rate, 0.0, inf)[0])


def effective_size(sample: Sample) -> float:
    """Number of good-or-bad answers that know the rate as well."""
    return sample.n / sample.variance_ratio


def difference_interval(sample: Sample, reference: Sample) -> tuple[float, float]:
    """95 % interval of the true rate of sample minus that of reference, as rates."""
    if sample.is_nps or reference.is_nps:
        return _nps_interval(sample, reference)
    rate, other = sample.rate, reference.rate
    low, high = wilson_interval(sample.successes, sample.n)
    other_low, other_high = wilson_interval(reference.successes, reference.n)
    difference = rate - other
    return (
        difference - sqrt((rate - low) ** 2 + (other_high - other) ** 2),
        difference + sqrt((high - rate) ** 2 + (other - other_low) ** 2),
    )


def _nps_interval(sample: Sample, reference: Sample) -> tuple[float, float]:
    (rate, variance), (other, other_variance) = (_adjusted(one) for one in (sample, reference))
    half = Z95 * sqrt(variance + other_variance)
    difference = sample.rate - reference.rate
    return (
        max(min(rate - other - half, difference), -1.0),
        min(max(rate - other + half, difference), 1.0),
    )


def _adjusted(sample: Sample) -> tuple[float, float]:
    """Rate and its variance after the responses of the adjusted Wald interval are added."""
    n = sample.n + ADDED_PROMOTERS + ADDED_PASSIVES + ADDED_DETRACTORS
    rate = (sample.successes + ADDED_PROMOTERS + ADDED_PASSIVES / 2.0) / n
    half_counted = (sample.neutral + ADDED_PASSIVES) / n
    variance = rate * (1.0 - rate) - half_counted / 4.0
    return rate, max(variance, 0.0) / n


def detectable_drop(sample_n: float, reference: Sample, alpha: float, power: float) -> float:
    """Smallest drop, as a rate, that a wave of sample_n answers shows with this power at one-sided level alpha.

    Normal approximation, with the variances of both samples at their own rates. The largest possible drop if none is
    enough.
    """
    from scipy.special import ndtri

    needed = float(ndtri(power) - ndtri(alpha))
    ratio, rate = reference.variance_ratio, reference.rate
    known = rate * (1.0 - rate) / effective_size(reference)
    low, high = 0.0, rate
    for _ in range(40):
        drop = (low + high) / 2.0
        lower = rate - drop
        spread = sqrt(lower * (1.0 - lower) * ratio / sample_n + known)
        low, high = (low, drop) if drop >= needed * spread else (drop, high)
    return high
