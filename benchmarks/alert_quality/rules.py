"""Who judges: this product, and other rules written here from what is published about them. Each gives alarms (T, S).

A rule looks at the rate of a day and the days before it, for falls only. `strict` is the one number that is tuned; the
default is the published one. A rule that goes on alarming has told once: it tells anew after seven quiet days.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np

from benchmarks.alert_quality.opening import opened
from benchmarks.alert_quality.sources import DAYS, Days
from jkpi.alerts.statistics.rules import AlertRule

FIRST = date(2025, 1, 6)
FALLS_OFF_BY = 0.05
QUIET = 7
WARM = 35
"""Nobody is asked before: this product learns, the others need their windows."""


@dataclass(frozen=True)
class Rival:
    """`source`: where its rule is described. `default` is None where none is published; `most`: where it takes long, it
    judges so many series alone."""

    name: str
    alarms: Callable[[Days, float], np.ndarray]
    default: float | None
    stricter: tuple[float, float]
    source: str
    most: int | None = None


def ours(days: Days, every: float) -> np.ndarray:
    """Alerts as they open; `every`: the budget in days."""
    return opened(days.good, days.n, FIRST, AlertRule(None, FALLS_OFF_BY, false_alarm_every=every))


def told_once(raw: np.ndarray) -> np.ndarray:
    """Alarms that follow seven days without one."""
    told = np.zeros_like(raw)
    quiet = np.full(raw.shape[1], QUIET)
    for day in range(len(raw)):
        told[day] = raw[day] & (quiet >= QUIET)
        quiet = np.where(raw[day], 0, quiet + 1)
    told[:WARM] = False
    return told


def _rates(days: Days) -> np.ndarray:
    return np.where(days.n > 0, days.good / np.maximum(days.n, 1), np.nan)


def _by_deviation(days: Days, strict: float, window: int, includes_itself: bool) -> np.ndarray:
    rate = _rates(days)
    raw = np.zeros(rate.shape, dtype=bool)
    with np.errstate(invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # windows without a single day with a case
        for day in range(window, DAYS):
            past = rate[day - window + includes_itself : day + includes_itself]
            spread = np.nanstd(past, axis=0, ddof=1)
            raw[day] = (rate[day] - np.nanmean(past, axis=0)) / np.where(spread > 0, spread, np.inf) <= -strict
    return told_once(raw)


def same_weekday(days: Days, strict: float) -> np.ndarray:
    """Below the median of the last eight same weekdays by so many scaled median deviations."""
    rate = _rates(days)
    raw = np.zeros(rate.shape, dtype=bool)
    with np.errstate(invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for day in range(WARM, DAYS):
            past = rate[max(day - 56, day % 7) : day : 7]
            middle = np.nanmedian(past, axis=0)
            spread = 1.4826 * np.nanmedian(np.abs(past - middle), axis=0)
            raw[day] = rate[day] < middle - strict * np.maximum(spread, 1e-3)
    return told_once(raw)


def _static(days: Days, strict: float, in_a_row: int) -> np.ndarray:
    usual = days.good[:WARM].sum(axis=0) / days.n[:WARM].sum(axis=0)
    low = _rates(days) < usual - strict
    raw = low.copy()
    for back in range(1, in_a_row):
        raw[back:] &= low[:-back]
    return told_once(raw)


def by_chance(days: Days, strict: float) -> np.ndarray:
    return told_once(np.random.default_rng(9).random(days.n.shape) < np.exp(-strict))


RIVALS = (
    Rival(
        "z-score, 14 days, itself included",
        lambda d, s: _by_deviation(d, s, 14, True),
        3.0,
        (0.5, 3.4),
        "Elementary: training period 14 days, sensitivity 3",
    ),
    Rival(
        "z-score, 30 days",
        lambda d, s: _by_deviation(d, s, 30, False),
        3.0,
        (1.0, 9.0),
        "PostHog's z-score detector: window 30, threshold 3",
    ),
    Rival("same weekday, median and MAD", same_weekday, 3.0, (1.0, 30.0), "textbook"),
    Rival("5 points below usual, once", lambda d, s: _static(d, s, 1), FALLS_OFF_BY, (0.0, 0.6), "a static threshold"),
    Rival(
        "5 points below, three in a row", lambda d, s: _static(d, s, 3), FALLS_OFF_BY, (0.0, 0.4), "a static threshold"
    ),
    Rival("at random", by_chance, None, (1.0, 9.0), "the floor"),
)


def tuned(rival: Rival, clean: Days, a_month: float) -> float:
    """The least strict number that keeps to so many false alarms a series-month on clean days."""
    low, high = rival.stricter
    for _ in range(14):
        middle = 0.5 * (low + high)
        often = per_month(rival.alarms(clean, middle)) > a_month
        low, high = (middle, high) if often else (low, middle)
    return high


def per_month(alarms: np.ndarray) -> float:
    return float(alarms.sum() / (alarms.shape[1] * (DAYS - WARM) / 30.44))
