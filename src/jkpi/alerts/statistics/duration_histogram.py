"""Durations of the cases of each day, counted in bins. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from jkpi.alerts.statistics import reading_grid
from jkpi.alerts.statistics.beta_binomial import Bools, Floats, Ints
from jkpi.alerts.statistics.reading_grid import CellStatuses, ReadingGrid

Counts = npt.NDArray[np.unsignedinteger[Any]]

MIN_EDGE_SHARE = 0.4
"""An edge with a smaller share of cases within it is not used: too few cases could leave it."""


@dataclass(frozen=True, eq=False)
class DurationHistogram:
    """Durations of one series over its own T columns; the first is column start_column of a grid.

    edges (K,): upper edges of the bins, in seconds. cumulative_counts (T, K): cases that took at most so long, in the
    smallest integer type that can store them; n (T,): all cases. decided_seconds (T,): counts below it are final.
    is_suspended (T,): counts above decided_seconds will never be known.
    """

    start_column: int
    edges: Floats
    cumulative_counts: Counts
    n: Floats
    decided_seconds: Floats
    is_suspended: Bools

    @property
    def length(self) -> int:
        return len(self.n)

    def counts_at(self, edge: int) -> tuple[Floats, Floats, CellStatuses]:
        """(T,) each: cases within an edge, all cases, and status: VALID where the count is final.

        An open case counts as longer than the edge once every case of the day has been observed for longer than it.
        """
        is_known = (self.n > 0) & (self.edges[edge] < self.decided_seconds)
        status = np.where(
            is_known,
            reading_grid.VALID,
            np.where((self.n > 0) & self.is_suspended, reading_grid.SUSPENDED, reading_grid.MISSING),
        )
        return (
            np.where(is_known, self.cumulative_counts[:, edge], 0.0),
            np.where(is_known, self.n, 0.0),
            status.astype(np.int8),
        )

    def median_edge(self, columns: Ints) -> int:
        """Edge within which about half of the cases of these columns finished.

        If all durations are alike no edge is near the median. Then an edge with more cases is taken: it can show a
        loss.
        """
        done, n = self._decided_counts(columns)
        share = done / np.maximum(n, 1.0)
        if share.max() < MIN_EDGE_SHARE:
            return int(share.argmax())
        return int(np.where(share < MIN_EDGE_SHARE, np.inf, np.abs(share - 0.5)).argmin())

    def _decided_counts(self, columns: Ints) -> tuple[Counts, Floats]:
        """(K,) twice: cases of these columns within each edge, and cases for which that is known."""
        cumulative_counts, n, decided_seconds = (
            self.cumulative_counts[columns],
            self.n[columns],
            self.decided_seconds[columns],
        )
        if decided_seconds.min() > self.edges[-1]:
            return cumulative_counts.sum(axis=0), np.full(len(self.edges), n.sum())
        is_known = self.edges < decided_seconds[:, None]
        return (cumulative_counts * is_known).sum(axis=0), n @ is_known


def histogram_from_counts(
    start_column: int, edges: Floats, counts: npt.NDArray[Any], decided_seconds: Floats, is_suspended: Bools
) -> DurationHistogram:
    """Histogram from counts per bin. counts (T, K + 1): the last column counts cases longer than the last edge."""
    cumulative = counts.cumsum(axis=1)
    n = cumulative[:, -1].astype(float)
    cumulative_counts = cumulative[:, :-1].astype(np.min_scalar_type(int(n.max(initial=0.0))))
    return DurationHistogram(start_column, edges, cumulative_counts, n, decided_seconds, is_suspended)


def empty_grid(first_day: date, step_days: int, histograms: Sequence[DurationHistogram]) -> ReadingGrid:
    """Grid with the spans of these series and no counts."""
    begin = np.array([histogram.start_column for histogram in histograms], dtype=np.intp)
    end = np.array([histogram.start_column + histogram.length for histogram in histograms], dtype=np.intp)
    shape = (int(end.max(initial=0)), len(histograms))
    successes, n, neutral = (np.zeros(shape) for _ in range(3))
    return ReadingGrid(first_day, step_days, successes, n, neutral, np.zeros(shape, dtype=np.int8), begin, end)


def grid_at_median(first_day: date, step_days: int, histograms: Sequence[DurationHistogram]) -> ReadingGrid:
    """Grid of the counts within the median over all columns of each series."""
    grid = empty_grid(first_day, step_days, histograms)
    for row, histogram in enumerate(histograms):
        span = slice(histogram.start_column, histogram.start_column + histogram.length)
        edge = histogram.median_edge(np.arange(histogram.length))
        grid.successes[span, row], grid.n[span, row], grid.status[span, row] = histogram.counts_at(edge)
    return grid
