"""Drops of volume: fewer cases a day than the same weekdays of a series usually bring. Pure.

The baseline of a day is the mean of the same weekday in the eight weeks before the last one, times what this day at the
turn of a month usually brings. If the same week of earlier years was low, so may this one be: that can lower the
baseline, never raise it. Counts vary more than a Poisson distribution allows: the same weeks show by how much,
and the error of the mean is added (negative binomial). For volumes of 70, 50 and 20 per cent of the baseline, the
logarithms of the likelihood ratios add up and never go below zero (Page). The sum that is needed follows from the
false-alarm budget as in `thresholds`, and grows with what successive days have in common, seen in sums over weeks. No
single day brings more than a quarter of it, so one unknown holiday is no drop.

A drop ends when a week has brought nine tenths of its baseline again, or when the lower level has lasted for eight
weeks and so is the baseline itself.

A day that is there without cases counts as 0. A day that is not usable (a data gap, a holiday, not over yet) is no day.

Sources: Page (1954), Biometrika 41; Lawless (1987), Canadian Journal of Statistics 15 (negative binomial); Hoehle and
Paul (2008), Computational Statistics and Data Analysis 52 (CUSUM of counts with seasonal means).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

import numpy as np

from jkpi.alerts.statistics.beta_binomial import Z95, Bools, Floats, Ints
from jkpi.alerts.statistics.month_end import TURN_DAYS, position_in_turn
from jkpi.alerts.statistics.thresholds import DEFAULT_CONSTANT

MIN_DAILY = 20.0
"""With fewer cases a day no drop is reported, until real days that were not used in building show the budget there."""
REMAINING = (0.7, 0.5, 0.2)
"""Proportions of the baseline that the sums test for."""
MAX_REPORTED = 0.8
"""A drop that leaves more than this proportion of the baseline is not worth a message."""
BACK_AT = 0.9
WEEKS, GAP_DAYS, LEARNING_DAYS = 8, 7, 21
ADOPTED_AFTER, LEVEL_DAYS, NEARLY_NOTHING = 56, 28, 0.05
"""A lower level that has lasted so many days is the baseline, unless nearly nothing comes."""
MIN_SAME_WEEKDAYS, MIN_WEEK_DAYS = 3, 4
MAX_DAY_SHARE = 0.25
_PRIOR_WEEKS, _PRIOR_RATIO, _MAX_RATIO = 4.0, 1.5, 12.0
_PRIOR_DAYS, _PRIOR_ALPHA, _MIN_ALPHA, _MAX_EXCESS = 14.0, 0.02, 0.005, 4.0
_PRIOR_TURNS, _TURN_RANGE = 2.0, (0.3, 1.5)
_WEEK, _YEAR_DAYS, _YEARS, _YEAR_SHIFT = 7, 364, 3, 2
_PRIOR_CASES, _YEAR_RANGE = 10.0, (0.2, 1.0)

VolumeEnding = Literal["back", "adopted"]


@dataclass(frozen=True, eq=False)
class VolumeGrid:
    """Daily counts of S series over T days. counts, is_usable: (T, S)."""

    first_day: date
    counts: Floats
    is_usable: Bools

    def day(self, column: int) -> date:
        return self.first_day + timedelta(days=int(column))


@dataclass(frozen=True)
class VolumeSample:
    """Usable days as one sum. observed, expected: cases over all of them. variance: of the observed number."""

    first_day: date
    last_day: date
    days: int
    observed: float
    expected: float
    variance: float

    @property
    def daily(self) -> float:
        """Cases a day."""
        return self.observed / max(self.days, 1)

    @property
    def baseline(self) -> float:
        """Expected cases a day, on the same days."""
        return self.expected / max(self.days, 1)

    @property
    def remaining(self) -> float:
        """Observed proportion of the expected number."""
        return self.observed / self.expected if self.expected > 0 else 1.0

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the cases a day."""
        margin = Z95 * float(np.sqrt(self.variance))
        days = max(self.days, 1)
        return max(self.observed - margin, 0.0) / days, (self.observed + margin) / days


@dataclass(frozen=True)
class VolumeDrop:
    """A drop of volume. sample: from its onset to the newest usable day, or to the day before the recovery.

    closed_on: day on which it ended, None while it is open. recovery: the week that brought the volume back.
    """

    onset: date
    fired_on: date
    sample: VolumeSample
    closed_on: date | None = None
    ending: VolumeEnding | None = None
    recovery: VolumeSample | None = None

    @property
    def is_open(self) -> bool:
        return self.closed_on is None


