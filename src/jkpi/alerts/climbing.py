"""Many series against one line, column by column: evidence adds up, alerts open and close. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jkpi.alerts import lifecycle
from jkpi.alerts.deeper import Deeper
from jkpi.alerts.episodes import Line, Part
from jkpi.alerts.lifecycle import REASONS
from jkpi.alerts.standing import standing_breach
from jkpi.alerts.statistics.beta_binomial import Flags, Floats, Whole
from jkpi.alerts.statistics.cusum import Gain, add_up, nothing_yet
from jkpi.alerts.statistics.reading_matrix import Grid
from jkpi.alerts.statistics.rules import COLLAPSE, COLLAPSE_N, IN_A_ROW, LOW, NEVER, Cadence
from jkpi.alerts.statistics.running_sums import EPSILON, Judged, Sums
from jkpi.alerts.statistics.thresholds import passing_evidence, passing_tails
from jkpi.alerts.weekdays import Weekdays

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
        self.ladders = lifecycle.at_the_foot(grid.series)
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
        after = lifecycle.advance(before, column, judged, tails < LOW, beyond, self._cadence)
        self._weekdays.add(column, judged, (tails < LOW) | beyond)
        reason, since = self._reasons(column, day, after, climbing, tails, beyond, need)
        after = lifecycle.fire(after, column, reason, since)
        self.opened = np.flatnonzero(reason)
        if self._line != "promise":
            self._deeper.go(np.flatnonzero(judged & before.is_open), column, day, need, self.sums)
            self._deeper.begin(self.opened, self.sums, since[self.opened], column)
        self._close(column, after, judged & before.is_open)

    def _reasons(
        self,
        column: int,
        day: Judged,
        after: lifecycle.Ladders,
        climbing: Flags,
        tails: Floats,
        beyond: Flags,
        need: Floats,
    ) -> tuple[lifecycle.Codes, Whole]:
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
        because(lifecycle.TREND, rows[passes], after.run[rows[passes]])

        rows = np.flatnonzero(low & beyond & (day.n >= COLLAPSE_N) & (tails < COLLAPSE))
        passes = passing_tails(group[rows], tails[rows], np.full(len(rows), COLLAPSE), size[rows])
        because(lifecycle.COLLAPSE, rows[passes], after.run[rows[passes]])

        rows = np.flatnonzero(climbing & (most >= need))
        began = self.evidence.began
        days = self.sums.over(rows, began[rows], column)[0]
        # One day alone is a coincidence, if it is no collapse.
        rows = rows[self.sums.is_beyond(rows, began[rows], column) & (days > 1)]
        passes = passing_evidence(group[rows], most[rows] - need[rows], size[rows])
        because(lifecycle.EVIDENCE, rows[passes], began[rows[passes]])

        if self._line == "promise":
            standing = standing_breach(self.sums, column, climbing, self._grid.begin, self._sure / size, self._cadence)
            rows = np.flatnonzero(standing)
            because(lifecycle.STANDING, rows, np.full(len(rows), column + 1 - self._cadence.standing_readings))
        return reason, since

    def _close(self, column: int, after: lifecycle.Ladders, was_open: Flags) -> None:
        rows = np.flatnonzero(was_open & (after.clear_days >= lifecycle.CLEAR_DAYS))
        above, surely = self.sums.is_clear(rows, after.clear[rows], column)
        patient = above & (after.clear_days[rows] >= self._cadence.patience)
        rows = rows[surely | patient]
        self.closed = rows[self._weekdays.seen_clear(rows, after.fell[rows], after.clear[rows], column)]
        for row in self.closed:
            self.parts[row] += self._parts(int(row), after, column, is_closed=True)
        closes = np.zeros(len(was_open), dtype=bool)
        closes[self.closed] = True
        self.ladders = lifecycle.resolve(after, closes)
        if len(self.closed):
            self.evidence.sums[:, self.closed] = 0.0

    def finish(self, column: int) -> None:
        """Alerts that are open on the last column are parts as well; each is told up to its last judged day."""
        for row in np.flatnonzero(self.ladders.is_open):
            last = min(column, int(self.ladders.last[row]))
            self.parts[row] += self._parts(int(row), self.ladders, last, is_closed=False)

    def _parts(self, row: int, ladders: lifecycle.Ladders, column: int, is_closed: bool) -> list[Part]:
        """The alert, and each time that it fell further."""
        clear = int(ladders.clear[row])
        cleared = self.sums.pool(row, clear, column) if clear >= 0 else None
        closed_on = self._grid.day(column) if is_closed else None
        begun = [(int(ladders.fell[row]), int(ladders.fired[row]), REASONS[int(ladders.reason[row])])]
        begun += [(since, fired, REASONS[lifecycle.EVIDENCE]) for since, fired in self._deeper.end(row)]
        pools = [self.sums.pool(row, since, column) for since, _, _ in begun]
        return [
            Part(self._line, pool.first, self._grid.day(fired), closed_on, reason, pool, cleared,
                 int(self.sums.over(np.array([row]), np.array([since]), fired)[0, 0]),
                 at_first=self.sums.pool(row, since, fired))
            for pool, (since, fired, reason) in zip(pools, begun, strict=True)
        ]  # fmt: skip
