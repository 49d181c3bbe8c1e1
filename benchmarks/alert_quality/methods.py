"""The methods compared: jkpi, and rules written here from published descriptions. Each returns alarms (T, S).

A method looks at the rate of a day and the days before it, for drops only. `strict` is the one tuned number; the
default is the published one. A method that keeps alarming has reported once; it reports again after seven quiet days.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np

from benchmarks.alert_quality.opening import alarm_days, alert_days, evaluated
from benchmarks.alert_quality.sources import Days
from jkpi.alerts.detection.episodes import SeriesResult
from jkpi.alerts.statistics.rules import AlertRule

FIRST = date(2025, 1, 6)
MIN_DROP = 0.05
BUDGET = 0.05
"""False alarms a series-month that other methods are tuned to."""
DEFAULT_BUDGET = 547.5
QUIET = 7
WARM = 35
"""No method is asked before this day: jkpi learns, the others fill their windows."""


@dataclass(frozen=True)
class Method:
    """source: where the method is described. default: None if none is published. max_series: number of series
    evaluated, if the method is slow."""

    name: str
    alarms: Callable[[Days, float], np.ndarray]
    default: float | None
    stricter: tuple[float, float]
    source: str
    max_series: int | None = None


def jkpi_alarms(days: Days, has_promise: bool = False) -> np.ndarray:
    """At the default budget: an alert opens, is reopened by a relapse, or drops further."""
    return alarm_days(jkpi_results(days, has_promise), days.n.shape, FIRST)


def jkpi_alerts(days: Days) -> np.ndarray:
    """At the default budget: an alert opens for the first time."""
    return alert_days(jkpi_results(days), days.n.shape, FIRST)


def jkpi_results(days: Days, has_promise: bool = False) -> list[SeriesResult]:
    """At the default budget. Days that are holidays, and the days after them, are left out if is_holiday is set."""
    promises = days.promise if has_promise else [None] * days.n.shape[1]
    rules = [
        AlertRule(None if promise is None else float(promise), MIN_DROP, false_alarm_every=DEFAULT_BUDGET)
        for promise in promises
    ]
    return evaluated(days.successes, days.n, FIRST, rules, _affected(days.is_holiday))


def _affected(is_holiday: np.ndarray | None) -> np.ndarray | None:
    if is_holiday is None or not is_holiday.any():
        return None
    affected = is_holiday.copy()
    affected[1:] |= is_holiday[:-1]
    return affected


def first_alarms(raw: np.ndarray) -> np.ndarray:
    """Alarms after seven days without one."""
    detected = np.zeros_like(raw)
    quiet = np.full(raw.shape[1], QUIET)
    for day in range(len(raw)):
        detected[day] = raw[day] & (quiet >= QUIET)
        quiet = np.where(raw[day], 0, quiet + 1)
    detected[:WARM] = False
    return detected


def _rates(days: Days) -> np.ndarray:
    return np.where(days.n > 0, days.successes / np.maximum(days.n, 1), np.nan)


def _by_deviation(days: Days, strict: float, window: int, includes_itself: bool) -> np.ndarray:
    rate = _rates(days)
    raw = np.zeros(rate.shape, dtype=bool)
    with np.errstate(invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # windows without a single day with a case
        for day in range(window, len(rate)):
            past = rate[day - window + includes_itself : day + includes_itself]
            spread = np.nanstd(past, axis=0, ddof=1)
            raw[day] = (rate[day] - np.nanmean(past, axis=0)) / np.where(spread > 0, spread, np.inf) <= -strict
    return first_alarms(raw)


def same_weekday(days: Days, strict: float) -> np.ndarray:
    """Below the median of the last eight equal weekdays by so many scaled median absolute deviations."""
    rate = _rates(days)
    raw = np.zeros(rate.shape, dtype=bool)
    with np.errstate(invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for day in range(WARM, len(rate)):
            past = rate[max(day - 56, day % 7) : day : 7]
            middle = np.nanmedian(past, axis=0)
            spread = 1.4826 * np.nanmedian(np.abs(past - middle), axis=0)
            raw[day] = rate[day] < middle - strict * np.maximum(spread, 1e-3)
    return first_alarms(raw)


def _static(days: Days, strict: float, in_a_row: int) -> np.ndarray:
    baseline = days.successes[:WARM].sum(axis=0) / days.n[:WARM].sum(axis=0)
    low = _rates(days) < baseline - strict
    raw = low.copy()
    for back in range(1, in_a_row):
        raw[back:] &= low[:-back]
    return first_alarms(raw)


def by_chance(days: Days, strict: float) -> np.ndarray:
    return first_alarms(np.random.default_rng(9).random(days.n.shape) < np.exp(-strict))


METHODS = (
    Method(
        "z-score, 14 days, itself included",
        lambda d, s: _by_deviation(d, s, 14, True),
        3.0,
        (0.5, 3.4),
        "Elementary: training period 14 days, sensitivity 3",
    ),
    Method(
        "z-score, 30 days",
        lambda d, s: _by_deviation(d, s, 30, False),
        3.0,
        (1.0, 9.0),
        "PostHog's z-score detector: window 30, threshold 3",
    ),
    Method("same weekday, median and MAD", same_weekday, 3.0, (1.0, 30.0), "textbook"),
    Method("5 points below baseline, once", lambda d, s: _static(d, s, 1), MIN_DROP, (0.0, 0.6), "a static threshold"),
    Method("5 points below, three in a row", lambda d, s: _static(d, s, 3), MIN_DROP, (0.0, 0.4), "a static threshold"),
    Method("at random", by_chance, None, (1.0, 9.0), "the floor"),
)


def tuned(method: Method, clean: Days, a_month: float) -> float:
    """The least strict number that keeps false alarms on clean days to so many a series-month."""
    low, high = method.stricter
    for _ in range(14):
        middle = 0.5 * (low + high)
        is_too_many = per_month(method.alarms(clean, middle), clean) > a_month
        low, high = (middle, high) if is_too_many else (low, middle)
    return high


def false_alarms(alarms: np.ndarray, days: Days | None) -> np.ndarray:
    """Alarms on days that follow no true fall in the data."""
    return alarms if days is None or days.has_fallen is None else alarms & ~days.has_fallen


def quiet_months(alarms: np.ndarray, days: Days | None) -> np.ndarray:
    """(S,): months in which an alarm would be false."""
    is_quiet = np.ones(alarms.shape, dtype=bool) if days is None or days.has_fallen is None else ~days.has_fallen
    return np.asarray(is_quiet[WARM:].sum(axis=0) / 30.44)


def per_month(alarms: np.ndarray, days: Days | None = None) -> float:
    """False alarms in a month of one series. days: what is known of their true falls; None if there are none."""
    return float(false_alarms(alarms, days)[WARM:].sum() / quiet_months(alarms, days).sum())
