"""Readings on a calendar."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from jkpi.alerts.statistics.reading_grid import (
    INVALID,
    MISSING,
    SUSPENDED,
    VALID,
    Reading,
    concat_grids,
    grid_from_readings,
    group_chunks,
)


def test_a_grid_marks_what_was_read() -> None:
    days = [date(2026, 1, number) for number in (1, 2, 3, 5)]
    readings = [Reading(days[0], 8, 10), Reading(days[1], 8, 10, is_suspended=True), Reading(days[2], 11, 10)]
    grid = grid_from_readings([[*reversed(readings)], [Reading(days[3], 1, 2)]], [date(2026, 1, 4), None])
    assert grid.status.T.tolist() == [
        [VALID, SUSPENDED, INVALID, MISSING, MISSING],
        [MISSING, MISSING, MISSING, MISSING, VALID],
    ]
    assert (grid.begin.tolist(), grid.end.tolist()) == ([0, 4], [4, 5])
    assert grid.n.T.tolist() == [[10, 0, 0, 0, 0], [0, 0, 0, 0, 2]]


def test_grids_are_laid_on_one_calendar() -> None:
    first = grid_from_readings([[Reading(date(2026, 1, 3), 1, 2)]], [None])
    second = grid_from_readings([[Reading(date(2026, 1, 1), 3, 4)]], [None])
    grid = concat_grids([first, second])
    assert (grid.first_day, grid.begin.tolist(), grid.end.tolist()) == (date(2026, 1, 1), [2, 0], [3, 1])
    assert grid.n.tolist() == [[0, 4], [0, 0], [2, 0]]


def test_a_holiday_and_the_day_after_it_are_left_out_and_the_days_that_run_into_it() -> None:
    readings = [Reading(date(2026, 1, number), 1, 1) for number in range(1, 7)]
    grid = grid_from_readings([readings] * 3, [None] * 3).with_holidays([date(2026, 1, 4)], [0, 2, None])
    affected = [[int(value) for value in grid.is_holiday_affected(column)] for column in range(grid.length)]
    assert np.array(affected).T.tolist() == [[0, 0, 0, 1, 1, 0], [0, 1, 1, 1, 1, 0], [0, 0, 0, 1, 1, 0]]


def test_the_day_after_a_holiday_is_left_out_when_the_holiday_is_before_the_grid() -> None:
    readings = [Reading(date(2026, 1, number), 1, 1) for number in range(1, 4)]
    grid = grid_from_readings([readings], [None]).with_holidays([date(2025, 12, 31)], [None])
    assert [bool(grid.is_holiday_affected(column)[0]) for column in range(3)] == [True, False, False]


def test_weeks_with_a_holiday_are_evaluated() -> None:
    readings = [Reading(date(2026, 1, 5) + timedelta(weeks=week), 1, 1) for week in range(3)]
    grid = grid_from_readings([readings], [None], step_days=7).with_holidays([date(2026, 1, 12)], [None])
    assert grid.holiday_affected is None


def test_chunks_never_split_a_group() -> None:
    groups = np.repeat(np.arange(40), 7)
    chunks = list(group_chunks(groups, 10))
    assert [chunk.stop for chunk in chunks[:-1]] == [chunk.start for chunk in chunks[1:]]
    assert all(not set(groups[: chunk.stop]) & set(groups[chunk.stop :]) for chunk in chunks)
