"""python -m benchmarks.alert_quality.endings: how soon an alert resolves, and whether a further drop is detected.

Generated days that all drop by ten points, for four weeks or for good, or by ten more long after. At the default budget
of jkpi.
"""

from __future__ import annotations

import argparse
from datetime import date

import numpy as np

from benchmarks.alert_quality.generated_days import generated
from benchmarks.alert_quality.methods import FIRST, jkpi_results
from benchmarks.alert_quality.sources import DAYS, Days
from jkpi.alerts.detection.episodes import Episode, SeriesResult

ONSET, END, FURTHER = 90, 118, 150
POINTS = 0.1


def dropped(days: Days, since: int, until: int, rng: np.random.Generator) -> Days:
    """Successes become failures: ten fewer per hundred cases."""
    rate = days.successes[:ONSET].sum(axis=0) / days.n[:ONSET].sum(axis=0)
    is_dropped = (np.arange(DAYS) >= since) & (np.arange(DAYS) < until)
    lost = np.where(is_dropped[:, None], np.minimum(POINTS / rate, 1.0), 0.0)
    return days.counting(days.successes - rng.binomial(days.successes.astype(int), lost))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=400)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 60, 300], help="cases a day")
    options = parser.parse_args()
    for mean in options.sizes:
        days, rng = generated(options.series, mean, np.random.default_rng(mean)), np.random.default_rng(1)
        four_weeks, for_good = dropped(days, ONSET, END, rng), dropped(days, ONSET, DAYS, rng)
        detected = [_episodes_after_onset(result, END) for result in jkpi_results(four_weeks)]
        last_episodes = [episodes[-1] for episodes in detected if episodes]
        good_days = [_column(episode.closed_on) - END + 1 if episode.closed_on else np.inf for episode in last_episodes]
        after = np.array([days for days in good_days if days > 0])
        lasting_episodes = [
            episodes
            for episodes in (_episodes_after_onset(result, DAYS) for result in jkpi_results(for_good))
            if episodes
        ]
        further_count = sum(len(episode.detections) - 1 for episodes in lasting_episodes for episode in episodes)
        months = options.series * (DAYS - ONSET) / 30.44
        further_episodes = [
            _episodes_after_onset(result, DAYS) for result in jkpi_results(dropped(for_good, FURTHER, DAYS, rng))
        ]
        detected = [
            any(
                FURTHER <= _column(detection.fired_on) < FURTHER + 14
                for episode in episodes
                for detection in episode.detections
            )
            for episodes in further_episodes
        ]
        half, nine_in_ten = (np.quantile(after, share, method="higher") for share in (0.5, 0.9))
        resolved_early = 1.0 - len(after) / len(last_episodes)
        alerts = np.mean([len(episodes) for episodes in lasting_episodes])
        print(
            f"{mean} cases a day: resolved before the drop ends {resolved_early:.0%}, after it within {half:.0f} clear"
            f" days (half), {nine_in_ten:.0f} (nine in ten); a lasting drop has {alerts:.2f} alerts and"
            f" {further_count / months:.3f} false further drops a month; ten points further: detected within 14 days"
            f" {np.mean(detected):.0%}"
        )


def _episodes_after_onset(result: SeriesResult, before: int) -> list[Episode]:
    return [episode for episode in result.episodes if ONSET <= _column(episode.fired_on) < before]


def _column(day: date) -> int:
    return (day - FIRST).days


if __name__ == "__main__":
    main()
