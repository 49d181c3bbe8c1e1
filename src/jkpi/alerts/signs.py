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

import numpy as np

from jkpi.alerts import grid as marks
from jkpi.alerts.durations import Durations
from jkpi.alerts.grid import Grid
from jkpi.alerts.judge import Cadence
from jkpi.alerts.past import Past
from jkpi.alerts.tails import Flags, Whole

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
