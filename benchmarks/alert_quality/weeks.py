"""Weekly series: how many false alarms, and which drops are detected within four weeks?

    python -m benchmarks.alert_quality.weeks --series 200

Weeks of generated days; in every other series the variation between days lasts. A drop of ten or twenty points begins
after eighteen weeks, when a series has just finished learning, or after sixty.
"""

from __future__ import annotations

import argparse
from datetime import date

import numpy as np

from benchmarks.alert_quality.generated_days import CORRELATION
from benchmarks.alert_quality.opening import opened
from jkpi.alerts.statistics.rules import WEEKLY, AlertRule

FIRST = date(2024, 1, 1)
WEEKS, LEARNED_BY, SOON = 104, 10, 4
MIN_DROP = 0.1
_DAY_EFFECT = 0.15
_VOLUME = np.array([1.2, 1.1, 1.0, 1.0, 1.0, 0.5, 0.4]) / 6.2


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--series", type=int, default=200)
    parser.add_argument("--sizes", type=int, nargs="+", default=[30, 100, 300])
    options = parser.parse_args()
    print(f"min_drop ten points; budget {7 / 547.5:.4f} false alarms a week; drops detected within four weeks")
    heads = ("cases a week", "false a week", "-10 after 18", "-20 after 18", "-10 after 60", "-20 after 60")
    print("".join(f"{head:>15}" for head in heads))
    for size in options.sizes:
        quiet = alarms(*generated(options.series, size, None, 0.0))
        false = quiet[LEARNED_BY:].mean()
        drops = [(onset, drop) for onset in (18, 60) for drop in (0.1, 0.2)]
        detected = [_soon(alarms(*generated(options.series, size, onset, drop)), onset) for onset, drop in drops]
        print(f"{size:15}{false:15.4f}" + "".join(f"{share:15.0%}" for share in detected), flush=True)


def generated(series: int, mean: int, onset: int | None, drop: float) -> tuple[np.ndarray, np.ndarray]:
    """Successes and cases, (WEEKS, S) each, with the same random numbers for every drop."""
    rng = np.random.default_rng(3)
    weekly = rng.normal(0.0, 0.02, (7, series))
    base = rng.uniform(0.4, 0.92, series)
    n = rng.poisson(mean * _VOLUME[None, :, None], (WEEKS, 7, series))
    autocorrelated, day_effect = np.where(np.arange(series) % 2, _DAY_EFFECT, 0.0), np.zeros(series)
    successes = np.empty((WEEKS, 7, series))
    for week in range(WEEKS):
        for day in range(7):
            day_effect = CORRELATION * day_effect + np.sqrt(1.0 - CORRELATION**2) * rng.normal(size=series)
            rate = 1.0 / (1.0 + np.exp(-(np.log(base / (1.0 - base)) + autocorrelated * day_effect))) + weekly[day]
            rate = rate - drop * (onset is not None and week >= onset)
            successes[week, day] = rng.binomial(n[week, day], np.clip(rate, 0.01, 0.99))
    return successes.sum(axis=1), n.sum(axis=1).astype(float)


def alarms(successes: np.ndarray, n: np.ndarray) -> np.ndarray:
    return opened(successes, n, FIRST, AlertRule(None, MIN_DROP, config=WEEKLY))


def _soon(opened: np.ndarray, onset: int) -> float:
    return float(opened[onset : onset + SOON].any(axis=0).mean())


if __name__ == "__main__":
    main()
