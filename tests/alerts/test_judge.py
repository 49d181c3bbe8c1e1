"""The judge against independent figures: scipy's beta-binomial, statsmodels' intervals, and made series."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from scipy.stats import betabinom, binom
from statsmodels.stats.proportion import proportion_confint

from jkpi.alerts.judge import Days, Rule, baseline, lower_tail, predictive_tail, wilson

FIRST = date(2026, 1, 1)  # a Thursday
RULE = Rule(promise=0.9, falls_off_by=0.05)


def usual(good: np.ndarray, n: np.ndarray, left_out: np.ndarray | None = None, rule: Rule = RULE):
    out = np.zeros(len(n), dtype=bool) if left_out is None else left_out
    return baseline(Days(FIRST, good.astype(float), n.astype(float)), out, rule)


def test_lower_tail_is_that_of_scipy() -> None:
    rng = np.random.default_rng(3)
    n = rng.integers(0, 300, 400)
    k = rng.integers(0, n + 1)
    a, b = rng.uniform(0.3, 400, 400), rng.uniform(0.3, 400, 400)
    expected = np.array([betabinom.cdf(*cell) for cell in zip(k, n, a, b, strict=True)])
    np.testing.assert_allclose(lower_tail(k, n, a, b), expected, rtol=1e-9, atol=1e-300)


def test_lower_tail_keeps_its_precision_far_out() -> None:
    expected = betabinom.cdf(20, 200, 900, 100)
    assert expected < 1e-40
    assert lower_tail(20, 200, 900.0, 100.0)[0] == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(("k", "n", "expected"), [(0, 0, 1.0), (5, 5, 1.0), (-1, 5, 0.0), (9, 5, 1.0)])
def test_lower_tail_at_the_edges(k: int, n: int, expected: float) -> None:
    assert lower_tail(k, n, 2.0, 3.0)[0] == expected


def test_a_rate_known_exactly_without_overdispersion_is_binomial() -> None:
    assert predictive_tail(80, 100, 0.9, 0.0)[0] == pytest.approx(binom.cdf(80, 100, 0.9), rel=1e-3)


def test_a_rate_known_from_few_cases_is_the_posterior_predictive() -> None:
    """18 of 20 seen: Beta(18, 2) around the rate."""
    assert predictive_tail(6, 10, 0.9, 0.0, 20.0)[0] == pytest.approx(betabinom.cdf(6, 10, 18, 2), rel=1e-9)


def test_half_counts_are_rounded_to_the_quiet_side() -> None:
    assert predictive_tail(79.5, 100, 0.9, 0.01)[0] == predictive_tail(80, 100, 0.9, 0.01)[0]


def test_wilson_is_that_of_statsmodels_and_of_the_check_vectors() -> None:
    for good, n in [(8, 10), (80, 100), (0, 5), (5, 5), (317, 901)]:
        assert wilson(good, n) == pytest.approx(proportion_confint(good, n, method="wilson"), abs=1e-12)
    assert wilson(8, 10) == pytest.approx((0.490, 0.943), abs=0.001)
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("rho", [0.0, 0.02, 0.1])
def test_overdispersion_is_found_and_never_below_the_binomial(rho: float) -> None:
    rng = np.random.default_rng(4)
    found = []
    for _ in range(60):
        n = rng.poisson(150, 70)
        rate = 0.8 + 0.05 * np.sin(np.arange(70) * 2 * np.pi / 7)
        day_rate = rate if rho == 0 else rng.beta(rate * (1 - rho) / rho, (1 - rate) * (1 - rho) / rho)
        found.append(usual(rng.binomial(n, day_rate), n).rho[-1])
    assert min(found) >= 0
    assert np.mean(found) == pytest.approx(rho, abs=0.003 + 0.15 * rho)


def test_baseline_has_the_day_of_week_of_the_series() -> None:
    days = np.arange(84)
    weekend = (FIRST.weekday() + days) % 7 >= 5
    n = np.full(84, 1000)
    good = np.where(weekend, 600, 800)
    rate = usual(good, n).rate[60:]
    assert np.abs(rate - np.where(weekend, 0.6, 0.8)[60:]).max() < 0.005


def test_alike_weekdays_are_pooled() -> None:
    """What is known of Monday is nearly what is known of all days when days do not differ."""
    n = np.full(70, 100)
    good = np.full(70, 80)
    strength = usual(good, n).strength[-1]
    assert 4500 < strength <= 4901


def test_the_last_seven_days_are_not_in_the_baseline() -> None:
    n = np.full(70, 100)
    good = np.full(70, 80)
    changed = good.copy()
    changed[62:] = 20
    before, after = usual(good, n), usual(changed, n)
    assert after.rate[69] == before.rate[69]
    changed[61] = 20
    assert usual(changed, n).rate[69] < before.rate[69]


def test_days_left_out_are_cut_out_and_the_window_reaches_back() -> None:
    n = np.full(120, 100)
    good = np.full(120, 80)
    good[80:110] = 20
    left_out = np.zeros(120, dtype=bool)
    left_out[80:110] = True
    found = usual(good, n, left_out)
    assert found.rate[119] == pytest.approx(0.8, abs=0.001)
    assert found.usable[119] == 49


def test_only_days_before_count() -> None:
    rng = np.random.default_rng(5)
    n = rng.poisson(40, 100)
    good = rng.binomial(n, 0.7)
    whole, part = usual(good, n), usual(good[:70], n[:70])
    np.testing.assert_array_equal(whole.rate[:70], part.rate)
    np.testing.assert_array_equal(whole.rho[:70], part.rho)


def test_a_perfect_past_still_admits_a_miss() -> None:
    n = np.full(70, 30)
    found = usual(n, n)
    assert 0.99 < found.rate[-1] < 1.0
    assert predictive_tail(29, 30, found.rate[-1], found.rho[-1], found.strength[-1])[0] > 0.005


@pytest.mark.parametrize(("mean", "rho"), [(8, 0.0), (100, 0.0), (100, 0.02), (1000, 0.005)])
def test_the_tail_is_honest(mean: int, rho: float) -> None:
    """Of days on which nothing happened, at most about a tenth has a tail below a tenth, weekly effect or not."""
    rng = np.random.default_rng(6)
    low = []
    for _ in range(40):
        rate = np.clip(0.8 + rng.normal(0, 0.06, 7)[np.arange(300) % 7], 0.05, 0.98)
        day_rate = rate if rho == 0 else rng.beta(rate * (1 - rho) / rho, (1 - rate) * (1 - rho) / rho)
        n = rng.poisson(mean, 300)
        good = rng.binomial(n, day_rate)
        found = usual(good, n)
        low.append((predictive_tail(good, n, found.rate, found.rho, found.strength) < 0.1)[60:].mean())
    assert np.mean(low) < 0.112
