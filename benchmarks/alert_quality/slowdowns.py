"""python -m benchmarks.alert_quality.slowdowns: everything takes longer, and yet nothing misses its tolerance.

Made durations, lognormal, with weekly effects; in every other series what makes days differ lasts, at a correlation of
a half. Judged by the share within tolerance and by the sign test together, at the default budget of the moment.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.alert_quality.rules import FALLS_OFF_BY, FIRST
from benchmarks.alert_quality.scores import delays, interval, monthly
from benchmarks.alert_quality.sources import AT, DAYS
from jkpi.alerts.detection.combine_lines import combine_results
from jkpi.alerts.detection.replay import SeriesToEvaluate, replay_grid
from jkpi.alerts.statistics.duration_histogram import DurationHistogram, empty_grid, histogram_from_counts
from jkpi.alerts.statistics.reading_grid import VALID, ReadingGrid
from jkpi.alerts.statistics.rules import AlertRule

EDGES = np.array([*range(1, 9), *(eighth * 2.0**doubling for doubling in range(27) for eighth in range(9, 17))])
"""As in the marts (macros/durations.sql)."""
BY_DEFAULT = 547.5
SLOWER = (1.0, 1.1, 1.2, 1.3, 1.5, 2.0)


@dataclass(frozen=True, eq=False)
class Cases:
    """One series of so many days: the day (N,) and the duration (N,) of each case in seconds; the first 85 to 97 % of
    them, in the long run, are done within `tolerance`."""

    days: int
    day: np.ndarray
    took: np.ndarray
    tolerance: float

    def slower(self, factor: float, since: int = AT) -> Cases:
        """From a day on; who was within the tolerance stays within it."""
        within = self.took <= self.tolerance
        longer = np.where(within, np.minimum(self.took * factor, self.tolerance), self.took * factor)
        return replace(self, took=np.where(self.day >= since, longer, self.took))

    def rounded(self, to: float) -> Cases:
        """In whole units of so many seconds."""
        return replace(self, took=np.ceil(self.took / to) * to)


def made(mean: float, number: int, rng: np.random.Generator, days: int = DAYS) -> Cases:
    weekday = np.arange(days) % 7
    n = rng.poisson(mean * np.array([1.2, 1.1, 1.0, 1.0, 1.0, 0.5, 0.4])[weekday])
    mood, lasting, moods = 0.0, 0.1 if number % 2 else 0.0, np.empty(days)
    for day in range(days):
        mood = 0.5 * mood + np.sqrt(0.75) * rng.normal()
        moods[day] = lasting * mood
    level = np.log(rng.uniform(1.0, 24.0) * 3600.0) + rng.normal(0.0, 0.05, 7)[weekday] + moods
    spread = rng.uniform(0.6, 1.2)
    day = np.repeat(np.arange(days), n)
    took = np.exp(level[day] + spread * rng.normal(size=len(day)))
    return Cases(days, day, took, float(np.quantile(took, rng.uniform(0.85, 0.97))))


def durations(cases: Cases) -> DurationHistogram:
    """As they are read from the marts: bins that a series never has take no room."""
    used, bins = np.unique(np.searchsorted(EDGES, cases.took), return_inverse=True)
    shape = cases.days, len(used) + 1
    counts = np.bincount(np.ravel_multi_index((cases.day, bins), shape), minlength=shape[0] * shape[1]).reshape(shape)
    return histogram_from_counts(0, EDGES[used], counts, np.full(cases.days, np.inf), np.zeros(cases.days, dtype=bool))


def alarms(all_cases: list[Cases], every: float = BY_DEFAULT) -> tuple[np.ndarray, np.ndarray]:
    """(DAYS, S) twice: what both lines tell together, and what the share within tolerance would tell alone."""
    series = len(all_cases)
    good, n = np.zeros((2, DAYS, series))
    for row, cases in enumerate(all_cases):
        np.add.at(n[:, row], cases.day, 1.0)
        np.add.at(good[:, row], cases.day, cases.took <= cases.tolerance)
    mark = np.where(n > 0, VALID, 0).astype(np.int8)
    span = np.zeros(series, dtype=np.intp), np.full(series, DAYS)
    grid = ReadingGrid(FIRST, 1, good, n, np.zeros_like(n), mark, *span)
    own = [durations(cases) for cases in all_cases]

    def tried(share: float) -> list[SeriesToEvaluate]:
        rule = AlertRule(None, FALLS_OFF_BY, false_alarm_every=every / share)
        return [SeriesToEvaluate(rule, number) for number in range(series)]

    alone = list(replay_grid(grid, tried(1.0)))
    shares = replay_grid(grid, tried(0.5))
    signs = replay_grid(empty_grid(FIRST, 1, own), tried(0.5), own)
    found = np.zeros((2, DAYS, series), dtype=bool)
    for row, (share, sign) in enumerate(zip(shares, signs, strict=True)):
        for told, track in zip(found, (combine_results(share, sign), alone[row]), strict=True):
            for breach in track.episodes:
                told[(breach.fired_on - FIRST).days, row] = True
    return found[0], found[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=200)
    options = parser.parse_args()
    print("falls_off_by 5 points, default budget. Told within 7 days and 14, in per cent; median days; in brackets")
    print("what the share within tolerance alone would tell, in 14 days. The first line of each: nothing is slower.")
    for mean in (20, 60, 300):
        rng = np.random.default_rng(mean)
        clean = [made(mean, number, rng) for number in range(options.series)]
        print(f"\n{mean} cases a day, {options.series} series")
        for factor in SLOWER:
            both, alone = alarms([cases.slower(factor) for cases in clean])
            if factor == 1.0:
                (often, (low, high)), (before, _) = monthly(both), monthly(alone)
                print(f"  {'false a month':14}{often:6.3f} ({low:.3f}-{high:.3f}; {before:.3f})")
                continue
            found = delays(both)
            down, up = interval((found <= 7).astype(float))
            middle, before = np.quantile(found, 0.5, method="higher"), delays(alone) <= 14
            print(
                f"  {f'x {factor}':14}{100 * (found <= 7).mean():4.0f} ±{50 * (up - down):<3.0f}"
                f"{100 * (found <= 14).mean():5.0f}{middle:6.0f}   ({100 * before.mean():.0f})"
            )


if __name__ == "__main__":
    main()
