"""Days of many series with known truth: volumes and rates by day of the week, drops in rate and in volume."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from jkpi.alerts.detection.episodes import SeriesResult
from jkpi.alerts.detection.replay import SeriesToEvaluate, replay_grid
from jkpi.alerts.statistics.reading_grid import MISSING, VALID, ReadingGrid
from jkpi.alerts.statistics.rules import AlertRule

Floats = npt.NDArray[np.float64]
FIRST = date(2025, 1, 6)
"""Day 0, a Monday."""
WEEKDAY_VOLUME = np.array([1.2, 1.1, 1.0, 1.0, 1.0, 0.5, 0.4])
CORRELATION = 0.5
"""Correlation of what successive days have in common, in series in which that lasts."""


def binomial_days(
    series: int,
    mean: float,
    lost: Floats,
    seed: int,
    volume: Floats | None = None,
    rate: float | None = None,
    lasting: float = 0.0,
    correlation: float = CORRELATION,
    step_days: int = 1,
) -> ReadingGrid:
    """Poisson volumes around mean, binomial successes at 60 to 92 % (or rate), in each of S series.

    lost (T,): what the rate loses on each day. volume (T,): factor of the mean. lasting: standard deviation, in logits,
    of an effect that successive days share with this correlation. step_days: 7 for weeks.
    """
    rng = np.random.default_rng(seed)
    length = len(lost)
    weekday = np.arange(length) % 7
    base = rng.uniform(0.6, 0.92, series) if rate is None else np.full(series, rate)
    weekly = rng.normal(0.0, 0.02, (7, series))[weekday] if step_days == 1 else np.zeros((length, series))
    profile = WEEKDAY_VOLUME[weekday] if step_days == 1 else np.ones(length)
    factor = np.ones(length) if volume is None else volume
    n = rng.poisson((mean * profile * factor)[:, None], (length, series))
    logit, shared = np.log(base / (1.0 - base)), np.zeros(series)
    rates = np.empty((length, series))
    for day in range(length):
        shared = correlation * shared + np.sqrt(1.0 - correlation**2) * rng.normal(size=series)
        rates[day] = 1.0 / (1.0 + np.exp(-(logit + lasting * shared))) + weekly[day] - lost[day]
    successes = rng.binomial(n, np.clip(rates, 0.0, 0.99)).astype(float)
    return grid_of(successes, n.astype(float), step_days)


def grid_of(successes: Floats, n: Floats, step_days: int = 1) -> ReadingGrid:
    """Grid of counts (T, S); a day without cases has no reading."""
    series = n.shape[1]
    status = np.where(n > 0, VALID, MISSING).astype(np.int8)
    begin, end = np.zeros(series, dtype=np.intp), np.full(series, len(n))
    return ReadingGrid(FIRST, step_days, successes, n, np.zeros_like(n), status, begin, end)


def results_of(grid: ReadingGrid, rule: AlertRule) -> list[SeriesResult]:
    """Replay each series with a budget of its own."""
    return list(replay_grid(grid, [SeriesToEvaluate(rule, number) for number in range(grid.series_count)]))


def day_number(day: date, step_days: int = 1) -> int:
    return (day - FIRST).days // step_days


def delays(results: list[SeriesResult], since: int, step_days: int = 1) -> Floats:
    """(S,): readings from since until the first alert fires, 1 for the first; infinite if none fires or is open."""
    return np.array(
        [
            min(
                (
                    float(max(day_number(episode.fired_on, step_days) - since + 1, 0))
                    for episode in result.episodes
                    if episode.closed_on is None or day_number(episode.closed_on, step_days) >= since
                ),
                default=np.inf,
            )
            for result in results
        ]
    )


def day_of(number: int, step_days: int = 1) -> date:
    return FIRST + timedelta(days=number * step_days)