def volume_drops(grid: VolumeGrid, false_alarm_every: float) -> list[tuple[VolumeDrop, ...]]:
    """The drops of each series, in order.

    Args:
        grid: daily counts.
        false_alarm_every: days between two false alarms of one series.
    """
    fold = _VolumeFold(grid, false_alarm_every)
    for column in range(len(grid.counts)):
        fold.step(column)
    return fold.drops()


def remaining_since(grid: VolumeGrid, row: int, day: date) -> float:
    """What a series has brought since a day, as a proportion of the means of the same weekdays in the eight weeks
    before; 1 if that is unknown."""
    begin = min(max((day - grid.first_day).days, 0), len(grid.counts))
    before: Ints = np.arange(max(begin - _WEEK * WEEKS, 0), begin)
    before, since = before[grid.is_usable[before, row]], np.arange(begin, len(grid.counts))
    since = since[grid.is_usable[since, row]]
    if not len(before) or not len(since):
        return 1.0
    expected = weekday_means(grid, row, before)[since % _WEEK].sum()
    return float(grid.counts[since, row].sum() / expected) if expected > 0.0 else 1.0


def weekday_means(grid: VolumeGrid, row: int, columns: Ints) -> Floats:
    """(7,): mean count of these columns by column modulo 7; of all of them for a weekday without any."""
    counts = grid.counts[columns, row]
    sums, numbers = np.zeros(_WEEK), np.zeros(_WEEK)
    np.add.at(sums, columns % _WEEK, counts)
    np.add.at(numbers, columns % _WEEK, 1.0)
    means: Floats = np.where(numbers > 0, sums / np.maximum(numbers, 1.0), float(counts.mean()) if len(counts) else 0.0)
    return means


@dataclass(eq=False)
class _OpenDrop:
    """weekday_means (7,): frozen at the opening. days: (column, observed, expected) since the onset."""

    onset: int
    fired: int
    weekday_means: Floats
    alpha: float
    ratio: float
    days: list[tuple[int, float, float]] = field(default_factory=list)


