"""Seeded chance for whole arrays: arrivals with a working week, rates that vary by day, delays."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from jkpi.synthetic.clock import DAY, HOUR, Clock, Mask, Times

Floats = NDArray[np.float64]
Generator = np.random.Generator


class Chance:
    """One independent stream for each name, so that a change in one part of a story leaves the others as they were."""

    def __init__(self, example: str, seed: int) -> None:
        self._key = [seed, zlib.crc32(example.encode())]

    def __call__(self, name: str) -> Generator:
        """A fresh generator, the same for the same example, seed and name."""
        return np.random.default_rng([*self._key, zlib.crc32(name.encode())])


def arrivals(
    rng: Generator, clock: Clock, per_day: float, week: Sequence[float], hours: Sequence[float], growth: float
) -> Times:
    """Sorted instants of a daily Poisson count that is mildly overdispersed.

    `week` and `hours` are relative weights; over all days the volume changes by the relative `growth`.
    """
    days = np.arange(clock.days)
    shape = np.asarray(week)[clock.weekday(days)] / np.mean(week)
    trend = 1 + growth * (days / clock.days - 0.5)
    luck = rng.gamma(60.0, 1 / 60.0, len(days))
    day = np.repeat(days, rng.poisson(per_day * shape * trend * luck))
    hour = rng.choice(24, len(day), p=np.asarray(hours) / np.sum(hours))
    return np.sort(clock.instants(day, hour * HOUR + rng.integers(0, HOUR, len(day))))


def daily_rates(rng: Generator, clock: Clock, base: float, week: Sequence[float], spread: float) -> Floats:
    """A rate for each day: `base`, moved on the logit scale by the weekday's shift and by normal noise of `spread`."""
    days = np.arange(clock.days)
    logit = np.log(base / (1 - base)) + np.asarray(week)[clock.weekday(days)]
    rates: Floats = 1 / (1 + np.exp(-logit - rng.normal(0, spread, len(days))))
    return rates


def on_day(clock: Clock, values: Floats, at: Times) -> Floats:
    """The daily value at each instant; the last day's beyond the end."""
    return values[np.clip(clock.day(at), 0, len(values) - 1)]


def happens(rng: Generator, probability: Floats | float, count: int) -> Mask:
    """True with that probability, for each of `count`."""
    return rng.random(count) < probability


def between(rng: Generator, at: Times, least: int, most: int) -> Times:
    """Later by `least` to `most` seconds, evenly."""
    delayed: Times = at + rng.integers(least, most, len(at))
    return delayed


def later(rng: Generator, at: Times, median: int, spread: float, least: int, most: int) -> Times:
    """Later by a log-normal delay in seconds, clipped."""
    delay = np.clip(median * np.exp(rng.normal(0, spread, len(at))), least, most)
    delayed: Times = at + delay.astype(np.int64)
    return delayed


def at_a_likely_hour(rng: Generator, clock: Clock, offers: Times, hours: Sequence[float]) -> Times:
    """One of several offered instants (a row each), the hours of the day weighted."""
    weights = np.asarray(hours)[clock.hour(offers)]
    choice = np.argmax(np.log(weights) + rng.gumbel(size=offers.shape), axis=1)
    chosen: Times = offers[np.arange(len(offers)), choice]
    return chosen


def pick(rng: Generator, weights: Mapping[str, float], count: int) -> NDArray[np.str_]:
    """Names drawn by weight."""
    shares = np.array(list(weights.values()))
    return rng.choice(np.array(list(weights)), count, p=shares / shares.sum())


def answer_times(rng: Generator, asked: Times) -> Times:
    """People answer within three days, most of them soon."""
    return asked + np.clip(rng.exponential(11 * HOUR, len(asked)), 3 * 60, 3 * DAY - HOUR).astype(np.int64)
