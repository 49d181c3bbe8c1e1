"""Which groups a message says to look at first."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from jkpi.alerts.evidence.contributions import contributions
from jkpi.alerts.evidence.daily_readings import DailyReading
from jkpi.alerts.series.watched import WatchedMoment
from tests.alerts.made_world import FIRST

LOW = FIRST + timedelta(days=60)


def group(usual: float, now: float, n: int) -> list[DailyReading]:
    """Sixty usual days of ten cases, and one day of `n` of which so many are good."""
    before = [day(FIRST + timedelta(days=number), 10 * usual, 10) for number in range(60)]
    return [*before, day(LOW, round(now * n), n)]


def day(when: date, good: float, n: float) -> DailyReading:
    return DailyReading(when, good / n, good, n, None, None, "final")


@pytest.fixture
def satisfied() -> WatchedMoment:
    moment = ("repair", "Repair", "stays", "Customer stays", "fix.csat", "Satisfaction", None)
    return WatchedMoment(*moment, "top_box", "share", "higher", 0.8, 0.05, "owner", (), ("payer",))


def names(found: dict[str, list[DailyReading]], watched: WatchedMoment, loss: float, n: float) -> list[str]:
    readings = {("payer", value): days for value, days in found.items()}
    return [one.segment_value for one in contributions(readings, watched, LOW, LOW, loss, n)]


def test_a_group_that_fell_alone_is_named(satisfied: WatchedMoment) -> None:
    found = {"public": group(0.8, 0.8, 200), "private": group(0.8, 0.4, 60)}
    assert names(found, satisfied, 24, 260) == ["private"]


def test_a_small_group_that_may_be_lower_by_chance_is_not(satisfied: WatchedMoment) -> None:
    """All fell alike, from 80 % to 66 %; of 26 it happens to be 13."""
    found = {"public": group(0.8, 0.68, 174), "private": group(0.8, 0.5, 26)}
    assert names(found, satisfied, 0.14 * 200, 200) == []
