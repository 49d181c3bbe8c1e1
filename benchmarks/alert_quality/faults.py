"""Changes made to clean days: drops, which should be detected, and data faults, which should not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.alert_quality.sources import AT, DAYS, Days

Fault = Callable[[Days, np.random.Generator], Days]


def drop(points: float, over: int = 0, duration: int = DAYS, weekends: bool = False) -> Fault:
    """Successes become failures: points fewer per hundred cases, at once or over a number of days, for a duration in
    days."""

    def apply(days: Days, rng: np.random.Generator) -> Days:
        since = np.arange(DAYS) - AT
        depth = np.where((since >= 0) & (since < duration), points / 100.0, 0.0)
        if over:
            depth = depth * np.clip((since + 1) / over, 0.0, 1.0)
        if weekends:
            depth = np.where(np.arange(DAYS) % 7 >= 5, depth, 0.0)
        rate = days.successes[:AT].sum(axis=0) / days.n[:AT].sum(axis=0)
        lost = np.minimum(depth[:, None] / rate, 1.0)
        return Days(days.successes - rng.binomial(days.successes.astype(int), lost), days.n)

    return apply


def missing_rows(share: float, duration: int) -> Fault:
    """Most rows are missing, successes and failures alike."""

    def apply(days: Days, rng: np.random.Generator) -> Days:
        successes, bad = days.successes.copy(), days.n - days.successes
        span = slice(AT, AT + duration)
        successes[span] = rng.binomial(successes[span].astype(int), share)
        bad[span] = rng.binomial(bad[span].astype(int), share)
        return Days(successes, successes + bad)

    return apply


def loaded_twice(duration: int) -> Fault:
    """A batch is loaded twice."""

    def apply(days: Days, rng: np.random.Generator) -> Days:
        factor = np.where((np.arange(DAYS) >= AT) & (np.arange(DAYS) < AT + duration), 2.0, 1.0)[:, None]
        return Days(days.successes * factor, days.n * factor)

    return apply


def other_customers(share: float, points: float) -> Fault:
    """A share of the cases is of customers who have always done worse by so many points: the mix has changed."""
    return drop(share * points)


DROPS: dict[str, Fault] = {
    "step 2": drop(2),
    "step 5": drop(5),
    "step 10": drop(10),
    "step 20": drop(20),
    "ramp 10": drop(10, over=14),
    "weekend 10": drop(10, weekends=True),
    "mix 6": other_customers(0.2, 30),
}
DATA_FAULTS: dict[str, Fault] = {
    "one day 5": drop(5, duration=1),
    "volume gone": missing_rows(0.03, 3),
    "late data": missing_rows(0.6, 3),
    "twice": loaded_twice(2),
}