class _VolumeFold:
    """State of all series after each day, so that replaying history gives what running day by day gave."""

    def __init__(self, grid: VolumeGrid, false_alarm_every: float) -> None:
        length, series = grid.counts.shape
        self._grid = grid
        self._threshold = np.log(max(false_alarm_every * DEFAULT_CONSTANT, np.e))
        self._in_baseline = grid.is_usable.copy()
        self._mean, self._residual = np.full((length, series), np.nan), np.full((length, series), np.nan)
        self._base, self._weekday_mean = np.full((length, series), np.nan), np.full((length, series), np.nan)
        self._sums = np.zeros((len(REMAINING), series))
        self._onset = np.zeros((len(REMAINING), series), dtype=np.intp)
        self._observed, self._expected = np.zeros((2, len(REMAINING), series))
        self._turn_ratio, self._turn_count = np.zeros((2, 2 * TURN_DAYS, series))
        self._is_open = np.zeros(series, dtype=bool)
        self._open: dict[int, _OpenDrop] = {}
        self._closed: list[list[VolumeDrop]] = [[] for _ in range(series)]

    def step(self, column: int) -> None:
        count, usable = self._grid.counts[column], self._grid.is_usable[column]
        self._learn_turn(column - GAP_DAYS)
        window = slice(max(column - GAP_DAYS - _WEEK * WEEKS, 0), max(column - GAP_DAYS, 0))
        in_baseline = self._in_baseline[window]
        days = in_baseline.sum(axis=0)
        overall = (self._grid.counts[window] * in_baseline).sum(axis=0) / np.maximum(days, 1)
        same_weekday = (np.arange(window.start, window.stop) % _WEEK == column % _WEEK)[:, None] & in_baseline
        same_count = same_weekday.sum(axis=0)
        weekday_mean = (self._grid.counts[window] * same_weekday).sum(axis=0) / np.maximum(same_count, 1)
        turn = position_in_turn(self._grid.day(column))
        base = np.maximum(weekday_mean, 0.02 * overall) * self._turn_effect(turn)
        self._base[column] = base
        mean = base * self._year_effect(column)
        self._mean[column] = mean
        has_baseline = usable & (days >= LEARNING_DAYS) & (same_count >= MIN_SAME_WEEKDAYS) & (mean > 0.0)
        self._weekday_mean[column] = np.where(has_baseline, weekday_mean, np.nan)
        self._residual[column] = np.where(has_baseline & ~self._is_open, count - mean, np.nan)
        alpha, ratio = self._variation(window)
        ready = has_baseline & ~self._is_open & (overall >= MIN_DAILY)
        self._add(column, count, mean, alpha + (1.0 / np.maximum(mean, 0.1) + alpha) / np.maximum(same_count, 1),
                  ratio, ready)  # fmt: skip
        for row in np.flatnonzero(usable & self._is_open):
            self._follow(column, int(row), turn)
        fires = (self._sums >= self._threshold * ratio) & (self._observed < MAX_REPORTED * self._expected)
        fires &= self._onset < column
        for row in np.flatnonzero(fires.any(axis=0) & ready):
            self._fire(column, int(row), alpha, ratio)

    def drops(self) -> list[tuple[VolumeDrop, ...]]:
        for row, current in self._open.items():
            self._closed[row].append(self._drop(current, current.days))
        return [tuple(drops) for drops in self._closed]

    def _turn_effect(self, turn: int | None) -> Floats | float:
        """(S,): what a day at the turn of a month brings, as a multiple of its weekday mean."""
        if turn is None:
            return 1.0
        effect: Floats = np.clip(
            (self._turn_ratio[turn] + _PRIOR_TURNS) / (self._turn_count[turn] + _PRIOR_TURNS), *_TURN_RANGE
        )
        return effect

    def _learn_turn(self, column: int) -> None:
        """Keep what a day at the turn of a month brought, once it is known that it belongs to no drop."""
        turn = position_in_turn(self._grid.day(column)) if column >= 0 else None
        if turn is None:
            return
        mean = self._weekday_mean[column]
        learns = self._in_baseline[column] & (mean > 0.0)
        self._turn_ratio[turn] += np.where(learns, self._grid.counts[column] / np.where(learns, mean, 1.0), 0.0)
        self._turn_count[turn] += learns

    def _year_effect(self, column: int) -> Floats:
        """(S,): what these days brought in earlier years, as a proportion of their baseline then; at most 1. A holiday
        may have moved by two days, so the lowest three days around the same weekday count."""
        sums, years = np.zeros((2, self._base.shape[1]))
        for year in range(1, _YEARS + 1):
            middle = column - year * _YEAR_DAYS
            if middle <= _YEAR_SHIFT:
                break
            days = slice(middle - _YEAR_SHIFT - 1, middle + _YEAR_SHIFT + 2)
            known = self._grid.is_usable[days] & (self._base[days] > 0.0)
            count = np.where(known, self._grid.counts[days], 0.0).cumsum(axis=0)
            base = np.where(known, self._base[days], 0.0).cumsum(axis=0)
            count[3:], base[3:] = count[3:] - count[:-3], base[3:] - base[:-3]
            lowest = ((count[2:] + _PRIOR_CASES) / (base[2:] + _PRIOR_CASES)).min(axis=0)
            has_days = known.sum(axis=0) > _YEAR_SHIFT
            sums += np.where(has_days, lowest, 0.0)
            years += has_days
        effect: Floats = np.clip(np.where(years > 0, sums / np.maximum(years, 1), 1.0), *_YEAR_RANGE)
        return effect

    def _variation(self, window: slice) -> tuple[Floats, Floats]:
        """(S,) each: variance of a day beyond Poisson's, as a multiple of the squared mean; and variance of sums over
        weeks, as a multiple of what independent days have."""
        mean, residual = self._mean[window], self._residual[window]
        known = np.isfinite(residual) & self._in_baseline[window]
        number = known.sum(axis=0)
        residual = np.where(known, residual, 0.0)
        mean = np.where(known, mean, 1.0)
        excess = np.where(known, np.minimum((residual**2 - mean) / np.maximum(mean, 0.5) ** 2, _MAX_EXCESS), 0.0)
        alpha = np.maximum((excess.sum(axis=0) + _PRIOR_DAYS * _PRIOR_ALPHA) / (number + _PRIOR_DAYS), _MIN_ALPHA)
        scaled = residual / np.sqrt(np.maximum(mean + alpha * mean**2, 0.1))
        if not len(scaled):
            return alpha, np.full(len(alpha), _PRIOR_RATIO)
        week_sums = np.add.reduceat(scaled, np.arange(0, len(scaled), _WEEK), axis=0)
        observed = (week_sums**2).sum(axis=0) / np.maximum(number, 1)
        weeks = number / _WEEK
        ratio = (_PRIOR_WEEKS * _PRIOR_RATIO + weeks * observed) / (_PRIOR_WEEKS + weeks)
        return alpha, np.clip(ratio, 1.0, _MAX_RATIO)

    def _add(self, column: int, count: Floats, mean: Floats, dispersion: Floats, ratio: Floats, ready: Bools) -> None:
        """Add the evidence of a day. A series that is not ready keeps its sums over an unusable day."""
        remaining = np.array(REMAINING)[:, None]
        size = 1.0 / dispersion
        growth = np.log((size + mean) / (size + remaining * mean))
        evidence = np.minimum(
            count * (np.log(remaining) + growth) + size * growth, MAX_DAY_SHARE * self._threshold * ratio
        )
        begins = self._sums <= 0.0
        self._onset = np.where(ready & begins, column, self._onset)
        self._observed = np.where(ready, np.where(begins, 0.0, self._observed) + count, self._observed)
        self._expected = np.where(ready, np.where(begins, 0.0, self._expected) + mean, self._expected)
        self._sums = np.where(ready, np.maximum(self._sums + evidence, 0.0), self._sums)

    def _fire(self, column: int, row: int, alpha: Floats, ratio: Floats) -> None:
        best = int(self._sums[:, row].argmax())
        onset = int(self._onset[best, row])
        current = _OpenDrop(onset, column, self._weekday_means(onset, row), float(alpha[row]), float(ratio[row]))
        for day in range(onset, column + 1):
            if self._grid.is_usable[day, row]:
                expected = current.weekday_means[day % _WEEK] * self._turn_factor(
                    position_in_turn(self._grid.day(day)), row
                )
                current.days.append((day, float(self._grid.counts[day, row]), expected))
        self._in_baseline[onset : column + 1, row] = False
        self._open[row], self._is_open[row] = current, True
        self._sums[:, row] = 0.0

    def _weekday_means(self, onset: int, row: int) -> Floats:
        """(7,): means of the eight weeks before the onset, by column modulo 7."""
        columns: Ints = np.arange(max(onset - _WEEK * WEEKS, 0), onset)
        return weekday_means(self._grid, row, columns[self._in_baseline[columns, row]])

    def _turn_factor(self, turn: int | None, row: int) -> float:
        effect = self._turn_effect(turn)
        return effect if isinstance(effect, float) else float(effect[row])

    def _follow(self, column: int, row: int, turn: int | None) -> None:
        """A further usable day of an open drop: it goes on, or it ends."""
        current = self._open[row]
        self._in_baseline[column, row] = False
        expected = current.weekday_means[column % _WEEK] * self._turn_factor(turn, row)
        current.days.append((column, float(self._grid.counts[column, row]), expected))
        week = [day for day in current.days if day[0] > max(column - _WEEK, current.fired)]
        level = [day for day in current.days if day[0] > column - LEVEL_DAYS]
        is_back = len(week) >= MIN_WEEK_DAYS and column - current.fired >= _WEEK and _remaining(week) >= BACK_AT
        is_adopted = column - current.onset >= ADOPTED_AFTER and _remaining(level) >= NEARLY_NOTHING
        if not is_back and not is_adopted:
            return
        before = [day for day in current.days if not is_back or day[0] < week[0][0]]
        self._closed[row].append(
            self._drop(
                current, before, column, "back" if is_back else "adopted",
                self._sample(current, week) if is_back else None,
            )
        )  # fmt: skip
        since = week[0][0] if is_back else column - LEVEL_DAYS + 1
        self._in_baseline[since : column + 1, row] = self._grid.is_usable[since : column + 1, row]
        del self._open[row]
        self._is_open[row] = False

    def _drop(
        self,
        current: _OpenDrop,
        days: Sequence[tuple[int, float, float]],
        closed: int | None = None,
        ending: VolumeEnding | None = None,
        recovery: VolumeSample | None = None,
    ) -> VolumeDrop:
        day = self._grid.day
        return VolumeDrop(
            day(current.onset), day(current.fired), self._sample(current, days),
            None if closed is None else day(closed), ending, recovery,
        )  # fmt: skip

    def _sample(self, current: _OpenDrop, days: Sequence[tuple[int, float, float]]) -> VolumeSample:
        observed, expected = sum(day[1] for day in days), sum(day[2] for day in days)
        remaining = observed / expected if expected else 1.0
        variance = sum(remaining * day[2] + current.alpha * (remaining * day[2]) ** 2 for day in days)
        return VolumeSample(
            self._grid.day(days[0][0]), self._grid.day(days[-1][0]), len(days), observed, expected,
            current.ratio * max(variance, 1.0),
        )  # fmt: skip


def _remaining(days: Sequence[tuple[int, float, float]]) -> float:
    expected = sum(day[2] for day in days)
    return sum(day[1] for day in days) / expected if expected else 1.0
