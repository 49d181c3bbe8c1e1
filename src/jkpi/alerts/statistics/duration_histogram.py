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
"""An edge within which fewer are usually done has little to lose."""


@dataclass(frozen=True, eq=False)
class DurationHistogram:
    """One series over its own T columns, the first of which is the column `start` of a grid.

    `edges` (K,) of its bins in seconds; `within` (T, K) the cases that took at most so long, of `n` (T,), in as few
    bytes as hold them; what is counted below `decided` (T,) seconds changes no more, beyond it `held` (T,) columns
    never will be known.
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
        """(T,) each: how many cases took at most that edge, of how many, and whether that can be told.

        Cases that are not over count as having taken longer, once all of them have been seen for longer.
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
        """The edge within which about half of the cases of some of its columns were done.

        Where durations are all alike no edge is near: then one within which more are done, for only these can be less.
        """
        done, n = self._decided_counts(columns)
        share = done / np.maximum(n, 1.0)
        if share.max() < MIN_EDGE_SHARE:
            return int(share.argmax())
        return int(np.where(share < MIN_EDGE_SHARE, np.inf, np.abs(share - 0.5)).argmin())

    def _decided_counts(self, columns: Ints) -> tuple[Counts, Floats]:
        """(K,) twice: of some of its columns, the cases that took at most so long, and those of which that is known."""
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
    """A series of the cases in each bin: `counts` (T, K + 1), the last of those that took longer than the last edge."""
    cumulative = counts.cumsum(axis=1)
    n = cumulative[:, -1].astype(float)
    cumulative_counts = cumulative[:, :-1].astype(np.min_scalar_type(int(n.max(initial=0.0))))
    return DurationHistogram(start_column, edges, cumulative_counts, n, decided_seconds, is_suspended)


def empty_grid(first_day: date, step_days: int, histograms: Sequence[DurationHistogram]) -> ReadingGrid:
    """The spans of some series, without counts."""
    begin = np.array([histogram.start_column for histogram in histograms], dtype=np.intp)
    end = np.array([histogram.start_column + histogram.length for histogram in histograms], dtype=np.intp)
    shape = (int(end.max(initial=0)), len(histograms))
    successes, n, neutral = (np.zeros(shape) for _ in range(3))
    return ReadingGrid(first_day, step_days, successes, n, neutral, np.zeros(shape, dtype=np.int8), begin, end)


def grid_at_median(first_day: date, step_days: int, histograms: Sequence[DurationHistogram]) -> ReadingGrid:
    """How many of each day were done within the median of all days of their series, at its nearest edge."""
    grid = empty_grid(first_day, step_days, histograms)
    for row, histogram in enumerate(histograms):
        span = slice(histogram.start_column, histogram.start_column + histogram.length)
        edge = histogram.median_edge(np.arange(histogram.length))
        grid.successes[span, row], grid.n[span, row], grid.status[span, row] = histogram.counts_at(edge)
    return grid
