"""The fold: many series, column by column, from their first to their last. Pure; no column looks ahead.

Each column is laid against what is usual and against the promise. What happens then (an alert opens, closes, a broken
promise becomes chronic) decides which columns belong to the past of the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from jkpi.alerts.detection import state_machine
from jkpi.alerts.detection.episodes import NOT_TOLD
from jkpi.alerts.detection.line_tracker import Climb, Families
from jkpi.alerts.detection.state_machine import JUDGED, Codes
from jkpi.alerts.statistics import reading_matrix as marks
from jkpi.alerts.statistics.baseline import PRESUMED_RHO, Past, Usual
from jkpi.alerts.statistics.beta_binomial import Flags, Floats
from jkpi.alerts.statistics.cusum import gain
from jkpi.alerts.statistics.month_end import FRESH, Months, lowered
from jkpi.alerts.statistics.reading_matrix import Grid, Marks
from jkpi.alerts.statistics.rules import Rules
from jkpi.alerts.statistics.running_sums import Judged
from jkpi.alerts.statistics.sign_test import Durations, Signs
from jkpi.alerts.statistics.small_sample_pooling import Sparse
from jkpi.alerts.statistics.thresholds import Calibration


@dataclass(frozen=True, eq=False)
class Folded:
    """What became of S series. `states` (T, S): states by code, NOT_TOLD where nothing was read.

    `need` and `achieved` as in `Calibration`; `rate`, `n`, `reference` and `tail` (S,) of the last judged column, NaN
    where the last column was not. `signs`: of durations, the edges at which they were counted.
    """

    states: npt.NDArray[np.uint8]
    baseline: Climb
    promise: Climb
    need: Floats
    achieved: Floats
    rate: Floats
    n: Floats
    reference: Floats
    tail: Floats
    signs: Signs | None = None


class _Fold:
    def __init__(
        self, grid: Grid, rules: Rules, families: Families, durations: Sequence[Durations] | None = None
    ) -> None:
        cadence = rules.cadence
        self.grid, self.rules, self.cadence = grid, rules, cadence
        self.past = Past(grid, cadence)
        self.months = Months(grid, cadence)
        self.sparse = Sparse(grid)
        self.signs = Signs(grid, durations, cadence) if durations is not None else None
        self.baseline = Climb("median" if self.signs else "baseline", grid, cadence, families, rules.falls_off_by)
        self.promise = Climb("promise", grid, cadence, families, rules.falls_off_by)
        self.calibration = Calibration(grid, rules)
        self.left_out = np.zeros((grid.length, grid.series), dtype=bool)
        self.broken_days = np.zeros(grid.series, dtype=np.intp)
        self.states = np.full((grid.length, grid.series), NOT_TOLD, dtype=np.uint8)
        self.rate, self.n, self.reference, self.tail = np.full((4, grid.series), np.nan)
        self.has_promise = ~np.isnan(rules.promise_line)
        self.line = np.where(self.has_promise, rules.promise_line, 0.5)

    def go(self, column: int) -> None:
        grid, cadence = self.grid, self.cadence
        if self.signs is not None:
            self.signs.go(column, self.past, self.baseline.is_calm & ~self.sparse.is_waiting)
        by_weekday = self.past.usual(column)
        lower = self.months.lower(column)
        usual = lowered(by_weekday, lower)
        self.past.lift(column, lower)
        mark = grid.mark[column]
        spans = (grid.begin <= column) & (column < grid.end)
        if self.signs is not None:
            spans &= ~self.signs.waits(column)
        closed = grid.is_closed(column)
        counted = self.sparse.go(column, usual, spans & (mark == marks.READ) & ~closed)
        kind = _kinds(mark, usual, counted.enough)
        learned = usual.usable >= cadence.learning
        by_usual = np.where((kind == JUDGED) & ~learned, state_machine.LEARNING, kind).astype(np.int8)
        judged = spans & (kind == JUDGED)

        falls = self.rules.falls_off_by
        known = judged & (usual.usable >= cadence.for_rho)
        seen = Judged(known, counted.good, counted.n, counted.first, counted.rate, counted.rate - falls, usual.rho,
                      usual.strength, usual.evenness)  # fmt: skip
        own = replace(seen, judged=judged & learned)
        rho = np.where(usual.usable >= cadence.for_rho, usual.rho, PRESUMED_RHO)
        promised = Judged(judged & self.has_promise, counted.good, counted.n, counted.first, self.line, self.line,
                          rho, np.full(grid.series, np.inf), usual.evenness)  # fmt: skip
        own_gain = gain(seen, falls, usual.usable)
        need = self.calibration.need
        self.baseline.go(column, own, own_gain, need)
        if self.has_promise.any():
            self.promise.go(column, promised, gain(promised, falls, np.full(grid.series, np.inf)), need)

        states = state_machine.worst(self.baseline.ladders.states(by_usual), self.promise.ladders.states(kind))
        told = spans & ~closed & ((mark != marks.ABSENT) | (kind == state_machine.NO_DATA))
        self.states[column] = np.where(told, states.astype(np.uint8), NOT_TOLD)
        self.months.learn(column, by_weekday, known & ~self._has_fallen(column - FRESH))
        self._remember(column, spans, (mark == marks.HELD) | closed)
        is_open = self.baseline.ladders.is_open | self.promise.ladders.is_open
        self.calibration.learn(column, own_gain, seen.judged & ~is_open & ~self.left_out[column])
        self._look_back(spans & (grid.end == column + 1), own, promised)

    def _has_fallen(self, before: int) -> Flags:
        """(S,): what an alert is open of that fell before a column."""
        return self.baseline.ladders.is_open & (self.baseline.ladders.fell < before)

    def _look_back(self, ended: Flags, own: Judged, promised: Judged) -> None:
        """The figures of the last column, against the baseline where there is one."""
        for day, rows in ((promised, ended & promised.judged & ~own.judged), (own, ended & own.judged)):
            if rows.any():
                self.rate[rows], self.n[rows] = (day.good / np.maximum(day.n, 1.0))[rows], day.n[rows]
                self.reference[rows], self.tail[rows] = day.reference[rows], day.tails(np.inf)[rows]

    def _remember(self, column: int, spans: Flags, held: Flags) -> None:
        """Which columns are past from now on: not the held or empty ones, nor those of an alert. A promise that has
        been broken for as long as learning takes is what is usual."""
        chronic_after = self.cadence.learning
        was_chronic = self.broken_days >= chronic_after
        broken = self.promise.ladders.is_open
        judged_now = broken & (self.promise.ladders.last == column)
        self.broken_days = np.where(broken, self.broken_days + judged_now, 0)
        for row in self.promise.opened:
            since = int(self.promise.ladders.fell[row])
            days = int(self.promise.sums.over(np.array([row]), np.array([since]), column)[0, 0])
            self.broken_days[row] = days
        chronic = self.broken_days >= chronic_after

        fallen = self.baseline.ladders.is_open
        closed = np.zeros(len(held), dtype=bool)
        closed[self.baseline.closed] = True
        empty = self.grid.n[column] == 0
        self.left_out[column] = ~spans | held | empty | fallen | closed | (broken & ~chronic)
        changed = {int(row) for row in self.baseline.opened}
        for row in changed:
            self._leave_out(row, int(self.baseline.ladders.fell[row]), column)
        for row in self.promise.opened[~chronic[self.promise.opened]]:
            self._leave_out(int(row), int(self.promise.ladders.fell[row]), column)
            changed.add(int(row))
        for row in np.flatnonzero(chronic & ~was_chronic & ~fallen):
            since = int(self.promise.ladders.fell[row])
            span = slice(since, column + 1)
            self.left_out[span, row] = (self.grid.mark[span, row] == marks.HELD) | (self.grid.n[span, row] == 0)
            if self.grid.closed is not None:
                self.left_out[span, row] |= self.grid.closed[span, row]
            changed.add(int(row))
        self._let_in(column, changed)

    def _leave_out(self, row: int, since: int, column: int) -> None:
        self.left_out[since : column + 1, row] = True
        self.calibration.forget(row, since, column)

    def _let_in(self, column: int, changed: set[int]) -> None:
        """The past moves on by this column; of series where earlier ones went or came back it is counted anew."""
        goes_on = ~self.left_out[column]
        for row in changed:
            goes_on[row] = False
            self.past.replace(row, np.flatnonzero(~self.left_out[: column + 1, row]))
        self.past.recount(np.array(sorted(changed), dtype=np.intp))
        self.past.keep(np.flatnonzero(goes_on), column)


def _kinds(mark: Marks, usual: Usual, enough: Flags) -> Codes:
    """Why a column is not judged, JUDGED where it is. A weekday that never brings data says nothing by that."""
    absent = np.where(usual.expected, state_machine.NO_DATA, state_machine.LOW_N)
    kinds: Codes = np.select(
        [mark == marks.HELD, mark == marks.BROKEN, mark == marks.ABSENT, ~enough],
        [state_machine.HELD, state_machine.ERROR, absent, state_machine.LOW_N],
        default=JUDGED,
    ).astype(np.int8)
    return kinds


def fold(grid: Grid, rules: Rules, families: Families, durations: Sequence[Durations] | None = None) -> Folded:
    """From the first column to the last. `durations`: the series' counts are made of these, and written into `grid`."""
    fold = _Fold(grid, rules, families, durations)
    for column in range(grid.length):
        fold.go(column)
    fold.baseline.finish(grid.length - 1)
    fold.promise.finish(grid.length - 1)
    calibration = fold.calibration
    return Folded(fold.states, fold.baseline, fold.promise, calibration.need, calibration.achieved,
                  fold.rate, fold.n, fold.reference, fold.tail, fold.signs)  # fmt: skip
