"""What the judge does with series that are not a share a day: few cases, weeks, points, broken promises."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pytest

from jkpi.alerts.detection.episodes import SeriesResult
from jkpi.alerts.detection.replay import SeriesToEvaluate, replay_grid, replay_series
from jkpi.alerts.detection.state_machine import SeriesState
from jkpi.alerts.statistics.reading_grid import Reading, grid_from_readings, group_chunks
from jkpi.alerts.statistics.rules import WEEKLY, AlertRule

FIRST = date(2025, 9, 1)  # a Monday


def on(position: int, step: int = 1) -> date:
    return FIRST + timedelta(days=position * step)


def drawn(rate: Sequence[float], mean: float, seed: int, step: int = 1) -> list[Reading]:
    rng = np.random.default_rng(seed)
    n = rng.poisson(mean, len(rate))
    return [Reading(on(t, step), float(rng.binomial(n[t], rate[t])), float(n[t])) for t in range(len(rate)) if n[t]]


def all_at_once(worlds: Sequence[Sequence[Reading]], rule: AlertRule) -> list[SeriesResult]:
    laid = grid_from_readings(worlds, [None] * len(worlds), rule.config.step_days)
    return list(replay_grid(laid, [SeriesToEvaluate(rule, number) for number in range(len(worlds))]))


def test_two_cases_a_day_are_pooled_until_they_tell() -> None:
    """From 90 to 40 %: no day of two cases shows it, and nearly all of 30 such series are told of within four weeks."""
    rate = [0.9] * 120 + [0.4] * 28
    tracks = all_at_once([drawn(rate, 2, seed) for seed in range(30)], AlertRule(None, 0.1))
    assert sum(any(one.fired_on >= on(120) for one in track.episodes) for track in tracks) >= 27
    assert sum(one.fired_on < on(120) for track in tracks for one in track.episodes) <= 3
    assert {state for _, state in tracks[0].states} >= {SeriesState.LOW_N, SeriesState.LEARNING, SeriesState.FIRING}


def test_weeks_are_judged_like_days() -> None:
    """Thirty quiet weeks of 60 cases, then a fall of 25 points: found within two weeks, from the first on."""
    rule = AlertRule(0.5, 0.1, config=WEEKLY)
    tracks = all_at_once([drawn([0.8] * 30 + [0.55] * 2, 60, seed, step=7) for seed in range(40)], rule)
    fired = [[one for one in track.episodes if one.fired_on >= on(30, 7)] for track in tracks]
    assert sum(map(bool, fired)) >= 36
    assert all(one.onset >= on(28, 7) and one.onset.weekday() == 0 for own in fired for one in own)
    assert dict(tracks[0].states)[on(5, 7)] is SeriesState.LEARNING


def test_weeks_without_a_fall_are_silent() -> None:
    rule = AlertRule(0.5, 0.1, config=WEEKLY)
    tracks = all_at_once([drawn([0.8] * 104, 60, seed, step=7) for seed in range(60)], rule)
    assert sum(len(track.episodes) for track in tracks) <= 60 * 2 / 1.5


def test_an_nps_is_judged_by_its_three_counts() -> None:
    """Half answers spread less: the same falls of 8 points of score are found sooner than if all were good or bad."""
    rng = np.random.default_rng(3)
    with_passives: list[list[Reading]] = []
    without: list[list[Reading]] = []
    for _ in range(60):
        own = []
        for t in range(107):
            shares = (0.30, 0.60, 0.10) if t < 100 else (0.24, 0.56, 0.20)
            promoters, passives, _ = rng.multinomial(60, shares)
            own.append(Reading(on(t), promoters + passives / 2, 60.0, neutral=float(passives)))
        with_passives.append(own)
        without.append([Reading(one.day, one.good, one.n) for one in own])
    rule = AlertRule(0.4, 0.05)

    def found(worlds: list[list[Reading]]) -> int:
        return sum(any(one.fired_on >= on(100) for one in track.episodes) for track in all_at_once(worlds, rule))

    assert found(with_passives) >= found(without) + 10


def test_a_broken_promise_leaves_the_baseline_until_it_is_chronic() -> None:
    """A bad fortnight while learning is forgotten when it is over; a rate that stays low becomes what is usual."""
    over = replay_series(drawn([0.85] * 10 + [0.3] * 14 + [0.85] * 60, 100, 1), AlertRule(0.8, 0.1))
    assert over.open_episode is None and over.reference == pytest.approx(0.85, abs=0.02)
    stays = replay_series(drawn([0.6] * 90, 100, 2), AlertRule(0.8, 0.1))
    assert stays.state is SeriesState.FIRING and stays.reference == pytest.approx(0.6, abs=0.02)


def test_false_alarms_by_its_own_past_are_told_once_there_is_a_past() -> None:
    short, long, lasting = all_at_once(
        [
            drawn([0.8] * 30, 100, 1),
            drawn([0.8] * 200, 100, 2),
            drawn(list(0.8 + 0.06 * np.sin(np.arange(200) / 9.0)), 400, 3),
        ],
        AlertRule(0.5, 0.05),
    )
    assert short.false_alarm_every is None
    assert long.false_alarm_every is not None and long.false_alarm_every > 180
    assert lasting.false_alarm_every is not None and lasting.false_alarm_every < long.false_alarm_every


def test_groups_are_never_cut() -> None:
    groups = np.repeat(np.arange(40), 7)
    parts = list(group_chunks(groups, 10))
    assert [part.stop for part in parts[:-1]] == [part.start for part in parts[1:]]
    assert all(not set(groups[: part.stop]) & set(groups[part.stop :]) for part in parts)
