"""Readings on one calendar: T columns, each a day or a week, by S series. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from jkpi.alerts.statistics.beta_binomial import Bools, Floats, Ints


@dataclass(frozen=True, slots=True)
class Reading:
    """One mature day of a series; higher rates are better. is_suspended: a quality check says not to trust it. neutral:
    answers that count half (passives of NPS)."""

    day: date
    successes: float
    n: float
    is_suspended: bool = False
    neutral: float = 0.0

    @property
    def is_valid(self) -> bool:
        return 0 <= self.successes <= self.n and self.n < float("inf")


MISSING, VALID, SUSPENDED, INVALID = 0, 1, 2, 3
CellStatuses = npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class ReadingGrid:
    """successes, n and neutral (T, S): counts, 0 if there are none. status (T, S): MISSING, VALID, SUSPENDED or
    INVALID.

    neutral: answers that count half (passives of NPS), else 0. begin, end (S,): columns [begin, end) of each series.
    first_day: day of column 0. step_days: days between columns. holiday_affected (T, S): days that are left out because
    of a holiday; None if there are none. holidays: the holidays themselves.
    """

    first_day: date
    step_days: int
    successes: Floats
    n: Floats
    neutral: Floats
    status: CellStatuses
    begin: Ints
    end: Ints
    holiday_affected: Bools | None = None
    holidays: frozenset[date] = frozenset()

    @property
    def series_count(self) -> int:
        return int(self.n.shape[1])

    @property
    def length(self) -> int:
        return int(self.n.shape[0])

    def day(self, column: int) -> date:
        return self.first_day + timedelta(days=self.step_days * column)

    def season_slot(self, column: Ints | int, season_length: int) -> Ints:
        """Day of the week of columns, 0 to season_length - 1."""
        slots: Ints = (self.first_day.weekday() + np.asarray(column)) % season_length
        return slots

    def is_holiday_affected(self, column: int) -> Bools:
        """(S,): whether this column is left out because of a holiday."""
        return (
            np.zeros(self.series_count, dtype=bool) if self.holiday_affected is None else self.holiday_affected[column]
        )

    def with_holidays(self, holidays: Collection[date], horizons: Sequence[int | None]) -> ReadingGrid:
        """This grid with holiday_affected set.

        A holiday and the day after it are left out in every series, whatever its clock: few customers come, and then
        those who had waited. Where horizons[row] is given, so are the days before whose cases run into a holiday: one
        of the next horizons[row] days is one. Weeks are evaluated as they are.
        """
        if self.step_days != 1 or not holidays or not self.length:
            return self
        horizon = max((days_after for days_after in horizons if days_after is not None), default=0)
        is_holiday = np.array([self.day(column) in holidays for column in range(-1, self.length + horizon)])
        if not is_holiday.any():
            return self
        holiday_affected = np.zeros((self.length, self.series_count), dtype=bool)
        for row, days_after in enumerate(horizons):
            for later in range(-1, (days_after or 0) + 1):
                holiday_affected[:, row] |= is_holiday[1 + later : 1 + later + self.length]
        return replace(self, holiday_affected=holiday_affected, holidays=frozenset(holidays))

    def select(self, rows: slice) -> ReadingGrid:
        """Grid of some of the series."""
        counts = (np.ascontiguousarray(values[:, rows]) for values in (self.successes, self.n, self.neutral))
        successes, n, neutral = counts
        status = np.ascontiguousarray(self.status[:, rows])
        holiday_affected = (
            None if self.holiday_affected is None else np.ascontiguousarray(self.holiday_affected[:, rows])
        )
        return ReadingGrid(
            self.first_day,
            self.step_days,
            successes,
            n,
            neutral,
            status,
            self.begin[rows],
            self.end[rows],
            holiday_affected,
            self.holidays,
        )


def grid_from_readings(
    readings: Sequence[Sequence[Reading]], until: Sequence[date | None], step_days: int = 1
) -> ReadingGrid:
    """Grid of the readings of each series, in any order. until: per series the last day that should have a reading."""
    spans = [_day_span(series_readings, last_due) for series_readings, last_due in zip(readings, until, strict=True)]
    nonempty_spans = [span for span in spans if span is not None]
    first_day = min((span[0] for span in nonempty_spans), default=date(1970, 1, 1))
    length = max(((span[1] - first_day).days // step_days + 1 for span in nonempty_spans), default=0)
    successes, n, neutral = (np.zeros((length, len(readings))) for _ in range(3))
    status = np.zeros((length, len(readings)), dtype=np.int8)
    begin, end = (np.zeros(len(readings), dtype=np.intp) for _ in range(2))
    for row, (series_readings, span) in enumerate(zip(readings, spans, strict=True)):
        if span is None:
            continue
        begin[row], end[row] = (span[0] - first_day).days // step_days, (span[1] - first_day).days // step_days + 1
        columns = np.array([(reading.day - first_day).days // step_days for reading in series_readings], dtype=np.intp)
        counts = np.array([(reading.successes, reading.n, reading.neutral) for reading in series_readings], dtype=float)
        suspended = np.array([reading.is_suspended for reading in series_readings], dtype=bool)
        write_readings(
            ReadingGrid(first_day, step_days, successes, n, neutral, status, begin, end),
            row,
            columns,
            counts,
            suspended,
        )
    return ReadingGrid(first_day, step_days, successes, n, neutral, status, begin, end)


def concat_grids(grids: Sequence[ReadingGrid]) -> ReadingGrid:
    """One grid with the series of several grids, in order. All must have the same step_days."""
    step_days = grids[0].step_days
    first_day = min((grid.first_day for grid in grids if grid.length), default=grids[0].first_day)
    offsets = [(grid.first_day - first_day).days // step_days if grid.length else 0 for grid in grids]
    length = max(offset + grid.length for offset, grid in zip(offsets, grids, strict=True))
    series_count = sum(grid.series_count for grid in grids)
    successes, n, neutral = (np.zeros((length, series_count)) for _ in range(3))
    status, holiday_affected = (
        np.zeros((length, series_count), dtype=np.int8),
        np.zeros((length, series_count), dtype=bool),
    )
    series_start = 0
    for offset, grid in zip(offsets, grids, strict=True):
        target = slice(offset, offset + grid.length), slice(series_start, series_start + grid.series_count)
        successes[target], n[target], neutral[target], status[target] = (
            grid.successes,
            grid.n,
            grid.neutral,
            grid.status,
        )
        holiday_affected[target] = False if grid.holiday_affected is None else grid.holiday_affected
        series_start += grid.series_count
    spans = [(grid.begin + offset, grid.end + offset) for offset, grid in zip(offsets, grids, strict=True)]
    begin, end = (np.concatenate(bounds) for bounds in zip(*spans, strict=True))
    return ReadingGrid(first_day, step_days, successes, n, neutral, status, begin, end, holiday_affected)


def write_readings(grid: ReadingGrid, row: Ints | int, columns: Ints, counts: Floats, suspended: Bools) -> None:
    """Write readings into a grid. counts (N, 3): successes, n, neutral. Impossible counts become INVALID."""
    successes, n, neutral = counts.T
    with np.errstate(invalid="ignore"):
        is_valid = (successes >= 0) & (successes <= n) & (n < np.inf) & (neutral >= 0)
    usable = is_valid & ~suspended
    grid.status[columns, row] = np.where(suspended, SUSPENDED, np.where(is_valid, VALID, INVALID))
    for target, values in ((grid.successes, successes), (grid.n, n), (grid.neutral, neutral)):
        target[columns, row] = np.where(usable, values, 0.0)


def _day_span(series_readings: Sequence[Reading], until: date | None) -> tuple[date, date] | None:
    if not series_readings:
        return None
    first, last = min(reading.day for reading in series_readings), max(reading.day for reading in series_readings)
    return first, max(last, until or first)


def group_chunks(groups: Ints, size: int) -> Iterator[slice]:
    """Slices of about size series that never split a group. groups (S,) must be sorted."""
    start, total = 0, len(groups)
    while start < total:
        stop = min(start + size, total)
        while stop < total and groups[stop] == groups[stop - 1]:
            stop += 1
        yield slice(start, stop)
        start = stop
