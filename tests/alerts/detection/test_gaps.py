"""Days without or with few cases hide no drop, and other series have no influence."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from jkpi.alerts.detection.combine_lines import combine_results
from jkpi.alerts.detection.replay import SeriesToEvaluate, replay_grid, replay_series
from jkpi.alerts.detection.state_machine import SeriesState
from jkpi.alerts.statistics.reading_grid import Reading, grid_from_readings
from jkpi.alerts.statistics.rules import AlertRule
from tests.alerts.made_world import steady

RULE = AlertRule(None, 0.05)


def day(number: int) -> date:
    """A day by its number; day 0 is a Monday."""
    return date(2025, 9, 1) + timedelta(days=number)


def test_a_series_with_three_days_a_week_is_evaluated() -> None:
    readings = [
        Reading(day(number), 180.0 if number < 380 else 80.0, 200.0)
        for number in range(420)
        if day(number).weekday() in (0, 2, 4)
    ]
    result = replay_series(readings, RULE)
    assert (
        result.state is SeriesState.FIRING
        and result.state_since is not None
        and day(380) <= result.state_since <= day(382)
    )


@pytest.mark.parametrize("closed_days", [range(200, 221), range(200, 240)], ids=["three weeks", "six weeks"])
def test_a_closure_does_not_restart_learning(closed_days: range) -> None:
    """Working days, closed for weeks; two weeks after reopening the rate drops from 0.9 to 0.6."""
    drop_on = closed_days.stop + 14
    readings = [
        Reading(day(number), 180.0 if number < drop_on else 120.0, 200.0)
        for number in range(drop_on + 6)
        if day(number).weekday() < 5 and number not in closed_days
    ]
    result = replay_series(readings, RULE)
    assert result.open_episode is not None and day(drop_on) <= result.open_episode.onset <= day(drop_on + 2)
    assert result.open_episode.detections[0].drop.reference == pytest.approx(0.9, abs=0.01)


def test_enough_cases_are_evaluated_even_if_volume_dropped() -> None:
    """400 cases a day at 90 %, then 90 a day at 11 %."""
    readings = [Reading(day(number), 360.0, 400.0) for number in range(100)]
    readings += [Reading(day(100 + number), 10.0, 90.0) for number in range(3)]
    result = replay_series(readings, RULE)
    assert (
        result.state is SeriesState.FIRING and result.open_episode is not None and result.open_episode.onset == day(100)
    )


def test_a_sustained_breach_needs_four_weeks_of_the_series_itself() -> None:
    """One day less than four weeks below the promise is too short, also beside an older series."""
    old = [Reading(day(number), 90.0, 100.0) for number in range(127)]
    young = [Reading(day(100 + number), successes, n) for number, (successes, n) in enumerate(steady(27, 0.76, 60))]
    rule = AlertRule(0.85, 0.05)
    grid = grid_from_readings([old, young], [None, None], 1)
    _, young_result = replay_grid(grid, [SeriesToEvaluate(rule, 0), SeriesToEvaluate(rule, 1)])
    assert young_result.episodes == replay_series(young, rule).episodes


def test_an_alert_stays_open_on_the_line_that_is_days_behind() -> None:
    """The share within a long tolerance is known a week after the sign test; its alert stays open."""
    share = replay_series([Reading(day(number), 92.0 if number < 60 else 70.0, 100.0) for number in range(65)], RULE)
    sign_test = replay_series(
        [Reading(day(number), 50.0 if number < 71 else 39.0, 100.0) for number in range(72)], RULE
    )
    assert combine_results(share, sign_test).state is SeriesState.FIRING
    invalid_share = replay_series(
        [Reading(day(number), 92.0 if number < 60 else 170.0, 100.0) for number in range(65)], RULE
    )
    assert combine_results(invalid_share, sign_test).state is SeriesState.ERROR
