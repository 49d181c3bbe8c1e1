"""Local level: what a slow fall takes from the baseline, and what it must not take."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from jkpi.alerts.statistics.baseline import BaselineEstimate
from jkpi.alerts.statistics.local_level import LocalLevel
from jkpi.alerts.statistics.reading_grid import VALID, ReadingGrid
from jkpi.alerts.statistics.rules import DAILY

DAYS, N, RATE = 120, 400.0, 0.8


def lowered_rate(observed: np.ndarray, excluded: np.ndarray | None = None, is_local: bool = True) -> float:
    """Baseline rate of the last day, where the weekday baseline is always 80 %. observed (DAYS,): rates of the days."""
    successes, n = (np.round(observed * N))[:, None], np.full((DAYS, 1), N)
    status = np.full((DAYS, 1), VALID, dtype=np.int8)
    grid = ReadingGrid(date(2025, 9, 1), 1, successes, n, np.zeros_like(n), status, np.array([0]), np.array([DAYS]))
    level, one = LocalLevel(grid, DAILY, np.array([is_local])), np.ones(1)
    estimate = BaselineEstimate(one * RATE, one * 0.0, one * 1e4, one * 56, one > 0, one)
    is_excluded = np.zeros((DAYS, 1), dtype=bool) if excluded is None else excluded[:, None]
    return float([level.lower(column, estimate, is_excluded).rate[0] for column in range(DAYS)][-1])


FROM_60 = np.arange(DAYS) >= 60
CASES = {
    "at the baseline": (np.full(DAYS, 0.8), 0.8, 0.001),
    "above it: never raised": (np.full(DAYS, 0.9), 0.8, 0.0),
    "three points below for two months": (np.where(FROM_60, 0.77, 0.8), 0.778, 0.003),
    "below in the newest week only": (np.where(np.arange(DAYS) >= DAYS - 8, 0.6, 0.8), 0.8, 0.001),
}


@pytest.mark.parametrize("case", CASES)
def test_level(case: str) -> None:
    observed, expected, within = CASES[case]
    assert lowered_rate(observed) == pytest.approx(expected, abs=within + 1e-9)


def test_days_of_an_alert_do_not_lower_it() -> None:
    assert lowered_rate(np.where(FROM_60, 0.5, 0.8), excluded=FROM_60) == pytest.approx(0.8)


def test_a_series_without_a_local_baseline_keeps_its_own() -> None:
    assert lowered_rate(np.full(DAYS, 0.7), is_local=False) == 0.8
