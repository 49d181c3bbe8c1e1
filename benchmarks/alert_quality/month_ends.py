"""Months that end alike: how often is told of what comes back every month, and what is lost by knowing it?

    python -m benchmarks.alert_quality.month_ends --series 300

Made days of two years, whose last two days of each month lie lower by some points. Told of them counts as false. In the
eighteenth month all falls by ten points, on its fifth day or on the last but one, where the month's end is low anyhow.
"""

from __future__ import annotations

import argparse
from datetime import date, timedelta

import numpy as np

from benchmarks.alert_quality.made_days import CORRELATION
from benchmarks.alert_quality.opening import opened
from jkpi.alerts.statistics.rules import Rule

FIRST = date(2024, 1, 1)
DAYS = 731
EVERY = 547.5
FALLS_OFF_BY = 0.05
LEARNT = 150
"""What is told before is not counted: three months' ends have to be seen."""
FELL, LOW, SOON = date(2025, 6, 5), date(2025, 6, 29), 7
_MOOD = 0.15
_VOLUME = np.array([1.2, 1.1, 1.0, 1.0, 1.0, 0.5, 0.4])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--series", type=int, default=300)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 60, 300])
    options = parser.parse_args()
    print("budget 0.056 false alarms a month; falls of ten points, told within 7 days, in per cent")
    heads = ("cases a day", "months end lower by", "false a month", "fall on the 5th", "on the 29th")
    print("".join(f"{head:>22}" for head in heads))
    for size in options.sizes:
        for points in (0.0, 0.05, 0.1, 0.2):
            quiet = alarms(*made(options.series, size, points, None))
            months = (DAYS - LEARNT) / 30.44 * options.series
            caught = [_soon(alarms(*made(options.series, size, points, day)), day) for day in (FELL, LOW)]
            false = quiet[LEARNT:].sum() / months
            print(f"{size:22}{100 * points:22.0f}{false:22.3f}{caught[0]:22.0%}{caught[1]:22.0%}", flush=True)


def is_low(day: date) -> bool:
    """One of the last two days of its month."""
    return (day + timedelta(days=2)).month != day.month


def made(series: int, mean: int, points: float, fell: date | None) -> tuple[np.ndarray, np.ndarray]:
    """Good outcomes and cases, (DAYS, S) each, the same whatever falls."""
    rng = np.random.default_rng(3)
    days = [FIRST + timedelta(days=number) for number in range(DAYS)]
    weekday = np.array([day.weekday() for day in days])
    weekly = rng.normal(0.0, 0.02, (7, series))[weekday]
    base = rng.uniform(0.6, 0.92, series)
    n = rng.poisson(mean * _VOLUME[weekday][:, None], (DAYS, series))
    lasting, mood = np.where(np.arange(series) % 2, _MOOD, 0.0), np.zeros(series)
    good = np.empty((DAYS, series))
    for number, day in enumerate(days):
        mood = CORRELATION * mood + np.sqrt(1.0 - CORRELATION**2) * rng.normal(size=series)
        rate = 1.0 / (1.0 + np.exp(-(np.log(base / (1.0 - base)) + lasting * mood))) + weekly[number]
        rate = rate - points * is_low(day) - 0.1 * (fell is not None and day >= fell)
        good[number] = rng.binomial(n[number], np.clip(rate, 0.01, 0.99))
    return good, n.astype(float)


def alarms(good: np.ndarray, n: np.ndarray) -> np.ndarray:
    return opened(good, n, FIRST, Rule(None, FALLS_OFF_BY, false_alarm_every=EVERY))


def _soon(opened: np.ndarray, fell: date) -> float:
    at = (fell - FIRST).days
    return float(opened[at : at + SOON].any(axis=0).mean())


if __name__ == "__main__":
    main()
