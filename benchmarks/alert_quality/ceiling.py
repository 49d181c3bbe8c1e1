"""python -m benchmarks.alert_quality.ceiling: what an ideal rule could detect, and what jkpi does.

The ideal rule knows what no real one can: the exact rate of each weekday, how strongly days vary and for how long it
lasts, and the size of the drop. It does not know the day. It removes autocorrelation by a Kalman filter, computes the
log-likelihood ratio for each onset in the last three weeks, and alarms if the largest exceeds one threshold, tuned on
the very days it is measured on. No rule that learns from history can be expected to do better.

Sources: Willsky and Jones (1976), IEEE Transactions on Automatic Control 21 (generalized likelihood ratio of a jump);
Lai (1995), Journal of the Royal Statistical Society B 57 (a window of onsets is enough).
"""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.alert_quality.faults import drop
from benchmarks.alert_quality.generated_days import CORRELATION, Truth, generated_with_truth
from benchmarks.alert_quality.methods import BUDGET, first_alarms, jkpi_alarms, per_month
from benchmarks.alert_quality.scores import delays, interval
from benchmarks.alert_quality.sources import DAYS, Days

POINTS = (5, 10, 20)
BEGINNINGS = 21


def evidence(days: Days, truth: Truth, points: float) -> np.ndarray:
    """(DAYS, S): log-likelihood ratio of a drop by so many points, for the most likely onset."""
    depth, series = points / 100.0, days.n.shape[1]
    innovation = truth.day_effect**2 * (1.0 - CORRELATION**2)
    day_effect, doubt = np.zeros(series), truth.day_effect**2
    learned, sums = np.zeros((2, BEGINNINGS, series))
    evidence_by_day = np.zeros((DAYS, series))
    for day in range(DAYS):
        n = np.maximum(days.n[day], 1.0)
        has = days.n[day] > 0
        day_effect, learned = CORRELATION * day_effect, CORRELATION * learned
        doubt = CORRELATION**2 * doubt + innovation
        begins = day % BEGINNINGS
        sums[begins], learned[begins] = 0.0, 0.0
        baseline = truth.baseline[day]
        halfway = np.clip(baseline - depth / 2.0, 0.02, 0.98)
        variance = doubt + halfway * (1.0 - halfway) / n
        weight = np.where(has, doubt / variance, 0.0)
        surprise = days.successes[day] / n - baseline - day_effect
        # Expected deviation of this day for a drop that began then, less what the filter has learned of it.
        expected = -depth - learned
        sums += np.where(has, expected * (surprise - expected / 2.0) / variance, 0.0)
        day_effect, learned = day_effect + weight * surprise, learned + weight * expected
        doubt = (1.0 - weight) * doubt
        evidence_by_day[day] = sums.max(axis=0)
    return evidence_by_day


def tuned(quiet: np.ndarray) -> float:
    """Threshold that keeps false alarms to BUDGET a series-month."""
    low, high = 1.0, 15.0
    for _ in range(20):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if per_month(first_alarms(quiet > middle)) > BUDGET else (low, middle)
    return high


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 60, 300], help="cases a day")
    options = parser.parse_args()
    print("detected within 7 days, in per cent; ceiling at 0.05 false alarms a series-month, jkpi at its default")
    heads = "".join(f"{f'{points} points':>24}" for points in POINTS)
    print(f"{'cases a day':12}{'days that differ':18}{'jkpi: false':>12}{heads}")
    print(f"{'':42}" + f"{'ceiling':>14}{'jkpi':>10}" * len(POINTS))
    for mean in options.sizes:
        days, truth = generated_with_truth(options.series, mean, np.random.default_rng(mean))
        for name, rows in (
            ("all", slice(0, None)),
            ("by chance alone", slice(0, None, 2)),
            ("and that lasts", slice(1, None, 2)),
        ):
            rows_of_group = np.arange(options.series)[rows]
            print(f"{mean:<12}{name:18}" + _line(days.part(rows_of_group), truth.part(rows_of_group)))


def _line(days: Days, truth: Truth) -> str:
    cells = [f"{per_month(jkpi_alarms(days)):12.3f}"]
    for points in POINTS:
        dropped = drop(points)(days, np.random.default_rng(11))
        threshold = tuned(evidence(days, truth, points))
        best = delays(first_alarms(evidence(dropped, truth, points) > threshold)) <= 7
        with_jkpi = delays(jkpi_alarms(dropped)) <= 7
        cells.append(f"{_share(best):>14}{_share(with_jkpi):>10}")
    return "".join(cells)


def _share(is_detected: np.ndarray) -> str:
    low, high = interval(is_detected.astype(float))
    return f"{100 * is_detected.mean():.0f} ±{50 * (high - low):.0f}"


if __name__ == "__main__":
    main()
