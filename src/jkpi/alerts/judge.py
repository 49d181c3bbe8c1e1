"""How surprising is a day? Pure: counts go in, tail probabilities come out; no clock, no file, no database.

Rates are oriented so that higher is better; the caller turns "lower is better" into its complement. A day is k good
outcomes of n. Two reference rates are asked about:

- the series' **own baseline**: its rate on the same day of the week over the 56 days before, without the last 7 (a
  slow fall must not become its own excuse) and without days that were held or belong to an alert;
- the **promise line**: the promise lowered by `falls_off_by`. A low tail against it means that the promise is broken
  by more than that, not merely that a point estimate happens to lie there.

The tail is P(X <= k), the whole of it and not the mid-p: on small counts it is larger than the nominal error, so the
stated false-alarm rate is an upper bound and what is lost is a little power. X is beta-binomial: days of one series
differ by more than chance alone, and by how much (the intraclass correlation rho) is estimated from the series.

Sources: moments of the beta-binomial after Williams (1982), Applied Statistics 31; between-weekday variance by
DerSimonian and Laird (1986), Controlled Clinical Trials 7; interval by Wilson (1927), JASA 22.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import betaln

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

PRESUMED_RHO = 0.01
"""Intraclass correlation while fewer than 14 days can tell: at n = 100 it doubles the variance."""
DAYS_FOR_RHO = 14
LEAST_PRIOR_DAYS = 0.25
"""The least weight of the all-weekday rate, in average days; more would bias weekdays that truly differ."""
Z95 = 1.959963984540054
_LEAST_RHO = 1e-6


@dataclass(frozen=True)
class Rule:
    """What a series is held to. `promise` and `falls_off_by` are rates 0-1, higher is better.

    `family` is the number of series that share one false-alarm budget: the segments of a moment.
    """

    promise: float | None
    falls_off_by: float
    family: int = 1
    low: float = 0.10
    in_a_row: int = 3
    collapse: float = 1e-4
    collapse_n: int = 30
    learning_days: int = 28
    window_days: int = 56
    gap_days: int = 7
    least_n: int = 5
    least_share: float = 0.25
    standing_weeks: int = 4

    @property
    def sure(self) -> float:
        """How small the tail of pooled days must be: three low days in a row are one chance in a thousand, and a family
        of segments shares that chance among its members."""
        return self.low**self.in_a_row / self.family

    @property
    def promise_line(self) -> float | None:
        return None if self.promise is None else self.promise - self.falls_off_by


@dataclass(frozen=True, eq=False)
class Days:
    """A series day by day without gaps, T days from `first`: counts `good` (T,) and `n` (T,), 0 where none."""

    first: date
    good: Floats
    n: Floats

    def __len__(self) -> int:
        return len(self.n)


@dataclass(frozen=True, eq=False)
class Baseline:
    """What is usual on each of T days, each array (T,).

    `rate`; `rho` intraclass correlation of days; `strength` how many independent cases the rate is worth;
    `usable` days in the window; `least_n` the smallest n that is judged; `expected` whether this weekday brings data.
    """

    rate: Floats
    rho: Floats
    strength: Floats
    usable: Floats
    least_n: Floats
    expected: Flags


def baseline(days: Days, left_out: Flags, rule: Rule) -> Baseline:
    """The usual rate of every day, from days before it only. `left_out` (T,): held days and days of an alert.

    Days left out are cut out of the calendar, so the window reaches further back instead of running dry, and while an
    alert lasts its baseline stands still.
    """
    window = _window_sums(days, left_out, rule)
    count, n, square, good, good_square = (window[..., i] for i in range(5))
    with np.errstate(divide="ignore", invalid="ignore"):
        total_days, total_n = count.sum(axis=1), n.sum(axis=1)
        overall = (good.sum(axis=1) + 0.5) / (total_n + 1.0)
        rho = _overdispersion(count, n, square, good, good_square, overall)
        effective = np.where(n > 0, n**2 / (n + rho[:, None] * (square - n)), 0.0)
        by_weekday = np.where(n > 0, good / n, 0.0)
        spread = overall * (1.0 - overall)
        prior = _prior_strength(effective, by_weekday, spread, total_days)
        weekday = (days.first.weekday() + np.arange(len(days))) % 7
        row = np.arange(len(days))
        own = effective[row, weekday]
        whole = effective.sum(axis=1)
        pooled = np.where(whole > 0, (effective * by_weekday).sum(axis=1) / whole, overall)
        prior = np.minimum(prior, np.maximum(LEAST_PRIOR_DAYS * whole / np.maximum(total_days, 1.0), whole - own))
        rate = (own * by_weekday[row, weekday] + prior * pooled + 0.5) / (own + prior + 1.0)
        mean_n = np.where(total_days > 0, total_n / total_days, 0.0)
    return Baseline(
        rate=rate,
        rho=rho,
        strength=own + prior + 1.0,
        usable=total_days,
        least_n=np.maximum(rule.least_n, rule.least_share * mean_n),
        expected=count[row, weekday] >= 4,
    )


def _window_sums(days: Days, left_out: Flags, rule: Rule) -> Floats:
    """(T, 7, 5): per weekday the window's days, n, n^2, k and k^2/n."""
    kept = np.flatnonzero(~left_out)
    n, good = days.n[kept], days.good[kept]
    seen = n > 0
    measures = np.stack(
        [seen.astype(float), n, n**2, good, np.where(seen, good**2 / np.where(seen, n, 1.0), 0.0)], axis=1
    )
    sums = np.zeros((len(kept) + 1, 7, 5))
    sums[1 + np.arange(len(kept)), (days.first.weekday() + kept) % 7] = measures
    sums = np.cumsum(sums, axis=0)
    position = np.concatenate([[0], np.cumsum(~left_out)])[:-1]
    until = np.maximum(position - rule.gap_days, 0)
    since = np.maximum(position - rule.window_days, 0)
    result: Floats = sums[until] - sums[since]
    return result


