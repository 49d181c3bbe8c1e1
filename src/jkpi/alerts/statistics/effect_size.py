"""How far a rate has dropped: the estimate that people read, with its interval. Pure.

An alert opens on days that chance made low, so the drop over these days is too large on average: the raw estimate of a
true drop of five points at 20 cases a day is 13 points. Shrinking takes this bias off.

Derivation. Evidence that climbs to a height h in T days shows a drift of h / T. Given that it started at zero and has
stayed above zero, it is a three-dimensional Bessel process with drift, and h / T exceeds the true drift by about two
variances divided by h (the reciprocal of a first-passage time: Williams, 1974, Proceedings of the London Mathematical
Society 28; the bias after a sequential test: Whitehead, 1986, Biometrika 73; after a CUSUM: Wu, 2004, Journal of
Statistical Planning and Inference 126). The drift of the evidence for a drop d, in rates, is the drop minus d / 2. So
the bias is 2 v / (raw - d / 2), where v is the variance of the raw drop and d the drop size with the most evidence.
Days are steps, not a continuous path, and an alert that fires far beyond its threshold was hardly selected, so the
bias is multiplied by (typical evidence / evidence) ** power.

Days after the opening were not selected. They are averaged in by their precision, so the estimate gets sharper each
day.

The constants were fitted to generated days and checked on other seeds and
sizes: `python -m benchmarks.alert_quality.effect_size`.
"""

from __future__ import annotations

from dataclasses import dataclass

from jkpi.alerts.statistics.beta_binomial import Z95
from jkpi.alerts.statistics.cusum import THRESHOLD_OFFSET
from jkpi.alerts.statistics.rules import EFFECT_SIZES
from jkpi.alerts.statistics.running_sums import PooledSample

MAX_BIAS = 0.8
"""Largest bias, as a share of the raw drop. An alert is about a drop, so its estimate is never zero."""
_MIN_VARIANCE, _MIN_EXCESS, _MIN_EVIDENCE = 0.01, 1e-3, 1e-9


@dataclass(frozen=True)
class ShrinkConstants:
    """Fitted constants. typical_evidence: log-likelihood ratio at which the bias is that of a continuous path.
    first_variance: multiple of the sampling variance of the days that opened the alert. bias_variance: variance of the
    bias, as a multiple of its square. later_variance: multiple of the sampling variance of the days after them."""

    typical_evidence: float = 5.4
    power: float = 1.7
    first_variance: float = 1.7
    bias_variance: float = 2.0
    later_variance: float = 1.2


FITTED = ShrinkConstants()


@dataclass(frozen=True)
class EffectSize:
    """A drop in rates, 0-1: size and its 95 % interval from low to high, and raw, the drop of the counts as they are.
    reference: the rate that it dropped from."""

    size: float
    low: float
    high: float
    raw: float
    reference: float

    @property
    def rate(self) -> float:
        """The rate that it dropped to."""
        return self.reference - self.size


def effect_size(
    initial: PooledSample | None, drop: PooledSample, min_drop: float, constants: ShrinkConstants = FITTED
) -> EffectSize | None:
    """The effect size of a drop. None if it has no cases.

    Args:
        initial: The days that opened the alert. None if they are unknown: then all days count as selected.
        drop: All days of the drop, those included.
        min_drop: Smallest drop worth a message, a rate.
    """
    first = initial if initial is not None and initial.n else drop
    if not drop.n or not first.n:
        return None
    variance = max(first.reference * (1.0 - first.reference), _MIN_VARIANCE)
    first_drop = first.reference - first.rate
    sampling, of_baseline = variance * first.scaled_variance / first.n**2, variance / first.effective_n
    bias = selection_bias(first_drop, sampling + of_baseline, min_drop, constants)
    size, size_variance = first_drop - bias, constants.first_variance * sampling + constants.bias_variance * bias**2
    later_n = drop.n - first.n
    if later_n > 0:
        later_drop = ((drop.expected - first.expected) - (drop.successes - first.successes)) / later_n
        later_scaled = max(drop.scaled_variance - first.scaled_variance, 1.0)
        later_variance = constants.later_variance * variance * later_scaled / later_n**2
        weight, later_weight = 1.0 / size_variance, 1.0 / later_variance
        size = (size * weight + later_drop * later_weight) / (weight + later_weight)
        size_variance = 1.0 / (weight + later_weight)
    half = Z95 * (size_variance + of_baseline) ** 0.5
    return EffectSize(
        max(size, 0.0),
        max(size - half, 0.0),
        max(min(size + half, drop.reference), 0.0),
        drop.reference - drop.rate,
        drop.reference,
    )


def selection_bias(raw: float, variance: float, min_drop: float, constants: ShrinkConstants = FITTED) -> float:
    """By how much a raw drop with this variance is too large, because it opened an alert. At most MAX_BIAS of it."""
    if raw <= 0.0:
        return 0.0
    evidence, drop_size = max(
        (multiple * min_drop / variance * (raw - multiple * min_drop / 2.0) - float(offset), multiple * min_drop)
        for multiple, offset in zip(EFFECT_SIZES, THRESHOLD_OFFSET[:, 0], strict=True)
    )
    excess = max(raw - drop_size / 2.0, _MIN_EXCESS)
    factor = (constants.typical_evidence / max(evidence, _MIN_EVIDENCE)) ** constants.power
    return float(min(2.0 * variance / excess * factor, MAX_BIAS * raw))
