"""An alert resolves on a usual week, not on a few quiet days, and a relapse reopens it."""

from __future__ import annotations

import numpy as np
import pytest

from jkpi.alerts.detection.episodes import Episode, SeriesResult
from jkpi.alerts.statistics.rules import AlertRule
from tests.worlds.binomial_days import Floats, binomial_days, day_number, results_of

ONSET, MONDAY, SERIES = 90, 112, 200
RULE = AlertRule(None, 0.05)


def results(mean: float, lost: Floats, seed: int, volume: Floats | None = None) -> list[SeriesResult]:
    """Half of the series with days that vary by chance alone, half with days that have something in common."""
    return [
        result
        for lasting in (0.0, 0.15)
        for result in results_of(binomial_days(SERIES, mean, lost, seed, volume, lasting=lasting), RULE)
    ]


def open_on(day: int, found: list[SeriesResult]) -> list[list[Episode]]:
    """Of each series with an alert that opened since the drop and is open on that day: its episodes from then on."""
    episodes = [
        [
            episode
            for episode in result.episodes
            if day_number(episode.fired_on) >= ONSET
            and (episode.closed_on is None or day_number(episode.closed_on) >= day)
        ]
        for result in found
    ]
    return [members for members in episodes if members and day_number(members[0].fired_on) < day]


def share_resolved(episodes: list[list[Episode]], first: int, last: int) -> float:
    """Share of series in which an alert was resolved on these days."""
    resolved = [
        any(
            detection.closed_on is not None and first <= day_number(detection.closed_on) <= last
            for episode in members
            for detection in episode.detections
        )
        for members in episodes
    ]
    return float(np.mean(resolved))


@pytest.mark.parametrize(("mean", "share"), [(20, 0.15), (60, 0.08), (300, 0.03)])
def test_four_holidays_do_not_resolve_an_alert(mean: float, share: float) -> None:
    """Tuesday to Friday bring a third of the cases, at the usual rate. Then the drop goes on."""
    days = np.arange(MONDAY + 35)
    is_holiday = (days > MONDAY) & (days <= MONDAY + 4)
    lost = np.where((days >= ONSET) & ~is_holiday, 0.1, 0.0)
    found = open_on(MONDAY + 1, results(mean, lost, 7, np.where(is_holiday, 0.35, 1.0)))
    assert len(found) > SERIES
    assert share_resolved(found, MONDAY + 1, MONDAY + 11) <= share


@pytest.mark.parametrize(
    ("mean", "points", "share"), [(60, 0.1, 0.35), (300, 0.1, 0.4), (60, 0.2, 0.1), (300, 0.2, 0.05)]
)
def test_five_good_days_seldom_resolve_an_alert(mean: float, points: float, share: float) -> None:
    days = np.arange(MONDAY + 35)
    is_good = (days >= MONDAY) & (days < MONDAY + 5)
    found = open_on(MONDAY, results(mean, np.where((days >= ONSET) & ~is_good, points, 0.0), 8))
    assert share_resolved(found, MONDAY, MONDAY + 8) <= share


@pytest.mark.parametrize(("mean", "half_within", "nine_in_ten_within"), [(20, 15, 42), (60, 10, 18), (300, 8, 13)])
def test_a_drop_that_is_over_is_resolved_within_two_weeks(
    mean: float, half_within: int, nine_in_ten_within: int
) -> None:
    days = np.arange(190)
    over = 118
    found = open_on(over, results(mean, np.where((days >= ONSET) & (days < over), 0.1, 0.0), 6))
    good_days = [
        min(
            (
                day_number(detection.closed_on) - over + 1.0
                for episode in members
                for detection in episode.detections
                if detection.closed_on is not None and day_number(detection.closed_on) >= over
            ),
            default=np.inf,
        )
        for members in found
    ]
    assert np.quantile(good_days, 0.5) <= half_within
    assert np.quantile(good_days, 0.9, method="higher") <= nine_in_ten_within


@pytest.mark.parametrize("mean", [20, 60, 300])
def test_a_drop_from_monday_to_wednesday_is_one_alert(mean: float) -> None:
    """Eight weeks long; the other four days are as usual."""
    days = np.arange(ONSET + 56)
    found = results(mean, np.where((days >= ONSET) & (days % 7 < 3), 0.1, 0.0), 9)
    openings = [
        sum(day_number(detection.fired_on) >= ONSET for episode in result.episodes for detection in episode.detections)
        for result in found
    ]
    assert np.mean([count for count in openings if count]) <= 1.7


@pytest.mark.parametrize(("good_days", "episode_count"), [(14, 1), (20, 1), (28, 2)])
def test_a_drop_that_returns_within_two_weeks_of_its_end_is_the_same_alert(good_days: int, episode_count: int) -> None:
    """300 cases a day, 20 points lower: it resolves after a week of good days, and opens again."""
    days = np.arange(MONDAY + good_days + 3)
    is_good = (days >= MONDAY) & (days < MONDAY + good_days)
    found = results_of(binomial_days(20, 300, np.where((days >= ONSET) & ~is_good, 0.2, 0.0), 12), RULE)
    counts = [sum(day_number(episode.fired_on) >= ONSET for episode in result.episodes) for result in found]
    assert np.mean(np.array(counts) == episode_count) >= 0.9
    episodes = [result.open_episode for result in found]
    assert all(episode is not None for episode in episodes)
    ended = [episode.detections[0].closed_on for episode in episodes if episode is not None]
    assert [end is not None for end in ended] == [episode_count == 1] * len(found)
