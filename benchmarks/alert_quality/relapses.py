"""Scene "relapses": a drop, some good days, and the same drop again. It is one alert."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from benchmarks.alert_quality.faults import moved, span
from benchmarks.alert_quality.methods import FIRST, jkpi_results
from benchmarks.alert_quality.scenes import ONSET, Contender, Ground, Options, ground, median, share
from benchmarks.alert_quality.scores import delays
from benchmarks.alert_quality.sources import Days

DROPPED, GOOD, AGAIN = 14, 5, 28
DEPTHS = (0.1, 0.2)


def main(options: Options) -> None:
    print(
        f"A drop for {DROPPED} days, {GOOD} good days, the same drop for {AGAIN} days. Alerts from the first on,\n"
        "of those found in the first drop; one is right. Closed: before the second drop, in per cent (jkpi alone)."
    )
    for mean in options.sizes_of("scene"):
        _by_size(ground(mean, options))


def _by_size(own: Ground) -> None:
    rng = own.rng()
    worlds = {f"{100 * depth:.0f}": _relapse(own.clean, depth, rng) for depth in DEPTHS}

    def cells(contender: Contender, changed: dict[str, Days]) -> list[str]:
        line = []
        for days in changed.values():
            alarms = contender.alarms(days)
            delay_days = delays(alarms, ONSET)
            is_found = delay_days <= DROPPED
            count = contender.alerts(days)[ONSET : ONSET + DROPPED + GOOD + AGAIN, is_found].sum(axis=0)
            is_closed = _closed(days)[is_found] if contender.name == "jkpi" else None
            line += [
                *(share(delay_days <= 7), median(delay_days)),
                *(f"{count.mean():.2f}" if is_found.any() else "-",),
                *(share(is_closed) if is_closed is not None and is_found.any() else "-",),
            ]
        return line

    heads = [f"{name}: {figure}" for name in worlds for figure in ("7 d", "median days", "alerts", "closed")]
    own.table(f"{own.mean} cases a day, points", worlds, cells, heads)


def _relapse(days: Days, depth: float, rng: np.random.Generator) -> Days:
    again = ONSET + DROPPED + GOOD
    points = span(ONSET, ONSET + DROPPED, depth) + span(again, again + AGAIN, depth)
    return moved(days, points, rng)


def _closed(days: Days) -> np.ndarray:
    """(S,): no alert of the first drop is open when the second begins. An alert that a relapse reopens was closed."""
    first = FIRST + timedelta(days=ONSET)
    cut = days.counting(days.successes[: ONSET + DROPPED + GOOD], days.n[: ONSET + DROPPED + GOOD])
    return np.array(
        [
            not any(episode.fired_on >= first and episode.closed_on is None for episode in result.episodes)
            for result in jkpi_results(cut)
        ]
    )
