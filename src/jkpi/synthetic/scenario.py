"""A scenario: the rows of its sources, how they are delivered, and the ground truth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jkpi.synthetic.clock import DAY, NEVER, BoolArray, TextArray, TimeArray, ZoneClock
from jkpi.synthetic.deliveries import Delivery
from jkpi.synthetic.ground_truth import InjectedDrop
from jkpi.synthetic.rows import SourceRows

LATE_ALLOWANCE = 2 * DAY  # no row is delivered later than this, except responses


@dataclass(frozen=True)
class Cohorts:
    """The cases of one proportion by local day: complete cohorts, as known from the delivered rows."""

    day: TimeArray
    is_success: BoolArray
    segment: TextArray
    window: int  # seconds after the cohort's last case until all are decided

    def by_day(self, clock: ZoneClock, mask: BoolArray | None = None) -> dict[int, tuple[int, int]]:
        """Numerator and denominator of each day that is final at `as_of`."""
        selected = np.ones(len(self.day), dtype=bool) if mask is None else mask
        ends = clock.to_utc(np.arange(clock.days) + 1, np.zeros(clock.days, dtype=np.int64))
        count_final_days = int((ends + self.window + LATE_ALLOWANCE <= clock.as_of).sum())
        successes = np.bincount(self.day[selected & self.is_success], minlength=clock.days)
        cases = np.bincount(self.day[selected], minlength=clock.days)
        return {day: (int(successes[day]), int(cases[day])) for day in range(count_final_days) if cases[day]}


@dataclass(frozen=True)
class Scenario:
    """cohorts_by_moment: one proportion per moment of truth, of which one drops. count_lost_events: on the lost day."""

    drop: InjectedDrop
    deliveries: Sequence[tuple[SourceRows, Delivery]]
    cohorts_by_moment: Mapping[str, Cohorts]
    count_lost_events: int


EventLog = list[tuple[str, TimeArray, TimeArray]]  # touchpoint, which cases, when


def flatten_log(log: EventLog) -> tuple[TextArray, TimeArray, TimeArray]:
    """The log as three arrays ordered by time: touchpoint, case, instant."""
    names = np.concatenate([np.full(len(instants), name) for name, _, instants in log])
    cases = np.concatenate([case for _, case, _ in log])
    instants = np.concatenate([instants for _, _, instants in log])
    happened = np.flatnonzero(instants < NEVER)
    order = happened[np.argsort(instants[happened], kind="stable")]
    return names[order], cases[order], instants[order]


def is_lost(clock: ZoneClock, drop: InjectedDrop, instants: TimeArray) -> BoolArray:
    """Which instants are on the day that the source has lost."""
    lost: BoolArray = (clock.day(instants) == clock.day_number(drop.lost_on)) & (instants < NEVER)
    return lost


def where_happened(happened: BoolArray, instants: TimeArray) -> TimeArray:
    """The instants where `happened` is true, NEVER elsewhere."""
    return np.where(happened, np.minimum(instants, NEVER), NEVER)


def make_ids(prefix: str, numbers: Iterable[int] | NDArray[np.int64], width: int = 6) -> TextArray:
    """Ids such as SR-000123."""
    return np.char.add(prefix, np.char.zfill(np.asarray(numbers).astype(str), width))


def translate_names(names: TextArray, spelling: Mapping[str, str]) -> TextArray:
    """Names in the spelling of the source."""
    unique_names, inverse = np.unique(names, return_inverse=True)
    return np.array([spelling[name] for name in unique_names.tolist()])[inverse]
