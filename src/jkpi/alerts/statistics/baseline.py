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

from jkpi.alerts.statistics.beta_binomial import Bools, Floats, Ints
from jkpi.alerts.statistics.reading_grid import ReadingGrid
from jkpi.alerts.statistics.rules import MIN_N, MIN_N_FRACTION, SUFFICIENT_N, EvaluationConfig

DEFAULT_RHO = 0.01
"""Intraclass correlation while fewer than 14 days can tell: at n = 100 it doubles the variance."""
OVERDISPERSION_SMOOTHING = 1.0 / 60.0
"""Overdispersion is a habit of a series: it is averaged over about two months of windows."""
MIN_PRIOR_DAYS = 0.25
"""The least weight of the all-weekday rate, in average days; more would bias weekdays that truly differ."""


@dataclass(frozen=True, eq=False)
class BaselineEstimate:
    """What is usual today, each array (S,).

    `rate`; `rho` intraclass correlation of days; `strength` how many independent cases the rate is worth; `usable` days
    in the window and `mean_n` cases on one; `least_n` the smallest n that is judged; `expected` whether this weekday
    brings data; `evenness` the variance of an outcome against that of yes or no: below 1 where there are half ones.
    """

    rate: Floats
    rho: Floats
    effective_n: Floats
    usable_days: Floats
    mean_n: Floats
    min_n: Floats
    is_expected: Bools
    variance_ratio: Floats


class Baseline:
    """The windows of S series as they move on. `kept` (S, T) lists the columns kept so far, `count` (S,) how many."""

    def __init__(self, grid: ReadingGrid, config: EvaluationConfig) -> None:
        self._grid, self._config = grid, config
        self._sums = np.zeros((8, config.season_length, grid.series_count))
        self._included = np.zeros((grid.series_count, grid.length), dtype=np.int32)
        self._count = np.zeros(grid.series_count, dtype=np.intp)
        self._is_included = np.zeros((grid.length, grid.series_count), dtype=bool)
        self._estimate_count, self._rho_numerator, self._rho_denominator = np.zeros((3, grid.series_count))
        self._adjustments = np.zeros((grid.length, grid.series_count))

    def adjust(self, column: int, adjustment: Floats) -> None:
        """A column that is usually lower than its day of the week, by so much, counts as if it were not."""
        self._adjustments[column] = adjustment

    def add(self, rows: Ints, column: int) -> None:
        """Let a column into the past of some series; what is seven older enters their windows."""
        position = self._count[rows]
        self._included[rows, position] = column
        self._is_included[column, rows] = True
        self._count[rows] = position + 1
        for offset, sign in ((self._config.gap, 1.0), (self._config.window, -1.0)):
            moved = rows[position >= offset]
            if len(moved):
                self._add(moved, self._included[moved, self._count[moved] - 1 - offset].astype(np.intp), sign)

    def replace(self, row: int, columns: Ints) -> None:
        """These columns of a series are kept from now on, and no others; its sums want to be counted anew."""
        self._included[row, : len(columns)] = columns
        self._count[row] = len(columns)
        self._is_included[:, row] = False
        self._is_included[columns, row] = True

    def recompute(self, rows: Ints) -> None:
        """The sums of some series, over their windows as they are now."""
        if not len(rows):
            return
        row_index, columns = self._windows(rows)
        terms = self._terms_of(rows[row_index], columns)
        season_length, row_count = self._config.season_length, len(rows)
        cell = self._grid.season_slot(columns, season_length) * row_count + row_index
        sums = [np.bincount(cell, term, season_length * row_count).reshape(season_length, row_count) for term in terms]
        self._sums[:, :, rows] = np.stack(sums)

    def windows(self, rows: Ints) -> list[Ints]:
        """Of each of some series the columns that what is usual rests on now."""
        row_index, columns = self._windows(rows)
        bounds = np.searchsorted(row_index, np.arange(len(rows) + 1))
        return [columns[start:stop] for start, stop in pairwise(bounds)]

    def _windows(self, rows: Ints) -> tuple[Ints, Ints]:
        """(N,) twice: the columns of the windows of some series, one after the other, and in `rows` whose each is."""
        count, window, gap = self._count[rows], self._config.window, self._config.gap
        position = np.maximum(count - window, 0)[:, None] + np.arange(window - gap)
        row_index, offset = np.nonzero(position < (count - gap)[:, None])
        return row_index, self._included[rows[row_index], position[row_index, offset]].astype(np.intp)

    def window_rate(self) -> tuple[Floats, Bools]:
        """(S,) twice: the rate over the whole window, and whether there is a case in it."""
        n, successes = self._sums[1].sum(axis=0), self._sums[3].sum(axis=0)
        return successes / np.maximum(n, 1.0), n > 0

    def _add(self, rows: Ints, columns: Ints, sign: float) -> None:
        slots = self._grid.season_slot(columns, self._config.season_length)
        self._sums[:, slots, rows] += sign * self._terms_of(rows, columns)

    def _terms_of(self, rows: Ints, columns: Ints) -> Floats:
        grid, earlier = self._grid, columns - self._config.season_length
        has_earlier = (earlier >= 0) & self._is_included[earlier, rows]
        earlier_n = np.where(has_earlier, grid.n[earlier, rows], 0.0)
        n, neutral = grid.n[columns, rows], grid.neutral[columns, rows]
        return _window_terms(
            n, self._adjusted_successes(columns, rows), neutral, earlier_n, self._adjusted_successes(earlier, rows)
        )

    def _adjusted_successes(self, columns: Ints, rows: Ints) -> Floats:
        n = self._grid.n[columns, rows]
        adjusted: Floats = np.minimum(self._grid.successes[columns, rows] + n * self._adjustments[columns, rows], n)
        return adjusted

    def estimate(self, column: int) -> BaselineEstimate:
        """What is usual on a column, from kept columns alone."""
        count, n, n_squared, successes, neutral, pairs, weight, weighted_square = self._sums
        slot = int(self._grid.season_slot(column, self._config.season_length))
        with np.errstate(divide="ignore", invalid="ignore"):
            total_days, total_n, total_good = count.sum(axis=0), n.sum(axis=0), successes.sum(axis=0)
            overall = (total_good + 0.5) / (total_n + 1.0)
            has_cases = n > 0
            safe_n = np.where(has_cases, n, 1.0)
            within_day_pairs = np.maximum(n_squared - n, 0.0)
            neutral_share = neutral.sum(axis=0) / np.maximum(total_n, 1.0)
            variance_ratio = 1.0 - np.minimum(0.25 * neutral_share / np.maximum(overall * (1.0 - overall), 1e-9), 0.9)
            rho_numerator, rho_denominator = _overdispersion(
                pairs, weight, weighted_square, successes, n, overall, variance_ratio
            )
            has_enough_days = total_days >= self._config.min_readings_for_overdispersion
            smoothing = np.where(
                has_enough_days, np.maximum(OVERDISPERSION_SMOOTHING, 1.0 / (1.0 + self._estimate_count)), 0.0
            )
            self._estimate_count += has_enough_days
            self._rho_numerator += smoothing * (rho_numerator - self._rho_numerator)
            self._rho_denominator += smoothing * (rho_denominator - self._rho_denominator)
            smoothed_rho = np.where(
                self._rho_denominator > 0,
                self._rho_numerator / np.where(self._rho_denominator > 0, self._rho_denominator, 1.0),
                0.0,
            )
            rho = np.where(has_enough_days, np.clip(smoothed_rho, 0.0, 0.5), DEFAULT_RHO)
            effective = np.where(has_cases, n**2 / (safe_n + rho * within_day_pairs), 0.0)
            rate_by_slot = np.where(has_cases, successes / safe_n, 0.0)
            total_effective = effective.sum(axis=0)
            pooled = np.where(
                total_effective > 0,
                (effective * rate_by_slot).sum(axis=0) / np.where(total_effective > 0, total_effective, 1.0),
                overall,
            )
            average = MIN_PRIOR_DAYS * total_effective / np.maximum(total_days, 1.0)
            slot_effective = effective[slot]
            prior = np.maximum(_prior(effective, rate_by_slot, pooled, overall), average)
            prior = np.minimum(prior, np.maximum(average, total_effective - slot_effective))
            rate = (slot_effective * rate_by_slot[slot] + prior * pooled + 0.5) / (slot_effective + prior + 1.0)
            mean_n = np.where(total_days > 0, total_n / np.maximum(total_days, 1.0), 0.0)
        effective_n = slot_effective + prior + 1.0
        min_n = np.maximum(MIN_N, np.minimum(MIN_N_FRACTION * mean_n, SUFFICIENT_N))
        return BaselineEstimate(rate, rho, effective_n, total_days, mean_n, min_n, count[slot] >= 4, variance_ratio)