def _overdispersion(
    count: Floats, n: Floats, square: Floats, good: Floats, good_square: Floats, overall: Floats
) -> Floats:
    """rho (T,) by the method of moments on what is left within weekdays, never below the binomial."""
    rate = (good + overall[:, None]) / (n + 1.0)
    pearson = np.maximum(good_square - 2.0 * rate * good + rate**2 * n, 0.0) / (rate * (1.0 - rate))
    freedom = np.maximum(count - 1.0, 0.0).sum(axis=1)
    slope = np.where(n > 0, n - count - (square - n) / np.where(n > 0, n, 1.0), 0.0).sum(axis=1)
    rho = np.where(slope > 0, (pearson.sum(axis=1) - freedom) / np.where(slope > 0, slope, 1.0), 0.0)
    result: Floats = np.where(count.sum(axis=1) < DAYS_FOR_RHO, PRESUMED_RHO, np.clip(rho, 0.0, 0.5))
    return result


def _prior_strength(effective: Floats, by_weekday: Floats, spread: Floats, total_days: Floats) -> Floats:
    """How many cases the all-weekday rate counts for beside a weekday's own: many when weekdays do not differ.

    Never quite none, so that a weekday not seen yet has a rate, if an uncertain one.
    """
    whole = effective.sum(axis=1)
    mean = np.where(whole > 0, (effective * by_weekday).sum(axis=1) / whole, 0.0)
    between = (effective * (by_weekday - mean[:, None]) ** 2).sum(axis=1) / spread
    excess = between - ((effective > 0).sum(axis=1) - 1.0)
    room = np.where(whole > 0, whole - (effective**2).sum(axis=1) / np.where(whole > 0, whole, 1.0), 0.0)
    strength = np.where(excess > 0, room / np.where(excess > 0, excess, 1.0), np.inf)
    result: Floats = np.maximum(strength, LEAST_PRIOR_DAYS * whole / np.maximum(total_days, 1.0))
    return result


