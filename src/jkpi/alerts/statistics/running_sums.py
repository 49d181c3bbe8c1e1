"""Evaluated readings as sums: the pooled sample that a message reports, and running sums of many series. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from jkpi.alerts.statistics.beta_binomial import Bools, Floats, Ints, predictive_cdf, wilson_bounds, wilson_interval
from jkpi.alerts.statistics.reading_grid import ReadingGrid

EPSILON = 1e-9
"""Tolerance for differences of running sums: a rate exactly on the line is not below it."""


@dataclass(frozen=True, slots=True)
class PooledSample:
    """Several evaluated readings as one sum. expected and limit are counts, at the reference rate and at the line.
    skipped_days: days (or weeks) in between that are not counted."""

    first_day: date
    last_day: date
    days: int = 0
    successes: float = 0.0
    n: float = 0.0
    expected: float = 0.0
    limit: float = 0.0
    scaled_variance: float = 0.0
    effective_n: float = float("inf")
    skipped_days: tuple[date, ...] = ()

    @property
    def rate(self) -> float:
        return self.successes / self.n if self.n else 0.0

    @property
    def reference(self) -> float:
        return self.expected / self.n if self.n else 0.0

    @property
    def line(self) -> float:
        return self.limit / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson 95 % interval at the effective sample size, which is smaller than n where days vary."""
        shrink = self.n / self.scaled_variance if self.scaled_variance else 0.0
        return wilson_interval(self.successes * shrink, self.n * shrink)

    @property
    def tail(self) -> float:
        """P of this many successes or fewer over all these days together."""
        rho = pooled_rho(np.array([self.n]), np.array([self.scaled_variance]))
        return float(predictive_cdf(self.successes, self.n, self.reference, rho, self.effective_n)[0])


def pooled_rho(n: Floats, scaled_variance: Floats) -> Floats:
    """Intraclass correlation at which one day of n cases has the variance of these days together."""
    safe_n = np.maximum(n, 2.0)
    rho: Floats = np.maximum(scaled_variance / safe_n - 1.0, 0.0) / (safe_n - 1.0)
    return rho


@dataclass(frozen=True, eq=False)
class EvaluatedColumn:
    """One column compared with one line; each array (S,).

    evaluated: whether the column is evaluated. successes, n: counts since first_column (several columns if small
    samples are pooled). reference: expected rate, known from effective_n cases. line: rate below which an alert is
    worth a message. rho, variance_ratio: as in BaselineEstimate.
    """

    evaluated: Bools
    successes: Floats
    n: Floats
    first_column: Ints
    reference: Floats
    line: Floats
    rho: Floats
    effective_n: Floats
    variance_ratio: Floats

    @property
    def scaled_variance(self) -> Floats:
        """Variance over p (1 - p): equals n if cases are independent and either good or bad."""
        scaled_variance: Floats = self.n * self.variance_ratio * (1.0 + np.maximum(self.n - 1.0, 0.0) * self.rho)
        return scaled_variance

    def tails(self, max_deviation: float = -1.0) -> Floats:
        """(S,): P(X <= successes). Exact below max_deviation standard deviations; nearer to the reference it is 1."""
        variance = self.scaled_variance + self.n**2 / self.effective_n
        deviation = (self.successes - self.n * self.reference) / np.sqrt(
            np.maximum(variance * self.reference * (1.0 - self.reference), 1e-12)
        )
        tail = np.ones(len(self.n))
        rows = np.flatnonzero(self.evaluated & (deviation < max_deviation))
        if len(rows):
            variance_ratio = self.variance_ratio[rows]
            tail[rows] = predictive_cdf(
                self.successes[rows] / variance_ratio,
                np.round(self.n[rows] / variance_ratio),
                self.reference[rows],
                self.rho[rows],
                self.effective_n[rows] / variance_ratio,
            )
        return tail


