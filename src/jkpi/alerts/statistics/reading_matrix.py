"""Readings laid on one calendar: S series by T columns, a column a day or a week. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from jkpi.alerts.statistics.beta_binomial import Flags, Floats, Whole


@dataclass(frozen=True, slots=True)
class Reading:
    """One mature day of a series; rates are higher-is-better. `held`: a quality check says not to trust it; `passive`:
    of an NPS the answers that are counted as half good."""

    day: date
    good: float
    n: float
    held: bool = False
    passive: float = 0.0

    @property
    def is_sound(self) -> bool:
        return 0 <= self.good <= self.n and self.n < float("inf")


ABSENT, READ, HELD, BROKEN = 0, 1, 2, 3
Marks = npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Grid:
    """`good`, `n` and `passive` (T, S) are counts, 0 where there are none; `mark` (T, S) says what was read.

    `passive`: of an NPS the answers that are half good; 0 elsewhere. `begin` and `end` (S,): the columns [begin, end)
    that a series spans. `first` is the day of column 0, `step` the days from one column to the next. `closed` (T, S):
    days whose cases run into a holiday, which are not judged; None where there are none.
    """

    first: date
    step: int
    good: Floats
    n: Floats
    passive: Floats
    mark: Marks
    begin: Whole
    end: Whole
    closed: Flags | None = None

    @property
    def series(self) -> int:
        return int(self.n.shape[1])

    @property
    def length(self) -> int:
        return int(self.n.shape[0])

    def day(self, column: int) -> date:
        return self.first + timedelta(days=self.step * column)

    def slot(self, column: Whole | int, cycle: int) -> Whole:
        """The day of the week of columns, 0 to cycle - 1."""
        slots: Whole = (self.first.weekday() + np.asarray(column)) % cycle
        return slots

    def is_closed(self, column: int) -> Flags:
        """(S,): whether its cases run into a holiday."""
        return np.zeros(self.series, dtype=bool) if self.closed is None else self.closed[column]

    def with_holidays(self, holidays: Collection[date], reach: Sequence[int | None]) -> Grid:
        """The same; a day is closed where it, or one of the `reach` (a number a series) days after it, is a holiday."""
        if self.step != 1 or not holidays or all(one is None for one in reach):
            return self
        days = np.array(
            [self.day(column) in holidays for column in range(self.length + max(filter(None, reach), default=0))]
        )
        closed = np.zeros((self.length, self.series), dtype=bool)
        for row, days_after in enumerate(reach):
            if days_after is not None:
                for later in range(days_after + 1):
                    closed[:, row] |= days[later : later + self.length]
        return replace(self, closed=closed)

    def part(self, rows: slice) -> Grid:
        """Some of the series."""
        counts = (np.ascontiguousarray(one[:, rows]) for one in (self.good, self.n, self.passive))
        good, n, passive = counts
        mark = np.ascontiguousarray(self.mark[:, rows])
        closed = None if self.closed is None else np.ascontiguousarray(self.closed[:, rows])
        return Grid(self.first, self.step, good, n, passive, mark, self.begin[rows], self.end[rows], closed)


def lay_out(readings: Sequence[Sequence[Reading]], until: Sequence[date | None], step: int = 1) -> Grid:
    """The readings of each series, in any order. `until`: per series the last day that ought to have one."""
    spans = [_span(own, last) for own, last in zip(readings, until, strict=True)]
    known = [span for span in spans if span is not None]
    first = min((span[0] for span in known), default=date(1970, 1, 1))
    length = max(((span[1] - first).days // step + 1 for span in known), default=0)
    good, n, passive = (np.zeros((length, len(readings))) for _ in range(3))
    mark = np.zeros((length, len(readings)), dtype=np.int8)
    begin, end = (np.zeros(len(readings), dtype=np.intp) for _ in range(2))
    for row, (own, span) in enumerate(zip(readings, spans, strict=True)):
        if span is None:
            continue
        begin[row], end[row] = (span[0] - first).days // step, (span[1] - first).days // step + 1
        columns = np.array([(one.day - first).days // step for one in own], dtype=np.intp)
        counts = np.array([(one.good, one.n, one.passive) for one in own], dtype=float)
        held = np.array([one.held for one in own], dtype=bool)
        place(Grid(first, step, good, n, passive, mark, begin, end), row, columns, counts, held)
    return Grid(first, step, good, n, passive, mark, begin, end)


def beside(grids: Sequence[Grid]) -> Grid:
    """All series of several grids of one step on one calendar, in order."""
    step = grids[0].step
    first = min((one.first for one in grids if one.length), default=grids[0].first)
    offsets = [(one.first - first).days // step if one.length else 0 for one in grids]
    length = max(offset + one.length for offset, one in zip(offsets, grids, strict=True))
    series = sum(one.series for one in grids)
    good, n, passive = (np.zeros((length, series)) for _ in range(3))
    mark, closed = np.zeros((length, series), dtype=np.int8), np.zeros((length, series), dtype=bool)
    start = 0
    for offset, one in zip(offsets, grids, strict=True):
        where = slice(offset, offset + one.length), slice(start, start + one.series)
        good[where], n[where], passive[where], mark[where] = one.good, one.n, one.passive, one.mark
        closed[where] = False if one.closed is None else one.closed
        start += one.series
    spans = [(one.begin + offset, one.end + offset) for offset, one in zip(offsets, grids, strict=True)]
    begin, end = (np.concatenate(each) for each in zip(*spans, strict=True))
    return Grid(first, step, good, n, passive, mark, begin, end, closed)


def place(grid: Grid, row: Whole | int, columns: Whole, counts: Floats, held: Flags) -> None:
    """Write readings: `counts` (N, 3) are good, n and passive. What is no proportion is marked as broken."""
    good, n, passive = counts.T
    with np.errstate(invalid="ignore"):
        sound = (good >= 0) & (good <= n) & (n < np.inf) & (passive >= 0)
    usable = sound & ~held
    grid.mark[columns, row] = np.where(held, HELD, np.where(sound, READ, BROKEN))
    for target, counted in ((grid.good, good), (grid.n, n), (grid.passive, passive)):
        target[columns, row] = np.where(usable, counted, 0.0)


def _span(own: Sequence[Reading], until: date | None) -> tuple[date, date] | None:
    if not own:
        return None
    first, last = min(one.day for one in own), max(one.day for one in own)
    return first, max(last, until or first)


def chunks(groups: Whole, size: int) -> Iterator[slice]:
    """Slices of about `size` series that never cut a group in two; `groups` (S,) is in order."""
    start, total = 0, len(groups)
    while start < total:
        stop = min(start + size, total)
        while stop < total and groups[stop] == groups[stop - 1]:
            stop += 1
        yield slice(start, stop)
        start = stop
