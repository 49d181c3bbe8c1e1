"""A rate and its volume drop together: few cases that all fail are evidence, whatever the volume was before."""

from __future__ import annotations

import numpy as np
import pytest

from jkpi.alerts.detection.replay import replay_series
from jkpi.alerts.statistics.reading_grid import Reading
from jkpi.alerts.statistics.rules import DAILY, WEEKLY, AlertRule, EvaluationConfig
from tests.alerts.made_world import steady
from tests.worlds.binomial_days import binomial_days, day_number, day_of, delays, results_of


@pytest.mark.parametrize("config", [DAILY, WEEKLY], ids=["days", "weeks"])
@pytest.mark.parametrize("usual_n", [6, 20, 60, 200])
def test_0_of_17_against_70_percent_is_a_collapse(config: EvaluationConfig, usual_n: int) -> None:
    """The volume before decides nothing. Ten weekdays alike suffice as history, so 70 readings do."""
    step = config.step_days
    counts = steady(70, 0.7, usual_n)
    readings = [Reading(day_of(number, step), successes, n) for number, (successes, n) in enumerate(counts)]
    readings.append(Reading(day_of(70, step), 0.0, 17.0))
    episode = replay_series(readings, AlertRule(None, 0.05, config=config)).open_episode
    assert episode is not None
    assert (episode.onset, episode.fired_on) == (day_of(70, step), day_of(70, step))
    assert episode.detections[0].reason == "collapse"


@pytest.mark.parametrize(("before", "after", "median_days"), [(40, 5, 14), (120, 17, 7)])
def test_a_weekly_series_that_falls_to_nothing_is_alerted_within_three_weeks(
    before: float, after: float, median_days: float
) -> None:
    """From 70 % of 40 (or 120) a week to 0 % of 5 (or 17). It took 105 days, and a third was never found."""
    length, drop_on = 40, 24
    is_dropped = np.arange(length) >= drop_on
    grid = binomial_days(
        200, before, np.where(is_dropped, 0.7, 0.0), 3, np.where(is_dropped, after / before, 1.0), 0.7, step_days=7
    )
    found = delays(results_of(grid, AlertRule(None, 0.05, config=WEEKLY)), drop_on, 7)
    assert 7 * np.median(found) <= median_days
    assert np.mean(found <= 3) >= 0.85


@pytest.mark.parametrize(("before", "after", "within"), [(40, 5, 21), (120, 17, 7)])
def test_a_daily_series_that_falls_to_nothing_is_alerted_soon(before: float, after: float, within: int) -> None:
    """The same cases by day: 0.7 and 2.4 a day are left."""
    length, drop_on = 280, 168
    is_dropped = np.arange(length) >= drop_on
    grid = binomial_days(
        200, before / 7, np.where(is_dropped, 0.7, 0.0), 3, np.where(is_dropped, after / before, 1.0), 0.7
    )
    found = delays(results_of(grid, AlertRule(None, 0.05)), drop_on)
    assert np.mean(found <= within) >= 0.6


@pytest.mark.parametrize("usual_n", [20, 60])
def test_nine_tenths_of_the_volume_go_and_30_points_of_the_rate(usual_n: int) -> None:
    length, drop_on = 200, 160
    is_dropped = np.arange(length) >= drop_on
    lost, volume = np.where(is_dropped, 0.3, 0.0), np.where(is_dropped, 0.1, 1.0)
    found = delays(results_of(binomial_days(200, usual_n, lost, 4, volume), AlertRule(None, 0.05)), drop_on)
    assert np.median(found) <= {20: 21, 60: 9}[usual_n]


@pytest.mark.parametrize("usual_n", [6, 20, 60])
def test_fewer_cases_at_the_usual_rate_open_nothing(usual_n: int) -> None:
    """A tenth of the volume from day 120 on: false alarms keep the budget of 0.056 a month."""
    length, since = 217, 120
    volume = np.where(np.arange(length) >= since, 0.1, 1.0)
    results = results_of(binomial_days(400, usual_n, np.zeros(length), 1, volume), AlertRule(None, 0.05))
    fired = sum(day_number(episode.fired_on) >= since for result in results for episode in result.episodes)
    assert fired / (400 * (length - since) / 30.44) <= 0.056


def test_a_pool_ends_when_its_newest_reading_is_too_old() -> None:
    """Four bad cases, two months without any, and four bad cases again are not eight."""
    usual = [Reading(day_of(number), 14.0, 20.0) for number in range(70)]
    rare = [Reading(day_of(number), 0.0, 2.0) for number in (70, 71, 140, 141)]
    assert replay_series([*usual, *rare], AlertRule(None, 0.05)).episodes == ()
    in_a_row = [Reading(day_of(70 + number), 0.0, 2.0) for number in range(6)]
    assert replay_series([*usual, *in_a_row], AlertRule(None, 0.05)).episodes
