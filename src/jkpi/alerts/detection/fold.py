"""The fold over readings: many series, column by column, from first to last. Pure. No column uses later ones.

Each column is compared with the baseline and with the promise. The outcome (an alert opens or closes, a broken promise
becomes chronic) decides which columns enter the baseline of the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from jkpi.alerts.detection import state_machine
from jkpi.alerts.detection.episodes import NO_STATE
from jkpi.alerts.detection.line_tracker import BudgetGroups, LineTracker
from jkpi.alerts.detection.state_machine import EVALUATED, StateCodes
from jkpi.alerts.statistics import reading_grid
from jkpi.alerts.statistics.baseline import DEFAULT_RHO, Baseline, BaselineEstimate
from jkpi.alerts.statistics.beta_binomial import Bools, Floats
from jkpi.alerts.statistics.cusum import increment_of
from jkpi.alerts.statistics.duration_histogram import DurationHistogram
from jkpi.alerts.statistics.local_level import LocalLevel
from jkpi.alerts.statistics.month_end import RECENT_DROP_COLUMNS, MonthEndEffect, apply_adjustment
from jkpi.alerts.statistics.reading_grid import CellStatuses, ReadingGrid
from jkpi.alerts.statistics.rules import RuleArrays
from jkpi.alerts.statistics.running_sums import EvaluatedColumn
from jkpi.alerts.statistics.sign_test import SignTest
from jkpi.alerts.statistics.small_sample_pooling import SmallSamplePool
from jkpi.alerts.statistics.thresholds import ThresholdCalibration


@dataclass(frozen=True, eq=False)
class EvaluationResult:
    """Result for S series. states (T, S): state codes, NO_STATE where there is none.

    threshold, achieved_run_length: as in ThresholdCalibration. rate, n, reference, tail (S,): of the last column, NaN
    if it was not evaluated. sign_test: for durations, the edges at which they were counted.
    """

    states: npt.NDArray[np.uint8]
    baseline_tracker: LineTracker
    promise_tracker: LineTracker
    threshold: Floats
    achieved_run_length: Floats
    rate: Floats
    n: Floats
    reference: Floats
    tail: Floats
    sign_test: SignTest | None = None


class _Evaluation:
    """Mutable state of the fold."""

    def __init__(
        self,
        grid: ReadingGrid,
        rules: RuleArrays,
        budget_groups: BudgetGroups,
        histograms: Sequence[DurationHistogram] | None = None,
    ) -> None:
        config = rules.config
        self.grid, self.rules, self.config = grid, rules, config
        self.rolling_baseline = Baseline(grid, config)
        self.month_end_effect = MonthEndEffect(grid, config)
        self.small_sample_pool = SmallSamplePool(grid, config)
        self.sign_test = SignTest(grid, histograms, config) if histograms is not None else None
        self.baseline_tracker = LineTracker(
            "median" if self.sign_test else "baseline", grid, config, budget_groups, rules.min_drop
        )
        self.promise_tracker = LineTracker("promise", grid, config, budget_groups, rules.min_drop)
        self.calibration = ThresholdCalibration(grid, rules)
        self.excluded = np.zeros((grid.length, grid.series_count), dtype=bool)
        self.local_level = LocalLevel(grid, config, rules.has_local_baseline)
        self.broken_promise_days = np.zeros(grid.series_count, dtype=np.intp)
        self.states = np.full((grid.length, grid.series_count), NO_STATE, dtype=np.uint8)
        self.rate, self.n, self.reference, self.tail = np.full((4, grid.series_count), np.nan)
        self.has_promise = ~np.isnan(rules.promise_line)
        self.reference_line = np.where(self.has_promise, rules.promise_line, 0.5)

    def advance(self, column: int) -> None:
        """Evaluate one column."""
        grid, config = self.grid, self.config
        if self.sign_test is not None:
            self.sign_test.update_edges(
                column, self.rolling_baseline, self.baseline_tracker.is_quiet & ~self.small_sample_pool.has_pending
            )
        weekday_estimate = self.rolling_baseline.estimate(column)
        adjustment = self.month_end_effect.adjustment(column)
        estimate = self.local_level.lower(column, apply_adjustment(weekday_estimate, adjustment), self.excluded)
        self.rolling_baseline.adjust(column, adjustment)
        status = grid.status[column]
        in_span = (grid.begin <= column) & (column < grid.end)
        if self.sign_test is not None:
            in_span &= ~self.sign_test.is_pending(column)
        holiday_affected = grid.is_holiday_affected(column)
        pooled = self.small_sample_pool.add(
            column, estimate, in_span & (status == reading_grid.VALID) & ~holiday_affected
        )
        status_codes = _status_codes(status, estimate, pooled.is_sufficient)
        has_baseline = estimate.usable_days >= config.learning_readings
        baseline_codes = np.where(
            (status_codes == EVALUATED) & ~has_baseline, state_machine.LEARNING, status_codes
        ).astype(np.int8)
        evaluated = in_span & (status_codes == EVALUATED)

        min_drop = self.rules.min_drop
        has_enough_history = evaluated & (estimate.usable_days >= config.min_readings_for_overdispersion)
        calibration_readings = EvaluatedColumn(
            has_enough_history,
            pooled.successes,
            pooled.n,
            pooled.first_column,
            pooled.rate,
            pooled.rate - min_drop,
            estimate.rho,
            estimate.effective_n,
            estimate.variance_ratio,
        )
        baseline_readings = replace(calibration_readings, evaluated=evaluated & has_baseline)
        rho = np.where(estimate.usable_days >= config.min_readings_for_overdispersion, estimate.rho, DEFAULT_RHO)
        promise_readings = EvaluatedColumn(
            evaluated & self.has_promise,
            pooled.successes,
            pooled.n,
            pooled.first_column,
            self.reference_line,
            self.reference_line,
            rho,
            np.full(grid.series_count, np.inf),
            estimate.variance_ratio,
        )
        baseline_increment = increment_of(calibration_readings, min_drop, estimate.usable_days)
        threshold = self.calibration.threshold
        self.baseline_tracker.advance(column, baseline_readings, baseline_increment, threshold)
        if self.has_promise.any():
            self.promise_tracker.advance(
                column,
                promise_readings,
                increment_of(promise_readings, min_drop, np.full(grid.series_count, np.inf)),
                threshold,
            )

        states = state_machine.worse_of(
            self.baseline_tracker.state.displayed_states(baseline_codes),
            self.promise_tracker.state.displayed_states(status_codes),
        )
        has_state = (
            in_span & ~holiday_affected & ((status != reading_grid.MISSING) | (status_codes == state_machine.NO_DATA))
        )
        self.states[column] = np.where(has_state, states.astype(np.uint8), NO_STATE)
        self.month_end_effect.update(
            column, weekday_estimate, has_enough_history & ~self._dropped_before(column - RECENT_DROP_COLUMNS)
        )
        self._update_baseline(column, in_span, (status == reading_grid.SUSPENDED) | holiday_affected)
        is_open = self.baseline_tracker.state.is_open | self.promise_tracker.state.is_open
        self.calibration.add(
            column, baseline_increment, calibration_readings.evaluated & ~is_open & ~self.excluded[column]
        )
        self._record_last_reading(in_span & (grid.end == column + 1), baseline_readings, promise_readings)

    def _dropped_before(self, before: int) -> Bools:
        """(S,): whether a baseline alert is open whose onset is before a column."""
        return self.baseline_tracker.state.is_open & (self.baseline_tracker.state.onset < before)

    def _record_last_reading(
        self, ended: Bools, baseline_readings: EvaluatedColumn, promise_readings: EvaluatedColumn
    ) -> None:
        """Figures of the last column, against the baseline if there is one, else against the promise."""
        for readings, rows in (
            (promise_readings, ended & promise_readings.evaluated & ~baseline_readings.evaluated),
            (baseline_readings, ended & baseline_readings.evaluated),
        ):
            if rows.any():
                self.rate[rows], self.n[rows] = (
                    (readings.successes / np.maximum(readings.n, 1.0))[rows],
                    readings.n[rows],
                )
                self.reference[rows], self.tail[rows] = readings.reference[rows], readings.tails(np.inf)[rows]

    def _update_baseline(self, column: int, in_span: Bools, suspended: Bools) -> None:
        """Decide which columns are excluded from the baseline: suspended and empty ones, and those of an alert. A
        promise that has been broken for as long as learning takes is chronic: its days enter the baseline again."""
        chronic_after = self.config.learning_readings
        was_chronic = self.broken_promise_days >= chronic_after
        promise_open = self.promise_tracker.state.is_open
        evaluated_now = promise_open & (self.promise_tracker.state.last_evaluated == column)
        self.broken_promise_days = np.where(promise_open, self.broken_promise_days + evaluated_now, 0)
        for row in self.promise_tracker.opened:
            onset = int(self.promise_tracker.state.onset[row])
            broken_days = int(
                self.promise_tracker.running_sums.totals(np.array([row]), np.array([onset]), column)[0, 0]
            )
            self.broken_promise_days[row] = broken_days
        chronic = self.broken_promise_days >= chronic_after

        baseline_open = self.baseline_tracker.state.is_open
        just_closed = np.zeros(len(suspended), dtype=bool)
        just_closed[self.baseline_tracker.closed] = True
        empty = self.grid.n[column] == 0
        self.excluded[column] = ~in_span | suspended | empty | baseline_open | just_closed | (promise_open & ~chronic)
        changed = {int(row) for row in self.baseline_tracker.opened}
        for row in changed:
            self._exclude(row, int(self.baseline_tracker.state.onset[row]), column)
        for row in self.promise_tracker.opened[~chronic[self.promise_tracker.opened]]:
            self._exclude(int(row), int(self.promise_tracker.state.onset[row]), column)
            changed.add(int(row))
        for row in np.flatnonzero(chronic & ~was_chronic & ~baseline_open):
            onset = int(self.promise_tracker.state.onset[row])
            span = slice(onset, column + 1)
            self.excluded[span, row] = (self.grid.status[span, row] == reading_grid.SUSPENDED) | (
                self.grid.n[span, row] == 0
            )
            if self.grid.holiday_affected is not None:
                self.excluded[span, row] |= self.grid.holiday_affected[span, row]
            changed.add(int(row))
        self._extend_baseline(column, changed)

    def _exclude(self, row: int, onset: int, column: int) -> None:
        self.excluded[onset : column + 1, row] = True
        self.calibration.remove(row, onset, column)

    def _extend_baseline(self, column: int, changed: set[int]) -> None:
        """Include this column. Series with columns excluded or included again are recomputed."""
        is_extended = ~self.excluded[column]
        for row in changed:
            is_extended[row] = False
            self.rolling_baseline.replace(row, np.flatnonzero(~self.excluded[: column + 1, row]))
        self.rolling_baseline.recompute(np.array(sorted(changed), dtype=np.intp))
        self.rolling_baseline.add(np.flatnonzero(is_extended), column)


def _status_codes(status: CellStatuses, estimate: BaselineEstimate, is_sufficient: Bools) -> StateCodes:
    """Why a column is not evaluated; EVALUATED if it is. An empty weekday that never has data is not missing."""
    missing_code = np.where(estimate.is_expected, state_machine.NO_DATA, state_machine.LOW_N)
    codes: StateCodes = np.select(
        [
            status == reading_grid.SUSPENDED,
            status == reading_grid.INVALID,
            status == reading_grid.MISSING,
            ~is_sufficient,
        ],
        [state_machine.SUSPENDED, state_machine.ERROR, missing_code, state_machine.LOW_N],
        default=EVALUATED,
    ).astype(np.int8)
    return codes


def evaluate_grid(
    grid: ReadingGrid,
    rules: RuleArrays,
    budget_groups: BudgetGroups,
    histograms: Sequence[DurationHistogram] | None = None,
) -> EvaluationResult:
    """Evaluate all columns. If histograms are given, counts are made from them and written into grid."""
    evaluation = _Evaluation(grid, rules, budget_groups, histograms)
    for column in range(grid.length):
        evaluation.advance(column)
    evaluation.baseline_tracker.record_open_detections(grid.length - 1)
    evaluation.promise_tracker.record_open_detections(grid.length - 1)
    calibration = evaluation.calibration
    return EvaluationResult(
        evaluation.states,
        evaluation.baseline_tracker,
        evaluation.promise_tracker,
        calibration.threshold,
        calibration.achieved_run_length,
        evaluation.rate,
        evaluation.n,
        evaluation.reference,
        evaluation.tail,
        evaluation.sign_test,
    )
