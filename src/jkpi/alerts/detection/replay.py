"""Series from their first day to their last: what each is in today, and every breach it has had. Pure.

Each series climbs two ladders, one against its own baseline and one against the promise; a breach lasts as long as
either is open, so a chronic one is one breach. A later fall inside it is a part of it that can be told as worsening.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from jkpi.alerts.detection.episodes import NOT_TOLD, NOWHERE, Course, Part, Track, as_breaches
from jkpi.alerts.detection.fold import Folded, fold
from jkpi.alerts.detection.line_tracker import Families
from jkpi.alerts.detection.state_machine import STATES, State
from jkpi.alerts.statistics import reading_matrix as marks
from jkpi.alerts.statistics.beta_binomial import Flags, Whole
from jkpi.alerts.statistics.reading_matrix import Grid, Reading, chunks, lay_out
from jkpi.alerts.statistics.rules import Rule, Rules
from jkpi.alerts.statistics.sign_test import Durations

CELLS = 2_000_000
"""Series by columns that are folded at once: the fewer, the less memory, the more, the faster; this takes 0.7 GB."""


@dataclass(frozen=True)
class Tried:
    """A series as it is judged; those of one `group` share its budget."""

    rule: Rule
    group: int


def replay(readings: Iterable[Reading], rule: Rule, until: date | None = None) -> Track:
    """Fold all mature readings of a series, in any order; `until` is the last day that ought to have a mature one."""
    laid = lay_out([list(readings)], [until], rule.cadence.step)
    (track,) = replay_all(laid, [Tried(rule, 0)])
    return track


def replay_all(grid: Grid, tried: Sequence[Tried], durations: Sequence[Durations] | None = None) -> Iterator[Track]:
    """The same for many series at once, all of one cadence, those of a group next to each other.

    `durations`: one a series, where it is their sign test that is replayed; the grid then has nothing but their spans.
    """
    if not tried:
        return
    groups = np.array([one.group for one in tried])
    for rows in chunks(groups, max(CELLS // max(grid.length, 1), 1)):
        part, own = grid.part(rows), tried[rows]
        families = Families(groups[rows], np.array([one.rule.family for one in own], dtype=float))
        folded = fold(part, Rules.of([one.rule for one in own]), families, durations[rows] if durations else None)
        for row in range(part.series):
            yield _track(part, folded, row)


def _track(grid: Grid, folded: Folded, row: int) -> Track:
    begin, end = int(grid.begin[row]), int(grid.end[row])
    codes, mark = folded.states[begin:end, row], grid.mark[begin:end, row]
    told = np.flatnonzero(codes != NOT_TOLD)
    if not len(told):
        return Track(State.NO_DATA, None, (), None, None, NOWHERE)
    breaches = as_breaches([*(_counted_at(part, grid, folded, row) for part in folded.baseline.parts[row]),
                            *folded.promise.parts[row]])  # fmt: skip
    open_breach = next((breach for breach in breaches if breach.closed_on is None), None)
    judged = not np.isnan(folded.rate[row])
    achieved = float(folded.achieved[row])
    return Track(
        state=STATES[codes[told[-1]]],
        since=open_breach.since if open_breach else grid.day(begin + _since(codes, told)),
        breaches=breaches,
        blind_since=_newest_since(grid, begin, mark == marks.HELD, mark != marks.ABSENT),
        last_day=grid.day(begin + int(np.flatnonzero(mark != marks.ABSENT)[-1])),
        course=Course(grid.day(begin), grid.step, codes.tobytes()),
        tail=float(folded.tail[row]) if judged else None,
        rate=float(folded.rate[row]) if judged else None,
        n=float(folded.n[row]) if judged else None,
        reference=float(folded.reference[row]) if judged else None,
        false_alarm_every=None if np.isnan(achieved) else achieved,
        read=Course(grid.day(begin), grid.step, ((mark == marks.READ) & (grid.n[begin:end, row] > 0)).tobytes()),
        # A withheld reading does not say whether its counts make sense by now.
        error_since=_newest_since(grid, begin, mark == marks.BROKEN, (mark != marks.ABSENT) & (mark != marks.HELD)),
    )


def _counted_at(part: Part, grid: Grid, folded: Folded, row: int) -> Part:
    if folded.signs is None:
        return part
    column = (part.fired_on - grid.first).days // grid.step
    return replace(part, within=folded.signs.edge(row, column))


def _since(codes: np.ndarray, told: Whole) -> int:
    """The first column of the unbroken stretch of the last state."""
    different = np.flatnonzero(codes[told] != codes[told[-1]])
    return int(told[different[-1] + 1] if len(different) else told[0])


def _newest_since(grid: Grid, begin: int, wanted: Flags, telling: Flags) -> date | None:
    """Since when all columns are `wanted`, of those that are `telling` anything; None where the newest is not."""
    told = np.flatnonzero(telling)
    others = np.flatnonzero(~wanted[told])
    first = int(others[-1]) + 1 if len(others) else 0
    return grid.day(begin + int(told[first])) if first < len(told) else None
