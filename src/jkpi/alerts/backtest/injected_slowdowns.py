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

from jkpi.alerts.backtest.injected_drops import DetectionRate, measure_detection, quiet_starts
from jkpi.alerts.detection.episodes import SeriesResult
from jkpi.alerts.detection.replay import SeriesToEvaluate, replay_grid
from jkpi.alerts.statistics.beta_binomial import Floats
from jkpi.alerts.statistics.duration_histogram import DurationHistogram, empty_grid, grid_at_median
from jkpi.alerts.statistics.rules import AlertRule

REPORTED_FACTORS = (1.2, 1.5, 2.0)
"""Those that are told; the others find out the smallest slowdown that shows."""
INJECTED_FACTORS = (1.05, 1.1, 1.2, 1.3, 1.5, 2.0, 3.0)
MAX_BIN_RATIO, MIN_BIN_SECONDS = 9.0 / 8.0, 1.0
"""The upper edge of a bin against its lower one, and the least width in seconds (macros/durations.sql)."""


@dataclass(frozen=True)
class SlowdownDetectionRate(DetectionRate):
    """All took so many `times` as long."""

    factor: float


def inject_slowdowns(
    histogram: DurationHistogram, first_day: date, rule: AlertRule, result: SeriesResult, tolerance: float = np.inf
) -> list[SlowdownDetectionRate]:
    """One line for each slowdown, the smallest first; none where the past is too short to plant any.

    `first`: the day of column 0; `rule`: of the sign test; `track`: what became of the series; `tolerance` in seconds.
    """
    grid = grid_at_median(first_day, rule.config.step_days, [histogram])
    starts = quiet_starts(grid, 0, rule, result)
    if not len(starts):
        return []
    slowed_histograms = [slow_down(histogram, factor, tolerance) for factor in INJECTED_FACTORS]
    copies = [
        _splice(histogram, entry, int(start), rule.config.learning_readings)
        for entry in slowed_histograms
        for start in starts
    ]
    to_evaluate = [SeriesToEvaluate(rule, number) for number in range(len(copies))]
    results = replay_grid(empty_grid(first_day, rule.config.step_days, copies), to_evaluate, copies)
    measurements = [
        measure_detection(grid, starts, islice(results, len(starts)), rule.config.season_length)
        for _ in INJECTED_FACTORS
    ]
    return [
        SlowdownDetectionRate(*entry, factor)
        for factor, entry in zip(INJECTED_FACTORS, measurements, strict=True)
        if entry is not None
    ]


def slow_down(histogram: DurationHistogram, factor: float, tolerance: float = np.inf) -> DurationHistogram:
    """All cases take so many times as long, but for those within the tolerance no longer than that.

    As many are done by some time as were done by that time over `times`; those by the tolerance, as many as were.
    """
    counts = np.diff(histogram.cumulative_counts.astype(float), axis=1, prepend=0.0)
    slowed_counts = counts @ _share_done(histogram.edges, histogram.edges / factor)
    kept_counts = counts @ _share_done(histogram.edges, np.array([tolerance]))
    cumulative = np.where(histogram.edges >= tolerance, np.maximum(slowed_counts, kept_counts), slowed_counts)
    return replace(histogram, cumulative_counts=np.rint(cumulative).astype(histogram.cumulative_counts.dtype))


def _share_done(edges: Floats, limits: Floats) -> Floats:
    """(K, P): the share of each bin's cases that took at most each of P times."""
    before = np.concatenate([[0.0], edges[:-1]])
    # A bin that nobody was in is not there: the next one begins where it would.
    lower = np.maximum(before, np.minimum(edges / MAX_BIN_RATIO, edges - MIN_BIN_SECONDS))
    share: Floats = np.clip((limits - lower[:, None]) / (edges - lower)[:, None], 0.0, 1.0)
    return share


def _splice(histogram: DurationHistogram, slowed: DurationHistogram, start: int, length: int) -> DurationHistogram:
    """The one until a column of the grid, then the slowed one, ending a month after it began."""
    offset, until = start - histogram.start_column, start - histogram.start_column + length
    cumulative = np.concatenate([histogram.cumulative_counts[:offset], slowed.cumulative_counts[offset:until]])
    return replace(
        histogram,
        cumulative_counts=cumulative,
        n=histogram.n[:until],
        decided_seconds=histogram.decided_seconds[:until],
        is_suspended=histogram.is_suspended[:until],
    )
