"""Days that bring nothing or little: they hide no fall, and what other series bring changes nothing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from made_world import steady

from jkpi.alerts.detection.combine_lines import with_signs
from jkpi.alerts.detection.replay import Tried, replay, replay_all
from jkpi.alerts.detection.state_machine import State
from jkpi.alerts.statistics.reading_matrix import Reading, lay_out
from jkpi.alerts.statistics.rules import Rule

BUSY = Rule(None, 0.05)


def on(number: int) -> date:
    """Days from a Monday on."""
    return date(2025, 9, 1) + timedelta(days=number)


def test_a_series_that_is_open_three_days_a_week_learns_and_falls() -> None:
    readings = [
        Reading(on(day), 180.0 if day < 380 else 80.0, 200.0) for day in range(420) if on(day).weekday() in (0, 2, 4)
    ]
    track = replay(readings, BUSY)
    assert track.state is State.FIRING and track.since is not None and on(380) <= track.since <= on(382)


@pytest.mark.parametrize("closed", [range(200, 221), range(200, 240)], ids=["three weeks", "six weeks"])
def test_a_closure_does_not_begin_learning_anew(closed: range) -> None:
    """Business days, closed for weeks; two weeks after reopening nine in ten become six in ten."""
    falls = closed.stop + 14
    readings = [
        Reading(on(day), 180.0 if day < falls else 120.0, 200.0)
        for day in range(falls + 6)
        if on(day).weekday() < 5 and day not in closed
    ]
    track = replay(readings, BUSY)
    assert track.breach is not None and on(falls) <= track.breach.since <= on(falls + 2)
    assert track.breach.parts[0].fell.reference == pytest.approx(0.9, abs=0.01)


def test_enough_cases_are_judged_however_many_came_before() -> None:
    """400 a day at 90 %, then 90 a day at 11 %."""
    readings = [Reading(on(day), 360.0, 400.0) for day in range(100)]
    readings += [Reading(on(100 + day), 10.0, 90.0) for day in range(3)]
    track = replay(readings, BUSY)
    assert track.state is State.FIRING and track.breach is not None and track.breach.since == on(100)


def test_company_makes_no_standing_breach() -> None:
    """A little below the promise for a day less than four weeks: too short beside an older series, too."""
    old = [Reading(on(day), 90.0, 100.0) for day in range(127)]
    young = [Reading(on(100 + day), good, of) for day, (good, of) in enumerate(steady(27, 0.76, 60))]
    rule = Rule(0.85, 0.05)
    grid = lay_out([old, young], [None, None], 1)
    _, beside = replay_all(grid, [Tried(rule, 0), Tried(rule, 1)])
    assert beside.breaches == replay(young, rule).breaches


def test_of_two_lines_the_one_that_is_days_behind_stays_open() -> None:
    """The share within a long tolerance is known a week after the sign test: its alert is not over by that."""
    share = replay([Reading(on(day), 92.0 if day < 60 else 70.0, 100.0) for day in range(65)], BUSY)
    signs = replay([Reading(on(day), 50.0 if day < 71 else 39.0, 100.0) for day in range(72)], BUSY)
    assert with_signs(share, signs).state is State.FIRING
    broken = replay([Reading(on(day), 92.0 if day < 60 else 170.0, 100.0) for day in range(65)], BUSY)
    assert with_signs(broken, signs).state is State.ERROR
