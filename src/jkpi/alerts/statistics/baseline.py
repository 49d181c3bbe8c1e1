"""What is usual on a day: the series' own rate on that day of the week, from clean days before it. Pure.

The window is 56 kept days, those before the newest 7 (a slow fall must not become its own excuse). Days that were held,
that brought nothing, that belong to an alert, or to a promise freshly broken, are not kept: they are cut out of the
calendar, so the window reaches further back instead of running dry, and while an alert lasts its baseline stands still.

Sums over the window move on with each day that is kept, and are counted anew when days are taken out or brought back.

Sources: overdispersion by moments, Williams (1982), Applied Statistics 31, of differences, von Neumann (1941), Annals
of Mathematical Statistics 12; between-weekday variance by DerSimonian and Laird (1986), Controlled Clinical Trials 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from jkpi.alerts.statistics.beta_binomial import Flags, Floats, Whole
from jkpi.alerts.statistics.reading_matrix import Grid
from jkpi.alerts.statistics.rules import ENOUGH_N, LEAST_N, LEAST_SHARE, Cadence

PRESUMED_RHO = 0.01
"""Intraclass correlation while fewer than 14 days can tell: at n = 100 it doubles the variance."""
FORGETTING = 1.0 / 60.0
"""Overdispersion is a habit of a series: it is averaged over about two months of windows."""
LEAST_PRIOR_DAYS = 0.25
"""The least weight of the all-weekday rate, in average days; more would bias weekdays that truly differ."""


@dataclass(frozen=True, eq=False)
class Usual:
    """What is usual today, each array (S,).

    `rate`; `rho` intraclass correlation of days; `strength` how many independent cases the rate is worth; `usable` days
    in the window and `mean_n` cases on one; `least_n` the smallest n that is judged; `expected` whether this weekday
    brings data; `evenness` the variance of an outcome against that of yes or no: below 1 where there are half ones.
    """

    rate: Floats
    rho: Floats
    strength: Floats
    usable: Floats
    mean_n: Floats
    least_n: Floats
    expected: Flags
    evenness: Floats


class Past:
    """The windows of S series as they move on. `kept` (S, T) lists the columns kept so far, `count` (S,) how many."""

    def __init__(self, grid: Grid, cadence: Cadence) -> None:
        self._grid, self._cadence = grid, cadence
        self._sums = np.zeros((8, cadence.cycle, grid.series))
        self._kept = np.zeros((grid.series, grid.length), dtype=np.int32)
        self._count = np.zeros(grid.series, dtype=np.intp)
        self._is_kept = np.zeros((grid.length, grid.series), dtype=bool)
        self._memory, self._excess, self._room = np.zeros((3, grid.series))
        self._lift = np.zeros((grid.length, grid.series))

    def lift(self, column: int, lower: Floats) -> None:
        """A column that is usually lower than its day of the week, by so much, counts as if it were not."""
        self._lift[column] = lower

    def keep(self, rows: Whole, column: int) -> None:
        """Let a column into the past of some series; what is seven older enters their windows."""
        position = self._count[rows]
        self._kept[rows, position] = column
        self._is_kept[column, rows] = True
        self._count[rows] = position + 1
        for offset, sign in ((self._cadence.gap, 1.0), (self._cadence.window, -1.0)):
            moved = rows[position >= offset]
            if len(moved):
                self._add(moved, self._kept[moved, self._count[moved] - 1 - offset].astype(np.intp), sign)

    def replace(self, row: int, columns: Whole) -> None:
        """These columns of a series are kept from now on, and no others; its sums want to be counted anew."""
        self._kept[row, : len(columns)] = columns
        self._count[row] = len(columns)
        self._is_kept[:, row] = False
        self._is_kept[columns, row] = True

    def recount(self, rows: Whole) -> None:
        """The sums of some series, over their windows as they are now."""
        if not len(rows):
            return
        place, columns = self._windows(rows)
        measures = self._measured(rows[place], columns)
        cycle, number = self._cadence.cycle, len(rows)
        cell = self._grid.slot(columns, cycle) * number + place
        sums = [np.bincount(cell, one, cycle * number).reshape(cycle, number) for one in measures]
        self._sums[:, :, rows] = np.stack(sums)

    def windows(self, rows: Whole) -> list[Whole]:
        """Of each of some series the columns that what is usual rests on now."""
        place, columns = self._windows(rows)
        bounds = np.searchsorted(place, np.arange(len(rows) + 1))
        return [columns[start:stop] for start, stop in pairwise(bounds)]

    def _windows(self, rows: Whole) -> tuple[Whole, Whole]:
        """(N,) twice: the columns of the windows of some series, one after the other, and in `rows` whose each is."""
        count, window, gap = self._count[rows], self._cadence.window, self._cadence.gap
        position = np.maximum(count - window, 0)[:, None] + np.arange(window - gap)
        place, offset = np.nonzero(position < (count - gap)[:, None])
        return place, self._kept[rows[place], position[place, offset]].astype(np.intp)

    def share(self) -> tuple[Floats, Flags]:
        """(S,) twice: the rate over the whole window, and whether there is a case in it."""
        n, good = self._sums[1].sum(axis=0), self._sums[3].sum(axis=0)
        return good / np.maximum(n, 1.0), n > 0

    def _add(self, rows: Whole, columns: Whole, sign: float) -> None:
        slots = self._grid.slot(columns, self._cadence.cycle)
        self._sums[:, slots, rows] += sign * self._measured(rows, columns)

    def _measured(self, rows: Whole, columns: Whole) -> Floats:
        grid, earlier = self._grid, columns - self._cadence.cycle
        has = (earlier >= 0) & self._is_kept[earlier, rows]
        earlier_n = np.where(has, grid.n[earlier, rows], 0.0)
        n, passive = grid.n[columns, rows], grid.passive[columns, rows]
        return _measures(n, self._lifted(columns, rows), passive, earlier_n, self._lifted(earlier, rows))

    def _lifted(self, columns: Whole, rows: Whole) -> Floats:
        n = self._grid.n[columns, rows]
        lifted: Floats = np.minimum(self._grid.good[columns, rows] + n * self._lift[columns, rows], n)
        return lifted

    def usual(self, column: int) -> Usual:
        """What is usual on a column, from kept columns alone."""
        count, n, square, good, passive, pairs, weight, apart = self._sums
        slot = int(self._grid.slot(column, self._cadence.cycle))
        with np.errstate(divide="ignore", invalid="ignore"):
            total_days, total_n, total_good = count.sum(axis=0), n.sum(axis=0), good.sum(axis=0)
            overall = (total_good + 0.5) / (total_n + 1.0)
            has = n > 0
            safe_n = np.where(has, n, 1.0)
            crowd = np.maximum(square - n, 0.0)
            half = passive.sum(axis=0) / np.maximum(total_n, 1.0)
            evenness = 1.0 - np.minimum(0.25 * half / np.maximum(overall * (1.0 - overall), 1e-9), 0.9)
            excess, room = _overdispersion(pairs, weight, apart, good, n, overall, evenness)
            known = total_days >= self._cadence.for_rho
            share = np.where(known, np.maximum(FORGETTING, 1.0 / (1.0 + self._memory)), 0.0)
            self._memory += known
            self._excess += share * (excess - self._excess)
            self._room += share * (room - self._room)
            seen = np.where(self._room > 0, self._excess / np.where(self._room > 0, self._room, 1.0), 0.0)
            rho = np.where(known, np.clip(seen, 0.0, 0.5), PRESUMED_RHO)
            effective = np.where(has, n**2 / (safe_n + rho * crowd), 0.0)
            by_slot = np.where(has, good / safe_n, 0.0)
            whole = effective.sum(axis=0)
            pooled = np.where(whole > 0, (effective * by_slot).sum(axis=0) / np.where(whole > 0, whole, 1.0), overall)
            average = LEAST_PRIOR_DAYS * whole / np.maximum(total_days, 1.0)
            own = effective[slot]
            prior = np.maximum(_prior(effective, by_slot, pooled, overall), average)
            prior = np.minimum(prior, np.maximum(average, whole - own))
            rate = (own * by_slot[slot] + prior * pooled + 0.5) / (own + prior + 1.0)
            mean_n = np.where(total_days > 0, total_n / np.maximum(total_days, 1.0), 0.0)
        strength = own + prior + 1.0
        least_n = np.maximum(LEAST_N, np.minimum(LEAST_SHARE * mean_n, ENOUGH_N))
        return Usual(rate, rho, strength, total_days, mean_n, least_n, count[slot] >= 4, evenness)


def _measures(n: Floats, good: Floats, passive: Floats, earlier_n: Floats, earlier_good: Floats) -> Floats:
    """(8, N): days with a case, n, n^2, k, passives; pairs of a day and the same one a week earlier, their weight, and
    the weighted square of their difference."""
    has, both = n > 0, (n > 0) & (earlier_n > 0)
    one, other = np.where(both, n, 1.0), np.where(both, earlier_n, 1.0)
    weight = np.where(both, one * other / (one + other), 0.0)
    apart = good / one - earlier_good / other
    return np.stack([has.astype(float), n, n * n, good, passive, both.astype(float), weight, weight * apart**2])


def _overdispersion(
    pairs: Floats, weight: Floats, apart: Floats, good: Floats, n: Floats, overall: Floats, evenness: Floats
) -> tuple[Floats, Floats]:
    """(S,) twice, rho being their ratio: from differences over a week, which a change of level moves but once."""
    rate = (good + overall) / (n + 1.0)
    excess = (apart / (rate * (1.0 - rate) * evenness) - pairs).sum(axis=0)
    return excess, np.maximum(2.0 * weight - pairs, 0.0).sum(axis=0)


def _prior(effective: Floats, by_slot: Floats, pooled: Floats, overall: Floats) -> Floats:
    """How many cases the all-weekday rate counts for beside a weekday's own: many when weekdays do not differ."""
    whole = effective.sum(axis=0)
    spread = overall * (1.0 - overall)
    between = (effective * (by_slot - pooled) ** 2).sum(axis=0) / spread
    excess = between - ((effective > 0).sum(axis=0) - 1.0)
    room = np.where(whole > 0, whole - (effective**2).sum(axis=0) / np.where(whole > 0, whole, 1.0), 0.0)
    result: Floats = np.where(excess > 0, room / np.where(excess > 0, excess, 1.0), np.inf)
    return result
