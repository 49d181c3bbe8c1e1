"""How long the cases of each day took, in bins. Pure data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from jkpi.alerts import grid as marks
from jkpi.alerts.grid import Grid, Marks
from jkpi.alerts.tails import Flags, Floats, Whole

Counts = npt.NDArray[np.unsignedinteger[Any]]

LEAST_SHARE = 0.4
"""An edge within which fewer are usually done has little to lose."""


@dataclass(frozen=True, eq=False)
class Durations:
    """One series over its own T columns, the first of which is the column `start` of a grid.

    `edges` (K,) of its bins in seconds; `within` (T, K) the cases that took at most so long, of `n` (T,), in as few
    bytes as hold them; what is counted below `decided` (T,) seconds changes no more, beyond it `held` (T,) columns
    never will be known.
    """

    start: int
    edges: Floats
    within: Counts
    n: Floats
    decided: Floats
    held: Flags

    @property
    def length(self) -> int:
        return len(self.n)

    def at(self, edge: int) -> tuple[Floats, Floats, Marks]:
        """(T,) each: how many cases took at most that edge, of how many, and whether that can be told.

        Cases that are not over count as having taken longer, once all of them have been seen for longer.
        """
        known = (self.n > 0) & (self.edges[edge] < self.decided)
        mark = np.where(known, marks.READ, np.where((self.n > 0) & self.held, marks.HELD, marks.ABSENT))
        return (
            np.where(known, self.within[:, edge], 0.0),
            np.where(known, self.n, 0.0),
            mark.astype(np.int8),
        )

    def nearest_half(self, columns: Whole) -> int:
        """The edge within which about half of the cases of some of its columns were done.

        Where durations are all alike no edge is near: then one within which more are done, for only these can be less.
        """
        done, n = self._decided(columns)
        share = done / np.maximum(n, 1.0)
        if share.max() < LEAST_SHARE:
            return int(share.argmax())
        return int(np.where(share < LEAST_SHARE, np.inf, np.abs(share - 0.5)).argmin())

    def _decided(self, columns: Whole) -> tuple[Counts, Floats]:
        """(K,) twice: of some of its columns, the cases that took at most so long, and those of which that is known."""
        within, n, decided = self.within[columns], self.n[columns], self.decided[columns]
        if decided.min() > self.edges[-1]:
            return within.sum(axis=0), np.full(len(self.edges), n.sum())
        known = self.edges < decided[:, None]
        return (within * known).sum(axis=0), n @ known


def counted(start: int, edges: Floats, counts: npt.NDArray[Any], decided: Floats, held: Flags) -> Durations:
    """A series of the cases in each bin: `counts` (T, K + 1), the last of those that took longer than the last edge."""
    within = counts.cumsum(axis=1)
    n = within[:, -1].astype(float)
    kept = within[:, :-1].astype(np.min_scalar_type(int(n.max(initial=0.0))))
    return Durations(start, edges, kept, n, decided, held)


def blank(first: date, step: int, durations: Sequence[Durations]) -> Grid:
    """The spans of some series, without counts."""
    begin = np.array([one.start for one in durations], dtype=np.intp)
    end = np.array([one.start + one.length for one in durations], dtype=np.intp)
    shape = (int(end.max(initial=0)), len(durations))
    good, n, passive = (np.zeros(shape) for _ in range(3))
    return Grid(first, step, good, n, passive, np.zeros(shape, dtype=np.int8), begin, end)


def at_middle(first: date, step: int, durations: Sequence[Durations]) -> Grid:
    """How many of each day were done within the median of all days of their series, at its nearest edge."""
    grid = blank(first, step, durations)
    for row, one in enumerate(durations):
        span = slice(one.start, one.start + one.length)
        edge = one.nearest_half(np.arange(one.length))
        grid.good[span, row], grid.n[span, row], grid.mark[span, row] = one.at(edge)
    return grid
