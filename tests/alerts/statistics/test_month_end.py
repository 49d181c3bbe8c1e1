"""Month-end effect: a drop at every turn of the month is expected, and hides no other drop."""

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
N, RATE, MONTH_END_RATE = 300, 0.8, 0.7


@pytest.mark.parametrize(
    ("day", "position"),
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
def test_position_in_turn(day: str, position: int | None) -> None:
    assert position_in_turn(date.fromisoformat(day)) == position


def learned_adjustment(differences: list[float], config: EvaluationConfig = DAILY) -> float:
    """Adjustment of the last day of a month after months with these differences from the baseline."""
    days = [day for day in (FIRST + timedelta(days=number) for number in range(DAYS)) if position_in_turn(day) == 3]
    successes, n = np.zeros((DAYS, 1)), np.full((DAYS, 1), float(N))
    grid = ReadingGrid(
        FIRST, config.step_days, successes, n, successes, np.full((DAYS, 1), VALID), np.array([0]), np.array([DAYS])
    )
    effect = MonthEndEffect(grid, config)
    ones = np.ones(1)
    estimate = BaselineEstimate(ones * RATE, ones * 0.01, ones * 1e4, ones * 56, ones > 0, ones)
    for day, difference in zip(days, differences, strict=False):
        column = (day - FIRST).days
        successes[column] = N * (RATE + difference)
        effect.update(column, estimate, ones > 0)
    return float(effect.adjustment((days[len(differences)] - FIRST).days)[0])


@pytest.mark.parametrize(
    ("differences", "adjustment"),
    [
        ([-0.1, -0.1], 0.0),
        ([-0.1, -0.1, -0.1], 0.1),
        ([0.0, -0.3, 0.0], 0.0),
        ([-0.1, -0.3, -0.06], 0.08),
        ([0.1, 0.1, 0.1], 0.0),
    ],
)
def test_an_adjustment_needs_three_months_and_ignores_the_lowest(differences: list[float], adjustment: float) -> None:
    assert learned_adjustment(differences) == pytest.approx(adjustment)


def test_weekly_series_have_no_month_end_effect() -> None:
    assert learned_adjustment([-0.1] * 4, WEEKLY) == 0.0


def fired_days(low_rates: dict[date, float]) -> list[date]:
    """Days on which alerts fire. Days are at the baseline but for the last two of each month and low_rates."""
    days = [FIRST + timedelta(days=number) for number in range(DAYS)]
    rate = [low_rates.get(day, MONTH_END_RATE if position_in_turn(day) in (3, 4) else RATE) for day in days]
    noise = np.random.default_rng(1).binomial(N, 0.5, DAYS) - N / 2
    successes = (np.array(rate) * N + noise * 0.8).round()[:, None]
    grid = ReadingGrid(
        FIRST,
        1,
        successes,
        np.full((DAYS, 1), float(N)),
        np.zeros((DAYS, 1)),
        np.full((DAYS, 1), VALID, dtype=np.int8),
        np.array([0]),
        np.array([DAYS]),
    )
    (result,) = replay_grid(grid, [SeriesToEvaluate(AlertRule(None, 0.05), 0)])
    return [episode.fired_on for episode in result.episodes]


def test_a_low_month_end_fires_until_it_is_learned_and_a_drop_fires_on_any_day() -> None:
    without_drop = fired_days({})
    assert without_drop and max(without_drop) < date(2025, 5, 1)
    onset = date(2025, 11, 29)
    adjustment = {onset + timedelta(days=number): (0.55 if number < 2 else 0.65) for number in range(10)}
    (fired_on,) = (day for day in fired_days(adjustment) if day not in without_drop)
    assert timedelta(0) <= fired_on - onset <= timedelta(days=3)
