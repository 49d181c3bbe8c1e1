"""Tails and intervals against independent figures: scipy's beta-binomial, statsmodels' intervals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import betabinom, binom
from statsmodels.stats.proportion import proportion_confint

from jkpi.alerts.statistics.beta_binomial import beta_binomial_cdf, predictive_cdf, wilson_interval


def test_the_lower_tail_equals_scipy() -> None:
    rng = np.random.default_rng(3)
    n = rng.integers(0, 300, 400)
    k = rng.integers(0, n + 1)
    a, b = rng.uniform(0.3, 400, 400), rng.uniform(0.3, 400, 400)
    expected = np.array([betabinom.cdf(*cell) for cell in zip(k, n, a, b, strict=True)])
    np.testing.assert_allclose(beta_binomial_cdf(k, n, a, b), expected, rtol=1e-7, atol=1e-300)


def test_the_lower_tail_is_precise_far_out() -> None:
    expected = betabinom.cdf(20, 200, 900, 100)
    assert expected < 1e-40
    assert beta_binomial_cdf(20, 200, 900.0, 100.0)[0] == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(("k", "n", "expected"), [(0, 0, 1.0), (5, 5, 1.0), (-1, 5, 0.0), (9, 5, 1.0)])
def test_the_lower_tail_at_its_limits(k: int, n: int, expected: float) -> None:
    assert beta_binomial_cdf(k, n, 2.0, 3.0)[0] == expected


def test_a_rate_known_exactly_without_overdispersion_is_binomial() -> None:
    assert predictive_cdf(80, 100, 0.9, 0.0)[0] == pytest.approx(binom.cdf(80, 100, 0.9), rel=1e-3)


def test_a_rate_known_from_few_cases_is_the_posterior_predictive() -> None:
    """18 successes in 20 cases: Beta(18, 2) around the rate."""
    assert predictive_cdf(6, 10, 0.9, 0.0, 20.0)[0] == pytest.approx(betabinom.cdf(6, 10, 18, 2), rel=1e-7)


def test_half_counts_are_rounded_up() -> None:
    assert predictive_cdf(79.5, 100, 0.9, 0.01)[0] == predictive_cdf(80, 100, 0.9, 0.01)[0]


def test_wilson_equals_statsmodels_and_the_check_vectors() -> None:
    for successes, n in [(8, 10), (80, 100), (0, 5), (5, 5), (317, 901)]:
        assert wilson_interval(successes, n) == pytest.approx(
            proportion_confint(successes, n, method="wilson"), abs=1e-12
        )
    assert wilson_interval(8, 10) == pytest.approx((0.490, 0.943), abs=0.001)
    assert wilson_interval(0, 0) == (0.0, 1.0)
