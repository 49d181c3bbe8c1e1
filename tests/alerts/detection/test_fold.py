"""Evaluation of special series: few cases, gaps, weeks, NPS, broken promises."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pytest

from jkpi.alerts.detection.episodes import SeriesResult
from jkpi.alerts.detection.replay import SeriesToEvaluate, replay_grid, replay_series
from jkpi.alerts.detection.state_machine import SeriesState
from jkpi.alerts.statistics.reading_grid import Reading, grid_from_readings
from jkpi.alerts.statistics.rules import WEEKLY, AlertRule
from tests.alerts.made_world import steady

FIRST = date(2025, 9, 1)  # a Monday
ANY_RULE = AlertRule(None, 0.05)


def day(position: int, step: int = 1) -> date:
    return FIRST + timedelta(days=position * step)


def random_readings(rate: Sequence[float], mean: float, seed: int, step: int = 1) -> list[Reading]:
    rng = np.random.default_rng(seed)
    n = rng.poisson(mean, len(rate))
    return [
        Reading(day(column, step), float(rng.binomial(n[column], rate[column])), float(n[column]))
        for column in range(len(rate))
        if n[column]
    ]


def replay_together(histories: Sequence[Sequence[Reading]], rule: AlertRule) -> list[SeriesResult]:
    grid = grid_from_readings(histories, [None] * len(histories), rule.config.step_days)
    return list(replay_grid(grid, [SeriesToEvaluate(rule, number) for number in range(len(histories))]))


def test_small_series_are_pooled() -> None:
    """A drop from 90 to 40 % at two cases a day is detected in at least 27 of 30 series within four weeks."""
    rate = [0.9] * 120 + [0.4] * 28
    results = replay_together([random_readings(rate, 2, seed) for seed in range(30)], AlertRule(None, 0.1))
    assert sum(any(episode.fired_on >= day(120) for episode in result.episodes) for result in results) >= 27
    assert sum(episode.fired_on < day(120) for result in results for episode in result.episodes) <= 3
    states = {state for result in results for _, state in result.states}
    assert states >= {SeriesState.LOW_N, SeriesState.LEARNING, SeriesState.FIRING}


def test_weekly_series_detect_a_drop_within_two_weeks() -> None:
    """Thirty weeks of 60 cases, then a drop of 25 points."""
    rule = AlertRule(0.5, 0.1, config=WEEKLY)
    results = replay_together([random_readings([0.8] * 30 + [0.55] * 2, 60, seed, step=7) for seed in range(40)], rule)
    fired = [[episode for episode in result.episodes if episode.fired_on >= day(30, 7)] for result in results]
    assert sum(map(bool, fired)) >= 36
    assert all(episode.onset >= day(28, 7) and episode.onset.weekday() == 0 for history in fired for episode in history)
    assert dict(results[0].states)[day(5, 7)] is SeriesState.LEARNING


def test_weekly_series_without_a_drop_keep_the_false_alarm_budget() -> None:
    rule = AlertRule(0.5, 0.1, config=WEEKLY)
    results = replay_together([random_readings([0.8] * 104, 60, seed, step=7) for seed in range(60)], rule)
    assert sum(len(result.episodes) for result in results) <= 60 * 2 / 1.5


def test_neutral_answers_make_nps_drops_easier_to_detect() -> None:
    """Neutral answers reduce the variance, so the same drop of 8 NPS points is detected in more series."""
    rng = np.random.default_rng(3)
    with_neutral: list[list[Reading]] = []
    without: list[list[Reading]] = []
    for _ in range(60):
        history = []
        for column in range(107):
            shares = (0.30, 0.60, 0.10) if column < 100 else (0.24, 0.56, 0.20)
            promoters, neutral, _ = rng.multinomial(60, shares)
            history.append(Reading(day(column), promoters + neutral / 2, 60.0, neutral=float(neutral)))
        with_neutral.append(history)
        without.append([Reading(episode.day, episode.successes, episode.n) for episode in history])
    rule = AlertRule(0.4, 0.05)

    def detected(histories: list[list[Reading]]) -> int:
        return sum(
            any(episode.fired_on >= day(100) for episode in result.episodes)
            for result in replay_together(histories, rule)
        )

    assert detected(with_neutral) >= detected(without) + 10


def test_days_of_a_broken_promise_enter_the_baseline_once_it_is_chronic() -> None:
    """Two bad weeks while learning are excluded; a rate that stays low becomes the baseline."""
    recovered = replay_series(random_readings([0.85] * 10 + [0.3] * 14 + [0.85] * 60, 100, 1), AlertRule(0.8, 0.1))
    assert recovered.open_episode is None and recovered.reference == pytest.approx(0.85, abs=0.02)
    chronic = replay_series(random_readings([0.6] * 90, 100, 2), AlertRule(0.8, 0.1))
    assert chronic.state is SeriesState.FIRING and chronic.reference == pytest.approx(0.6, abs=0.02)


@pytest.mark.slow
def test_the_false_alarm_rate_needs_a_history_and_is_never_better_than_the_target() -> None:
    short_history, long_history, erratic = replay_together(
        [
            random_readings([0.8] * 30, 100, 1),
            random_readings([0.8] * 200, 100, 2),
            random_readings(list(0.7 + 0.1 * np.sin(np.arange(300) / 9.0)), 4000, 3),
        ],
        AlertRule(None, 0.12),
    )
    assert short_history.false_alarm_every is None
    assert long_history.false_alarm_every == pytest.approx(547.5)
    assert erratic.false_alarm_every is not None and erratic.false_alarm_every < 200


def test_a_series_with_three_days_a_week_is_evaluated() -> None:
    readings = [
        Reading(day(number), 180.0 if number < 380 else 80.0, 200.0)
        for number in range(420)
        if day(number).weekday() in (0, 2, 4)
    ]
    result = replay_series(readings, ANY_RULE)
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
    result = replay_series(readings, ANY_RULE)
    assert result.open_episode is not None and day(drop_on) <= result.open_episode.onset <= day(drop_on + 2)
    assert result.open_episode.detections[0].drop.reference == pytest.approx(0.9, abs=0.01)


def test_enough_cases_are_evaluated_even_if_volume_dropped() -> None:
    """400 cases a day at 90 %, then 90 a day at 11 %."""
    readings = [Reading(day(number), 360.0, 400.0) for number in range(100)]
    readings += [Reading(day(100 + number), 10.0, 90.0) for number in range(3)]
    result = replay_series(readings, ANY_RULE)
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
