"""Slowdowns planted in bins: what counts become of them, and how soon they would be seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from jkpi.alerts.backtest.injected_drops import minimum_detectable
from jkpi.alerts.backtest.injected_slowdowns import SlowdownDetectionRate, inject_slowdowns, slow_down
from jkpi.alerts.detection.replay import SeriesToEvaluate, replay_grid
from jkpi.alerts.statistics.duration_histogram import DurationHistogram, empty_grid, histogram_from_counts
from jkpi.alerts.statistics.rules import AlertRule

FIRST = date(2026, 1, 5)
EDGES = np.array([*range(1, 9), *(eighth * 2.0**doubling for doubling in range(20) for eighth in range(9, 17))])
RULE = AlertRule(None, 0.05)


def one_day(edges: list[float], counts: list[int], beyond: int = 0) -> DurationHistogram:
    return histogram_from_counts(
        0, np.array(edges), np.array([[*counts, beyond]]), np.array([np.inf]), np.zeros(1, dtype=bool)
    )


def binned(took: np.ndarray) -> DurationHistogram:
    """(T, N) seconds, N cases a day."""
    days = len(took)
    bins = np.searchsorted(EDGES, took)
    counts = np.stack([np.bincount(one, minlength=len(EDGES) + 1) for one in bins])
    return histogram_from_counts(0, EDGES, counts, np.full(days, np.inf), np.zeros(days, dtype=bool))


def drawn(days: int, n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 10_000.0 * np.exp(rng.normal(size=(days, n)))


@pytest.mark.parametrize(
    ("edges", "counts", "times", "tolerance", "within"),
    [
        ([64, 72, 80, 88, 96], [10] * 5, 1.0, np.inf, [10, 20, 30, 40, 50]),
        # 96 / 1.25 = 76.8 and 88 / 1.25 = 70.4: that much of the bin (72, 80] and of (64, 72]; 80 / 1.25 = 64.
        ([64, 72, 80, 88, 96], [10] * 5, 1.25, np.inf, [0, 1, 10, 18, 26]),
        # Nobody is kept from being done by 88, who was done by then: half of those up to 88 were done by 84.
        ([64, 72, 80, 88, 96], [10] * 5, 1.25, 88.0, [0, 1, 10, 40, 40]),
        ([64, 72, 80, 88, 96], [10] * 5, 1.25, 84.0, [0, 1, 10, 35, 35]),
        # Nobody is between 64 and 128: the bin of 128 begins at 128 / 1.125 = 113.8, and 128 / 1.1 = 116.4 lies in it.
        ([64, 128], [10, 90], 1.1, np.inf, [2, 26]),
        ([64, 128], [10, 90], 1.2, np.inf, [0, 10]),
        # Of a few seconds each bin is a second wide.
        ([1, 2, 3], [8, 8, 8], 2.0, np.inf, [4, 8, 12]),
        ([64, 72], [0, 0], 1.5, np.inf, [0, 0]),
    ],
)
def test_what_counts_become(
    edges: list[float], counts: list[int], times: float, tolerance: float, within: list[int]
) -> None:
    one = one_day(edges, counts, beyond=3)
    found = slow_down(one, times, tolerance)
    assert found.cumulative_counts.tolist() == [within] and found.n.tolist() == one.n.tolist()


@pytest.mark.parametrize("times", [1.05, 1.2, 1.5, 3.0])
@pytest.mark.parametrize("tolerance", [np.inf, 25_000.0])
def test_bins_slowed_are_near_to_cases_slowed(times: float, tolerance: float) -> None:
    took = drawn(1, 20_000, 1)
    longer = np.where(took <= tolerance, np.minimum(took * times, tolerance), took * times)
    apart = slow_down(binned(took), times, tolerance).cumulative_counts.astype(float) - binned(longer).cumulative_counts
    assert np.abs(apart).max() < 0.012 * 20_000


def planted(durations: DurationHistogram, tolerance: float = np.inf) -> list[SlowdownDetectionRate]:
    (track,) = replay_grid(empty_grid(FIRST, 1, [durations]), [SeriesToEvaluate(RULE, 0)], [durations])
    return inject_slowdowns(durations, FIRST, RULE, track, tolerance)


def test_larger_slowdowns_and_more_cases_are_seen_sooner() -> None:
    few, many = planted(binned(drawn(150, 20, 2))), planted(binned(drawn(150, 300, 3)))
    for seen in (few, many):
        within = [one.within_1_week for one in seen]
        assert within[0] < 0.3 and within[-1] == 1.0 and np.all(np.diff(within) > -0.1)
        assert all(one.within_1_week <= one.within_2_weeks and one.injected == 24 for one in seen)
    least = [minimum_detectable(seen) for seen in (few, many)]
    assert least[0] is not None and least[1] is not None and least[1].factor < least[0].factor <= 2.0
    assert next(one.median_delay for one in many if one.factor == 1.5) == 1


def test_a_series_that_begins_later_has_the_same_slowdowns() -> None:
    one = binned(drawn(120, 60, 4))
    later = replace(one, start_column=21)
    assert planted(later) == planted(one)


def test_too_short_a_past_has_none() -> None:
    assert planted(binned(drawn(30, 60, 6))) == []
