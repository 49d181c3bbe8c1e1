"""Months that turn alike: what comes back every month is usual, and hides no fall."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from jkpi.alerts.detection.replay import SeriesToEvaluate, replay_grid
from jkpi.alerts.statistics.baseline import BaselineEstimate
from jkpi.alerts.statistics.month_end import MonthEndEffect, position_in_turn
from jkpi.alerts.statistics.reading_grid import VALID, ReadingGrid
from jkpi.alerts.statistics.rules import DAILY, WEEKLY, AlertRule, EvaluationConfig

FIRST = date(2025, 1, 1)
DAYS = 420
N, USUAL, AT_THE_END = 300, 0.8, 0.7


@pytest.mark.parametrize(
    ("day", "turn"),
    [
        ("2024-02-29", 3),
        ("2024-02-27", 5),
        ("2024-02-26", None),
        ("2024-03-01", 0),
        ("2024-03-03", 2),
        ("2024-03-04", None),
        ("2023-12-31", 3),
    ],
)
def test_a_month_turns_on_its_last_and_first_three_days(day: str, turn: int | None) -> None:
    assert position_in_turn(date.fromisoformat(day)) == turn


def learned(apart: list[float], cadence: EvaluationConfig = DAILY) -> float:
    """How much lower the last day of a month is taken to be after months that lay so far from the usual."""
    days = [day for day in (FIRST + timedelta(days=number) for number in range(DAYS)) if position_in_turn(day) == 3]
    good, n = np.zeros((DAYS, 1)), np.full((DAYS, 1), float(N))
    grid = ReadingGrid(
        FIRST, cadence.step_days, good, n, good, np.full((DAYS, 1), VALID), np.array([0]), np.array([DAYS])
    )
    months = MonthEndEffect(grid, cadence)
    one = np.ones(1)
    usual = BaselineEstimate(one * USUAL, one * 0.01, one * 1e4, one * 56, one * N, one * 5, one > 0, one)
    for day, difference in zip(days, apart, strict=False):
        column = (day - FIRST).days
        good[column] = N * (USUAL + difference)
        months.update(column, usual, one > 0)
    return float(months.adjustment((days[len(apart)] - FIRST).days)[0])


@pytest.mark.parametrize(
    ("apart", "lower"),
    [
        ([-0.1, -0.1], 0.0),
        ([-0.1, -0.1, -0.1], 0.1),
        ([0.0, -0.3, 0.0], 0.0),
        ([-0.1, -0.3, -0.06], 0.08),
        ([0.1, 0.1, 0.1], 0.0),
    ],
)
def test_a_habit_has_three_months_of_which_the_lowest_does_not_count(apart: list[float], lower: float) -> None:
    assert learned(apart) == pytest.approx(lower)


def test_weeks_know_no_turn_of_the_month() -> None:
    assert learned([-0.1] * 4, WEEKLY) == 0.0


def opened(low: dict[date, float]) -> list[date]:
    """When alerts open of days that are usual, but for each month's last two and those given."""
    days = [FIRST + timedelta(days=number) for number in range(DAYS)]
    rate = [low.get(day, AT_THE_END if position_in_turn(day) in (3, 4) else USUAL) for day in days]
    noise = np.random.default_rng(1).binomial(N, 0.5, DAYS) - N / 2
    good = (np.array(rate) * N + noise * 0.8).round()[:, None]
    grid = ReadingGrid(FIRST, 1, good, np.full((DAYS, 1), float(N)), np.zeros((DAYS, 1)),
                np.full((DAYS, 1), VALID, dtype=np.int8), np.array([0]), np.array([DAYS]))  # fmt: skip
    (track,) = replay_grid(grid, [SeriesToEvaluate(AlertRule(None, 0.05), 0)])
    return [breach.fired_on for breach in track.episodes]


def test_a_low_end_of_month_is_told_until_it_is_known_and_a_fall_is_told_on_any_day() -> None:
    quiet = opened({})
    assert quiet and max(quiet) < date(2025, 5, 1)
    fell = date(2025, 11, 29)
    lower = {fell + timedelta(days=number): (0.55 if number < 2 else 0.65) for number in range(10)}
    (told,) = (day for day in opened(lower) if day not in quiet)
    assert timedelta(0) <= told - fell <= timedelta(days=3)
