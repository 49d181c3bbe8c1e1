"""Made days: weekly effects on volume and rate; in every other series what makes days differ lasts from day to day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.alert_quality.sources import DAYS, Days

CORRELATION = 0.5
"""Of what makes two days next to each other differ from the usual, where it lasts."""
_MOOD = 0.15
_VOLUME = np.array([1.2, 1.1, 1.0, 1.0, 1.0, 0.5, 0.4])


@dataclass(frozen=True, eq=False)
class Truth:
    """How days were made. `usual` (DAYS, S): the rate without mood; `mood` (S,): the standard deviation, in rates, of
    what days have in common with the next."""

    usual: np.ndarray
    mood: np.ndarray

    def part(self, rows: np.ndarray) -> Truth:
        return Truth(self.usual[:, rows], self.mood[rows])


def made(series: int, mean: int, rng: np.random.Generator) -> Days:
    return made_with_truth(series, mean, rng)[0]


def made_with_truth(series: int, mean: int, rng: np.random.Generator) -> tuple[Days, Truth]:
    weekday = np.arange(DAYS) % 7
    weekly = rng.normal(0.0, 0.02, (7, series))[weekday]
    base = rng.uniform(0.6, 0.92, series)
    n = rng.poisson(mean * _VOLUME[weekday][:, None], (DAYS, series))
    logit = np.log(base / (1.0 - base))
    mood, lasting = np.zeros(series), np.where(np.arange(series) % 2, _MOOD, 0.0)
    rate = np.empty((DAYS, series))
    for day in range(DAYS):
        mood = CORRELATION * mood + np.sqrt(1.0 - CORRELATION**2) * rng.normal(size=series)
        rate[day] = 1.0 / (1.0 + np.exp(-(logit + lasting * mood))) + weekly[day]
    days = Days(rng.binomial(n, np.clip(rate, 0.01, 0.99)).astype(float), n.astype(float))
    return days, Truth(np.clip(base + weekly, 0.01, 0.99), lasting * base * (1.0 - base))
