"""Contributions: the groups that a message says to check first."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from jkpi.alerts.evidence.contributions import contributions
from jkpi.alerts.evidence.daily_readings import DailyReading
from jkpi.alerts.series.watched import WatchedMoment
from tests.alerts.made_world import FIRST

DROP_DAY = FIRST + timedelta(days=60)


def segment_days(baseline: float, now: float, n: int) -> list[DailyReading]:
    """Sixty days of ten cases at the baseline rate, then one day of n cases at the rate now."""
    before = [day(FIRST + timedelta(days=number), 10 * baseline, 10) for number in range(60)]
    return [*before, day(DROP_DAY, round(now * n), n)]


def day(when: date, successes: float, n: float) -> DailyReading:
    return DailyReading(when, successes / n, successes, n, None, None, "final")


@pytest.fixture
def watched() -> WatchedMoment:
    moment = ("repair", "Repair", "stays", "Customer stays", "fix.csat", "Satisfaction", None)
    return WatchedMoment(*moment, "top_box", "share", "higher", 0.8, 0.05, "owner", (), ("payer",))


def contributing_values(
    days_by_value: dict[str, list[DailyReading]], watched: WatchedMoment, loss: float, n: float
) -> list[str]:
    readings = {("payer", value): days for value, days in days_by_value.items()}
    return [
        contribution.segment_value for contribution in contributions(readings, watched, DROP_DAY, DROP_DAY, loss, n)
    ]


def test_a_group_that_dropped_alone_is_named(watched: WatchedMoment) -> None:
    days_by_value = {"public": segment_days(0.8, 0.8, 200), "private": segment_days(0.8, 0.4, 60)}
    assert contributing_values(days_by_value, watched, 24, 260) == ["private"]


def test_a_small_group_that_may_be_low_by_chance_is_not_named(watched: WatchedMoment) -> None:
    """All groups dropped from 80 % to 66 %; of 26 cases 13 succeed by chance."""
    days_by_value = {"public": segment_days(0.8, 0.68, 174), "private": segment_days(0.8, 0.5, 26)}
    assert contributing_values(days_by_value, watched, 0.14 * 200, 200) == []
