"""Replay series from first to last day: current state and all episodes. Pure.

Each series is tracked against its own baseline and against the promise. An episode lasts as long as either is open, so
a chronically broken promise is one episode. A later drop inside it is a detection of its own, reported as worsening.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from jkpi.alerts.detection.episodes import (
    EMPTY_HISTORY,
    NO_STATE,
    Detection,
    SeriesResult,
    StateHistory,
    merge_detections,
)
from jkpi.alerts.detection.fold import EvaluationResult, evaluate_grid
from jkpi.alerts.detection.line_tracker import BudgetGroups
from jkpi.alerts.detection.state_machine import STATES, SeriesState
from jkpi.alerts.statistics import reading_grid
from jkpi.alerts.statistics.beta_binomial import Bools, Ints
from jkpi.alerts.statistics.duration_histogram import DurationHistogram
from jkpi.alerts.statistics.reading_grid import Reading, ReadingGrid, grid_from_readings, group_chunks
from jkpi.alerts.statistics.rules import AlertRule, RuleArrays

MAX_CELLS = 2_000_000
"""Cells (series times columns) evaluated at once. Fewer need less memory, more are faster; this number takes 0.7 GB."""


@dataclass(frozen=True)
class SeriesToEvaluate:
    """A series to evaluate. Series of one group share its budget."""

    rule: AlertRule
    group: int


def replay_series(readings: Iterable[Reading], rule: AlertRule, until: date | None = None) -> SeriesResult:
    """Evaluate all mature readings of one series, in any order. until: last day that should have a mature reading."""
    grid = grid_from_readings([list(readings)], [until], rule.config.step_days)
    (result,) = replay_grid(grid, [SeriesToEvaluate(rule, 0)])
    return result


def replay_grid(
    grid: ReadingGrid, to_evaluate: Sequence[SeriesToEvaluate], histograms: Sequence[DurationHistogram] | None = None
) -> Iterator[SeriesResult]:
    """Evaluate many series of one cadence. Series of a group must be next to each other.

    histograms: one a series, if the sign test is replayed; the grid then holds only the spans of the series.
    """
    if not to_evaluate:
        return
    groups = np.array([series.group for series in to_evaluate])
    for rows in group_chunks(groups, max(MAX_CELLS // max(grid.length, 1), 1)):
        chunk, chunk_series = grid.select(rows), to_evaluate[rows]
        budget_groups = BudgetGroups(
            groups[rows], np.array([series.rule.family_size for series in chunk_series], dtype=float)
        )
        evaluation = evaluate_grid(
            chunk,
            RuleArrays.from_rules([series.rule for series in chunk_series]),
            budget_groups,
            histograms[rows] if histograms else None,
        )
        for row in range(chunk.series_count):
            yield _series_result(chunk, evaluation, row)


def _series_result(grid: ReadingGrid, evaluation: EvaluationResult, row: int) -> SeriesResult:
    begin, end = int(grid.begin[row]), int(grid.end[row])
    codes, status = evaluation.states[begin:end, row], grid.status[begin:end, row]
    coded = np.flatnonzero(codes != NO_STATE)
    if not len(coded):
        return SeriesResult(SeriesState.NO_DATA, None, (), None, None, EMPTY_HISTORY)
    episodes = merge_detections(
        [
            *(
                _with_edge(detection, grid, evaluation, row)
                for detection in evaluation.baseline_tracker.detections[row]
            ),
            *evaluation.promise_tracker.detections[row],
        ]
    )
    open_episode = next((episode for episode in episodes if episode.closed_on is None), None)
    evaluated = not np.isnan(evaluation.rate[row])
    achieved_run_length = float(evaluation.achieved_run_length[row])
    return SeriesResult(
        state=STATES[codes[coded[-1]]],
        state_since=open_episode.onset if open_episode else grid.day(begin + _state_start(codes, coded)),
        episodes=episodes,
        data_gap_since=_trailing_since(grid, begin, status == reading_grid.SUSPENDED, status != reading_grid.MISSING),
        last_day=grid.day(begin + int(np.flatnonzero(status != reading_grid.MISSING)[-1])),
        history=StateHistory(grid.day(begin), grid.step_days, codes.tobytes()),
        tail=float(evaluation.tail[row]) if evaluated else None,
        rate=float(evaluation.rate[row]) if evaluated else None,
        n=float(evaluation.n[row]) if evaluated else None,
        reference=float(evaluation.reference[row]) if evaluated else None,
        false_alarm_every=None if np.isnan(achieved_run_length) else achieved_run_length,
        read_days=StateHistory(
            grid.day(begin), grid.step_days, ((status == reading_grid.VALID) & (grid.n[begin:end, row] > 0)).tobytes()
        ),
        # A suspended reading does not show whether its counts are valid by now.
        error_since=_trailing_since(
            grid,
            begin,
            status == reading_grid.INVALID,
            (status != reading_grid.MISSING) & (status != reading_grid.SUSPENDED),
        ),
        holidays=grid.holidays,
    )


def _with_edge(detection: Detection, grid: ReadingGrid, evaluation: EvaluationResult, row: int) -> Detection:
    if evaluation.sign_test is None:
        return detection
    column = (detection.fired_on - grid.first_day).days // grid.step_days
    return replace(detection, within_seconds=evaluation.sign_test.edge_seconds(row, column))


def _state_start(codes: np.ndarray, coded: Ints) -> int:
    """First column of the unbroken run of the last state."""
    different = np.flatnonzero(codes[coded] != codes[coded[-1]])
    return int(coded[different[-1] + 1] if len(different) else coded[0])


def _trailing_since(grid: ReadingGrid, begin: int, wanted: Bools, informative: Bools) -> date | None:
    """First day of the run of wanted columns at the newest end, among informative columns; None if the newest is not
    wanted."""
    informative_columns = np.flatnonzero(informative)
    unwanted = np.flatnonzero(~wanted[informative_columns])
    first = int(unwanted[-1]) + 1 if len(unwanted) else 0
    return grid.day(begin + int(informative_columns[first])) if first < len(informative_columns) else None
