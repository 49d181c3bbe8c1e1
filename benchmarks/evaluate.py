"""Evaluation of many series at once: seconds and peak memory for one year of days.

Three kinds: proportions, durations by their sign test, and durations in whole hours, whose median is near no edge, so
that a nearer edge is searched each week. Each kind runs in a process of its own, so that it has its own peak.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context

import numpy as np

from benchmarks.alert_quality import slowdowns
from jkpi.alerts.detection.replay import SeriesToEvaluate, replay_grid
from jkpi.alerts.statistics.duration_histogram import DurationHistogram, empty_grid
from jkpi.alerts.statistics.reading_grid import VALID, ReadingGrid
from jkpi.alerts.statistics.rules import AlertRule

FIRST = date(2025, 1, 6)
SECONDS_GOAL, GIGABYTES_GOAL = 10.0, 1.0
DROP_DAYS, FACTOR = 30, 1.5


@dataclass(frozen=True)
class Cost:
    episodes: int
    wall: float
    cpu: float
    gigabytes: float


def generated(series: int, days: int, mean: float) -> ReadingGrid:
    """Binomial days with a weekly effect. Every tenth series drops by ten points in the last thirty days."""
    rng = np.random.default_rng(1)
    weekly = np.array([0.02, 0.01, 0.0, 0.0, -0.01, -0.04, -0.05])[np.arange(days) % 7]
    n = rng.poisson(mean, (days, series)).astype(float)
    rate = np.tile((0.8 + weekly)[:, None], (1, series))
    rate[-DROP_DAYS:, ::10] -= 0.1
    successes = rng.binomial(n.astype(int), rate).astype(float)
    status = np.where(n > 0, VALID, 0).astype(np.int8)
    begin, end = np.zeros(series, dtype=np.intp), np.full(series, days)
    return ReadingGrid(FIRST, 1, successes, n, np.zeros_like(n), status, begin, end)


def generated_durations(series: int, days: int, mean: float, to: float | None = None) -> list[DurationHistogram]:
    """As in alert_quality.slowdowns. Every tenth series slows down in the last thirty days. to: round durations up to
    multiples of so many seconds."""
    rng = np.random.default_rng(1)
    histograms = []
    for number in range(series):
        cases = slowdowns.generated(mean, number, rng, days)
        cases_from_drop = cases if number % 10 else cases.slower(FACTOR, days - DROP_DAYS)
        histograms.append(slowdowns.durations(cases_from_drop if to is None else cases_from_drop.rounded(to)))
    return histograms


def shares(series: int, days: int, mean: float) -> Cost:
    return cost_of(generated(series, days, mean), AlertRule(0.75, 0.05))


def durations(series: int, days: int, mean: float) -> Cost:
    histograms = generated_durations(series, days, mean)
    return cost_of(empty_grid(FIRST, 1, histograms), AlertRule(None, 0.05), histograms)


def whole_hours(series: int, days: int, mean: float) -> Cost:
    histograms = generated_durations(series, days, mean, to=3600.0)
    return cost_of(empty_grid(FIRST, 1, histograms), AlertRule(None, 0.05), histograms)


def cost_of(grid: ReadingGrid, rule: AlertRule, histograms: Sequence[DurationHistogram] | None = None) -> Cost:
    to_evaluate = [SeriesToEvaluate(rule, number) for number in range(grid.series_count)]
    wall, cpu = time.perf_counter(), time.process_time()
    costs = sum(len(result.episodes) for result in replay_grid(grid, to_evaluate, histograms))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Cost(costs, wall, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--mean", type=float, default=60.0)
    options = parser.parse_args()
    print(f"{options.series:,} series of {options.days} days, {options.mean:g} cases a day")
    print(f"  goal         {SECONDS_GOAL:5.1f} s of wall, {GIGABYTES_GOAL:.2f} GB")
    kinds: list[Callable[[int, int, float], Cost]] = [shares, durations, whole_hours]
    costs: list[Cost] = []
    for kind in kinds:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            costs.append(cost := alone.submit(kind, options.series, options.days, options.mean).result())
        print(
            f"  {kind.__name__:11}  {cost.wall:5.1f} s of wall, {cost.cpu:5.1f} s of CPU, {cost.gigabytes:.2f} GB;"
            f" {cost.cpu / costs[0].cpu:.2f} times the CPU of shares; {cost.episodes:,} episodes"
        )


if __name__ == "__main__":
    main()
