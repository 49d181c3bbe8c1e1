"""Scene "promises": promises of one day to 545 days that collapse, counted on the start day and on the due day.

Each case is promised something by a day. Promises are kept by the hundred, of those falling due from one day on only a
part is. Each morning jkpi's own rule evaluates what is final by then: a start day is final when its longest promise has
run out, a due day when it is over. So the day of an alert is the morning on which it is seen, not the day it is about.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.alert_quality.methods import FIRST, MIN_DROP
from benchmarks.alert_quality.opening import alarm_days, evaluated
from benchmarks.alert_quality.scenes import Options, print_table, share
from jkpi.alerts.statistics.rules import AlertRule

LENGTHS = (1, 2, 7, 14, 30, 63, 120, 545)
"""Days that are promised, each to as many cases."""
BURN_IN, CLEAN, WATCHED = 545, 126, 581
"""Days before the first that is counted, so that each promise can fall due on it; without a fall; after its onset."""
LOOKED_EVERY = 7
"""Start days are evaluated on one morning a week, from the first clear day of the collapse on and before it."""
BEFORE, AFTER = 0.9, 0.55
WEEKLY_VOLUME = np.array([1.2, 1.1, 1.0, 1.0, 1.0, 0.5, 0.4])


@dataclass(frozen=True, eq=False)
class Promises:
    """One moment. started, due, is_kept (N,): of each case, in days since the first that is counted."""

    started: np.ndarray
    due: np.ndarray
    is_kept: np.ndarray


@dataclass(frozen=True)
class Collapse:
    """Which promises are kept less often, from CLEAN on. lengths: of the promises it befalls."""

    name: str
    lengths: tuple[int, ...]


COLLAPSES = (
    Collapse("all promises", LENGTHS),
    Collapse("those of 1 or 2 days", (1, 2)),
    Collapse("those of 30 days and more", (30, 63, 120, 545)),
)


def main(options: Options) -> None:
    print(
        f"As many promises of {', '.join(map(str, LENGTHS))} days; {100 * BEFORE:.0f} % are kept, then"
        f" {100 * AFTER:.0f} % of those of some lengths that fall due from\na day on. Seen by jkpi's rule within 7, 28"
        f" and 182 days of the collapse, in per cent; median days."
    )
    series = max(options.series // 20, 8)
    for mean in options.sizes_of("scene"):
        rows = []
        for collapse in (None, *COLLAPSES):
            rng = np.random.default_rng(mean)
            moments = [generated(mean, collapse, rng) for _ in range(series)]
            for name, seen in (("start day", seen_by_start(moments)), ("due day", seen_by_due(moments))):
                rows.append((f"{collapse.name if collapse else 'no collapse'}, by {name}", _cells(seen, collapse)))
        heads = ("false a month", "7 d", "28 d", "182 d", "median days")
        print_table(f"{mean} cases a day, {series} moments", heads, rows)


def generated(mean: float, collapse: Collapse | None, rng: np.random.Generator) -> Promises:
    """Cases that start from BURN_IN days before the first counted day on."""
    days = np.arange(-BURN_IN, CLEAN + WATCHED)
    started = np.repeat(days, rng.poisson(mean * WEEKLY_VOLUME[days % 7]))
    length = rng.choice(LENGTHS, len(started))
    due = started + length
    share_kept = np.full(len(started), BEFORE)
    if collapse is not None:
        share_kept[(due >= CLEAN) & np.isin(length, collapse.lengths)] = AFTER
    return Promises(started, due, rng.random(len(started)) < share_kept)


def seen_by_due(moments: list[Promises]) -> np.ndarray:
    """(mornings, S): an alert that was not there the morning before. Mornings count from the first counted day."""
    length = CLEAN + WATCHED
    successes, n = _counts([moment.due for moment in moments], moments, length)
    alarms = _alarms(successes, n)
    return np.concatenate([np.zeros((1, len(moments)), dtype=bool), alarms[:-1]])


def seen_by_start(moments: list[Promises]) -> np.ndarray:
    """The same, with counts on the day of the start, looked at once a week. The past goes back as far as the cases."""
    length, mornings = BURN_IN + CLEAN + WATCHED, np.arange(LOOKED_EVERY, CLEAN + WATCHED, LOOKED_EVERY)
    successes, n = _counts([moment.started + BURN_IN for moment in moments], moments, length)
    final_on = np.zeros((length, len(moments)), dtype=int)
    for row, moment in enumerate(moments):
        np.maximum.at(final_on[:, row], moment.started + BURN_IN, moment.due + 1)
    is_final = (final_on[:, None, :] <= mornings[:, None]).reshape(length, -1)
    some, many = (np.tile(counts, len(mornings)) * is_final for counts in (successes, n))
    alarms = _alarms(some, many).reshape(length, len(mornings), len(moments))
    seen, before = np.zeros((CLEAN + WATCHED, len(moments)), dtype=bool), alarms[:, 0]
    for place in range(1, len(mornings)):
        seen[mornings[place]] = (alarms[:, place] & ~before).any(axis=0)
        before = before | alarms[:, place]
    return seen


def _counts(columns: list[np.ndarray], moments: list[Promises], length: int) -> tuple[np.ndarray, np.ndarray]:
    successes, n = np.zeros((2, length, len(moments)))
    for row, (column, moment) in enumerate(zip(columns, moments, strict=True)):
        is_counted = (column >= 0) & (column < length)
        np.add.at(n[:, row], column[is_counted], 1.0)
        np.add.at(successes[:, row], column[is_counted], moment.is_kept[is_counted])
    return successes, n


def _alarms(successes: np.ndarray, n: np.ndarray) -> np.ndarray:
    results = evaluated(successes, n, FIRST, [AlertRule(None, MIN_DROP)] * n.shape[1])
    return alarm_days(results, n.shape, FIRST)


def _cells(seen: np.ndarray, collapse: Collapse | None) -> list[str]:
    if collapse is None:
        months = seen.shape[1] * len(seen) / 30.44
        return [f"{seen.sum() / months:.3f}", "-", "-", "-", "-"]
    after = seen[CLEAN + 1 :]
    delay_days = np.where(after.any(axis=0), after.argmax(axis=0) + 1.0, np.inf)
    middle = float(np.quantile(delay_days, 0.5, method="higher"))
    shares = [share(delay_days <= within) for within in (7, 28, 182)]
    return ["-", *shares, f"{middle:.0f}" if np.isfinite(middle) else "never"]
