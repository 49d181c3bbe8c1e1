"""The change of a rate as a sum of effects of groups of customers, and tests of these effects. Pure.

Kitagawa (1955), "Components of a difference between two rates", JASA 50. With weights w and rates r of the groups
before (0) and during (1) a drop:

    R1 - R0  =  sum (r1 - r0) (w0 + w1) / 2   +   sum (w1 - w0) ((r0 + r1) / 2 - c)
                the rate effects                  the mix effects

Weights sum to one, so the constant c changes no sum. It is the mean of R0 and R1: then a group with a lower rate than
all customers has a negative mix effect if it grows. The effects add up to the whole change. A group that exists only
before or only during has one rate, so its effect is all mix.

The mix effect of a combination of segments is divided among the segments by Shapley values, as Das Gupta (1993,
"Standardization and decomposition of rates", US Census Bureau) does for factors: the mix effect of each segment,
averaged over the orders in which segments can be taken into account.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from jkpi.alerts.statistics.beta_binomial import predictive_cdf

POWER_QUANTILE = 0.8416212335729143
"""Standard normal quantile of 0.8, the power that a test must have."""
_MIN_VARIANCE = 0.01


@dataclass(frozen=True)
class SegmentCounts:
    """Successes and cases of one group of customers, before and during. effective_before: how many independent cases
    n_before is worth, where days before are weighted; None: n_before."""

    successes_before: float
    n_before: float
    successes: float
    n: float
    effective_before: float | None = None

    @property
    def rate_before(self) -> float:
        return self.successes_before / self.n_before if self.n_before else self.rate

    @property
    def rate(self) -> float:
        return self.successes / self.n if self.n else self.successes_before / self.n_before if self.n_before else 0.0

    @property
    def independent_before(self) -> float:
        return self.n_before if self.effective_before is None else self.effective_before

    def without(self, other: SegmentCounts) -> SegmentCounts:
        """The rest of these cases. Differences smaller than rounding errors are none."""
        successes_before, n_before = self.successes_before - other.successes_before, self.n_before - other.n_before
        if abs(n_before) <= 1e-9 * max(self.n_before, 1.0):
            successes_before = n_before = 0.0
        share = n_before / self.n_before if self.n_before else 0.0
        return SegmentCounts(
            successes_before,
            n_before,
            self.successes - other.successes,
            self.n - other.n,
            None if self.effective_before is None else self.effective_before * share,
        )


@dataclass(frozen=True)
class GroupEffects:
    """Effects of one group on the rate of all. weight_before, weight: its share of the cases."""

    rate_effect: float
    mix_effect: float
    weight_before: float
    weight: float


@dataclass(frozen=True)
class Decomposition:
    """Effects of each group, in the order given, and then of the cases that belong to none (None if there are none)."""

    groups: tuple[GroupEffects, ...]
    remainder: GroupEffects | None

    @property
    def rate_effect(self) -> float:
        return math.fsum(effects.rate_effect for effects in self._all)

    @property
    def mix_effect(self) -> float:
        return math.fsum(effects.mix_effect for effects in self._all)

    @property
    def _all(self) -> tuple[GroupEffects, ...]:
        return (*self.groups, self.remainder) if self.remainder is not None else self.groups


def decompose(groups: Sequence[SegmentCounts], total: SegmentCounts) -> Decomposition | None:
    """Rate and mix effects of groups that have no case in common.

    None if nothing can be compared: no cases before or during, or groups with more cases than the total.
    """
    remainder = remainder_of(groups, total)
    if not total.n or not total.n_before or remainder is None:
        return None
    center = (total.rate_before + total.rate) / 2.0

    def effects_of(group: SegmentCounts) -> GroupEffects:
        weight_before, weight = group.n_before / total.n_before, group.n / total.n
        mean_rate = (group.rate_before + group.rate) / 2.0
        return GroupEffects(
            (group.rate - group.rate_before) * (weight_before + weight) / 2.0,
            (weight - weight_before) * (mean_rate - center),
            weight_before,
            weight,
        )

    has_remainder = remainder.n > 0 or remainder.n_before > 0
    return Decomposition(tuple(effects_of(group) for group in groups), effects_of(remainder) if has_remainder else None)


def remainder_of(groups: Sequence[SegmentCounts], total: SegmentCounts) -> SegmentCounts | None:
    """The cases that belong to no group; None if the groups have more cases than the total."""
    together = SegmentCounts(
        math.fsum(group.successes_before for group in groups),
        math.fsum(group.n_before for group in groups),
        math.fsum(group.successes for group in groups),
        math.fsum(group.n for group in groups),
    )
    rest = total.without(together)
    failures = (rest.n - rest.successes, rest.n_before - rest.successes_before)
    return None if min(rest.n, rest.n_before, rest.successes, rest.successes_before, *failures) < -1e-6 else rest


def shapley_mix_effects(
    cells: Mapping[tuple[str, ...], SegmentCounts], total: SegmentCounts
) -> tuple[float, ...] | None:
    """Mix effect of each segment of a combination; together they are the mix effect of the combination.

    Args:
        cells: Values of the segments, in their order -> counts.
        total: All cases; those in no cell are one more cell.

    None as in decompose.
    """
    count = len(next(iter(cells), ()))
    mix_effect_of: dict[frozenset[int], float] = {frozenset(): 0.0}
    for size in range(1, count + 1):
        for members in combinations(range(count), size):
            groups: dict[tuple[str, ...], list[SegmentCounts]] = {}
            for values, counts in cells.items():
                groups.setdefault(tuple(values[member] for member in members), []).append(counts)
            decomposition = decompose([_sum_counts(group) for group in groups.values()], total)
            if decomposition is None:
                return None
            mix_effect_of[frozenset(members)] = decomposition.mix_effect
    effects = []
    for segment in range(count):
        others = [other for other in range(count) if other != segment]
        effects.append(
            math.fsum(
                (mix_effect_of[frozenset((*known, segment))] - mix_effect_of[frozenset(known)])
                * math.factorial(len(known))
                * math.factorial(count - len(known) - 1)
                / math.factorial(count)
                for size in range(count)
                for known in combinations(others, size)
            )
        )
    return tuple(effects)


def _sum_counts(group: Sequence[SegmentCounts]) -> SegmentCounts:
    return SegmentCounts(
        math.fsum(counts.successes_before for counts in group),
        math.fsum(counts.n_before for counts in group),
        math.fsum(counts.successes for counts in group),
        math.fsum(counts.n for counts in group),
    )


def drop_significance(counts: SegmentCounts, dispersion: float) -> float:
    """By how many standard errors the rate has dropped. dispersion: variance of the counts as a multiple of that of
    independent cases."""
    if not counts.n or not counts.n_before:
        return 0.0
    variance = dispersion * (
        _variance(counts.rate_before, counts.independent_before) + _variance(counts.rate, counts.n)
    )
    return (counts.rate_before - counts.rate) / math.sqrt(variance)


def dropped_more_p_value(group: SegmentCounts, rest: SegmentCounts, dispersion: float) -> float:
    """P of so few successes in a group if its rate had dropped by as much as that of all others.

    Two samples: the expected rate is as uncertain as both baselines and the others' rate during the drop make it. The
    tail is a beta-binomial one, so it holds for few cases too.
    """
    expected = min(max(group.rate_before - (rest.rate_before - rest.rate), 1e-3), 1.0 - 1e-3)
    effective_n = expected * (1.0 - expected) / (dispersion * _variance_of_expected(group, rest))
    rho = min(max(dispersion - 1.0, 0.0) / max(group.n - 1.0, 1.0), 0.99)
    return float(predictive_cdf(group.successes, group.n, expected, rho, effective_n)[0])


def could_tell(
    group: SegmentCounts, rest: SegmentCounts, total_drop: float, weight: float, dispersion: float, critical: float
) -> bool:
    """Whether the test has a power of 80 % for a group that accounts for the whole drop alone.

    weight: its share of the cases. critical: standard normal quantile at which the test is significant.
    """
    own_drop = min(total_drop / weight, group.rate_before)
    variance = dispersion * (_variance_of_expected(group, rest) + _variance(group.rate_before, group.n))
    return own_drop / math.sqrt(variance) >= critical + POWER_QUANTILE


def mix_significance(groups: Sequence[SegmentCounts], total: SegmentCounts) -> float:
    """The mix effect in standard errors of a mix that has not changed; negative if it lowers the rate."""
    decomposition = decompose(groups, total)
    remainder = remainder_of(groups, total)
    if decomposition is None or remainder is None:
        return 0.0
    center = (total.rate_before + total.rate) / 2.0
    spread = math.fsum(
        (group.n / total.n + group.n_before / total.n_before)
        / 2.0
        * ((group.rate_before + group.rate) / 2.0 - center) ** 2
        for group in (*groups, remainder)
    )
    variance = spread * (1.0 / total.n + 1.0 / total.independent_before)
    return decomposition.mix_effect / math.sqrt(variance) if variance else 0.0


def _variance_of_expected(group: SegmentCounts, rest: SegmentCounts) -> float:
    return (
        _variance(group.rate_before, group.independent_before)
        + _variance(rest.rate_before, rest.independent_before)
        + _variance(rest.rate, rest.n)
    )


def _variance(rate: float, n: float) -> float:
    return max(rate * (1.0 - rate), _MIN_VARIANCE) / n
