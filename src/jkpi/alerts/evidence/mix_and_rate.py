"""Mix or rate: did the groups of customers do worse, or did their mix change? Pure.

The two-way decomposition of Kitagawa (1955, "Components of a difference between two rates"). With weights w and rates r
of the groups before (0) and during (1) a drop:

    R1 - R0  =  sum (r1 - r0) (w0 + w1) / 2   +   sum (w1 - w0) (r0 + r1) / 2
                the rate effect                   the mix effect

The two effects add up to the whole difference. A group that exists only before or only during has one rate, so its
effect is all mix.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class SegmentCounts:
    """Successes and cases of one group of customers, before and during."""

    successes_before: float
    n_before: float
    successes: float
    n: float


@dataclass(frozen=True)
class MixRateDecomposition:
    """Change of a rate because groups of a segment did differently, and because their mix changed. The sum is the whole
    change."""

    segment: str
    rate_effect: float
    mix_effect: float

    @property
    def mix_share(self) -> float:
        """Share of the change that is mix: above 1 or below 0 if the two effects point in opposite directions."""
        total = self.rate_effect + self.mix_effect
        return self.mix_effect / total if total else 0.0


def decompose(segment: str, groups: Iterable[SegmentCounts], total: SegmentCounts) -> MixRateDecomposition | None:
    """Rate and mix effect of a segment. Cases that belong to no group given form one more group.

    None if nothing can be compared: no cases before or during, or groups with more cases than the total.
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
