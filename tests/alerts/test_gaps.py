"""Days that bring nothing or little: they hide no fall, and what other series bring changes nothing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from jkpi.alerts.detection.combine_lines import combine_results
from jkpi.alerts.detection.replay import SeriesToEvaluate, replay_grid, replay_series
from jkpi.alerts.detection.state_machine import SeriesState
from jkpi.alerts.statistics.reading_grid import Reading, grid_from_readings
from jkpi.alerts.statistics.rules import AlertRule
from tests.alerts.made_world import steady

BUSY = AlertRule(None, 0.05)


def on(number: int) -> date:
    """Days from a Monday on."""
    return date(2025, 9, 1) + timedelta(days=number)


def test_a_series_that_is_open_three_days_a_week_learns_and_falls() -> None:
    readings = [
        Reading(on(day), 180.0 if day < 380 else 80.0, 200.0) for day in range(420) if on(day).weekday() in (0, 2, 4)
    ]
    track = replay_series(readings, BUSY)
    assert (
        track.state is SeriesState.FIRING and track.state_since is not None and on(380) <= track.state_since <= on(382)
    )


@pytest.mark.parametrize("closed", [range(200, 221), range(200, 240)], ids=["three weeks", "six weeks"])
def test_a_closure_does_not_begin_learning_anew(closed: range) -> None:
    """Business days, closed for weeks; two weeks after reopening nine in ten become six in ten."""
    falls = closed.stop + 14
    readings = [
        Reading(on(day), 180.0 if day < falls else 120.0, 200.0)
        for day in range(falls + 6)
        if on(day).weekday() < 5 and day not in closed
    ]
    track = replay_series(readings, BUSY)
    assert track.open_episode is not None and on(falls) <= track.open_episode.onset <= on(falls + 2)
    assert track.open_episode.detections[0].drop.reference == pytest.approx(0.9, abs=0.01)


def test_enough_cases_are_judged_however_many_came_before() -> None:
    """400 a day at 90 %, then 90 a day at 11 %."""
    readings = [Reading(on(day), 360.0, 400.0) for day in range(100)]
    readings += [Reading(on(100 + day), 10.0, 90.0) for day in range(3)]
    track = replay_series(readings, BUSY)
    assert track.state is SeriesState.FIRING and track.open_episode is not None and track.open_episode.onset == on(100)


def test_company_makes_no_standing_breach() -> None:
    """A little below the promise for a day less than four weeks: too short beside an older series, too."""
    old = [Reading(on(day), 90.0, 100.0) for day in range(127)]
    young = [Reading(on(100 + day), good, of) for day, (good, of) in enumerate(steady(27, 0.76, 60))]
    rule = AlertRule(0.85, 0.05)
    grid = grid_from_readings([old, young], [None, None], 1)
    _, beside = replay_grid(grid, [SeriesToEvaluate(rule, 0), SeriesToEvaluate(rule, 1)])
    assert beside.episodes == replay_series(young, rule).episodes


def test_of_two_lines_the_one_that_is_days_behind_stays_open() -> None:
    """The share within a long tolerance is known a week after the sign test: its alert is not over by that."""
    share = replay_series([Reading(on(day), 92.0 if day < 60 else 70.0, 100.0) for day in range(65)], BUSY)
    signs = replay_series([Reading(on(day), 50.0 if day < 71 else 39.0, 100.0) for day in range(72)], BUSY)
    assert combine_results(share, signs).state is SeriesState.FIRING
    broken = replay_series([Reading(on(day), 92.0 if day < 60 else 170.0, 100.0) for day in range(65)], BUSY)
    assert combine_results(broken, signs).state is SeriesState.ERROR