class RunningSums:
    """Running sums of evaluated columns against one line. A range of columns is the difference of two sums."""

    def __init__(self, grid: ReadingGrid) -> None:
        self._grid = grid
        self._total = np.zeros((grid.length + 1, 6, grid.series_count))
        self._effective_n = np.full((grid.length, grid.series_count), np.inf)
        self._first_column = np.zeros((grid.length, grid.series_count), dtype=np.int32)

    def add(self, column: int, readings: EvaluatedColumn) -> None:
        """Add a column. Columns come in order, each once."""
        n = np.where(readings.evaluated, readings.n, 0.0)
        terms = (
            readings.evaluated,
            np.where(readings.evaluated, readings.successes, 0.0),
            n,
            n * readings.reference,
            n * readings.line,
            np.where(readings.evaluated, readings.scaled_variance, 0.0),
        )
        for before, after, term in zip(self._total[column], self._total[column + 1], terms, strict=True):
            np.add(before, term, out=after)
        self._effective_n[column] = np.where(readings.evaluated, readings.effective_n, np.inf)
        self._first_column[column] = readings.first_column

    def totals(self, rows: Ints, since: Ints, until: int) -> Floats:
        """(6, N): days, successes, n, expected, limit, scaled variance from column since to until, both included."""
        totals: Floats = self._total[until + 1][:, rows] - self._total[since, :, rows].T
        return totals

    def is_below_line(self, rows: Ints, since: Ints, until: int) -> Bools:
        """(N,): whether the pooled rate is below the line."""
        _, successes, n, _, limit, _ = self.totals(rows, since, until)
        below_line: Bools = (n > 0) & (successes < limit - EPSILON)
        return below_line

    def tail(self, rows: Ints, since: Ints, until: int) -> Floats:
        """(N,): P of this many successes or fewer over all these days together."""
        _, successes, n, expected, _, scaled_variance = self.totals(rows, since, until)
        effective_n = np.minimum(self._effective_n[since, rows], self._effective_n[until, rows])
        return predictive_cdf(successes, n, expected / np.maximum(n, 1.0), pooled_rho(n, scaled_variance), effective_n)

    def is_above_line(self, rows: Ints, since: Ints, until: int) -> tuple[Bools, Bools]:
        """(N,) twice: whether the pooled rate is above the line, and whether its whole 95 % interval is."""
        _, successes, n, _, limit, scaled_variance = self.totals(rows, since, until)
        shrink = n / np.maximum(scaled_variance, EPSILON)
        lower_bound, _ = wilson_bounds(successes * shrink, n * shrink)
        return successes > limit + EPSILON, lower_bound > limit / np.maximum(n, 1.0)

    def first_pooled(self, rows: Ints, columns: Ints) -> Ints:
        """First column that was pooled into each of these."""
        first_pooled: Ints = self._first_column[columns, rows].astype(np.intp)
        return first_pooled

    def newest_sample(self, row: int, since: int, until: int, readings: int) -> PooledSample:
        """Pooled sample of the newest evaluated columns of a range, at most so many."""
        evaluated_columns = since + np.flatnonzero(np.diff(self._total[since : until + 2, 0, row]) > 0)
        return self.sample(row, int(evaluated_columns[-readings:][0]) if len(evaluated_columns) else since, until)

    def sample(self, row: int, since: int, until: int) -> PooledSample:
        """Pooled sample of a range of one series."""
        rows = np.array([row])
        days, successes, n, expected, limit, scaled_variance = (
            float(total) for total in self.totals(rows, np.array([since]), until)[:, 0]
        )
        first_column = int(self.first_pooled(rows, np.array([since]))[0])
        effective_n = float(self._effective_n[since : until + 1, row].min())
        return PooledSample(
            self._grid.day(first_column),
            self._grid.day(until),
            round(days),
            successes,
            n,
            expected,
            limit,
            scaled_variance,
            effective_n,
            self._skipped_days(row, first_column, since, until),
        )

    def _skipped_days(self, row: int, first_column: int, since: int, until: int) -> tuple[date, ...]:
        """Columns from first_column on that are counted in no evaluated column from since to until."""
        evaluated_columns = since + np.flatnonzero(np.diff(self._total[since : until + 2, 0, row]) > 0)
        coverage_changes = np.zeros(until + 2 - first_column, dtype=np.intp)
        np.add.at(coverage_changes, np.maximum(self._first_column[evaluated_columns, row] - first_column, 0), 1)
        np.add.at(coverage_changes, evaluated_columns + 1 - first_column, -1)
        return tuple(
            self._grid.day(first_column + int(column))
            for column in np.flatnonzero(np.cumsum(coverage_changes[:-1]) == 0)
        )
