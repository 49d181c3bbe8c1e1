"""Changes made to clean days: drops, which should be detected, and data faults, which should not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.alert_quality.sources import AT, DAYS, Days

Fault = Callable[[Days, np.random.Generator], Days]


def span(since: int, until: int, value: float, other: float = 0.0, length: int = DAYS) -> np.ndarray:
    """(length,): a value on days of [since, until), another value on all others."""
    days = np.arange(length)
    return np.where((days >= since) & (days < until), value, other)


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
        return moved(days, depth, rng)

    return apply


def moved(days: Days, points: np.ndarray, rng: np.random.Generator) -> Days:
    """Rates lower by points[day] (0-1), higher where it is negative. The share of successes that become failures is
    that of the rate before the first move."""
    before = int(np.flatnonzero(points)[0])
    rate = days.successes[:before].sum(axis=0) / days.n[:before].sum(axis=0)
    lost = np.clip(points[:, None] / rate, 0.0, 1.0)
    gained = np.clip(-points[:, None] / (1.0 - rate), 0.0, 1.0)
    successes = days.successes.astype(int)
    failures = days.n.astype(int) - successes
    return days.counting(days.successes - rng.binomial(successes, lost) + rng.binomial(failures, gained))


def thinned(days: Days, kept: np.ndarray, rng: np.random.Generator) -> Days:
    """A share of the cases, kept[day] (0-1), at the same rate."""
    successes = rng.binomial(days.successes.astype(int), kept[:, None]).astype(float)
    failures = rng.binomial((days.n - days.successes).astype(int), kept[:, None])
    return days.counting(successes, successes + failures)


def missing_rows(share: float, duration: int) -> Fault:
    """Most rows are missing, successes and failures alike."""

    def apply(days: Days, rng: np.random.Generator) -> Days:
        return thinned(days, span(AT, AT + duration, share, other=1.0), rng)

    return apply


def loaded_twice(duration: int) -> Fault:
    """A batch is loaded twice."""

    def apply(days: Days, rng: np.random.Generator) -> Days:
        factor = np.where((np.arange(DAYS) >= AT) & (np.arange(DAYS) < AT + duration), 2.0, 1.0)[:, None]
        return days.counting(days.successes * factor, days.n * factor)

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
