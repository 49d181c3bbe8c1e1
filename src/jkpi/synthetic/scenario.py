"""What a story hands over: its sources' rows, how each is delivered, and the truth that is known beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jkpi.synthetic.clock import DAY, NEVER, Clock, Mask, Texts, Times
from jkpi.synthetic.deliveries import Delivery
from jkpi.synthetic.ground_truth import PlantedFall
from jkpi.synthetic.rows import Rows

LATE_ALLOWANCE = 2 * DAY  # no row is delivered later than this, answers apart


@dataclass(frozen=True)
class Cohorts:
    """The cases of one proportion by local day, whole cohorts only, as they can be known from what was delivered."""

    day: Times
    hit: Mask
    segment: Texts
    window: int  # seconds after the cohort's last case until all are decided

    def by_day(self, clock: Clock, chosen: Mask | None = None) -> dict[int, tuple[int, int]]:
        """Numerator and denominator of each day that is final at `as_of`."""
        use = np.ones(len(self.day), dtype=bool) if chosen is None else chosen
        ends = clock.instants(np.arange(clock.days) + 1, np.zeros(clock.days, dtype=np.int64))
        final = int((ends + self.window + LATE_ALLOWANCE <= clock.as_of).sum())
        hits = np.bincount(self.day[use & self.hit], minlength=clock.days)
        cases = np.bincount(self.day[use], minlength=clock.days)
        return {day: (int(hits[day]), int(cases[day])) for day in range(final) if cases[day]}


@dataclass(frozen=True)
class Story:
    """`moments` has a proportion for each moment of truth, of which one falls; `lost` counts what a source lost."""

    fall: PlantedFall
    deliveries: Sequence[tuple[Rows, Delivery]]
    moments: Mapping[str, Cohorts]
    lost: int


Log = list[tuple[str, Times, Times]]  # touchpoint, which cases, when


def flat(log: Log) -> tuple[Texts, Times, Times]:
    """The log as three arrays, in order of time: touchpoint, case, instant."""
    names = np.concatenate([np.full(len(at), name) for name, _, at in log])
    cases = np.concatenate([case for _, case, _ in log])
    at = np.concatenate([at for _, _, at in log])
    kept = np.flatnonzero(at < NEVER)
    order = kept[np.argsort(at[kept], kind="stable")]
    return names[order], cases[order], at[order]


def is_lost(clock: Clock, fall: PlantedFall, at: Times) -> Mask:
    """What happened on the day of which the source has nothing."""
    lost: Mask = (clock.day(at) == clock.number(fall.lost_on)) & (at < NEVER)
    return lost


def where(happened: Mask, at: Times) -> Times:
    """The instants where it happened, NEVER elsewhere."""
    return np.where(happened, np.minimum(at, NEVER), NEVER)


def numbered(prefix: str, numbers: Iterable[int] | NDArray[np.int64], width: int = 6) -> Texts:
    """Ids such as SR-000123."""
    return np.char.add(prefix, np.char.zfill(np.asarray(numbers).astype(str), width))


def words(names: Texts, spelling: Mapping[str, str]) -> Texts:
    """Names in the source's own spelling."""
    known, inverse = np.unique(names, return_inverse=True)
    return np.array([spelling[name] for name in known.tolist()])[inverse]
