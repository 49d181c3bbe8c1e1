"""python -m benchmarks.alert_quality.ceiling: what a rule could tell at the best, and what jkpi does.

The rule at the ceiling knows what nobody can: the usual rate of each weekday, how strongly days differ and for how long
that lasts, and by how many points the series will fall, all exactly. All that it does not know is the day. It takes
away what lasts by a Kalman filter, weighs for each of the last three weeks whether the fall began there, by the
logarithm of the likelihood ratio, and alarms where the largest is beyond one threshold, which is tuned on the very days
that it is measured on. No rule that must learn from the past can be expected to be above it.

Sources: Willsky and Jones (1976), IEEE Transactions on Automatic Control 21 (generalized likelihood ratio of a jump);
Lai (1995), Journal of the Royal Statistical Society B 57 (that a window of beginnings is enough).
"""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.alert_quality.faults import fall
from benchmarks.alert_quality.made_days import CORRELATION, Truth, made_with_truth
from benchmarks.alert_quality.rules import ours, per_month, told_once
from benchmarks.alert_quality.scores import delays, interval
from benchmarks.alert_quality.sources import DAYS, Days

BUDGET, BY_DEFAULT = 0.05, 547.5
POINTS = (5, 10, 20)
BEGINNINGS = 21


def evidence(days: Days, truth: Truth, points: float) -> np.ndarray:
    """(DAYS, S): the logarithm of the likelihood ratio of a fall by so many points, of the likeliest beginning."""
    depth, series = points / 100.0, days.n.shape[1]
    innovation = truth.mood**2 * (1.0 - CORRELATION**2)
    mood, doubt = np.zeros(series), truth.mood**2
    learned, sums = np.zeros((2, BEGINNINGS, series))
    found = np.zeros((DAYS, series))
    for day in range(DAYS):
        n = np.maximum(days.n[day], 1.0)
        has = days.n[day] > 0
        mood, learned = CORRELATION * mood, CORRELATION * learned
        doubt = CORRELATION**2 * doubt + innovation
        begins = day % BEGINNINGS
        sums[begins], learned[begins] = 0.0, 0.0
        usual = truth.usual[day]
        halfway = np.clip(usual - depth / 2.0, 0.02, 0.98)
        variance = doubt + halfway * (1.0 - halfway) / n
        weight = np.where(has, doubt / variance, 0.0)
        surprise = days.good[day] / n - usual - mood
        # A fall that began then: by how much the day is expected below, the mood having learned some of it.
        expected = -depth - learned
        sums += np.where(has, expected * (surprise - expected / 2.0) / variance, 0.0)
        mood, learned = mood + weight * surprise, learned + weight * expected
        doubt = (1.0 - weight) * doubt
        found[day] = sums.max(axis=0)
    return found


def tuned(quiet: np.ndarray) -> float:
    """The threshold that false alarms keep to BUDGET a series-month at."""
    low, high = 1.0, 15.0
    for _ in range(20):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if per_month(told_once(quiet > middle)) > BUDGET else (low, middle)
    return high


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 60, 300], help="cases a day")
    options = parser.parse_args()
    print("told within 7 days, in per cent; ceiling at 0.05 false alarms a series-month, jkpi at its default budget")
    heads = "".join(f"{f'{points} points':>24}" for points in POINTS)
    print(f"{'cases a day':12}{'days that differ':18}{'jkpi: false':>12}{heads}")
    print(f"{'':42}" + f"{'ceiling':>14}{'jkpi':>10}" * len(POINTS))
    for mean in options.sizes:
        days, truth = made_with_truth(options.series, mean, np.random.default_rng(mean))
        for name, rows in (
            ("all", slice(0, None)),
            ("by chance alone", slice(0, None, 2)),
            ("and that lasts", slice(1, None, 2)),
        ):
            own = np.arange(options.series)[rows]
            print(f"{mean:<12}{name:18}" + _line(days.part(own), truth.part(own)))


def _line(days: Days, truth: Truth) -> str:
    cells = [f"{per_month(ours(days, BY_DEFAULT)):12.3f}"]
    for points in POINTS:
        fallen = fall(points)(days, np.random.default_rng(11))
        threshold = tuned(evidence(days, truth, points))
        best = delays(told_once(evidence(fallen, truth, points) > threshold)) <= 7
        own = delays(ours(fallen, BY_DEFAULT)) <= 7
        cells.append(f"{_share(best):>14}{_share(own):>10}")
    return "".join(cells)


def _share(found: np.ndarray) -> str:
    low, high = interval(found.astype(float))
    return f"{100 * found.mean():.0f} ±{50 * (high - low):.0f}"


if __name__ == "__main__":
    main()
