"""When this product's alerts open on made counts."""

from __future__ import annotations

from datetime import date

import numpy as np

from jkpi.alerts.detection.replay import SeriesToEvaluate, replay_grid
from jkpi.alerts.statistics.reading_grid import VALID, ReadingGrid
from jkpi.alerts.statistics.rules import AlertRule


def opened(good: np.ndarray, n: np.ndarray, first: date, rule: AlertRule) -> np.ndarray:
    """Alerts as they open, (T, S), of good outcomes and cases (T, S) from `first` on, each series by itself."""
    length, series = n.shape
    mark = np.where(n > 0, VALID, 0).astype(np.int8)
    begin, end = np.zeros(series, dtype=np.intp), np.full(series, length)
    grid = ReadingGrid(first, rule.config.step_days, good, n, np.zeros_like(n), mark, begin, end)
    alarms = np.zeros((length, series), dtype=bool)
    for row, track in enumerate(replay_grid(grid, [SeriesToEvaluate(rule, number) for number in range(series)])):
        for breach in track.episodes:
            alarms[(breach.fired_on - first).days // rule.config.step_days, row] = True
    return alarms
