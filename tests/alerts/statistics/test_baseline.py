"""Baseline estimates, compared with generated series whose true rate is known."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from jkpi.alerts.statistics.baseline import Baseline, BaselineEstimate
from jkpi.alerts.statistics.beta_binomial import predictive_cdf
from jkpi.alerts.statistics.reading_grid import VALID, ReadingGrid
from jkpi.alerts.statistics.rules import DAILY

FIRST = date(2026, 1, 1)  # a Thursday


def make_grid(successes: np.ndarray, n: np.ndarray) -> ReadingGrid:
    """(T,) or (T, S) counts without a gap."""
    successes, n = (np.asarray(values, dtype=float).reshape(len(values), -1) for values in (successes, n))
    series_count = n.shape[1]
    status = np.where(n > 0, VALID, 0).astype(np.int8)
    return ReadingGrid(
        FIRST,
        1,
        successes,
        n,
        np.zeros_like(n),
        status,
        np.zeros(series_count, dtype=np.intp),
        np.full(series_count, len(n)),
    )


def estimates(grid: ReadingGrid, excluded: np.ndarray | None = None) -> list[BaselineEstimate]:
    """Baseline estimate at each column, from the columns before it that are not excluded."""
    baseline, estimate = Baseline(grid, DAILY), []
    for column in range(grid.length):
        estimate.append(baseline.estimate(column))
        if excluded is None or not excluded[column]:
            baseline.add(np.arange(grid.series_count), column)
    return estimate


@pytest.mark.parametrize("rho", [0.0, 0.02, 0.1])
def test_overdispersion_is_estimated_and_never_negative(rho: float) -> None:
    rng = np.random.default_rng(4)
    n = rng.poisson(150, (90, 60))
    rate = np.tile((0.8 + 0.05 * np.sin(np.arange(90) * 2 * np.pi / 7))[:, None], (1, 60))
    day_rate = rate if rho == 0 else rng.beta(rate * (1 - rho) / rho, (1 - rate) * (1 - rho) / rho)
    estimate = estimates(make_grid(rng.binomial(n, day_rate), n))[-1].rho
    assert estimate.min() >= 0
    assert estimate.mean() == pytest.approx(rho, abs=0.003 + 0.15 * rho)


def test_the_baseline_depends_on_the_weekday() -> None:
    weekend = (FIRST.weekday() + np.arange(84)) % 7 >= 5
    estimate = estimates(make_grid(np.where(weekend, 600, 800), np.full(84, 1000)))
    rate = np.array([float(values.rate[0]) for values in estimate[60:]])
    assert np.abs(rate - np.where(weekend, 0.6, 0.8)[60:]).max() < 0.005


def test_equal_weekdays_are_pooled() -> None:
    """If weekdays do not differ, the effective n of a Monday is nearly that of all days."""
    effective_n = float(estimates(make_grid(np.full(70, 80), np.full(70, 100)))[-1].effective_n[0])
    assert 5000 < effective_n <= 5601


def test_the_window_holds_56_days_without_the_newest_seven() -> None:
    n, successes = np.full(80, 100), np.full(80, 80)
    changed = successes.copy()
    changed[72:] = 20
    before = estimates(make_grid(successes, n))[79]
    assert estimates(make_grid(changed, n))[79].rate == before.rate and before.usable_days == 56
    changed[71] = 20
    assert estimates(make_grid(changed, n))[79].rate < before.rate


def test_the_window_reaches_back_over_excluded_days() -> None:
    n, successes = np.full(140, 100), np.full(140, 80)
    successes[90:120] = 20
    excluded = np.zeros(140, dtype=bool)
    excluded[90:120] = True
    estimate = estimates(make_grid(successes, n), excluded)[139]
    assert estimate.rate[0] == pytest.approx(0.8, abs=0.001) and estimate.usable_days[0] == 56


def test_recomputed_sums_equal_updated_sums() -> None:
    rng = np.random.default_rng(8)
    n = rng.poisson(30, (100, 3))
    grid = make_grid(rng.binomial(n, 0.7), n)
    updated, recomputed = Baseline(grid, DAILY), Baseline(grid, DAILY)
    for column in range(99):
        updated.add(np.arange(3), column)
    for row in range(3):
        recomputed.replace(row, np.arange(99))
    recomputed.recompute(np.arange(3))
    for name in ("rate", "effective_n", "usable_days", "variance_ratio"):
        np.testing.assert_allclose(
            getattr(recomputed.estimate(99), name), getattr(updated.estimate(99), name), rtol=1e-9
        )


def test_a_perfect_history_still_allows_a_failure() -> None:
    estimate = estimates(make_grid(np.full(70, 30), np.full(70, 30)))[-1]
    assert 0.99 < estimate.rate[0] < 1.0
    assert predictive_cdf(29, 30, estimate.rate, estimate.rho, estimate.effective_n)[0] > 0.005


def test_neutral_answers_reduce_the_variance() -> None:
    """50 % promoters, 30 % passives: variance 0.1525 for 1, 1/2, 0, and 0.2275 for yes or no."""
    n = np.full((80, 1), 100.0)
    status = np.ones((80, 1), dtype=np.int8)
    grid = ReadingGrid(FIRST, 1, 0.65 * n, n, 0.30 * n, status, np.zeros(1, dtype=np.intp), np.full(1, 80))
    assert estimates(grid)[-1].variance_ratio[0] == pytest.approx(0.1525 / 0.2275, abs=0.001)


@pytest.mark.slow
@pytest.mark.parametrize(("mean", "rho"), [(8, 0.0), (100, 0.0), (100, 0.02), (1000, 0.005)])
def test_tails_below_a_tenth_are_as_frequent_as_stated(mean: int, rho: float) -> None:
    """At most about a tenth of days without a drop have a tail below a tenth, with or without a weekly effect."""
    rng = np.random.default_rng(6)
    rate = np.clip(0.8 + rng.normal(0, 0.06, (7, 40))[np.arange(300) % 7], 0.05, 0.98)
    day_rate = rate if rho == 0 else rng.beta(rate * (1 - rho) / rho, (1 - rate) * (1 - rho) / rho)
    n = rng.poisson(mean, (300, 40))
    successes = rng.binomial(n, day_rate)
    estimate = estimates(make_grid(successes, n))
    low = [
        predictive_cdf(
            successes[column], n[column], estimate[column].rate, estimate[column].rho, estimate[column].effective_n
        )
        < 0.1
        for column in range(60, 300)
    ]
    assert np.mean(low) < 0.112
