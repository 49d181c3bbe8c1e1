"""Detection rates of slowdowns, injected into the history of a series. Pure.

From some day on all cases take a factor longer; cases within the tolerance stay within it, so only the median line can
detect the slowdown. Only counts per bin are available, not single durations: cases are assumed to spread evenly over
their bin. A bin is at most an eighth wide, and the bin of the median has about a twentieth of the cases, so their
spread within it matters little. If times are recorded in whole hours or days, it may have half of them: then results
for slowdowns by less than an eighth are a guess. Counts are rounded to whole cases, and nothing is random.
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
"""Factors that are reported. The others serve to find the minimum detectable slowdown."""
INJECTED_FACTORS = (1.05, 1.1, 1.2, 1.3, 1.5, 2.0, 3.0)
MAX_BIN_RATIO, MIN_BIN_SECONDS = 9.0 / 8.0, 1.0
"""Largest ratio of the edges of a bin, and smallest width in seconds (macros/durations.sql)."""


@dataclass(frozen=True)
class SlowdownDetectionRate(DetectionRate):
    """factor: all cases took this many times as long."""

    factor: float


def inject_slowdowns(
    histogram: DurationHistogram, first_day: date, rule: AlertRule, result: SeriesResult, tolerance: float = np.inf
) -> list[SlowdownDetectionRate]:
    """Detection rate of each slowdown, the smallest first. Empty if the history is too short.

    first_day: of column 0. rule: of the sign test. result: of the series. tolerance: in seconds.
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
    grid_of_copies = empty_grid(first_day, rule.config.step_days, copies)
    grid_of_copies = grid_of_copies.with_holidays(result.holidays, [None] * len(copies))
    results = replay_grid(grid_of_copies, to_evaluate, copies)
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
    """Histogram in which all cases take factor times as long, but cases within the tolerance no longer than that.

    Cases within t now are those within t / factor before; cases within the tolerance stay as many.
    """
    counts = np.diff(histogram.cumulative_counts.astype(float), axis=1, prepend=0.0)
    slowed_counts = counts @ _share_done(histogram.edges, histogram.edges / factor)
    kept_counts = counts @ _share_done(histogram.edges, np.array([tolerance]))
    cumulative = np.where(histogram.edges >= tolerance, np.maximum(slowed_counts, kept_counts), slowed_counts)
    return replace(histogram, cumulative_counts=np.rint(cumulative).astype(histogram.cumulative_counts.dtype))


def _share_done(edges: Floats, limits: Floats) -> Floats:
    """(K, P): share of the cases of each bin that took at most each of P times."""
    before = np.concatenate([[0.0], edges[:-1]])
    # Empty bins are missing from edges, so a bin may begin above the edge before it.
    lower = np.maximum(before, np.minimum(edges / MAX_BIN_RATIO, edges - MIN_BIN_SECONDS))
    share: Floats = np.clip((limits - lower[:, None]) / (edges - lower)[:, None], 0.0, 1.0)
    return share


def _splice(histogram: DurationHistogram, slowed: DurationHistogram, start: int, length: int) -> DurationHistogram:
    """The histogram up to column start, then the slowed one for length columns."""
    offset, until = start - histogram.start_column, start - histogram.start_column + length
    cumulative = np.concatenate([histogram.cumulative_counts[:offset], slowed.cumulative_counts[offset:until]])
    return replace(
        histogram,
        cumulative_counts=cumulative,
        n=histogram.n[:until],
        decided_seconds=histogram.decided_seconds[:until],
        is_suspended=histogram.is_suspended[:until],
    )
