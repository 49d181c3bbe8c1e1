"""What jkpi makes of given counts: alerts when they fire, and every message about them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from jkpi.alerts.detection.episodes import SeriesResult
from jkpi.alerts.detection.replay import SeriesToEvaluate, replay_grid
from jkpi.alerts.statistics.reading_grid import VALID, ReadingGrid
from jkpi.alerts.statistics.rules import AlertRule


def evaluated(
    successes: np.ndarray,
    n: np.ndarray,
    first: date,
    rules: Sequence[AlertRule],
    holiday_affected: np.ndarray | None = None,
    groups: Sequence[int] | None = None,
) -> list[SeriesResult]:
    """Results of each series, from successes and cases (T, S) since first.

    holiday_affected (T, S): days left out as holidays. groups: of series that share a budget; by default none do.
    """
    length, series = n.shape
    status = np.where(n > 0, VALID, 0).astype(np.int8)
    begin, end = np.zeros(series, dtype=np.intp), np.full(series, length)
    step = rules[0].config.step_days
    grid = ReadingGrid(first, step, successes, n, np.zeros_like(n), status, begin, end, holiday_affected)
    numbers = range(series) if groups is None else groups
    return list(replay_grid(grid, [SeriesToEvaluate(*pair) for pair in zip(rules, numbers, strict=True)]))


def opened(
    successes: np.ndarray, n: np.ndarray, first: date, rule: AlertRule, holiday_affected: np.ndarray | None = None
) -> np.ndarray:
    """(T, S): alarms, see alarm_days, from successes and cases (T, S) since first. Series do not share a budget."""
    results = evaluated(successes, n, first, [rule] * n.shape[1], holiday_affected)
    return alarm_days(results, n.shape, first, rule.config.step_days)


def alarm_days(results: Sequence[SeriesResult], shape: tuple[int, ...], first: date, step_days: int = 1) -> np.ndarray:
    """(T, S): an alert opens, is reopened by a relapse, or drops further."""
    alarms = np.zeros(shape, dtype=bool)
    for row, result in enumerate(results):
        for episode in result.episodes:
            for detection in episode.detections:
                alarms[(detection.fired_on - first).days // step_days, row] = True
    return alarms


def alert_days(results: Sequence[SeriesResult], shape: tuple[int, ...], first: date) -> np.ndarray:
    """(T, S): an alert opens for the first time."""
    alerts = np.zeros(shape, dtype=bool)
    for row, result in enumerate(results):
        for episode in result.episodes:
            alerts[(episode.fired_on - first).days, row] = True
    return alerts
