"""Beta-binomial tails, which show how surprising a count is, and Wilson's interval. Element by element. Pure.

The tail is P(X <= k), not the mid-p: on small counts it exceeds the nominal error, so a stated error is an upper bound
at the cost of a little power. X is beta-binomial: days of one series vary more than chance alone (intraclass
correlation rho), and the reference rate is itself an estimate.

Sources: moments of the beta-binomial, Williams (1982), Applied Statistics 31; interval, Wilson (1927), JASA 22.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.intp]

Z95 = 1.959963984540054
_MIN_RHO = 1e-6
_PRECISION = 1e-10


def predictive_cdf(successes: Any, n: Any, rate: Any, rho: Any, effective_n: Any = np.inf) -> Floats:
    """P(X <= successes) for a new day, where the reference rate is known from effective_n cases.

    The mean is Beta distributed with that many cases, the day is beta-binomial around it. Both are merged into one
    beta-binomial with the summed variance. Half counts (a passive in NPS) are rounded up, toward no alert.
    """
    effective_n = np.asarray(effective_n, dtype=float)
    # Both terms are divided by effective_n, so that an infinite value (a rate known exactly) leaves rho alone.
    total_rho = (1.0 / effective_n + np.asarray(rho)) / (1.0 / effective_n + 1.0)
    total_rho = np.clip(total_rho, _MIN_RHO, 1.0 - _MIN_RHO)
    rate = np.clip(rate, 1e-9, 1.0 - 1e-9)
    scale = (1.0 - total_rho) / total_rho
    return beta_binomial_cdf(np.ceil(np.asarray(successes, dtype=float) - 1e-9), n, rate * scale, (1.0 - rate) * scale)


def beta_binomial_cdf(k: Any, n: Any, a: Any, b: Any) -> Floats:
    """P(X <= k) of the beta-binomial, element by element. scipy's version is exact too, but sums one cell at a time.

    Terms are summed outward from k (downward below the mean, upward above it) until they no longer matter.
    """
    from scipy.special import betaln

    k, n, a, b = (np.atleast_1d(value).astype(float) for value in np.broadcast_arrays(k, n, a, b))
    below = k <= n * a / (a + b)
    j = np.clip(np.where(below, k, k + 1.0), 0.0, n)
    first_term = -np.log1p(n) - betaln(n - j + 1.0, j + 1.0) + betaln(j + a, n - j + b) - betaln(a, b)
    total = np.exp(first_term)
    for rows, sum_terms in ((np.flatnonzero(below), _sum_downward), (np.flatnonzero(~below), _sum_upward)):
        total[rows] = sum_terms(total[rows], j[rows], n[rows], a[rows], b[rows])
    tail = np.where(below, total, 1.0 - total)
    tail = np.where(k >= n, 1.0, np.where(k < 0, 0.0, tail))
    return np.clip(tail, 0.0, 1.0)


def _sum_downward(term: Floats, j: Floats, n: Floats, a: Floats, b: Floats) -> Floats:
    """Sum of the terms at j, j-1, ... 0. Cells leave the loop once they have converged."""
    result, rows = term.copy(), np.arange(len(term))
    total = term
    while len(rows):
        with np.errstate(divide="ignore", invalid="ignore"):
            term = np.where(j > 0, term * (j * (n - j + b) / ((n - j + 1.0) * (j - 1.0 + a))), 0.0)
        total = total + term
        result[rows] = total
        unfinished = term > _PRECISION * total
        rows, term, total = rows[unfinished], term[unfinished], total[unfinished]
        j, n, a, b = j[unfinished] - 1.0, n[unfinished], a[unfinished], b[unfinished]
    return result


def _sum_upward(term: Floats, j: Floats, n: Floats, a: Floats, b: Floats) -> Floats:
    """Sum of the terms at j, j+1, ... n: _sum_downward with successes and failures exchanged."""
    return _sum_downward(term, n - j, n, b, a)


def wilson_interval(successes: float, n: float) -> tuple[float, float]:
    """Wilson 95 % interval. n may be an effective sample size. (0, 1) if n is 0."""
    low, high = wilson_bounds(np.array([successes]), np.array([n]))
    return float(low[0]), float(high[0])


def wilson_bounds(successes: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Wilson 95 % intervals, element by element."""
    has_cases = n > 0
    size = np.where(has_cases, n, 1.0)
    rate, z2 = successes / size, Z95**2
    middle = (rate + z2 / (2 * size)) / (1 + z2 / size)
    half = Z95 / (1 + z2 / size) * np.sqrt(np.maximum(rate * (1 - rate), 0.0) / size + z2 / (4 * size * size))
    return np.where(has_cases, np.maximum(middle - half, 0.0), 0.0), np.where(
        has_cases, np.minimum(middle + half, 1.0), 1.0
    )