def standing_breach(days: Days, judged: Flags, line: float, rho: Floats, rule: Rule) -> Flags:
    """(T,): whether each of the last four weeks lies below the line, and all of them together surely do.

    A rate that is steadily a little too low never has three low days in a row, so the ladder alone would not see it.
    """
    n, good = np.where(judged, days.n, 0.0), np.where(judged, days.good, 0.0)
    spread = n * (1.0 + np.maximum(n - 1.0, 0.0) * rho)
    sums = np.concatenate([np.zeros((1, 4)), np.cumsum(np.stack([n, good, spread, judged], axis=1), axis=0)])
    end = np.arange(1, len(days) + 1)
    below = end >= 7 * rule.standing_weeks
    for week in range(rule.standing_weeks):
        part = sums[np.maximum(end - 7 * week, 0)] - sums[np.maximum(end - 7 * (week + 1), 0)]
        below &= part[:, 1] < line * part[:, 0]
    whole = sums[end] - sums[np.maximum(end - 7 * rule.standing_weeks, 0)]
    total = np.maximum(whole[:, 0], 2.0)
    pooled_rho = np.maximum(whole[:, 2] / total - 1.0, 0.0) / (total - 1.0)
    tail = predictive_tail(whole[:, 1], total, line, pooled_rho)
    result: Flags = below & (whole[:, 3] >= 3.5 * rule.standing_weeks) & (tail <= rule.sure)
    return result


def predictive_tail(good: Any, n: Any, rate: Any, rho: Any, strength: Any = np.inf) -> Floats:
    """P(X <= good) for a new day, the reference rate itself being known only as well as `strength` cases tell it.

    The mean is Beta with that many cases, the day beta-binomial around it; both spreads together are one beta-binomial
    with the summed variance. Half counts (a passive in NPS) are rounded up, which errs to the quiet side.
    """
    strength = np.asarray(strength, dtype=float)
    # Both terms over the strength, so that an infinite one, a rate known exactly, leaves rho alone.
    both = (1.0 / strength + np.asarray(rho)) / (1.0 / strength + 1.0)
    both = np.clip(both, _LEAST_RHO, 1.0 - _LEAST_RHO)
    rate = np.clip(rate, 1e-9, 1.0 - 1e-9)
    scale = (1.0 - both) / both
    return lower_tail(np.ceil(np.asarray(good, dtype=float) - 1e-9), n, rate * scale, (1.0 - rate) * scale)


def lower_tail(k: Any, n: Any, a: Any, b: Any) -> Floats:
    """P(X <= k) of the beta-binomial, element by element; scipy's own is exact as well, but sums one cell at a time.

    Terms are summed outward from k (downward below the mean, upward above it) until they no longer matter.
    """
    k, n, a, b = (np.atleast_1d(x).astype(float) for x in np.broadcast_arrays(k, n, a, b))
    below = k <= n * a / (a + b)
    start = np.clip(np.where(below, k, k + 1.0), 0.0, n)
    log_first = -np.log1p(n) - betaln(n - start + 1.0, start + 1.0) + betaln(start + a, n - start + b) - betaln(a, b)
    term = np.exp(log_first)
    total, j = term.copy(), start.copy()
    while True:
        with np.errstate(divide="ignore", invalid="ignore"):
            down = j * (n - j + b) / ((n - j + 1.0) * (j - 1.0 + a))
            up = (n - j) * (j + a) / ((j + 1.0) * (n - j - 1.0 + b))
        ratio = np.where(below, np.where(j > 0, down, 0.0), np.where(j < n, up, 0.0))
        term = term * ratio
        if not np.any(term > 1e-15 * total):
            break
        total += term
        j = np.where(below, j - 1.0, j + 1.0)
    tail = np.where(below, total, 1.0 - total)
    tail = np.where(k >= n, 1.0, np.where(k < 0, 0.0, tail))
    return np.clip(tail, 0.0, 1.0)


def wilson(good: float, n: float) -> tuple[float, float]:
    """Wilson 95 % interval; n may be an effective sample size. (0, 1) where there is nothing."""
    if n <= 0:
        return 0.0, 1.0
    rate, z2 = good / n, Z95**2
    middle = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * float(np.sqrt(rate * (1 - rate) / n + z2 / (4 * n * n)))
    return max(0.0, middle - half), min(1.0, middle + half)