def _window_terms(
    n: Floats, successes: Floats, neutral: Floats, earlier_n: Floats, earlier_successes: Floats
) -> Floats:
    """(8, N): days with a case, n, n^2, k, passives; pairs of a day and the same one a week earlier, their weight, and
    the weighted square of their difference."""
    has_cases, has_both = n > 0, (n > 0) & (earlier_n > 0)
    safe_n, safe_earlier_n = np.where(has_both, n, 1.0), np.where(has_both, earlier_n, 1.0)
    weight = np.where(has_both, safe_n * safe_earlier_n / (safe_n + safe_earlier_n), 0.0)
    difference = successes / safe_n - earlier_successes / safe_earlier_n
    return np.stack(
        [has_cases.astype(float), n, n * n, successes, neutral, has_both.astype(float), weight, weight * difference**2]
    )


def _overdispersion(
    pairs: Floats,
    weight: Floats,
    weighted_square: Floats,
    successes: Floats,
    n: Floats,
    overall: Floats,
    variance_ratio: Floats,
) -> tuple[Floats, Floats]:
    """(S,) twice, rho being their ratio: from differences over a week, which a change of level moves but once."""
    rate = (successes + overall) / (n + 1.0)
    rho_numerator = (weighted_square / (rate * (1.0 - rate) * variance_ratio) - pairs).sum(axis=0)
    return rho_numerator, np.maximum(2.0 * weight - pairs, 0.0).sum(axis=0)


def _prior(effective: Floats, rate_by_slot: Floats, pooled: Floats, overall: Floats) -> Floats:
    """How many cases the all-weekday rate counts for beside a weekday's own: many when weekdays do not differ."""
    total_effective = effective.sum(axis=0)
    unit_variance = overall * (1.0 - overall)
    between_weekdays = (effective * (rate_by_slot - pooled) ** 2).sum(axis=0) / unit_variance
    excess_variance = between_weekdays - ((effective > 0).sum(axis=0) - 1.0)
    effective_spread = np.where(
        total_effective > 0,
        total_effective - (effective**2).sum(axis=0) / np.where(total_effective > 0, total_effective, 1.0),
        0.0,
    )
    prior_n: Floats = np.where(
        excess_variance > 0, effective_spread / np.where(excess_variance > 0, excess_variance, 1.0), np.inf
    )
    return prior_n
