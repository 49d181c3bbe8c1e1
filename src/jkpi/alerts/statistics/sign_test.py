"""Sign test of durations: how many cases of a day took at most the usual median, which about half usually do. Pure.

The median is that of the days in the baseline window, rounded to the nearest edge of the duration bins; the expected
rate is the share within that edge. The edge follows the window, but never while an alert may be building (CUSUM above
zero, a low day, pooled cases, an open alert), so that all days of an episode are counted at one edge. When the edge
moves, the whole history is counted again.

Source: Amin, Reynolds and Bakir (1995), "Nonparametric quality control charts based on the sign statistic",
Communications in Statistics: Theory and Methods 24.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jkpi.alerts.statistics import reading_grid
from jkpi.alerts.statistics.baseline import Baseline
from jkpi.alerts.statistics.beta_binomial import Bools, Ints
from jkpi.alerts.statistics.duration_histogram import DurationHistogram
from jkpi.alerts.statistics.reading_grid import ReadingGrid
from jkpi.alerts.statistics.rules import EvaluationConfig

MEDIAN_TOLERANCE = 0.05
"""An edge is near enough to the median if between 45 and 55 % of the cases in the window are within it."""
_NO_EDGE = -1


class SignTest:
    """Median edges of S series. Writes the counts at the current edges into grid, which it owns.

    A nearer edge is looked for once a week, because the window moves slowly.
    """

    def __init__(self, grid: ReadingGrid, histograms: Sequence[DurationHistogram], config: EvaluationConfig) -> None:
        self._grid, self._histograms, self._season_length = grid, histograms, config.season_length
        self._current_edge: Ints = np.full(grid.series_count, _NO_EDGE, dtype=np.intp)
        self._edge_history: list[list[tuple[int, float]]] = [[] for _ in histograms]
        self._last_checked: Ints = np.zeros(grid.series_count, dtype=np.intp)
        self._is_pending = np.zeros((grid.length, grid.series_count), dtype=bool)

    def update_edges(self, column: int, baseline: Baseline, is_quiet: Bools) -> None:
        """Move edges before a column is evaluated. is_quiet (S,): no alert is open or building."""
        for row in np.flatnonzero(self._grid.begin == column):
            self._set_edge(int(row), column, self._histograms[int(row)].median_edge(np.array([0])))
        window_rate, has_cases = baseline.window_rate()
        is_due = column - self._last_checked >= self._season_length
        rows = np.flatnonzero(is_quiet & is_due & has_cases & (np.abs(window_rate - 0.5) > MEDIAN_TOLERANCE))
        self._last_checked[rows] = column
        windows = zip(rows, baseline.windows(rows), strict=True)
        nearest = np.array([self._nearest_edge(int(row), window) for row, window in windows], dtype=np.intp)
        moved = nearest != self._current_edge[rows]
        for row, edge in zip(rows[moved], nearest[moved], strict=True):
            self._set_edge(int(row), column, int(edge))
        baseline.recompute(rows[moved])

    def is_pending(self, column: int) -> Bools:
        """(S,): some cases of the column are open and may still finish within the edge, so it has no reading yet."""
        is_pending: Bools = self._is_pending[column]
        return is_pending

    def edge_seconds(self, row: int, column: int) -> float:
        """Edge at which a column was evaluated, in seconds."""
        return [seconds for since, seconds in self._edge_history[row] if since <= column][-1]

    def _nearest_edge(self, row: int, window: Ints) -> int:
        histogram = self._histograms[row]
        return histogram.median_edge(window - histogram.start_column)

    def _set_edge(self, row: int, column: int, edge: int) -> None:
        histogram = self._histograms[row]
        span = slice(histogram.start_column, histogram.start_column + histogram.length)
        successes, n, status = histogram.counts_at(edge)
        self._grid.successes[span, row], self._grid.n[span, row], self._grid.status[span, row] = successes, n, status
        self._is_pending[span, row] = (histogram.n > 0) & (status == reading_grid.MISSING)
        self._current_edge[row] = edge
        self._edge_history[row].append((column, float(histogram.edges[edge])))
