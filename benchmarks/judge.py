"""The judge on very many series at once: seconds and peak memory of one fold over a year of days."""

from __future__ import annotations

import argparse
import resource
import time
from datetime import date

import numpy as np

from jkpi.alerts.grid import READ, Grid
from jkpi.alerts.judge import Rule
from jkpi.alerts.replay import Tried, replay_all

SECONDS_GOAL, GIGABYTES_GOAL = 10.0, 1.0


def made(series: int, days: int, mean: float) -> Grid:
    """Binomial days with a weekly effect; every tenth series falls by ten points on the last day but thirty."""
    rng = np.random.default_rng(1)
    weekly = np.array([0.02, 0.01, 0.0, 0.0, -0.01, -0.04, -0.05])[np.arange(days) % 7]
    n = rng.poisson(mean, (days, series)).astype(float)
    rate = np.tile((0.8 + weekly)[:, None], (1, series))
    rate[-30:, ::10] -= 0.1
    good = rng.binomial(n.astype(int), rate).astype(float)
    mark = np.where(n > 0, READ, 0).astype(np.int8)
    begin, end = np.zeros(series, dtype=np.intp), np.full(series, days)
    return Grid(date(2025, 1, 6), 1, good, n, np.zeros_like(n), mark, begin, end)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--mean", type=float, default=60.0)
    options = parser.parse_args()
    grid = made(options.series, options.days, options.mean)
    tried = [Tried(Rule(0.75, 0.05), number) for number in range(options.series)]
    wall, cpu = time.perf_counter(), time.process_time()
    found = sum(len(track.breaches) for track in replay_all(grid, tried))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{options.series:,} series of {options.days} days, {options.mean:g} cases a day; {found:,} breaches")
    print(f"  wall    {wall:6.1f} s   (goal {SECONDS_GOAL:.0f} s)")
    print(f"  of CPU  {cpu:6.1f} s")
    print(f"  memory  {peak:6.2f} GB  (goal {GIGABYTES_GOAL:.0f} GB)")


if __name__ == "__main__":
    main()
