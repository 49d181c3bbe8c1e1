"""Seeded random arrays: arrivals with a weekly pattern, rates that vary by day, delays."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from jkpi.synthetic.clock import DAY, HOUR, BoolArray, TimeArray, ZoneClock

FloatArray = NDArray[np.float64]
NumpyGenerator = np.random.Generator


class RandomStreams:
    """One independent stream per name, so that a change in one part of a scenario does not change the others."""

    def __init__(self, example: str, seed: int) -> None:
        self._key = [seed, zlib.crc32(example.encode())]

    def __call__(self, name: str) -> NumpyGenerator:
        """A fresh generator, the same for the same example, seed and name."""
        return np.random.default_rng([*self._key, zlib.crc32(name.encode())])


def arrivals(
    rng: NumpyGenerator, clock: ZoneClock, per_day: float, week: Sequence[float], hours: Sequence[float], growth: float
) -> TimeArray:
    """Sorted instants of a daily Poisson count that is mildly overdispersed.

    `week` and `hours` are relative weights; over all days the volume changes by the relative `growth`.
    """
    days = np.arange(clock.days)
    shape = np.asarray(week)[clock.weekday(days)] / np.mean(week)
    trend = 1 + growth * (days / clock.days - 0.5)
    noise = rng.gamma(60.0, 1 / 60.0, len(days))
    day = np.repeat(days, rng.poisson(per_day * shape * trend * noise))
    hour = rng.choice(24, len(day), p=np.asarray(hours) / np.sum(hours))
    return np.sort(clock.to_utc(day, hour * HOUR + rng.integers(0, HOUR, len(day))))


def daily_rates(rng: NumpyGenerator, clock: ZoneClock, base: float, week: Sequence[float], spread: float) -> FloatArray:
    """A rate for each day: `base`, moved on the logit scale by the weekday's shift and by normal noise of `spread`."""
    days = np.arange(clock.days)
    logit = np.log(base / (1 - base)) + np.asarray(week)[clock.weekday(days)]
    rates: FloatArray = 1 / (1 + np.exp(-logit - rng.normal(0, spread, len(days))))
    return rates


def daily_value_at(clock: ZoneClock, values: FloatArray, instants: TimeArray) -> FloatArray:
    """The daily value at each instant; the last day's beyond the end."""
    return values[np.clip(clock.day(instants), 0, len(values) - 1)]


def bernoulli(rng: NumpyGenerator, probability: FloatArray | float, count: int) -> BoolArray:
    """`count` booleans, true with `probability`."""
    return rng.random(count) < probability


def uniform_delay(rng: NumpyGenerator, start: TimeArray, low: int, high: int) -> TimeArray:
    """`start` plus a uniform delay of `low` to `high` seconds."""
    delayed: TimeArray = start + rng.integers(low, high, len(start))
    return delayed


def lognormal_delay(
    rng: NumpyGenerator, start: TimeArray, median: int, spread: float, low: int, high: int
) -> TimeArray:
    """`start` plus a log-normal delay in seconds, clipped to `low` and `high`."""
    delay = np.clip(median * np.exp(rng.normal(0, spread, len(start))), low, high)
    delayed: TimeArray = start + delay.astype(np.int64)
    return delayed


def choose_by_hour(rng: NumpyGenerator, clock: ZoneClock, candidates: TimeArray, hours: Sequence[float]) -> TimeArray:
    """One of several candidate instants per row, weighted by hour of day."""
    weights = np.asarray(hours)[clock.hour(candidates)]
    choice = np.argmax(np.log(weights) + rng.gumbel(size=candidates.shape), axis=1)
    chosen: TimeArray = candidates[np.arange(len(candidates)), choice]
    return chosen


def weighted_choice(rng: NumpyGenerator, weights: Mapping[str, float], count: int) -> NDArray[np.str_]:
    """`count` names drawn by weight."""
    probabilities = np.array(list(weights.values()))
    return rng.choice(np.array(list(weights)), count, p=probabilities / probabilities.sum())


def response_times(rng: NumpyGenerator, asked_at: TimeArray) -> TimeArray:
    """Response times: within three days, most of them soon."""
    return asked_at + np.clip(rng.exponential(11 * HOUR, len(asked_at)), 3 * 60, 3 * DAY - HOUR).astype(np.int64)
