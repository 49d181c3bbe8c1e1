"""Detection rates: drops injected into the history of a series, and evaluated. Pure.

Each copy of the series keeps its history up to some day, and loses a given share of successes from then on, at random.
The generator is seeded by the name of the series, so the result is reproducible.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar
from zlib import crc32

import numpy as np

from jkpi.alerts.detection.episodes import SeriesResult
from jkpi.alerts.detection.replay import SeriesToEvaluate, replay_grid
from jkpi.alerts.statistics import reading_grid
from jkpi.alerts.statistics.beta_binomial import Floats, Ints
from jkpi.alerts.statistics.reading_grid import ReadingGrid
from jkpi.alerts.statistics.rules import AlertRule

REPORTED_DROPS = (0.05, 0.10, 0.20)
"""Drops that are reported, as rates. The others serve to find the minimum detectable drop."""
INJECTED_DROPS = (0.01, 0.02, 0.03, 0.05, 0.07, 0.10, 0.15, 0.20, 0.30)
MAX_STARTS = 24
POWER = 0.8
"""Share of injected drops that must be detected within a week for their size to count as detectable."""


@dataclass(frozen=True)
class DetectionRate:
    """injected: number of copies. within_1_week: share detected in the first week (weekly series: at the first
    reading). within_2_weeks: in the first two. median_delay: readings until detection, None if fewer than half were
    detected in four weeks."""

    injected: int
    within_1_week: float
    within_2_weeks: float
    median_delay: int | None


@dataclass(frozen=True)
class DropDetectionRate(DetectionRate):
    """drop: as a rate."""

    drop: float


DetectionRateT = TypeVar("DetectionRateT", bound=DetectionRate)


def inject_drops(
    grid: ReadingGrid, row: int, rule: AlertRule, result: SeriesResult, seed_name: str
) -> list[DropDetectionRate]:
    """Detection rate of each drop, the smallest first. Empty if the history is too short."""
    starts = quiet_starts(grid, row, rule, result)
    if not len(starts):
        return []
    drops = np.repeat(INJECTED_DROPS, len(starts))
    copies = _injected_copies(
        grid, row, np.tile(starts, len(INJECTED_DROPS)), drops, rule.config.learning_readings, seed_name
    )
    copies = copies.with_holidays(result.holidays, [None] * copies.series_count)
    results = replay_grid(copies, [SeriesToEvaluate(rule, number) for number in range(len(drops))])
    measurements = [
        measure_detection(grid, starts, islice(results, len(starts)), rule.config.season_length) for _ in INJECTED_DROPS
    ]
    return [
        DropDetectionRate(*measurement, drop)
        for drop, measurement in zip(INJECTED_DROPS, measurements, strict=True)
        if measurement is not None
    ]


def minimum_detectable(rates: Sequence[DetectionRateT]) -> DetectionRateT | None:
    """Smallest rate from which on all larger ones are detected within a week at least POWER of the time. rates:
    smallest first."""
    detectable = None
    for rate in reversed(rates):
        if rate.within_1_week < POWER:
            break
        detectable = rate
    return detectable


def measure_detection(
    grid: ReadingGrid, starts: Ints, results: Iterable[SeriesResult], season_length: int
) -> tuple[int, float, float, int | None] | None:
    """Fields of DetectionRate for copies with something injected at each start; None if all had an alert open there."""
    delays = []
    for start, result in zip(starts, results, strict=True):
        onset = grid.day(int(start))
        if any(
            episode.fired_on < onset and (episode.closed_on is None or episode.closed_on >= onset)
            for episode in result.episodes
        ):
            continue
        copy_delays = [
            (episode.fired_on - onset).days // grid.step_days + 1
            for episode in result.episodes
            if episode.fired_on >= onset
        ]
        delays.append(min(copy_delays, default=np.inf))
    if not delays:
        return None
    delay_values = np.array(delays)
    median_value = float(np.quantile(delay_values, 0.5, method="higher"))
    median_delay = int(median_value) if np.isfinite(median_value) else None
    return (
        len(delay_values),
        float((delay_values <= season_length).mean()),
        float((delay_values <= 2 * season_length).mean()),
        median_delay,
    )


def quiet_starts(grid: ReadingGrid, row: int, rule: AlertRule, result: SeriesResult) -> Ints:
    """Columns with a reading, spread over the history after learning, outside of alerts and before the last week."""
    learning_readings = rule.config.learning_readings
    earliest = int(grid.begin[row]) + learning_readings + 2 * rule.config.gap
    columns = np.flatnonzero((grid.status[:, row] == reading_grid.VALID) & (grid.n[:, row] > 0))
    columns = columns[(columns >= earliest) & (columns < int(grid.end[row]) - rule.config.season_length)]
    # A drop injected into a drop shows nothing.
    alert_spans = [(episode.onset, episode.closed_on or grid.day(grid.length)) for episode in result.episodes]
    quiet = [
        column for column in columns if not any(first <= grid.day(int(column)) <= last for first, last in alert_spans)
    ]
    starts: Ints = np.array(quiet, dtype=np.intp)
    if len(starts) <= MAX_STARTS:
        return starts
    return starts[np.linspace(0, len(starts) - 1, MAX_STARTS).astype(np.intp)]


def _injected_copies(
    grid: ReadingGrid, row: int, starts: Ints, drops: Floats, length: int, seed_name: str
) -> ReadingGrid:
    """Copies of the series, each with its own drop, ending a month after it."""
    copy_count = len(starts)
    rng = np.random.default_rng(crc32(seed_name.encode()))
    successes, n, neutral = (
        np.repeat(values[:, [row]], copy_count, axis=1) for values in (grid.successes, grid.n, grid.neutral)
    )
    column = np.arange(grid.length)[:, None]
    since, until = starts[None, :], np.minimum(starts + length, int(grid.end[row]))
    mean_rate = successes.sum(axis=0) / np.maximum(n.sum(axis=0), 1.0)
    loss_probability = np.where(column >= since, np.minimum(drops / np.maximum(mean_rate, 1e-9), 1.0), 0.0)
    # Half counts are successes too: whole numbers are drawn, and removed from both in proportion.
    removed = np.minimum(rng.binomial(np.ceil(successes).astype(np.int64), loss_probability), successes)
    remaining_fraction = 1.0 - removed / np.maximum(successes, 1e-9)
    status = np.where(column < until, grid.status[:, [row]], reading_grid.MISSING).astype(np.int8)
    begin = np.full(copy_count, int(grid.begin[row]))
    return ReadingGrid(
        grid.first_day,
        grid.step_days,
        successes * remaining_fraction,
        n,
        neutral * remaining_fraction,
        status,
        begin,
        until.ravel(),
    )
