"""Many series that drop by a known number of points, for good, after 18 weeks. Counts are drawn with a fixed seed."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from jkpi.alerts.detection.episodes import Detection
from jkpi.alerts.detection.replay import SeriesToEvaluate, replay_grid
from jkpi.alerts.statistics.reading_grid import VALID, ReadingGrid
from jkpi.alerts.statistics.rules import AlertRule

FIRST, ONSET, DAYS = date(2025, 1, 6), 126, 210
MIN_DROP = 0.05


def detections_of_drops(
    cases: int, points: float, series: int, seed: int, promise: float | None = None
) -> list[Detection]:
    """The first alert of each series that has one after the onset, up to the last day. promise: only alerts about it;
    then all series have a rate of 0.88 before."""
    rng = np.random.default_rng(seed)
    rate = rng.uniform(0.65, 0.92, series) if promise is None else np.full(series, 0.88)
    n = rng.poisson(cases, (DAYS, series)).astype(float)
    rates = np.where(np.arange(DAYS)[:, None] < ONSET, rate, rate - points)
    successes = rng.binomial(n.astype(int), rates).astype(float)
    status = np.where(n > 0, VALID, 0).astype(np.int8)
    begin, end = np.zeros(series, dtype=np.intp), np.full(series, DAYS)
    grid = ReadingGrid(FIRST, 1, successes, n, np.zeros_like(n), status, begin, end)
    rule, line = AlertRule(promise, MIN_DROP), "baseline" if promise is None else "promise"
    onset_day = FIRST + timedelta(days=ONSET)
    found = []
    for result in replay_grid(grid, [SeriesToEvaluate(rule, number) for number in range(series)]):
        detections = [detection for episode in result.episodes for detection in episode.detections]
        found += [other for other in detections if other.line == line and other.fired_on >= onset_day][:1]
    return found
