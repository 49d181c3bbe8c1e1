"""Mix or rate: whether the groups of customers do worse, or only other groups came. Pure.

The two-way decomposition of Kitagawa (1955, "Components of a difference between two rates"): with the weights w and
rates r of the groups before (0) and during (1) a fall,

    R1 - R0  =  sum (r1 - r0) (w0 + w1) / 2   +   sum (w1 - w0) (r0 + r1) / 2
                the rate effect                   the mix effect

Both sums together are the whole difference, with nothing left over. A group that was there only before, or only during,
has one rate: what it changes is all mix.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class SegmentCounts:
    """Good outcomes and cases of one group of customers, before and during."""

    successes_before: float
    n_before: float
    successes: float
    n: float


@dataclass(frozen=True)
class MixRateDecomposition:
    """By how much a rate changed because the groups of `segment` did otherwise, and because others came. Their sum is
    the change of the whole."""

    segment: str
    rate_effect: float
    mix_effect: float

    @property
    def mix_share(self) -> float:
        """The part of the change that is mix: above 1, or below 0, where the two work against each other."""
        total = self.rate_effect + self.mix_effect
        return self.mix_effect / total if total else 0.0


def decompose(segment: str, groups: Iterable[SegmentCounts], total: SegmentCounts) -> MixRateDecomposition | None:
    """What of the whole's change is rate and what is mix. Cases that are in no group given are a group of their own.

    None where there is nothing to compare: no cases before or none during, or groups that hold more than the whole.
    """
    nonempty = [group for group in groups if group.n or group.n_before]
    remainder = SegmentCounts(
        total.successes_before - sum(group.successes_before for group in nonempty),
        total.n_before - sum(group.n_before for group in nonempty),
        total.successes - sum(group.successes for group in nonempty),
        total.n - sum(group.n for group in nonempty),
    )
    if not total.n or not total.n_before or min(remainder.n, remainder.n_before) < 0:
        return None
    rate_effect = mix_effect = 0.0
    for group in [*nonempty, remainder]:
        if not group.n and not group.n_before:
            continue
        before = group.successes_before / group.n_before if group.n_before else group.successes / group.n
        during = group.successes / group.n if group.n else before
        weight_before, weight = group.n_before / total.n_before, group.n / total.n
        rate_effect += (during - before) * (weight_before + weight) / 2.0
        mix_effect += (weight - weight_before) * (before + during) / 2.0
    return MixRateDecomposition(segment, rate_effect, mix_effect)
