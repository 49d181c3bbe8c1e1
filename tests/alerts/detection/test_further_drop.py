"""Further drops while an alert is open, and alerts about weekends only."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from jkpi.alerts.detection.replay import replay_series
from jkpi.alerts.detection.state_machine import SeriesState
from jkpi.alerts.statistics.reading_grid import Reading
from jkpi.alerts.statistics.rules import AlertRule
from jkpi.alerts.store.acknowledgements import acknowledge
from jkpi.alerts.store.listing import list_alerts
from jkpi.cli.alerts import render_alerts
from tests.alerts.made_world import FIRST, ON_SITE, World, steady

RULE = AlertRule(None, 0.05)


def day(number: int) -> date:
    """A day by its number; day 0 is a Monday."""
    return date(2025, 9, 1) + timedelta(days=number)


def readings_of(*stretches: tuple[int, float]) -> list[Reading]:
    """Readings of (days, rate) one after the other, with 100 cases a day."""
    rates = [rate for days, rate in stretches for _ in range(days)]
    return [Reading(day(number), 100.0 * rate, 100.0) for number, rate in enumerate(rates)]


def test_a_further_drop_is_a_detection_of_its_own() -> None:
    (episode,) = replay_series(readings_of((60, 0.92), (10, 0.8), (10, 0.5)), RULE).episodes
    first, second = sorted(episode.detections, key=lambda detection: detection.fired_on)
    assert (first.onset, second.onset) == (day(60), day(70))
    assert (second.fired_on, second.reason) == (day(70), "collapse") and second.drop.rate == pytest.approx(0.5)


def test_a_constant_drop_has_one_detection() -> None:
    (episode,) = replay_series(readings_of((60, 0.92), (80, 0.8)), RULE).episodes
    assert len(episode.detections) == 1


def test_a_collapse_within_the_first_week_is_a_detection_of_its_own() -> None:
    """Three days after the alert opened. Smaller further drops are tested once the depth is known from a week."""
    (episode,) = replay_series(readings_of((60, 0.92), (5, 0.8), (2, 0.2)), RULE).episodes
    first, second = sorted(episode.detections, key=lambda detection: detection.fired_on)
    assert first.fired_on <= day(62)
    assert (second.onset, second.fired_on) == (day(65), day(65))
    (episode,) = replay_series(readings_of((60, 0.92), (5, 0.8), (4, 0.7)), RULE).episodes
    assert len(episode.detections) == 1


def test_a_partial_first_day_is_no_drop_of_its_own() -> None:
    """The rate falls to 50 % in the middle of a day, which therefore shows 70 %, and stays there."""
    (episode,) = replay_series(readings_of((60, 0.92), (1, 0.7), (60, 0.5)), RULE).episodes
    assert episode.fired_on == day(60)
    assert len(episode.detections) == 1


def test_less_than_a_quarter_of_the_depth_is_no_further_drop() -> None:
    """Thirty-two points, then six more, and then ten more."""
    (episode,) = replay_series(readings_of((60, 0.92), (20, 0.6), (60, 0.54)), RULE).episodes
    assert len(episode.detections) == 1
    (episode,) = replay_series(readings_of((60, 0.92), (20, 0.6), (60, 0.5)), RULE).episodes
    assert len(episode.detections) == 2


def test_a_further_drop_below_min_drop_is_ignored() -> None:
    """Three more points, with a min_drop of five."""
    (episode,) = replay_series(readings_of((60, 0.92), (20, 0.8), (60, 0.77)), RULE).episodes
    assert len(episode.detections) == 1


@pytest.mark.parametrize("low", [0.1, 0.7])
def test_a_drop_on_weekends_is_one_alert(low: float) -> None:
    """Five clear weekdays do not close it; three clear weekends do."""
    rates = [low if 100 <= number < 170 else 0.9 for number in range(200)]
    readings = [
        Reading(day(number), 90.0, 100.0) if day(number).weekday() < 5 else Reading(day(number), 50.0 * rate, 50.0)
        for number, rate in enumerate(rates)
    ]
    (episode,) = replay_series(readings, RULE).episodes
    assert episode.closed_on is not None and day(170) < episode.closed_on <= day(190)
    assert replay_series(readings[:165], RULE).state in (SeriesState.FIRING, SeriesState.RECOVERING)


def test_list_and_reminder_name_the_current_rate(make_world: Callable[..., World]) -> None:
    """On the day after the alert the rate falls much further, which counts as the depth of the same drop."""
    world = make_world(ON_SITE.replace("promise: 0.9", "promise: 0.85"))
    world.put(steady(60, 0.92) + steady(2, 0.84))
    (opened,) = world.run().transitions
    assert [(alert.current_value, alert.current_n) for alert in list_alerts(world.settings)] == [(0.84, 200.0)]
    world.put(steady(10, 0.2), first=FIRST + timedelta(days=62))
    world.run()
    reminder = world.messages()[-1]
    assert re.fullmatch(
        r"Reminder: Technician on site: dropped by about 66 points .*, from 92 % to about 26 %, now 20 %",
        reminder.title,
    )
    assert "Now           20 % (17 to 23 %" in reminder.body
    assert "Since onset   31 % (" in reminder.body
    (listed,) = list_alerts(world.settings)
    assert (listed.alert_id, listed.current_value, listed.current_n) == (opened.alert_id, 0.2, 700.0)
    assert any("20 % (n = 700)" in line for line in render_alerts([listed], []))


def test_an_acknowledged_alert_is_notified_again_when_it_worsens(make_world: Callable[..., World]) -> None:
    world = make_world(ON_SITE.replace("promise: 0.9", "promise: 0.85"))
    world.put(steady(60, 0.92) + steady(4, 0.84))
    (opened,) = world.run().transitions
    world.put(steady(3, 0.84), first=FIRST + timedelta(days=64))
    assert not world.run().transitions
    acknowledge(world.settings, opened.alert_id, "me", "", "cli", datetime(2026, 3, 9, 7, tzinfo=UTC))
    world.put(steady(2, 0.2), first=FIRST + timedelta(days=67))
    (worsened,) = world.run().transitions
    assert (worsened.alert_id, worsened.transition) == (opened.alert_id, "worsened")
    assert "dropped further, by about 72 points (67 to 77), from 92 % to about 20 %" in worsened.headline
    world.put(steady(10, 0.2), first=FIRST + timedelta(days=69))
    assert not world.run().transitions, "it is notified once"
