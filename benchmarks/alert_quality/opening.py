"""When this product's alerts open on made counts."""

from __future__ import annotations

from datetime import date

import numpy as np

from jkpi.alerts.detection.replay import Tried, replay_all
from jkpi.alerts.statistics.reading_matrix import READ, Grid
from jkpi.alerts.statistics.rules import Rule


def opened(good: np.ndarray, n: np.ndarray, first: date, rule: Rule) -> np.ndarray:
    """Alerts as they open, (T, S), of good outcomes and cases (T, S) from `first` on, each series by itself."""
    length, series = n.shape
    mark = np.where(n > 0, READ, 0).astype(np.int8)
    begin, end = np.zeros(series, dtype=np.intp), np.full(series, length)
    grid = Grid(first, rule.cadence.step, good, n, np.zeros_like(n), mark, begin, end)
    alarms = np.zeros((length, series), dtype=bool)
    for row, track in enumerate(replay_all(grid, [Tried(rule, number) for number in range(series)])):
        for breach in track.breaches:
            alarms[(breach.fired_on - first).days // rule.cadence.step, row] = True
    return alarms
