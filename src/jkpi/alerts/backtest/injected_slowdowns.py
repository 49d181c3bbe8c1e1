"""How soon a slowdown would have been seen at a series' own volume: planted in its own past, and judged. Pure.

From some day on all takes so many times as long, and what was within its tolerance stays within it: the median line
alone can tell. Single durations are not known here, only how many lie in each bin. Those of a bin are taken to be
spread evenly over it; what then reaches an edge later than before is counted there no more. Bins are an eighth wide at
the most, and that of the usual median holds a twentieth of the cases or so: how they lie in it matters little. Where
times are taken in whole hours or days it may hold half of them: then what is said of slowdowns by less than an eighth
is a guess. Counts are rounded to whole cases, and nothing is drawn: what differs by chance is the past's own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

import numpy as np

from jkpi.alerts.backtest.injected_drops import Seen, calm_starts, how_soon
from jkpi.alerts.detection.episodes import Track
from jkpi.alerts.detection.replay import Tried, replay_all
from jkpi.alerts.statistics.beta_binomial import Floats
from jkpi.alerts.statistics.rules import Rule
from jkpi.alerts.statistics.sign_test import Durations, at_middle, blank

TOLD_TIMES = (1.2, 1.5, 2.0)
"""Those that are told; the others find out the smallest slowdown that shows."""
TIMES = (1.05, 1.1, 1.2, 1.3, 1.5, 2.0, 3.0)
WIDEST, LEAST = 9.0 / 8.0, 1.0
"""The upper edge of a bin against its lower one, and the least width in seconds (macros/durations.sql)."""


@dataclass(frozen=True)
class SeenSlowdown(Seen):
    """All took so many `times` as long."""

    times: float


def plant_slowdowns(
    durations: Durations, first: date, rule: Rule, track: Track, tolerance: float = np.inf
) -> list[SeenSlowdown]:
    """One line for each slowdown, the smallest first; none where the past is too short to plant any.

    `first`: the day of column 0; `rule`: of the sign test; `track`: what became of the series; `tolerance` in seconds.
    """
    grid = at_middle(first, rule.cadence.step, [durations])
    starts = calm_starts(grid, 0, rule, track)
    if not len(starts):
        return []
    slowed = [slower(durations, times, tolerance) for times in TIMES]
    copies = [_from(durations, one, int(start), rule.cadence.learning) for one in slowed for start in starts]
    tried = [Tried(rule, number) for number in range(len(copies))]
    tracks = replay_all(blank(first, rule.cadence.step, copies), tried, copies)
    seen = [how_soon(grid, starts, islice(tracks, len(starts)), rule.cadence.cycle) for _ in TIMES]
    return [SeenSlowdown(*one, times) for times, one in zip(TIMES, seen, strict=True) if one is not None]


def slower(one: Durations, times: float, tolerance: float = np.inf) -> Durations:
    """All cases take so many times as long, but for those within the tolerance no longer than that.

    As many are done by some time as were done by that time over `times`; those by the tolerance, as many as were.
    """
    counts = np.diff(one.within.astype(float), axis=1, prepend=0.0)
    moved = counts @ _done(one.edges, one.edges / times)
    kept = counts @ _done(one.edges, np.array([tolerance]))
    within = np.where(one.edges >= tolerance, np.maximum(moved, kept), moved)
    return replace(one, within=np.rint(within).astype(one.within.dtype))


def _done(edges: Floats, by: Floats) -> Floats:
    """(K, P): the share of each bin's cases that took at most each of P times."""
    before = np.concatenate([[0.0], edges[:-1]])
    # A bin that nobody was in is not there: the next one begins where it would.
    lower = np.maximum(before, np.minimum(edges / WIDEST, edges - LEAST))
    done: Floats = np.clip((by - lower[:, None]) / (edges - lower)[:, None], 0.0, 1.0)
    return done


def _from(one: Durations, slowed: Durations, start: int, lasting: int) -> Durations:
    """The one until a column of the grid, then the slowed one, ending a month after it began."""
    own, until = start - one.start, start - one.start + lasting
    within = np.concatenate([one.within[:own], slowed.within[own:until]])
    return replace(one, within=within, n=one.n[:until], decided=one.decided[:until], held=one.held[:until])
