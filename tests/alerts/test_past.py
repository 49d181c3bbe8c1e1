"""What is usual, from a series' own clean past: against made series whose truth is known."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from jkpi.alerts.statistics.baseline import Baseline, BaselineEstimate
from jkpi.alerts.statistics.beta_binomial import predictive_cdf
from jkpi.alerts.statistics.reading_grid import VALID, ReadingGrid
from jkpi.alerts.statistics.rules import DAILY

FIRST = date(2026, 1, 1)  # a Thursday


def laid(good: np.ndarray, n: np.ndarray) -> ReadingGrid:
    """(T,) or (T, S) counts without a gap."""
    good, n = (np.asarray(one, dtype=float).reshape(len(one), -1) for one in (good, n))
    series = n.shape[1]
    mark = np.where(n > 0, VALID, 0).astype(np.int8)
    return ReadingGrid(
        FIRST, 1, good, n, np.zeros_like(n), mark, np.zeros(series, dtype=np.intp), np.full(series, len(n))
    )


def usual(grid: ReadingGrid, left_out: np.ndarray | None = None) -> list[BaselineEstimate]:
    """What is usual on each column, from the columns before it that are not left out."""
    past, found = Baseline(grid, DAILY), []
    for column in range(grid.length):
        found.append(past.estimate(column))
        if left_out is None or not left_out[column]:
            past.add(np.arange(grid.series_count), column)
    return found


@pytest.mark.parametrize("rho", [0.0, 0.02, 0.1])
def test_overdispersion_is_found_and_never_below_the_binomial(rho: float) -> None:
    rng = np.random.default_rng(4)
    n = rng.poisson(150, (90, 60))
    rate = np.tile((0.8 + 0.05 * np.sin(np.arange(90) * 2 * np.pi / 7))[:, None], (1, 60))
    day_rate = rate if rho == 0 else rng.beta(rate * (1 - rho) / rho, (1 - rate) * (1 - rho) / rho)
    found = usual(laid(rng.binomial(n, day_rate), n))[-1].rho
    assert found.min() >= 0
    assert found.mean() == pytest.approx(rho, abs=0.003 + 0.15 * rho)


def test_the_usual_has_the_day_of_week_of_the_series() -> None:
    weekend = (FIRST.weekday() + np.arange(84)) % 7 >= 5
    found = usual(laid(np.where(weekend, 600, 800), np.full(84, 1000)))
    rate = np.array([float(one.rate[0]) for one in found[60:]])
    assert np.abs(rate - np.where(weekend, 0.6, 0.8)[60:]).max() < 0.005


def test_alike_weekdays_are_pooled() -> None:
    """What is known of Monday is nearly what is known of all days when days do not differ."""
    strength = float(usual(laid(np.full(70, 80), np.full(70, 100)))[-1].effective_n[0])
    assert 5000 < strength <= 5601


def test_the_last_seven_days_are_not_in_the_past_and_56_are() -> None:
    n, good = np.full(80, 100), np.full(80, 80)
    changed = good.copy()
    changed[72:] = 20
    before = usual(laid(good, n))[79]
    assert usual(laid(changed, n))[79].rate == before.rate and before.usable_days == 56
    changed[71] = 20
    assert usual(laid(changed, n))[79].rate < before.rate


def test_days_left_out_are_cut_out_and_the_window_reaches_back() -> None:
    n, good = np.full(140, 100), np.full(140, 80)
    good[90:120] = 20
    left_out = np.zeros(140, dtype=bool)
    left_out[90:120] = True
    found = usual(laid(good, n), left_out)[139]
    assert found.rate[0] == pytest.approx(0.8, abs=0.001) and found.usable_days[0] == 56


def test_counted_anew_it_is_what_it_was_by_going_on() -> None:
    rng = np.random.default_rng(8)
    n = rng.poisson(30, (100, 3))
    grid = laid(rng.binomial(n, 0.7), n)
    going, anew = Baseline(grid, DAILY), Baseline(grid, DAILY)
    for column in range(99):
        going.add(np.arange(3), column)
    for row in range(3):
        anew.replace(row, np.arange(99))
    anew.recompute(np.arange(3))
    for name in ("rate", "strength", "usable", "mean_n", "least_n", "evenness"):
        np.testing.assert_allclose(getattr(anew.estimate(99), name), getattr(going.estimate(99), name), rtol=1e-9)


def test_a_perfect_past_still_admits_a_miss() -> None:
    found = usual(laid(np.full(70, 30), np.full(70, 30)))[-1]
    assert 0.99 < found.rate[0] < 1.0
    assert predictive_cdf(29, 30, found.rate, found.rho, found.effective_n)[0] > 0.005


def test_half_answers_spread_less_than_yes_or_no() -> None:
    """50 % promoters, 30 % passives: the variance of 1, 1/2, 0 is 0.1525, that of yes or no 0.2275."""
    n = np.full((80, 1), 100.0)
    mark = np.ones((80, 1), dtype=np.int8)
    grid = ReadingGrid(FIRST, 1, 0.65 * n, n, 0.30 * n, mark, np.zeros(1, dtype=np.intp), np.full(1, 80))
    assert usual(grid)[-1].variance_ratio[0] == pytest.approx(0.1525 / 0.2275, abs=0.001)


@pytest.mark.parametrize(("mean", "rho"), [(8, 0.0), (100, 0.0), (100, 0.02), (1000, 0.005)])
def test_the_tail_is_honest(mean: int, rho: float) -> None:
    """Of days on which nothing happened, at most about a tenth has a tail below a tenth, weekly effect or not."""
    rng = np.random.default_rng(6)
    rate = np.clip(0.8 + rng.normal(0, 0.06, (7, 40))[np.arange(300) % 7], 0.05, 0.98)
    day_rate = rate if rho == 0 else rng.beta(rate * (1 - rho) / rho, (1 - rate) * (1 - rho) / rho)
    n = rng.poisson(mean, (300, 40))
    good = rng.binomial(n, day_rate)
    found = usual(laid(good, n))
    low = [
        predictive_cdf(good[t], n[t], found[t].rate, found[t].rho, found[t].effective_n) < 0.1 for t in range(60, 300)
    ]
    assert np.mean(low) < 0.112
