"""The judge on very many series at once: seconds and peak memory of one fold over a year of days.

Shares, and durations by their sign test; also such as come in whole hours, of which half are near no edge, so that a
nearer one is looked for each week. Each in a process of its own, so that each has its own peak.
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
LASTS, SLOWER = 30, 1.5


@dataclass(frozen=True)
class Spent:
    breaches: int
    wall: float
    cpu: float
    gigabytes: float


def made(series: int, days: int, mean: float) -> ReadingGrid:
    """Binomial days with a weekly effect; every tenth series falls by ten points on the last day but thirty."""
    rng = np.random.default_rng(1)
    weekly = np.array([0.02, 0.01, 0.0, 0.0, -0.01, -0.04, -0.05])[np.arange(days) % 7]
    n = rng.poisson(mean, (days, series)).astype(float)
    rate = np.tile((0.8 + weekly)[:, None], (1, series))
    rate[-LASTS:, ::10] -= 0.1
    good = rng.binomial(n.astype(int), rate).astype(float)
    mark = np.where(n > 0, VALID, 0).astype(np.int8)
    begin, end = np.zeros(series, dtype=np.intp), np.full(series, days)
    return ReadingGrid(FIRST, 1, good, n, np.zeros_like(n), mark, begin, end)


def made_durations(series: int, days: int, mean: float, to: float | None = None) -> list[DurationHistogram]:
    """As in `alert_quality.slowdowns`; every tenth series is slower from the last day but thirty on. `to`: seconds of
    which each duration is a multiple."""
    rng = np.random.default_rng(1)
    own = []
    for number in range(series):
        cases = slowdowns.made(mean, number, rng, days)
        slower = cases if number % 10 else cases.slower(SLOWER, days - LASTS)
        own.append(slowdowns.durations(slower if to is None else slower.rounded(to)))
    return own


def shares(series: int, days: int, mean: float) -> Spent:
    return spent(made(series, days, mean), AlertRule(0.75, 0.05))


def durations(series: int, days: int, mean: float) -> Spent:
    own = made_durations(series, days, mean)
    return spent(empty_grid(FIRST, 1, own), AlertRule(None, 0.05), own)


def whole_hours(series: int, days: int, mean: float) -> Spent:
    own = made_durations(series, days, mean, to=3600.0)
    return spent(empty_grid(FIRST, 1, own), AlertRule(None, 0.05), own)


def spent(grid: ReadingGrid, rule: AlertRule, own: Sequence[DurationHistogram] | None = None) -> Spent:
    tried = [SeriesToEvaluate(rule, number) for number in range(grid.series_count)]
    wall, cpu = time.perf_counter(), time.process_time()
    found = sum(len(track.episodes) for track in replay_grid(grid, tried, own))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Spent(found, wall, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--mean", type=float, default=60.0)
    options = parser.parse_args()
    print(f"{options.series:,} series of {options.days} days, {options.mean:g} cases a day")
    print(f"  goal         {SECONDS_GOAL:5.1f} s of wall, {GIGABYTES_GOAL:.2f} GB")
    kinds: list[Callable[[int, int, float], Spent]] = [shares, durations, whole_hours]
    found: list[Spent] = []
    for kind in kinds:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            found.append(one := alone.submit(kind, options.series, options.days, options.mean).result())
        print(
            f"  {kind.__name__:11}  {one.wall:5.1f} s of wall, {one.cpu:5.1f} s of CPU, {one.gigabytes:.2f} GB;"
            f" {one.cpu / found[0].cpu:.2f} times the CPU of shares; {one.breaches:,} breaches"
        )


if __name__ == "__main__":
    main()
