"""Series that are read by the week: how often falsely, and which falls within four weeks?

    python -m benchmarks.alert_quality.weeks --series 200

Weeks of made days, of which what makes them differ lasts in every other series. A fall of ten or twenty points begins
after eighteen weeks, of which a series has just learnt, or after sixty.
"""

from __future__ import annotations

import argparse
from datetime import date

import numpy as np

from benchmarks.alert_quality.made_days import CORRELATION
from benchmarks.alert_quality.opening import opened
from jkpi.alerts.statistics.rules import WEEKLY, Rule

FIRST = date(2024, 1, 1)
WEEKS, LEARNT, SOON = 104, 10, 4
FALLS_OFF_BY = 0.1
_MOOD = 0.15
_VOLUME = np.array([1.2, 1.1, 1.0, 1.0, 1.0, 0.5, 0.4]) / 6.2


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--series", type=int, default=200)
    parser.add_argument("--sizes", type=int, nargs="+", default=[30, 100, 300])
    options = parser.parse_args()
    print(f"falls_off_by ten points; budget {7 / 547.5:.4f} false alarms a week; falls told within four weeks")
    heads = ("cases a week", "false a week", "-10 after 18", "-20 after 18", "-10 after 60", "-20 after 60")
    print("".join(f"{head:>15}" for head in heads))
    for size in options.sizes:
        quiet = alarms(*made(options.series, size, None, 0.0))
        false = quiet[LEARNT:].mean()
        falls = [(fell, drop) for fell in (18, 60) for drop in (0.1, 0.2)]
        told = [_soon(alarms(*made(options.series, size, fell, drop)), fell) for fell, drop in falls]
        print(f"{size:15}{false:15.4f}" + "".join(f"{share:15.0%}" for share in told), flush=True)


def made(series: int, mean: int, fell: int | None, drop: float) -> tuple[np.ndarray, np.ndarray]:
    """Good outcomes and cases, (WEEKS, S) each, the same whatever falls."""
    rng = np.random.default_rng(3)
    weekly = rng.normal(0.0, 0.02, (7, series))
    base = rng.uniform(0.4, 0.92, series)
    n = rng.poisson(mean * _VOLUME[None, :, None], (WEEKS, 7, series))
    lasting, mood = np.where(np.arange(series) % 2, _MOOD, 0.0), np.zeros(series)
    good = np.empty((WEEKS, 7, series))
    for week in range(WEEKS):
        for day in range(7):
            mood = CORRELATION * mood + np.sqrt(1.0 - CORRELATION**2) * rng.normal(size=series)
            rate = 1.0 / (1.0 + np.exp(-(np.log(base / (1.0 - base)) + lasting * mood))) + weekly[day]
            rate = rate - drop * (fell is not None and week >= fell)
            good[week, day] = rng.binomial(n[week, day], np.clip(rate, 0.01, 0.99))
    return good.sum(axis=1), n.sum(axis=1).astype(float)


def alarms(good: np.ndarray, n: np.ndarray) -> np.ndarray:
    return opened(good, n, FIRST, Rule(None, FALLS_OFF_BY, cadence=WEEKLY))


def _soon(opened: np.ndarray, fell: int) -> float:
    return float(opened[fell : fell + SOON].any(axis=0).mean())


if __name__ == "__main__":
    main()
