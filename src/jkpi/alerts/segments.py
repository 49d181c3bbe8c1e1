"""Many segments of one moment share one false-alarm budget: false discovery control. Pure.

Tails are held to Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57: of m segments the k
smallest tails pass where the k-th is at most level * k / m. Evidence is a likelihood ratio over a stretch that the data
chose, which has no tail but is an e-value: the k largest pass where the k-th is at least m / k times what one series
alone would need (Wang and Ramdas (2022), Journal of the Royal Statistical Society B 84). That holds however segments
overlap or depend on each other.
"""

from __future__ import annotations

import numpy as np

from jkpi.alerts.tails import Flags, Floats, Whole


def passing_tails(group: Whole, tail: Floats, level: Floats, family: Floats) -> Flags:
    """(N,): which candidates pass; each array (N,), `group` the moment, `family` its number of segments."""
    return passing_evidence(group, np.log(level) - np.log(np.maximum(tail, 1e-300)), family)


def passing_evidence(group: Whole, excess: Floats, family: Floats) -> Flags:
    """(N,): the same for evidence, `excess` being its logarithm above what one series alone would need."""
    if not len(group):
        return np.zeros(0, dtype=bool)
    order = np.lexsort((-excess, group))
    in_order = group[order]
    starts = np.flatnonzero(np.concatenate([[True], in_order[1:] != in_order[:-1]]))
    number = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(group))))
    rank = np.arange(len(group)) - starts[number] + 1
    enough = excess[order] >= np.log(family[order] / rank)
    most = np.zeros(len(starts), dtype=np.intp)
    np.maximum.at(most, number, np.where(enough, rank, 0))
    passing = np.zeros(len(group), dtype=bool)
    passing[order] = rank <= most[number]
    return passing
