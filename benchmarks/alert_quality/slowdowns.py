"""python -m benchmarks.alert_quality.slowdowns: all cases take longer, and none misses its tolerance.

Generated durations, lognormal, with weekly effects. In every other series the variation between days lasts, at a
correlation of 1/2. Evaluated by the share within tolerance and the sign test together, at the default budget.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.alert_quality.methods import FIRST, MIN_DROP
from benchmarks.alert_quality.scores import delays, interval, monthly
from benchmarks.alert_quality.sources import AT, DAYS
from jkpi.alerts.detection.combine_lines import combine_results
from jkpi.alerts.detection.replay import SeriesToEvaluate, replay_grid
from jkpi.alerts.statistics.duration_histogram import DurationHistogram, empty_grid, histogram_from_counts
from jkpi.alerts.statistics.reading_grid import VALID, ReadingGrid
from jkpi.alerts.statistics.rules import AlertRule

EDGES = np.array([*range(1, 9), *(eighth * 2.0**doubling for doubling in range(27) for eighth in range(9, 17))])
"""As in the marts (macros/durations.sql)."""
DEFAULT_BUDGET = 547.5
FACTORS = (1.0, 1.1, 1.2, 1.3, 1.5, 2.0)


@dataclass(frozen=True, eq=False)
class Cases:
    """One series. day (N,), seconds_taken (N,): of each case. tolerance: 85 to 97 % of the cases are within it."""

    days: int
    day: np.ndarray
    seconds_taken: np.ndarray
    tolerance: float

    def slower(self, factor: float, since: int = AT) -> Cases:
        """All cases take longer from a day on; those within the tolerance stay within it."""
        within = self.seconds_taken <= self.tolerance
        longer = np.where(within, np.minimum(self.seconds_taken * factor, self.tolerance), self.seconds_taken * factor)
        return replace(self, seconds_taken=np.where(self.day >= since, longer, self.seconds_taken))

    def rounded(self, to: float) -> Cases:
        """Durations rounded up to multiples of so many seconds."""
        return replace(self, seconds_taken=np.ceil(self.seconds_taken / to) * to)


def generated(mean: float, number: int, rng: np.random.Generator, days: int = DAYS) -> Cases:
    weekday = np.arange(days) % 7
    n = rng.poisson(mean * np.array([1.2, 1.1, 1.0, 1.0, 1.0, 0.5, 0.4])[weekday])
    day_effect, autocorrelated, day_effects = 0.0, 0.1 if number % 2 else 0.0, np.empty(days)
    for day in range(days):
        day_effect = 0.5 * day_effect + np.sqrt(0.75) * rng.normal()
        day_effects[day] = autocorrelated * day_effect
    level = np.log(rng.uniform(1.0, 24.0) * 3600.0) + rng.normal(0.0, 0.05, 7)[weekday] + day_effects
    spread = rng.uniform(0.6, 1.2)
    day = np.repeat(np.arange(days), n)
    seconds_taken = np.exp(level[day] + spread * rng.normal(size=len(day)))
    return Cases(days, day, seconds_taken, float(np.quantile(seconds_taken, rng.uniform(0.85, 0.97))))


def durations(cases: Cases) -> DurationHistogram:
    """Histogram as read from the marts: bins that a series never uses are left out."""
    used, bins = np.unique(np.searchsorted(EDGES, cases.seconds_taken), return_inverse=True)
    shape = cases.days, len(used) + 1
    counts = np.bincount(np.ravel_multi_index((cases.day, bins), shape), minlength=shape[0] * shape[1]).reshape(shape)
    return histogram_from_counts(0, EDGES[used], counts, np.full(cases.days, np.inf), np.zeros(cases.days, dtype=bool))


def alarms(all_cases: list[Cases], every: float = DEFAULT_BUDGET) -> tuple[np.ndarray, np.ndarray]:
    """(DAYS, S) twice: alerts of both lines together, and of the share within tolerance alone."""
    series = len(all_cases)
    successes, n = np.zeros((2, DAYS, series))
    for row, cases in enumerate(all_cases):
        np.add.at(n[:, row], cases.day, 1.0)
        np.add.at(successes[:, row], cases.day, cases.seconds_taken <= cases.tolerance)
    status = np.where(n > 0, VALID, 0).astype(np.int8)
    span = np.zeros(series, dtype=np.intp), np.full(series, DAYS)
    grid = ReadingGrid(FIRST, 1, successes, n, np.zeros_like(n), status, *span)
    histograms = [durations(cases) for cases in all_cases]

    def to_evaluate(share: float) -> list[SeriesToEvaluate]:
        rule = AlertRule(None, MIN_DROP, false_alarm_every=every / share)
        return [SeriesToEvaluate(rule, number) for number in range(series)]

    share_only = list(replay_grid(grid, to_evaluate(1.0)))
    shares = replay_grid(grid, to_evaluate(0.5))
    sign_tests = replay_grid(empty_grid(FIRST, 1, histograms), to_evaluate(0.5), histograms)
    alarm_days = np.zeros((2, DAYS, series), dtype=bool)
    for row, (share, sign_test) in enumerate(zip(shares, sign_tests, strict=True)):
        for detected, result in zip(alarm_days, (combine_results(share, sign_test), share_only[row]), strict=True):
            for episode in result.episodes:
                for detection in episode.detections:
                    detected[(detection.fired_on - FIRST).days, row] = True
    return alarm_days[0], alarm_days[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=200)
    options = parser.parse_args()
    print("min_drop 5 points, default budget. Detected within 7 and 14 days, in per cent; median days; in brackets")
    print("what the share within tolerance alone detects in 14 days. The first line of each: no slowdown.")
    for mean in (20, 60, 300):
        rng = np.random.default_rng(mean)
        clean = [generated(mean, number, rng) for number in range(options.series)]
        print(f"\n{mean} cases a day, {options.series} series")
        for factor in FACTORS:
            both, share_only = alarms([cases.slower(factor) for cases in clean])
            if factor == 1.0:
                (per_month, (low, high)), (share_only_per_month, _) = monthly(both), monthly(share_only)
                print(f"  {'false a month':14}{per_month:6.3f} ({low:.3f}-{high:.3f}; {share_only_per_month:.3f})")
                continue
            delay_days = delays(both)
            down, up = interval((delay_days <= 7).astype(float))
            middle, before = np.quantile(delay_days, 0.5, method="higher"), delays(share_only) <= 14
            print(
                f"  {f'x {factor}':14}{100 * (delay_days <= 7).mean():4.0f} ±{50 * (up - down):<3.0f}"
                f"{100 * (delay_days <= 14).mean():5.0f}{middle:6.0f}   ({100 * before.mean():.0f})"
            )


if __name__ == "__main__":
    main()
