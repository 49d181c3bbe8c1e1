"""Many series against one line, column by column: evidence adds up, alerts open and close. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jkpi.alerts.detection import state_machine
from jkpi.alerts.detection.episodes import Line, Part
from jkpi.alerts.detection.further_drop import Deeper
from jkpi.alerts.detection.state_machine import REASONS
from jkpi.alerts.statistics.beta_binomial import Flags, Floats, Whole
from jkpi.alerts.statistics.cusum import Gain, add_up, nothing_yet
from jkpi.alerts.statistics.reading_matrix import Grid
from jkpi.alerts.statistics.rules import COLLAPSE, COLLAPSE_N, IN_A_ROW, LOW, NEVER, Cadence
from jkpi.alerts.statistics.running_sums import EPSILON, Judged, Sums
from jkpi.alerts.statistics.thresholds import passing_evidence, passing_tails

_FEW = 2


class Weekdays:
    """Which columns of S series were judged, and which of them were bad."""

    def __init__(self, length: int, series: int, cycle: int) -> None:
        self._judged, self._bad = np.zeros((2, length, series), dtype=bool)
        self._cycle = cycle

    def add(self, column: int, judged: Flags, bad: Flags) -> None:
        self._judged[column], self._bad[column] = judged, judged & bad

    def seen_clear(self, rows: Whole, fell: Whole, clear: Whole, column: int) -> Flags:
        """(N,): whether each of the few days of the week that were bad since `fell` was judged since `clear`, none of
        them bad; where more than a few were, it is a fall of the whole week, and nothing is asked."""
        seen = np.ones(len(rows), dtype=bool)
        for number, (row, first, since) in enumerate(zip(rows, fell, clear, strict=True)):
            bad = set((np.flatnonzero(self._bad[first:since, row]) + first) % self._cycle)
            good = np.flatnonzero(self._judged[since : column + 1, row] & ~self._bad[since : column + 1, row]) + since
            seen[number] = len(bad) > _FEW or bad <= set(good % self._cycle)
        return seen


def standing_breach(sums: Sums, column: int, judged: Flags, begin: Whole, sure: Floats, cadence: Cadence) -> Flags:
    """(S,): whether each of the last four weeks lies below the promise line, and all of them together surely do.

    `begin`: the first column of each series, which must have had four weeks by itself, whatever others stand beside it;
    `sure`: how small the tail of all of them must be. Half of their days must have been judged.
    """
    weeks, length = cadence.standing
    below = np.array(judged)
    rows: Whole = np.flatnonzero(judged & (column + 1 - begin >= weeks * length))
    end = column
    for _ in range(weeks):
        _, good, n, _, bound, _ = sums.over(rows, np.full(len(rows), end + 1 - length), end)
        rows = rows[(n > 0) & (good < bound - EPSILON)]
        end -= length
        if not len(rows):
            break
    since = np.full(len(rows), column + 1 - weeks * length)
    days = sums.over(rows, since, column)[0]
    rows, since = rows[days >= weeks * length / 2], since[days >= weeks * length / 2]
    below[:] = False
    below[rows[sums.tail(rows, since, column) <= sure[rows]]] = True
    return below


SURE = LOW**IN_A_ROW
"""How small the tail of pooled days must be: three low days in a row are one chance in a thousand."""
MOST_OF_IT = 0.75
"""Of the evidence that an alert needs by itself, so much must stand behind three low days."""


@dataclass(frozen=True, eq=False)
class Families:
    """Which series share one budget: `group` (S,) the moment, `size` (S,) how many share."""

    group: Whole
    size: Floats


class Climb:
    """The way of S series against one line. `opened` and `closed` list the series that did so on the last column."""

    def __init__(self, line: Line, grid: Grid, cadence: Cadence, families: Families, falls_off_by: Floats) -> None:
        self.ladders = state_machine.at_the_foot(grid.series)
        self.evidence = nothing_yet(grid.series)
        self.sums = Sums(grid)
        self.opened: Whole = np.zeros(0, dtype=np.intp)
        self.closed: Whole = np.zeros(0, dtype=np.intp)
        self.parts: list[list[Part]] = [[] for _ in range(grid.series)]
        self._line, self._grid, self._cadence, self._families = line, grid, cadence, families
        self._sure = np.full(grid.series, SURE)
        self._deeper = Deeper(grid.series, falls_off_by, families.size)
        self._weekdays = Weekdays(grid.length, grid.series, cadence.cycle)

    @property
    def is_calm(self) -> Flags:
        """(S,): no alert is open, no day was low, and no evidence has added up."""
        calm: Flags = ~self.ladders.is_open & (self.ladders.run_days == 0) & (self.evidence.sums <= 0.0).all(axis=0)
        return calm

    def go(self, column: int, day: Judged, gain: Gain, need: Floats) -> None:
        """One column further. `need` (S,): the evidence that opens an alert of a series that shares with nobody."""
        before, judged = self.ladders, day.judged
        self.sums.add(column, day)
        climbing = judged & ~before.is_open
        forgotten = ~before.is_open & (column - before.last > self._cadence.hold)
        self.evidence = add_up(self.evidence, column, gain.added, climbing, forgotten)
        tails = day.tails()
        beyond = day.good < day.n * day.line - EPSILON
        after = state_machine.advance(before, column, judged, tails < LOW, beyond, self._cadence)
        self._weekdays.add(column, judged, (tails < LOW) | beyond)
        reason, since = self._reasons(column, day, after, climbing, tails, beyond, need)
        after = state_machine.fire(after, column, reason, since)
        self.opened = np.flatnonzero(reason)
        if self._line != "promise":
            self._deeper.go(np.flatnonzero(judged & before.is_open), column, day, need, self.sums)
            self._deeper.begin(self.opened, self.sums, since[self.opened], column)
        self._close(column, after, judged & before.is_open)

    def _reasons(
        self,
        column: int,
        day: Judged,
        after: state_machine.Ladders,
        climbing: Flags,
        tails: Floats,
        beyond: Flags,
        need: Floats,
    ) -> tuple[state_machine.Codes, Whole]:
        """(S,) twice: why an alert opens, 0 where none does, and since when its days count. The first reason wins."""
        reason, since = np.zeros(len(climbing), dtype=np.int8), np.full(len(climbing), NEVER, dtype=np.intp)
        group, size = self._families.group, self._families.size
        most = self.evidence.most

        def because(code: int, rows: Whole, begins: Whole) -> None:
            new = reason[rows] == 0
            reason[rows[new]], since[rows[new]] = code, begins[new]

        low = climbing & (after.run_days > 0)
        rows = np.flatnonzero(low & (after.run_days >= IN_A_ROW) & (most >= MOST_OF_IT * need))
        rows = rows[self.sums.is_beyond(rows, after.run[rows], column)]
        passes = passing_tails(group[rows], self.sums.tail(rows, after.run[rows], column), self._sure[rows], size[rows])
        because(state_machine.TREND, rows[passes], after.run[rows[passes]])

        rows = np.flatnonzero(low & beyond & (day.n >= COLLAPSE_N) & (tails < COLLAPSE))
        passes = passing_tails(group[rows], tails[rows], np.full(len(rows), COLLAPSE), size[rows])
        because(state_machine.COLLAPSE, rows[passes], after.run[rows[passes]])

        rows = np.flatnonzero(climbing & (most >= need))
        began = self.evidence.began
        days = self.sums.over(rows, began[rows], column)[0]
        # One day alone is a coincidence, if it is no collapse.
        rows = rows[self.sums.is_beyond(rows, began[rows], column) & (days > 1)]
        passes = passing_evidence(group[rows], most[rows] - need[rows], size[rows])
        because(state_machine.EVIDENCE, rows[passes], began[rows[passes]])

        if self._line == "promise":
            standing = standing_breach(self.sums, column, climbing, self._grid.begin, self._sure / size, self._cadence)
            rows = np.flatnonzero(standing)
            because(state_machine.STANDING, rows, np.full(len(rows), column + 1 - self._cadence.standing_readings))
        return reason, since

    def _close(self, column: int, after: state_machine.Ladders, was_open: Flags) -> None:
        rows = np.flatnonzero(was_open & (after.clear_days >= state_machine.CLEAR_DAYS))
        above, surely = self.sums.is_clear(rows, after.clear[rows], column)
        patient = above & (after.clear_days[rows] >= self._cadence.patience)
        rows = rows[surely | patient]
        self.closed = rows[self._weekdays.seen_clear(rows, after.fell[rows], after.clear[rows], column)]
        for row in self.closed:
            self.parts[row] += self._parts(int(row), after, column, is_closed=True)
        closes = np.zeros(len(was_open), dtype=bool)
        closes[self.closed] = True
        self.ladders = state_machine.resolve(after, closes)
        if len(self.closed):
            self.evidence.sums[:, self.closed] = 0.0

    def finish(self, column: int) -> None:
        """Alerts that are open on the last column are parts as well; each is told up to its last judged day."""
        for row in np.flatnonzero(self.ladders.is_open):
            last = min(column, int(self.ladders.last[row]))
            self.parts[row] += self._parts(int(row), self.ladders, last, is_closed=False)

    def _parts(self, row: int, ladders: state_machine.Ladders, column: int, is_closed: bool) -> list[Part]:
        """The alert, and each time that it fell further."""
        clear = int(ladders.clear[row])
        cleared = self.sums.pool(row, clear, column) if clear >= 0 else None
        closed_on = self._grid.day(column) if is_closed else None
        begun = [(int(ladders.fell[row]), int(ladders.fired[row]), REASONS[int(ladders.reason[row])])]
        begun += [(since, fired, REASONS[state_machine.EVIDENCE]) for since, fired in self._deeper.end(row)]
        pools = [self.sums.pool(row, since, column) for since, _, _ in begun]
        return [
            Part(self._line, pool.first, self._grid.day(fired), closed_on, reason, pool, cleared,
                 int(self.sums.over(np.array([row]), np.array([since]), fired)[0, 0]),
                 at_first=self.sums.pool(row, since, fired))
            for pool, (since, fired, reason) in zip(pools, begun, strict=True)
        ]  # fmt: skip
