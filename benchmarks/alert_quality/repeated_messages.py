"""Scene "repeated-messages": one step, and how many messages it gives. The first day may be partly as usual."""

from __future__ import annotations

import numpy as np

from benchmarks.alert_quality.faults import moved, span
from benchmarks.alert_quality.scenes import ONSET, Contender, Ground, Options, any_in, ground, median, share
from benchmarks.alert_quality.scores import delays
from benchmarks.alert_quality.sources import DAYS, Days

STEPS = (0.1, 0.3, 0.6)
SOON, LATER = 7, 28


def main(options: Options) -> None:
    print(
        "A step for good; half of the first day is as usual. In per cent of the steps found within 14 days:\n"
        f"a second message within {SOON} days of the first, within {LATER} days. A true second step of ten points,\n"
        "45 days later: reported within 14 days, in per cent."
    )
    for mean in options.sizes_of("scene"):
        _by_size(ground(mean, options))


def _by_size(own: Ground) -> None:
    rng = own.rng()
    worlds = {f"{100 * step:.0f}": _step(own.clean, step, rng) for step in STEPS}
    second = ONSET + 45
    worlds["second"] = moved(own.clean, span(ONSET, second, 0.1) + span(second, DAYS, 0.2), rng)

    def cells(contender: Contender, changed: dict[str, Days]) -> list[str]:
        line = []
        for step in STEPS:
            messages = contender.alarms(changed[f"{100 * step:.0f}"])
            delay_days = delays(messages, ONSET)
            is_found = delay_days <= 14
            again = [_again(messages, delay_days, is_found, within) for within in (SOON, LATER)]
            line += [median(delay_days), *again]
        messages = contender.alarms(changed["second"])
        return [*line, share(any_in(messages, second, second + 14))]

    figures = ("median days", f"again in {SOON} d", f"in {LATER} d")
    heads = [f"{100 * step:.0f} points: {figure}" for step in STEPS for figure in figures]
    own.table(f"{own.mean} cases a day", worlds, cells, [*heads, "true second step"])


def _step(days: Days, depth: float, rng: np.random.Generator) -> Days:
    points = span(ONSET, DAYS, depth)
    points[ONSET] = depth / 2.0
    return moved(days, points, rng)


def _again(messages: np.ndarray, delay_days: np.ndarray, is_found: np.ndarray, within: int) -> str:
    """Share of the series found with another message in so many days after the first."""
    if not is_found.any():
        return "-"
    first = ONSET + delay_days[is_found].astype(int) - 1
    day = np.arange(len(messages))[:, None]
    is_after = (day > first) & (day <= first + within)
    return share(any_in(messages[:, is_found] & is_after, 0, len(messages)))
