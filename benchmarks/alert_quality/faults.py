"""What is done to clean days: falls that ought to be told, and trouble with data that ought not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.alert_quality.sources import AT, DAYS, Days

Fault = Callable[[Days, np.random.Generator], Days]


def fall(points: float, over: int = 0, lasting: int = DAYS, weekends: bool = False) -> Fault:
    """Good outcomes become bad ones: `points` fewer of a hundred, at once or `over` days, for so many days."""

    def apply(days: Days, rng: np.random.Generator) -> Days:
        since = np.arange(DAYS) - AT
        depth = np.where((since >= 0) & (since < lasting), points / 100.0, 0.0)
        if over:
            depth = depth * np.clip((since + 1) / over, 0.0, 1.0)
        if weekends:
            depth = np.where(np.arange(DAYS) % 7 >= 5, depth, 0.0)
        rate = days.good[:AT].sum(axis=0) / days.n[:AT].sum(axis=0)
        lost = np.minimum(depth[:, None] / rate, 1.0)
        return Days(days.good - rng.binomial(days.good.astype(int), lost), days.n)

    return apply


def thinner(share: float, lasting: int) -> Fault:
    """Most rows are missing, good and bad alike."""

    def apply(days: Days, rng: np.random.Generator) -> Days:
        good, bad = days.good.copy(), days.n - days.good
        span = slice(AT, AT + lasting)
        good[span] = rng.binomial(good[span].astype(int), share)
        bad[span] = rng.binomial(bad[span].astype(int), share)
        return Days(good, good + bad)

    return apply


def twice(lasting: int) -> Fault:
    """A batch is loaded twice."""

    def apply(days: Days, rng: np.random.Generator) -> Days:
        factor = np.where((np.arange(DAYS) >= AT) & (np.arange(DAYS) < AT + lasting), 2.0, 1.0)[:, None]
        return Days(days.good * factor, days.n * factor)

    return apply


def other_customers(share: float, points: float) -> Fault:
    """A share of the cases is of customers who have always done worse by so many points: who comes has changed."""
    return fall(share * points)


FALLS: dict[str, Fault] = {
    "step 2": fall(2),
    "step 5": fall(5),
    "step 10": fall(10),
    "step 20": fall(20),
    "ramp 10": fall(10, over=14),
    "weekend 10": fall(10, weekends=True),
    "mix 6": other_customers(0.2, 30),
}
TROUBLE: dict[str, Fault] = {
    "one day 5": fall(5, lasting=1),
    "volume gone": thinner(0.03, 3),
    "late data": thinner(0.6, 3),
    "twice": twice(2),
}
