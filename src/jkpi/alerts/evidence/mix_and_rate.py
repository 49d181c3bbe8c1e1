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
class Group:
    """Good outcomes and cases of one group of customers, before and during."""

    good_before: float
    n_before: float
    good: float
    n: float


@dataclass(frozen=True)
class Effects:
    """By how much a rate changed because the groups of `segment` did otherwise, and because others came. Their sum is
    the change of the whole."""

    segment: str
    rate: float
    mix: float

    @property
    def mix_share(self) -> float:
        """The part of the change that is mix: above 1, or below 0, where the two work against each other."""
        whole = self.rate + self.mix
        return self.mix / whole if whole else 0.0


def effects(segment: str, groups: Iterable[Group], whole: Group) -> Effects | None:
    """What of the whole's change is rate and what is mix. Cases that are in no group given are a group of their own.

    None where there is nothing to compare: no cases before or none during, or groups that hold more than the whole.
    """
    known = [group for group in groups if group.n or group.n_before]
    rest = Group(
        whole.good_before - sum(group.good_before for group in known),
        whole.n_before - sum(group.n_before for group in known),
        whole.good - sum(group.good for group in known),
        whole.n - sum(group.n for group in known),
    )
    if not whole.n or not whole.n_before or min(rest.n, rest.n_before) < 0:
        return None
    rate_effect = mix_effect = 0.0
    for group in [*known, rest]:
        if not group.n and not group.n_before:
            continue
        before = group.good_before / group.n_before if group.n_before else group.good / group.n
        during = group.good / group.n if group.n else before
        weight_before, weight = group.n_before / whole.n_before, group.n / whole.n
        rate_effect += (during - before) * (weight_before + weight) / 2.0
        mix_effect += (weight - weight_before) * (before + during) / 2.0
    return Effects(segment, rate_effect, mix_effect)
