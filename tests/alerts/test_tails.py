"""Tails and intervals against independent figures: scipy's beta-binomial, statsmodels' intervals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import betabinom, binom
from statsmodels.stats.proportion import proportion_confint

from jkpi.alerts.statistics.beta_binomial import lower_tail, predictive_tail, wilson


def test_lower_tail_is_that_of_scipy() -> None:
    rng = np.random.default_rng(3)
    n = rng.integers(0, 300, 400)
    k = rng.integers(0, n + 1)
    a, b = rng.uniform(0.3, 400, 400), rng.uniform(0.3, 400, 400)
    expected = np.array([betabinom.cdf(*cell) for cell in zip(k, n, a, b, strict=True)])
    np.testing.assert_allclose(lower_tail(k, n, a, b), expected, rtol=1e-7, atol=1e-300)


def test_lower_tail_keeps_its_precision_far_out() -> None:
    expected = betabinom.cdf(20, 200, 900, 100)
    assert expected < 1e-40
    assert lower_tail(20, 200, 900.0, 100.0)[0] == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(("k", "n", "expected"), [(0, 0, 1.0), (5, 5, 1.0), (-1, 5, 0.0), (9, 5, 1.0)])
def test_lower_tail_at_the_edges(k: int, n: int, expected: float) -> None:
    assert lower_tail(k, n, 2.0, 3.0)[0] == expected


def test_a_rate_known_exactly_without_overdispersion_is_binomial() -> None:
    assert predictive_tail(80, 100, 0.9, 0.0)[0] == pytest.approx(binom.cdf(80, 100, 0.9), rel=1e-3)


def test_a_rate_known_from_few_cases_is_the_posterior_predictive() -> None:
    """18 of 20 seen: Beta(18, 2) around the rate."""
    assert predictive_tail(6, 10, 0.9, 0.0, 20.0)[0] == pytest.approx(betabinom.cdf(6, 10, 18, 2), rel=1e-7)


def test_half_counts_are_rounded_to_the_quiet_side() -> None:
    assert predictive_tail(79.5, 100, 0.9, 0.01)[0] == predictive_tail(80, 100, 0.9, 0.01)[0]


def test_wilson_is_that_of_statsmodels_and_of_the_check_vectors() -> None:
    for good, n in [(8, 10), (80, 100), (0, 5), (5, 5), (317, 901)]:
        assert wilson(good, n) == pytest.approx(proportion_confint(good, n, method="wilson"), abs=1e-12)
    assert wilson(8, 10) == pytest.approx((0.490, 0.943), abs=0.001)
    assert wilson(0, 0) == (0.0, 1.0)
