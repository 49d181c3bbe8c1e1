"""Months that end low: how often is this reported, and what is lost by learning it?

    python -m benchmarks.alert_quality.month_ends --series 300

Two years of generated days. The last two days of each month are lower by some points; alerts about them count as false.
In the eighteenth month everything drops by ten points, on its fifth day or on the last day but one.
"""

from __future__ import annotations

import argparse
from datetime import date, timedelta

import numpy as np

from benchmarks.alert_quality.generated_days import CORRELATION
from benchmarks.alert_quality.opening import opened
from jkpi.alerts.statistics.rules import AlertRule

FIRST = date(2024, 1, 1)
DAYS = 731
EVERY = 547.5
MIN_DROP = 0.05
LEARNED_BY = 150
"""Alerts before this day are not counted: three month ends must be observed."""
ONSET, LOW, SOON = date(2025, 6, 5), date(2025, 6, 29), 7
_DAY_EFFECT = 0.15
_VOLUME = np.array([1.2, 1.1, 1.0, 1.0, 1.0, 0.5, 0.4])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--series", type=int, default=300)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 60, 300])
    options = parser.parse_args()
    print("budget 0.056 false alarms a month; drops of ten points, detected within 7 days, in per cent")
    heads = ("cases a day", "month end lower by", "false a month", "drop on the 5th", "on the 29th")
    print("".join(f"{head:>22}" for head in heads))
    for size in options.sizes:
        for points in (0.0, 0.05, 0.1, 0.2):
            quiet = alarms(*generated(options.series, size, points, None))
            months = (DAYS - LEARNED_BY) / 30.44 * options.series
            detected = [_soon(alarms(*generated(options.series, size, points, day)), day) for day in (ONSET, LOW)]
            false = quiet[LEARNED_BY:].sum() / months
            print(f"{size:22}{100 * points:22.0f}{false:22.3f}{detected[0]:22.0%}{detected[1]:22.0%}", flush=True)


def is_low(day: date) -> bool:
    """One of the last two days of its month."""
    return (day + timedelta(days=2)).month != day.month


def generated(series: int, mean: int, points: float, onset: date | None) -> tuple[np.ndarray, np.ndarray]:
    """Successes and cases, (DAYS, S) each, with the same random numbers for every drop."""
    rng = np.random.default_rng(3)
    days = [FIRST + timedelta(days=number) for number in range(DAYS)]
    weekday = np.array([day.weekday() for day in days])
    weekly = rng.normal(0.0, 0.02, (7, series))[weekday]
    base = rng.uniform(0.6, 0.92, series)
    n = rng.poisson(mean * _VOLUME[weekday][:, None], (DAYS, series))
    autocorrelated, day_effect = np.where(np.arange(series) % 2, _DAY_EFFECT, 0.0), np.zeros(series)
    successes = np.empty((DAYS, series))
    for number, day in enumerate(days):
        day_effect = CORRELATION * day_effect + np.sqrt(1.0 - CORRELATION**2) * rng.normal(size=series)
        rate = 1.0 / (1.0 + np.exp(-(np.log(base / (1.0 - base)) + autocorrelated * day_effect))) + weekly[number]
        rate = rate - points * is_low(day) - 0.1 * (onset is not None and day >= onset)
        successes[number] = rng.binomial(n[number], np.clip(rate, 0.01, 0.99))
    return successes, n.astype(float)


def alarms(successes: np.ndarray, n: np.ndarray) -> np.ndarray:
    return opened(successes, n, FIRST, AlertRule(None, MIN_DROP, false_alarm_every=EVERY))


def _soon(opened: np.ndarray, onset: date) -> float:
    at = (onset - FIRST).days
    return float(opened[at : at + SOON].any(axis=0).mean())


if __name__ == "__main__":
    main()
