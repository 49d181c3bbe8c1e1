"""Generated days with weekly effects on volume and rate. In every other series the variation between days lasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.alert_quality.sources import DAYS, Days

CORRELATION = 0.5
"""Correlation of the variation of successive days, in the series in which it lasts."""
_DAY_EFFECT = 0.15
_VOLUME = np.array([1.2, 1.1, 1.0, 1.0, 1.0, 0.5, 0.4])


@dataclass(frozen=True, eq=False)
class Truth:
    """How days were generated. baseline (DAYS, S): rate without the day effect. day_effect (S,): standard deviation, in
    rates, of the lasting effect."""

    baseline: np.ndarray
    day_effect: np.ndarray

    def part(self, rows: np.ndarray) -> Truth:
        return Truth(self.baseline[:, rows], self.day_effect[rows])


def generated(series: int, mean: float, rng: np.random.Generator, length: int = DAYS) -> Days:
    return generated_with_truth(series, mean, rng, length)[0]


def generated_with_truth(series: int, mean: float, rng: np.random.Generator, length: int = DAYS) -> tuple[Days, Truth]:
    weekday = np.arange(length) % 7
    weekly = rng.normal(0.0, 0.02, (7, series))[weekday]
    base = rng.uniform(0.6, 0.92, series)
    n = rng.poisson(mean * _VOLUME[weekday][:, None], (length, series))
    logit = np.log(base / (1.0 - base))
    day_effect, autocorrelated = np.zeros(series), np.where(np.arange(series) % 2, _DAY_EFFECT, 0.0)
    rate = np.empty((length, series))
    for day in range(length):
        day_effect = CORRELATION * day_effect + np.sqrt(1.0 - CORRELATION**2) * rng.normal(size=series)
        rate[day] = 1.0 / (1.0 + np.exp(-(logit + autocorrelated * day_effect))) + weekly[day]
    days = Days(rng.binomial(n, np.clip(rate, 0.01, 0.99)).astype(float), n.astype(float), np.arange(series))
    return days, Truth(np.clip(base + weekly, 0.01, 0.99), autocorrelated * base * (1.0 - base))
