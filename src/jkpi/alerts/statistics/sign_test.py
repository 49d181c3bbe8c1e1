"""The sign test of durations: how many cases of a day took at most the usual median, of which usually half do. Pure.

The median is that of the series' own usual days, on which its baseline rests, at the nearest edge of the bins in which
durations are counted; what is usual is the share within that very edge. The edge follows the usual days, but never
while anything is in question (evidence above zero, a low day, pooled cases, an open alert): what is told of a stretch
is counted at one edge. When it moves, the whole past is counted anew.

Source: Amin, Reynolds and Bakir (1995), "Nonparametric quality control charts based on the sign statistic",
Communications in Statistics: Theory and Methods 24.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from jkpi.alerts.statistics import reading_matrix as marks
from jkpi.alerts.statistics.baseline import Past
from jkpi.alerts.statistics.beta_binomial import Flags, Floats, Whole
from jkpi.alerts.statistics.reading_matrix import Grid, Marks
from jkpi.alerts.statistics.rules import Cadence

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


SLACK = 0.05
"""An edge within which between 45 and 55 % of the usual cases are done is near enough to the median."""
_NOWHERE = -1


class Signs:
    """The edges of S series as they move; writes what is counted at them into `grid`, which it owns.

    A nearer edge is looked for once a week: the window moves on slowly.
    """

    def __init__(self, grid: Grid, durations: Sequence[Durations], cadence: Cadence) -> None:
        self._grid, self._durations, self._week = grid, durations, cadence.cycle
        self._at: Whole = np.full(grid.series, _NOWHERE, dtype=np.intp)
        self._edges: list[list[tuple[int, float]]] = [[] for _ in durations]
        self._looked: Whole = np.zeros(grid.series, dtype=np.intp)
        self._waits = np.zeros((grid.length, grid.series), dtype=bool)

    def go(self, column: int, past: Past, calm: Flags) -> None:
        """Before a column is judged; `calm` (S,): nothing is in question."""
        for row in np.flatnonzero(self._grid.begin == column):
            self._move(int(row), column, self._durations[int(row)].nearest_half(np.array([0])))
        share, has = past.share()
        due = column - self._looked >= self._week
        rows = np.flatnonzero(calm & due & has & (np.abs(share - 0.5) > SLACK))
        self._looked[rows] = column
        windows = zip(rows, past.windows(rows), strict=True)
        nearest = np.array([self._nearest(int(row), window) for row, window in windows], dtype=np.intp)
        moved = nearest != self._at[rows]
        for row, edge in zip(rows[moved], nearest[moved], strict=True):
            self._move(int(row), column, int(edge))
        past.recount(rows[moved])

    def waits(self, column: int) -> Flags:
        """(S,): some cases of the column are open and may still be done in time: it is not there yet."""
        waits: Flags = self._waits[column]
        return waits

    def edge(self, row: int, column: int) -> float:
        """The edge at which a column was judged, in seconds."""
        return [seconds for since, seconds in self._edges[row] if since <= column][-1]

    def _nearest(self, row: int, window: Whole) -> int:
        one = self._durations[row]
        return one.nearest_half(window - one.start)

    def _move(self, row: int, column: int, edge: int) -> None:
        one = self._durations[row]
        span = slice(one.start, one.start + one.length)
        good, n, mark = one.at(edge)
        self._grid.good[span, row], self._grid.n[span, row], self._grid.mark[span, row] = good, n, mark
        self._waits[span, row] = (one.n > 0) & (mark == marks.ABSENT)
        self._at[row] = edge
        self._edges[row].append((column, float(one.edges[edge])))
