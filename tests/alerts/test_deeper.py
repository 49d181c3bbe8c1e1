"""While an alert is open: a further fall is told, whoever acknowledged the first; the good days between are no end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from jkpi.alerts.detection.replay import replay_series
from jkpi.alerts.detection.state_machine import SeriesState
from jkpi.alerts.statistics.reading_grid import Reading
from jkpi.alerts.statistics.rules import AlertRule
from jkpi.alerts.store.acknowledgements import acknowledge
from tests.alerts.made_world import FIRST, ON_SITE, World, steady

BUSY = AlertRule(None, 0.05)


def on(number: int) -> date:
    """Days from a Monday on."""
    return date(2025, 9, 1) + timedelta(days=number)


def series(*stretches: tuple[int, float]) -> list[Reading]:
    """So many days at a rate, one stretch after the other; 100 cases a day."""
    rates = [rate for days, rate in stretches for _ in range(days)]
    return [Reading(on(day), 100.0 * rate, 100.0) for day, rate in enumerate(rates)]


def test_a_further_fall_is_a_part_of_its_own() -> None:
    (breach,) = replay_series(series((60, 0.92), (10, 0.8), (10, 0.5)), BUSY).episodes
    first, second = sorted(breach.detections, key=lambda part: part.fired_on)
    assert (first.onset, second.onset) == (on(60), on(70))
    assert second.fired_on == on(71) and second.drop.rate == pytest.approx(0.5)


def test_a_fall_that_stays_as_it_is_has_no_second_part() -> None:
    (breach,) = replay_series(series((60, 0.92), (80, 0.8)), BUSY).episodes
    assert len(breach.detections) == 1


def test_so_little_further_that_nobody_need_wake() -> None:
    """Three points further, where five are worth waking somebody."""
    (breach,) = replay_series(series((60, 0.92), (20, 0.8), (60, 0.77)), BUSY).episodes
    assert len(breach.detections) == 1


@pytest.mark.parametrize("low", [0.1, 0.7])
def test_a_fall_of_weekends_is_one_alert(low: float) -> None:
    """Five good days between are not its end; three weekends as before are."""
    readings = [
        Reading(
            on(day), *((90.0, 100.0) if on(day).weekday() < 5 else (50.0 * (low if 100 <= day < 170 else 0.9), 50.0))
        )
        for day in range(200)
    ]
    (breach,) = replay_series(readings, BUSY).episodes
    assert breach.closed_on is not None and on(170) < breach.closed_on <= on(190)
    assert replay_series(readings[:165], BUSY).state in (SeriesState.FIRING, SeriesState.RECOVERING)


def test_who_acknowledged_hears_that_it_gets_worse(make_world: Callable[..., World]) -> None:
    world = make_world(ON_SITE.replace("promise: 0.9", "promise: 0.85"))
    world.put(steady(60, 0.92) + steady(4, 0.84))
    (opened,) = world.run().transitions
    acknowledge(world.settings, opened.alert_id, "me", "", "cli", datetime(2026, 3, 6, 7, tzinfo=UTC))
    world.put(steady(2, 0.2), first=FIRST + timedelta(days=64))
    (told,) = world.run().transitions
    assert (told.alert_id, told.transition) == (opened.alert_id, "worsened")
    assert "further down to 20 %" in told.headline
    world.put(steady(10, 0.2), first=FIRST + timedelta(days=66))
    assert not world.run().transitions, "it is told once"
