"""Days on which alerts of jkpi fire on given counts."""

from __future__ import annotations

from datetime import date

import numpy as np

from jkpi.alerts.detection.replay import SeriesToEvaluate, replay_grid
from jkpi.alerts.statistics.reading_grid import VALID, ReadingGrid
from jkpi.alerts.statistics.rules import AlertRule


def opened(successes: np.ndarray, n: np.ndarray, first: date, rule: AlertRule) -> np.ndarray:
    """(T, S): alerts when they fire, from successes and cases (T, S) since first. Series do not share a budget."""
    length, series = n.shape
    status = np.where(n > 0, VALID, 0).astype(np.int8)
    begin, end = np.zeros(series, dtype=np.intp), np.full(series, length)
    grid = ReadingGrid(first, rule.config.step_days, successes, n, np.zeros_like(n), status, begin, end)
    alarms = np.zeros((length, series), dtype=bool)
    for row, result in enumerate(replay_grid(grid, [SeriesToEvaluate(rule, number) for number in range(series)])):
        for episode in result.episodes:
            alarms[(episode.fired_on - first).days // rule.config.step_days, row] = True
    return alarms
