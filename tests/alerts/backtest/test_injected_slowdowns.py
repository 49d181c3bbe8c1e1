"""Slowdowns injected into binned durations: the resulting counts, and detection rates."""

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


def one_day_histogram(edges: list[float], counts: list[int], beyond: int = 0) -> DurationHistogram:
    return histogram_from_counts(
        0, np.array(edges), np.array([[*counts, beyond]]), np.array([np.inf]), np.zeros(1, dtype=bool)
    )


def histogram_of(seconds_taken: np.ndarray) -> DurationHistogram:
    """(T, N) seconds, N cases a day."""
    days = len(seconds_taken)
    bins = np.searchsorted(EDGES, seconds_taken)
    counts = np.stack([np.bincount(rate, minlength=len(EDGES) + 1) for rate in bins])
    return histogram_from_counts(0, EDGES, counts, np.full(days, np.inf), np.zeros(days, dtype=bool))


def random_durations(days: int, n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 10_000.0 * np.exp(rng.normal(size=(days, n)))


@pytest.mark.parametrize(
    ("edges", "counts", "factor", "tolerance", "within"),
    [
        ([64, 72, 80, 88, 96], [10] * 5, 1.0, np.inf, [10, 20, 30, 40, 50]),
        # 96 / 1.25 = 76.8 and 88 / 1.25 = 70.4: part of the bins (72, 80] and (64, 72]; 80 / 1.25 = 64.
        ([64, 72, 80, 88, 96], [10] * 5, 1.25, np.inf, [0, 1, 10, 18, 26]),
        # Cases within the tolerance of 88 stay within it; half of the cases up to 88 were within 84.
        ([64, 72, 80, 88, 96], [10] * 5, 1.25, 88.0, [0, 1, 10, 40, 40]),
        ([64, 72, 80, 88, 96], [10] * 5, 1.25, 84.0, [0, 1, 10, 35, 35]),
        # No case between 64 and 128: the bin of 128 begins at 128 / 1.125 = 113.8, and 128 / 1.1 = 116.4 is inside.
        ([64, 128], [10, 90], 1.1, np.inf, [2, 26]),
        ([64, 128], [10, 90], 1.2, np.inf, [0, 10]),
        # Below nine seconds each bin is one second wide.
        ([1, 2, 3], [8, 8, 8], 2.0, np.inf, [4, 8, 12]),
        ([64, 72], [0, 0], 1.5, np.inf, [0, 0]),
    ],
)
def test_slow_down_moves_counts(
    edges: list[float], counts: list[int], factor: float, tolerance: float, within: list[int]
) -> None:
    rate = one_day_histogram(edges, counts, beyond=3)
    slowed = slow_down(rate, factor, tolerance)
    assert slowed.cumulative_counts.tolist() == [within] and slowed.n.tolist() == rate.n.tolist()


@pytest.mark.parametrize("factor", [1.05, 1.2, 1.5, 3.0])
@pytest.mark.parametrize("tolerance", [np.inf, 25_000.0])
def test_slowed_bins_are_close_to_slowed_cases(factor: float, tolerance: float) -> None:
    seconds_taken = random_durations(1, 20_000, 1)
    longer = np.where(seconds_taken <= tolerance, np.minimum(seconds_taken * factor, tolerance), seconds_taken * factor)
    apart = (
        slow_down(histogram_of(seconds_taken), factor, tolerance).cumulative_counts.astype(float)
        - histogram_of(longer).cumulative_counts
    )
    assert np.abs(apart).max() < 0.012 * 20_000


def detection_rates(histogram: DurationHistogram, tolerance: float = np.inf) -> list[SlowdownDetectionRate]:
    (result,) = replay_grid(empty_grid(FIRST, 1, [histogram]), [SeriesToEvaluate(RULE, 0)], [histogram])
    return inject_slowdowns(histogram, FIRST, RULE, result, tolerance)


def test_larger_slowdowns_and_more_cases_are_detected_sooner() -> None:
    few_cases, many_cases = (
        detection_rates(histogram_of(random_durations(150, 20, 2))),
        detection_rates(histogram_of(random_durations(150, 300, 3))),
    )
    for rates in (few_cases, many_cases):
        within = [rate.within_1_week for rate in rates]
        assert within[0] < 0.3 and within[-1] == 1.0 and np.all(np.diff(within) > -0.1)
        assert all(rate.within_1_week <= rate.within_2_weeks and 20 <= rate.injected <= 24 for rate in rates)
    minimum = [minimum_detectable(rates) for rates in (few_cases, many_cases)]
    assert minimum[0] is not None and minimum[1] is not None and minimum[1].factor < minimum[0].factor <= 2.0
    assert next(rate.median_delay for rate in many_cases if rate.factor == 1.5) == 1


def test_a_later_first_column_changes_nothing() -> None:
    rate = histogram_of(random_durations(120, 60, 4))
    shifted = replace(rate, start_column=21)
    assert detection_rates(shifted) == detection_rates(rate)


def test_a_short_history_has_no_detection_rates() -> None:
    assert detection_rates(histogram_of(random_durations(30, 60, 6))) == []
