"""When a pool of small readings is evaluated, and what it holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest

from jkpi.alerts.statistics.baseline import BaselineEstimate
from jkpi.alerts.statistics.reading_grid import VALID, ReadingGrid
from jkpi.alerts.statistics.rules import DAILY
from jkpi.alerts.statistics.small_sample_pooling import SmallSamplePool

Counts = tuple[float, float]


def evaluated(
    days: Sequence[Counts], rate: float = 0.7, invalid: frozenset[int] = frozenset()
) -> list[tuple[float, ...]]:
    """(column, successes, n, first column) of what is evaluated."""
    successes, n = np.array(days, dtype=float).T[:, :, None]
    grid = ReadingGrid(
        date(2025, 9, 1),
        1,
        successes,
        n,
        np.zeros_like(n),
        np.full(n.shape, VALID, dtype=np.int8),
        np.array([0]),
        np.array([len(n)]),
    )
    found: list[tuple[float, ...]] = []
    pool, one = SmallSamplePool(grid, DAILY), np.ones(1)
    estimate = BaselineEstimate(one * rate, one * 0.0, one * 1e6, one * 56, one > 0, one)
    for column in range(len(n)):
        reading = pool.add(column, estimate, np.array([column not in invalid]))
        if reading.is_sufficient[0]:
            found.append(
                (column, *(float(values[0]) for values in (reading.successes, reading.n)), int(reading.first_column[0]))
            )
    return found


NO_DAY: Counts = (0, 0)
CASES: dict[str, tuple[list[Counts], list[tuple[float, ...]]]] = {
    "a large reading alone": ([(70, 100)], [(0, 70, 100, 0)]),
    "five cases suffice": ([(3, 5), (2, 5)], [(0, 3, 5, 0), (1, 2, 5, 1)]),
    "fewer are summed": ([(1, 2), (2, 2), (1, 2)], [(2, 4, 6, 0)]),
    "a large one takes the waiting ones along": ([(1, 2), (50, 100)], [(1, 51, 102, 0)]),
    "all bad, but chance does that": ([(0, 4)], []),
    "empty days between do not matter": ([(1, 3), NO_DAY, NO_DAY, (1, 3)], [(3, 2, 6, 0)]),
    "the first day of a pool is its first with cases": ([NO_DAY, (1, 3), (1, 3)], [(2, 2, 6, 1)]),
    "after more than 14 days a pool starts anew": ([(1, 4), *[NO_DAY] * 14, (1, 3), (1, 3)], [(16, 2, 6, 15)]),
    "14 days are not too long": ([(1, 4), *[NO_DAY] * 13, (1, 3)], [(14, 2, 7, 0)]),
}


@pytest.mark.parametrize("case", CASES)
def test_evaluated_pools(case: str) -> None:
    days, expected = CASES[case]
    assert evaluated(days) == expected


def test_cases_that_all_fail_are_evaluated_as_soon_as_they_are_a_collapse() -> None:
    """0.05 ** 3 is above one in ten thousand, 0.05 ** 4 is below."""
    assert evaluated([(0, 3), (0, 1)], rate=0.95) == [(1, 0, 4, 0)]


def test_days_that_are_not_valid_are_not_pooled() -> None:
    assert evaluated([(1, 3), (0, 50), (1, 3)], invalid=frozenset({1})) == [(2, 2, 6, 0)]
