"""Combining the share within tolerance with the sign test."""

from __future__ import annotations

from datetime import date, timedelta

from jkpi.alerts.detection.combine_lines import combine_results
from jkpi.alerts.detection.replay import replay_series
from jkpi.alerts.detection.state_machine import SeriesState
from jkpi.alerts.statistics.reading_grid import Reading
from jkpi.alerts.statistics.rules import AlertRule

RULE = AlertRule(None, 0.05)


def day(number: int) -> date:
    return date(2025, 9, 1) + timedelta(days=number)


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
