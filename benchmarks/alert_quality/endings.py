"""python -m benchmarks.alert_quality.endings: how soon an alert is over, and whether a further fall is told.

On the made days: all fall by ten points, for four weeks or for good, or by ten more when they have been fallen for
long. A budget as `jkpi` has it by default.
"""

from __future__ import annotations

import argparse
from datetime import date

import numpy as np

from benchmarks.alert_quality.made_days import made
from benchmarks.alert_quality.rules import FALLS_OFF_BY, FIRST
from benchmarks.alert_quality.sources import DAYS, Days
from jkpi.alerts.detection.episodes import Episode, SeriesResult
from jkpi.alerts.detection.replay import SeriesToEvaluate, replay_grid
from jkpi.alerts.statistics.reading_grid import VALID, ReadingGrid
from jkpi.alerts.statistics.rules import AlertRule

FELL, OVER, FURTHER = 90, 118, 150
POINTS = 0.1


def fallen(days: Days, since: int, until: int, rng: np.random.Generator) -> Days:
    """Good outcomes become bad ones: ten fewer of a hundred cases."""
    rate = days.good[:FELL].sum(axis=0) / days.n[:FELL].sum(axis=0)
    here = (np.arange(DAYS) >= since) & (np.arange(DAYS) < until)
    lost = np.where(here[:, None], np.minimum(POINTS / rate, 1.0), 0.0)
    return Days(days.good - rng.binomial(days.good.astype(int), lost), days.n)


def tracks(days: Days) -> list[SeriesResult]:
    series = days.n.shape[1]
    mark = np.where(days.n > 0, VALID, 0).astype(np.int8)
    begin, end = np.zeros(series, dtype=np.intp), np.full(series, DAYS)
    grid = ReadingGrid(FIRST, 1, days.good, days.n, np.zeros_like(days.n), mark, begin, end)
    return list(
        replay_grid(grid, [SeriesToEvaluate(AlertRule(None, FALLS_OFF_BY), number) for number in range(series)])
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=400)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 60, 300], help="cases a day")
    options = parser.parse_args()
    for mean in options.sizes:
        days, rng = made(options.series, mean, np.random.default_rng(mean)), np.random.default_rng(1)
        passing, lasting = fallen(days, FELL, OVER, rng), fallen(days, FELL, DAYS, rng)
        told = [_told(track, OVER) for track in tracks(passing)]
        last = [breaches[-1] for breaches in told if breaches]
        good_days = [_column(one.closed_on) - OVER + 1 if one.closed_on else np.inf for one in last]
        after = np.array([days for days in good_days if days > 0])
        kept = [breaches for breaches in (_told(track, DAYS) for track in tracks(lasting)) if breaches]
        parts = sum(len(breach.detections) - 1 for breaches in kept for breach in breaches)
        months = options.series * (DAYS - FELL) / 30.44
        deeper = [_told(track, DAYS) for track in tracks(fallen(lasting, FURTHER, DAYS, rng))]
        seen = [
            any(FURTHER <= _column(part.fired_on) < FURTHER + 14 for one in breaches for part in one.detections)
            for breaches in deeper
        ]
        half, most = (np.quantile(after, share, method="higher") for share in (0.5, 0.9))
        alerts = np.mean([len(breaches) for breaches in kept])
        print(
            f"{mean} cases a day: over before its end {1.0 - len(after) / len(last):.0%}, after it within {half:.0f}"
            f" good days (half), {most:.0f} (nine in ten); of one that lasts {alerts:.2f} alerts, {parts / months:.3f}"
            f" further falls a month that are none; ten points further: told within 14 days {np.mean(seen):.0%}"
        )


def _told(track: SeriesResult, before: int) -> list[Episode]:
    return [breach for breach in track.episodes if FELL <= _column(breach.fired_on) < before]


def _column(day: date) -> int:
    return (day - FIRST).days


if __name__ == "__main__":
    main()
