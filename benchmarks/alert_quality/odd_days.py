"""Scene "holidays": days that are no drop, with and without a calendar that names them.

jkpi's line "with the calendar" leaves these days and the day after each out. The other methods know no calendar.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.alert_quality.faults import moved, span, thinned
from benchmarks.alert_quality.methods import jkpi_alarms, jkpi_alerts
from benchmarks.alert_quality.scenes import ONSET, Contender, Ground, Options, any_in, ground, median, share
from benchmarks.alert_quality.scores import delays
from benchmarks.alert_quality.sources import DAYS, Days

ODD_DAYS, ODD_VOLUME, ODD_POINTS = 4, 0.2, 0.2
EMPTY_VOLUME, EMPTY_POINTS = 0.02, 0.3
DROP = 0.1


def main(options: Options) -> None:
    print(
        f"{ODD_DAYS} days at a fifth of the volume, {100 * ODD_POINTS:.0f} points lower; one day at"
        f" {100 * EMPTY_VOLUME:.0f} % of the volume, {100 * EMPTY_POINTS:.0f} points lower: alerts within 14 days are"
        f" false.\nA drop of {100 * DROP:.0f} points for good, on the day after the near-empty one: found, per cent."
    )
    for mean in options.sizes_of("scene"):
        _by_size(ground(mean, options))


def _by_size(own: Ground) -> None:
    rng = own.rng()
    odd, empty = (
        _holidays(own.clean, days, volume, points, rng)
        for days, volume, points in ((ODD_DAYS, ODD_VOLUME, ODD_POINTS), (1, EMPTY_VOLUME, EMPTY_POINTS))
    )
    worlds = {
        "odd": odd,
        "empty": empty,
        "drop": moved(own.clean, span(ONSET + 1, DAYS, DROP), rng),
        "empty and drop": moved(empty, span(ONSET + 1, DAYS, DROP), rng),
    }
    with_calendar = Contender("jkpi, with the calendar", jkpi_alarms, jkpi_alerts)
    contenders = tuple(
        contender if contender is with_calendar else _without_calendar(contender)
        for contender in (own.contenders[0], with_calendar, *own.contenders[1:])
    )

    def cells(contender: Contender, changed: dict[str, Days]) -> list[str]:
        alarms = {name: contender.alarms(days) for name, days in changed.items()}
        false = [share(any_in(alarms[name], ONSET, ONSET + 14)) for name in ("odd", "empty")]
        after = [delays(alarms[name], ONSET + 1) for name in ("drop", "empty and drop")]
        return [*false, *(cell for own in after for cell in (share(own <= 7), median(own)))]

    heads = (
        f"{ODD_DAYS} odd days",
        "near-empty day",
        "drop, no holiday: 7 d",
        "median days",
        "drop after it: 7 d",
        "median days",
    )
    replace(own, contenders=contenders).table(f"{own.mean} cases a day", worlds, cells, heads)


def _holidays(days: Days, duration: int, volume: float, points: float, rng: np.random.Generator) -> Days:
    fewer = thinned(days, span(ONSET, ONSET + duration, volume, other=1.0), rng)
    lower = moved(fewer, span(ONSET, ONSET + duration, points), rng)
    is_holiday = np.broadcast_to(span(ONSET, ONSET + duration, 1.0)[:, None] > 0, days.n.shape)
    return replace(lower, is_holiday=is_holiday)


def _without_calendar(contender: Contender) -> Contender:
    return replace(contender, alarms=lambda days: contender.alarms(replace(days, is_holiday=None)))
