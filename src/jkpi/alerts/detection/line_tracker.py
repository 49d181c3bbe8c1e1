"""Many series against one line, column by column: evidence adds up, alerts open and close. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jkpi.alerts.detection import state_machine
from jkpi.alerts.detection.episodes import Detection, LineKind
from jkpi.alerts.detection.further_drop import FurtherDrop
from jkpi.alerts.detection.state_machine import REASONS
from jkpi.alerts.statistics.beta_binomial import Bools, Floats, Ints
from jkpi.alerts.statistics.cusum import Increment, update_cusum, zero_cusum
from jkpi.alerts.statistics.reading_grid import ReadingGrid
from jkpi.alerts.statistics.rules import (
    ALPHA_COLLAPSE,
    ALPHA_LOW,
    NO_COLUMN,
    RUN_LENGTH,
    EvaluationConfig,
)
from jkpi.alerts.statistics.running_sums import EPSILON, EvaluatedColumn, RunningSums
from jkpi.alerts.statistics.thresholds import significant_e_values, significant_p_values

RUN_ALPHA = ALPHA_LOW**RUN_LENGTH
"""Largest tail of pooled days that opens an alert: three low days in a row have a chance of one in a thousand."""
MAX_STREAK_COLLAPSE_N = 30.0
"""Low readings in a row of fewer cases each are a collapse together, as one large reading is alone."""
RUN_EVIDENCE_FRACTION = 0.75
"""Share of the threshold that the evidence must reach for three low days to open an alert."""


@dataclass(frozen=True, eq=False)
class BudgetGroups:
    """Which series share a budget. group (S,): the moment. family_size (S,): number of series that share."""

    group: Ints
    family_size: Floats


class LineTracker:
    """Tracker of S series against one line. opened, closed: indices of series that did so at the last column."""

    def __init__(
        self, line: LineKind, grid: ReadingGrid, config: EvaluationConfig, budget_groups: BudgetGroups, min_drop: Floats
    ) -> None:
        self.state = state_machine.initial_state(grid.series_count)
        self.cusum = zero_cusum(grid.series_count)
        self.running_sums = RunningSums(grid)
        self.opened: Ints = np.zeros(0, dtype=np.intp)
        self.closed: Ints = np.zeros(0, dtype=np.intp)
        self.detections: list[list[Detection]] = [[] for _ in range(grid.series_count)]
        self._line, self._grid, self._config, self._budget_groups = line, grid, config, budget_groups
        self._run_alpha = np.full(grid.series_count, RUN_ALPHA)
        self._further_drop = FurtherDrop(
            grid.series_count, min_drop, budget_groups.family_size, settling_readings=config.close_after // 2
        )
        self._weekday_recovery = WeekdayRecovery(grid, config.season_length)

    @property
    def is_quiet(self) -> Bools:
        """(S,): no alert is open, no day was low, and there is no evidence."""
        is_quiet: Bools = ~self.state.is_open & (self.state.streak_length == 0) & (self.cusum.sums <= 0.0).all(axis=0)
        return is_quiet

    def advance(self, column: int, readings: EvaluatedColumn, increment: Increment, threshold: Floats) -> None:
        """Add one column. threshold (S,): evidence that opens an alert of a single series."""
        before, evaluated = self.state, readings.evaluated
        self.running_sums.add(column, readings)
        candidates = evaluated & ~before.is_open
        expired = ~before.is_open & (readings.first_column - before.last_evaluated > self._config.evidence_ttl)
        self.cusum = update_cusum(self.cusum, column, increment.llr, candidates, expired)
        tails = readings.tails()
        below_line = readings.successes < readings.n * readings.line - EPSILON
        after = state_machine.advance(before, column, evaluated, tails < ALPHA_LOW, below_line, expired)
        self._weekday_recovery.add(column, evaluated, (tails < ALPHA_LOW) | below_line)
        reason, onset = self._opening_reasons(column, readings, after, candidates, tails, below_line, threshold)
        after = state_machine.mark_opened(after, column, reason, onset)
        self.opened = np.flatnonzero(reason)
        if self._line != "promise":
            self._further_drop.advance(
                np.flatnonzero(evaluated & before.is_open), column, readings, threshold, self.running_sums
            )
            self._further_drop.start(self.opened, column)
        self._close_recovered(column, after, evaluated & before.is_open)

    def _opening_reasons(
        self,
        column: int,
        readings: EvaluatedColumn,
        after: state_machine.TrackerState,
        candidates: Bools,
        tails: Floats,
        below_line: Bools,
        threshold: Floats,
    ) -> tuple[state_machine.StateCodes, Ints]:
        """(S,) twice: why an alert opens, 0 if none does, and its onset. The first reason wins."""
        reason, onset = np.zeros(len(candidates), dtype=np.int8), np.full(len(candidates), NO_COLUMN, dtype=np.intp)
        group, family_size = self._budget_groups.group, self._budget_groups.family_size
        maximum, cusum_onset = self.cusum.maximum, self.cusum.onset

        def add_reason(reason_code: int, rows: Ints, onsets: Ints) -> None:
            is_new = reason[rows] == 0
            reason[rows[is_new]], onset[rows[is_new]] = reason_code, onsets[is_new]

        low = candidates & (after.streak_length > 0)
        rows = np.flatnonzero(
            low & (after.streak_length >= RUN_LENGTH) & (maximum >= RUN_EVIDENCE_FRACTION * threshold)
        )
        # Three low days alone may be chance: all days since the evidence began must be below the line together.
        since = np.minimum(cusum_onset[rows], after.streak_start[rows])
        rows = rows[self.running_sums.is_below_line(rows, since, column)]
        passes = significant_p_values(
            group[rows],
            self.running_sums.tail(rows, after.streak_start[rows], column),
            self._run_alpha[rows],
            family_size[rows],
        )
        add_reason(state_machine.TREND, rows[passes], after.streak_start[rows[passes]])

        rows = np.flatnonzero(low)
        is_small_streak = (after.streak_length[rows] > 1) & (readings.n[rows] < MAX_STREAK_COLLAPSE_N)
        is_collapsed = below_line[rows] & (tails[rows] < ALPHA_COLLAPSE)
        rows, is_small_streak = rows[is_collapsed | is_small_streak], is_small_streak[is_collapsed | is_small_streak]
        is_below = self.running_sums.is_below_line(rows, after.streak_start[rows], column)
        rows, small = rows[is_below], np.flatnonzero(is_small_streak[is_below])
        smallest = tails[rows]
        streak_tails = self.running_sums.tail(rows[small], after.streak_start[rows[small]], column)
        smallest[small] = np.minimum(smallest[small], streak_tails)
        rows, smallest = rows[smallest < ALPHA_COLLAPSE], smallest[smallest < ALPHA_COLLAPSE]
        passes = significant_p_values(group[rows], smallest, np.full(len(rows), ALPHA_COLLAPSE), family_size[rows])
        add_reason(state_machine.COLLAPSE, rows[passes], after.streak_start[rows[passes]])

        rows = np.flatnonzero(candidates & (maximum >= threshold))
        days = self.running_sums.totals(rows, cusum_onset[rows], column)[0]
        # One day alone is a coincidence unless it is a collapse.
        rows = rows[self.running_sums.is_below_line(rows, cusum_onset[rows], column) & (days > 1)]
        passes = significant_e_values(group[rows], maximum[rows] - threshold[rows], family_size[rows])
        add_reason(state_machine.CUSUM, rows[passes], cusum_onset[rows[passes]])

        if self._line == "promise":
            sustained = sustained_below_line(
                self.running_sums, column, candidates, self._grid.begin, self._run_alpha / family_size, self._config
            )
            rows = np.flatnonzero(sustained)
            add_reason(state_machine.SUSTAINED, rows, np.full(len(rows), column + 1 - self._config.sustained_readings))
        return reason, onset

    def _close_recovered(self, column: int, after: state_machine.TrackerState, was_open: Bools) -> None:
        rows = np.flatnonzero(was_open & (after.clear_days >= state_machine.CLEAR_DAYS))
        above, significant = self.running_sums.is_above_line(rows, after.clear_since[rows], column)
        is_long_enough = above & (after.clear_days[rows] >= self._config.close_after)
        is_candidate = significant | is_long_enough
        rows, is_long_enough = rows[is_candidate], is_long_enough[is_candidate]
        has_usual_week = self._weekday_recovery.has_usual_week(rows, after.onset[rows], after.clear_since[rows], column)
        rows = rows[has_usual_week | is_long_enough]
        self.closed = rows[
            self._weekday_recovery.has_recovered(rows, after.onset[rows], after.clear_since[rows], column)
        ]
        for row in self.closed:
            self.detections[row] += self._detections_of(int(row), after, column, is_closed=True)
        closes = np.zeros(len(was_open), dtype=bool)
        closes[self.closed] = True
        self.state = state_machine.mark_closed(after, closes)
        if len(self.closed):
            self.cusum.sums[:, self.closed] = 0.0

    def record_open_detections(self, column: int) -> None:
        """Record alerts that are still open at the last column, up to their last evaluated day."""
        for row in np.flatnonzero(self.state.is_open):
            last = min(column, int(self.state.last_evaluated[row]))
            self.detections[row] += self._detections_of(int(row), self.state, last, is_closed=False)

    def _detections_of(
        self, row: int, state: state_machine.TrackerState, column: int, is_closed: bool
    ) -> list[Detection]:
        """Detections of an alert: its first drop and each further one."""
        clear_since = int(state.clear_since[row])
        recovery = self.running_sums.sample(row, clear_since, column) if clear_since >= 0 else None
        closed_on = self._grid.day(column) if is_closed else None
        openings = [(int(state.onset[row]), int(state.fired_at[row]), int(state.reason[row]))]
        openings += self._further_drop.finish(row)
        samples = [self.running_sums.sample(row, onset, column) for onset, _, _ in openings]
        return [
            Detection(
                self._line,
                sample.first_day,
                self._grid.day(fired_at),
                closed_on,
                REASONS[reason],
                sample,
                recovery,
                int(self.running_sums.totals(np.array([row]), np.array([onset]), fired_at)[0, 0]),
                initial_drop=self.running_sums.sample(row, onset, fired_at),
                newest_week=None
                if is_closed
                else self.running_sums.newest_sample(row, onset, column, self._config.season_length),
            )
            for sample, (onset, fired_at, reason) in zip(samples, openings, strict=True)
        ]


def sustained_below_line(
    running_sums: RunningSums,
    column: int,
    candidates: Bools,
    first_column: Ints,
    alpha: Floats,
    config: EvaluationConfig,
) -> Bools:
    """(S,): whether each of the last four weeks is below the promise line, and all of them together significantly.

    first_column: first column of each series; a series needs four weeks of its own. alpha: largest tail of the four
    weeks. At least half of their days must be evaluated.
    """
    weeks, length = config.sustained_periods
    is_sustained = np.array(candidates)
    rows: Ints = np.flatnonzero(candidates & (column + 1 - first_column >= weeks * length))
    last_column = column
    for _ in range(weeks):
        _, successes, n, _, limit, _ = running_sums.totals(
            rows, np.full(len(rows), last_column + 1 - length), last_column
        )
        rows = rows[(n > 0) & (successes < limit - EPSILON)]
        last_column -= length
        if not len(rows):
            break
    since = np.full(len(rows), column + 1 - weeks * length)
    days = running_sums.totals(rows, since, column)[0]
    rows, since = rows[days >= weeks * length / 2], since[days >= weeks * length / 2]
    is_sustained[:] = False
    is_sustained[rows[running_sums.tail(rows, since, column) <= alpha[rows]]] = True
    return is_sustained


_MAX_WEEKDAYS = 2
"""An alert about more weekdays than this concerns the whole week."""
USUAL_WEEKS = 8
"""Weeks before the drop that show how many cases a weekday usually brings."""
WEEKDAY_SHARE, WEEK_SHARE = 0.5, 0.95
"""Share of its usual cases that a weekday must bring, and share of these cases that the week must bring: a weekday that
hardly has any may be missing."""


class WeekdayRecovery:
    """Which columns of S series were evaluated, which of them were bad, and how many cases each weekday brought.

    _weekday_n (T + season_length, S): cases on the same weekday summed over all weeks up to a column. Row t +
    season_length belongs to column t.
    """

    def __init__(self, grid: ReadingGrid, season_length: int) -> None:
        self._evaluated, self._bad = np.zeros((2, grid.length, grid.series_count), dtype=bool)
        self._weekday_n = np.zeros((grid.length + season_length, grid.series_count))
        self._grid, self._season_length = grid, season_length

    def add(self, column: int, evaluated: Bools, bad: Bools) -> None:
        self._evaluated[column], self._bad[column] = evaluated, evaluated & bad
        n = self._grid.n[column]
        if self._grid.holiday_affected is not None:
            n = np.where(self._grid.holiday_affected[column], 0.0, n)
        np.add(self._weekday_n[column], n, out=self._weekday_n[column + self._season_length])

    def has_usual_week(self, rows: Ints, onset: Ints, clear_since: Ints, column: int) -> Bools:
        """(N,): whether each weekday has brought half of its usual cases since clear_since, 95 % of the week in all. A
        few holidays are no usual week.

        Usual are the cases of the eight weeks before the drop; or of the drop itself, if it lasted at least a week and
        had fewer, or if there was no week before it.
        """
        season_length = self._season_length
        usual = self._mean_by_weekday(rows, np.maximum(onset - USUAL_WEEKS * season_length, 0), onset)
        during = self._mean_by_weekday(rows, onset, clear_since)
        during = np.where(onset >= season_length, np.minimum(usual, during), during)
        usual = np.where(clear_since - onset >= season_length, during, usual)
        needed = WEEKDAY_SHARE * usual
        brought = self._sums_by_weekday(rows, clear_since, np.full(len(rows), column + 1))
        has_week: Bools = np.minimum(brought, needed).sum(axis=0) >= WEEK_SHARE * needed.sum(axis=0) - EPSILON
        return has_week

    def _mean_by_weekday(self, rows: Ints, since: Ints, end: Ints) -> Floats:
        """(season_length, N): mean number of cases of each weekday in the columns [since, end)."""
        weeks = (end - since) / self._season_length
        return self._sums_by_weekday(rows, since, end) / np.maximum(np.ceil(weeks), 1.0)

    def _sums_by_weekday(self, rows: Ints, since: Ints, end: Ints) -> Floats:
        """(season_length, N): cases of each weekday in the columns [since, end). Index 0 is the weekday of column 0."""
        season_length = self._season_length
        weekday = np.arange(season_length)[:, None]

        def last_before(column: Ints) -> Ints:
            """Row of the newest column of each weekday before a column."""
            last: Ints = column - 1 - (column - 1 - weekday) % season_length + season_length
            return last

        sums: Floats = self._weekday_n[last_before(end), rows] - self._weekday_n[last_before(since), rows]
        return sums

    def has_recovered(self, rows: Ints, onset: Ints, clear_since: Ints, column: int) -> Bools:
        """(N,): whether each weekday that was bad since onset has had a clear day since clear_since. Not required if
        more weekdays were bad than _MAX_WEEKDAYS."""
        recovered = np.ones(len(rows), dtype=bool)
        for index, (row, drop_start, recovery_start) in enumerate(zip(rows, onset, clear_since, strict=True)):
            bad_weekdays = set(
                (np.flatnonzero(self._bad[drop_start:recovery_start, row]) + drop_start) % self._season_length
            )
            clear_columns = (
                np.flatnonzero(
                    self._evaluated[recovery_start : column + 1, row] & ~self._bad[recovery_start : column + 1, row]
                )
                + recovery_start
            )
            recovered[index] = len(bad_weekdays) > _MAX_WEEKDAYS or bad_weekdays <= set(
                clear_columns % self._season_length
            )
        return recovered
