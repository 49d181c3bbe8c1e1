"""Baseline of a series: its own rate on that day of the week, from clean days before it. Pure.

The window is the last 63 included days without the newest 7, so 56 days: a slow drop must not become its own baseline.
Days are not included if they are withheld, empty, part of an alert, or part of a newly broken promise. Such days are
left out: the window reaches further back instead of running empty, and the baseline stays fixed during
an alert.

Sums over the window are updated with each included day, and recomputed when days are excluded or included again.

Sources: overdispersion by moments, Williams (1982), Applied Statistics 31; from successive differences, von Neumann
(1941), Annals of Mathematical Statistics 12; variance between weekdays, DerSimonian and Laird (1986), Controlled
Clinical Trials 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from jkpi.alerts.statistics.beta_binomial import Bools, Floats, Ints
from jkpi.alerts.statistics.reading_grid import ReadingGrid
from jkpi.alerts.statistics.rules import EvaluationConfig

DEFAULT_RHO = 0.01
"""Intraclass correlation until 14 days are known. At n = 100 it doubles the variance."""
OVERDISPERSION_SMOOTHING = 1.0 / 60.0
"""Weight of a new estimate of rho. Overdispersion changes slowly, so it is averaged over about two months."""
MIN_PRIOR_DAYS = 0.25
"""Minimum weight of the all-weekday rate, in average days. A larger one would bias weekdays that differ."""


@dataclass(frozen=True, eq=False)
class BaselineEstimate:
    """Baseline of one column; each array (S,).

    rate: expected rate. rho: intraclass correlation of days. effective_n: independent cases that the rate is worth.
    usable_days: days in the window. is_expected: whether this weekday usually has data. variance_ratio: variance of an
    outcome against that of a yes-or-no outcome, below 1 where some outcomes count half.
    """

    rate: Floats
    rho: Floats
    effective_n: Floats
    usable_days: Floats
    is_expected: Bools
    variance_ratio: Floats


class Baseline:
    """Rolling windows of S series. _included (S, T): columns included so far; _count (S,): how many."""

    def __init__(self, grid: ReadingGrid, config: EvaluationConfig) -> None:
        self._grid, self._config = grid, config
        self._sums = np.zeros((8, config.season_length, grid.series_count))
        self._included = np.zeros((grid.series_count, grid.length), dtype=np.int32)
        self._count = np.zeros(grid.series_count, dtype=np.intp)
        self._is_included = np.zeros((grid.length, grid.series_count), dtype=bool)
        self._estimate_count, self._rho_numerator, self._rho_denominator = np.zeros((3, grid.series_count))
        self._adjustments = np.zeros((grid.length, grid.series_count))

    def adjust(self, column: int, adjustment: Floats) -> None:
        """Count a column that is usually lower than its weekday by this amount as if it were not."""
        self._adjustments[column] = adjustment

    def add(self, rows: Ints, column: int) -> None:
        """Include a column in the baseline of these series. Columns enter the window once seven newer ones are
        included."""
        position = self._count[rows]
        self._included[rows, position] = column
        self._is_included[column, rows] = True
        self._count[rows] = position + 1
        for offset, sign in ((self._config.gap, 1.0), (self._config.window, -1.0)):
            moved = rows[position >= offset]
            if len(moved):
                self._add(moved, self._included[moved, self._count[moved] - 1 - offset].astype(np.intp), sign)

    def replace(self, row: int, columns: Ints) -> None:
        """Set the included columns of one series. Its sums must be recomputed afterwards."""
        self._included[row, : len(columns)] = columns
        self._count[row] = len(columns)
        self._is_included[:, row] = False
        self._is_included[columns, row] = True

    def recompute(self, rows: Ints) -> None:
        """Compute the sums of these series again from their current windows."""
        if not len(rows):
            return
        row_index, columns = self._windows(rows)
        terms = self._terms_of(rows[row_index], columns)
        season_length, row_count = self._config.season_length, len(rows)
        cell = self._grid.season_slot(columns, season_length) * row_count + row_index
        sums = [np.bincount(cell, term, season_length * row_count).reshape(season_length, row_count) for term in terms]
        self._sums[:, :, rows] = np.stack(sums)

    def windows(self, rows: Ints) -> list[Ints]:
        """Columns in the window of each of these series."""
        row_index, columns = self._windows(rows)
        bounds = np.searchsorted(row_index, np.arange(len(rows) + 1))
        return [columns[start:stop] for start, stop in pairwise(bounds)]

    def _windows(self, rows: Ints) -> tuple[Ints, Ints]:
        """(N,) twice: columns of the windows, one series after the other, and the index into rows of each."""
        count, window, gap = self._count[rows], self._config.window, self._config.gap
        position = np.maximum(count - window, 0)[:, None] + np.arange(window - gap)
        row_index, offset = np.nonzero(position < (count - gap)[:, None])
        return row_index, self._included[rows[row_index], position[row_index, offset]].astype(np.intp)

    def window_rate(self) -> tuple[Floats, Bools]:
        """(S,) twice: rate over the whole window, and whether it has any case."""
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
        """Baseline of a column, from included columns only."""
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
        effective_n = slot_effective + prior + 1.0
        return BaselineEstimate(rate, rho, effective_n, total_days, count[slot] >= 4, variance_ratio)


def _window_terms(
    n: Floats, successes: Floats, neutral: Floats, earlier_n: Floats, earlier_successes: Floats
) -> Floats:
    """(8, N): days with cases, n, n^2, successes, neutral answers; pairs of a day and the day one week before; their
    weight; the weighted square of their difference."""
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
    """(S,) twice, numerator and denominator of rho. Uses differences over a week, which a change of level affects only
    once."""
    rate = (successes + overall) / (n + 1.0)
    rho_numerator = (weighted_square / (rate * (1.0 - rate) * variance_ratio) - pairs).sum(axis=0)
    return rho_numerator, np.maximum(2.0 * weight - pairs, 0.0).sum(axis=0)


def _prior(effective: Floats, rate_by_slot: Floats, pooled: Floats, overall: Floats) -> Floats:
    """Cases that the all-weekday rate counts for next to a weekday's own rate: many if weekdays do not differ."""
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
