"""Scene "level-shifts": the rate rises for some time and returns to where it was; or it falls for good.

The return is no drop, as long as the rise was short. After a longer rise it is one against the new usual. A fall for
good is one drop: one alert.
"""

from __future__ import annotations

import numpy as np

from benchmarks.alert_quality.faults import moved, span
from benchmarks.alert_quality.scenes import ONSET, Contender, Ground, Options, any_in, ground, median, share
from benchmarks.alert_quality.scores import delays
from benchmarks.alert_quality.sources import DAYS, Days

POINTS = 0.1
WEEKS = (DAYS - ONSET) // 7
RISES = (7, 14, 28, 56)
BEFORE = 63
"""Rises begin so many days before ONSET at most, so that each return is at ONSET."""
REPORTED_WITHIN = 28


def main(options: Options) -> None:
    print(
        f"A rise of {100 * POINTS:.0f} points for some days, then back: alerts within {REPORTED_WITHIN} days of the"
        f" return, in\nper cent. A fall of {100 * POINTS:.0f} points for good: alerts a fall in {WEEKS} weeks,"
        " of those found; one is right."
    )
    for mean in options.sizes_of("scene"):
        _by_size(ground(mean, options))


def _by_size(own: Ground) -> None:
    rng = own.rng()
    worlds = {f"up {days} d": moved(own.clean, span(ONSET - days, ONSET, -POINTS), rng) for days in RISES}
    worlds["down"] = moved(own.clean, span(ONSET, DAYS, POINTS), rng)

    def cells(contender: Contender, changed: dict[str, Days]) -> list[str]:
        returns = [
            share(any_in(contender.alarms(changed[f"up {days} d"]), ONSET, ONSET + REPORTED_WITHIN)) for days in RISES
        ]
        alarms = contender.alarms(changed["down"])
        delay_days = delays(alarms, ONSET)
        found = contender.alerts(changed["down"])[:, np.isfinite(delay_days)]
        count = f"{found[ONSET:].sum(axis=0).mean():.2f}" if found.shape[1] else "-"
        return [*returns, share(delay_days <= 7), median(delay_days), count]

    heads = [f"back after {days} d" for days in RISES]
    own.table(f"{own.mean} cases a day", worlds, cells, [*heads, "down: 7 d", "median days", "alerts a fall"])
