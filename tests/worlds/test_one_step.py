"""A rate falls by one step and stays there: one alert, one message. A second step is a second message."""

from __future__ import annotations

import numpy as np
import pytest

from jkpi.alerts.detection.episodes import SeriesResult
from jkpi.alerts.statistics.rules import AlertRule
from tests.worlds.binomial_days import Floats, binomial_days, day_number, results_of

ONSET, SERIES = 150, 150
RULE = AlertRule(None, 0.05)


def results(mean: float, lost: Floats, seed: int) -> list[SeriesResult]:
    """Half of the series with days that vary by chance alone, half with days that have something in common."""
    return [
        result
        for lasting in (0.0, 0.15)
        for result in results_of(binomial_days(SERIES, mean, lost, seed, lasting=lasting), RULE)
    ]


def days_to_second_detection(found: list[SeriesResult]) -> Floats:
    """Of each series whose drop was detected: days from the first detection to the next one, infinite without one."""
    gaps = []
    for result in found:
        episodes = [
            episode for episode in result.episodes if ONSET <= day_number(episode.detections[0].fired_on) < ONSET + 10
        ]
        if episodes:
            first, *others = sorted(day_number(detection.fired_on) for detection in episodes[0].detections)
            gaps.append(min((other - first for other in others), default=np.inf))
    return np.array(gaps)


@pytest.mark.parametrize("first_day_share", [1.0, 0.3], ids=["from its first day", "from the middle of a day"])
@pytest.mark.parametrize("mean", [20, 60, 300])
def test_one_step_gives_one_message(mean: float, first_day_share: float) -> None:
    """Thirty points lower for two months. Where the first day was partial, 68 % had a second message within a week."""
    days = np.arange(ONSET + 60)
    lost = np.where(days >= ONSET, 0.3, 0.0)
    lost[ONSET] *= first_day_share
    gaps = days_to_second_detection(results(mean, lost, 10))
    assert len(gaps) > SERIES
    assert np.mean(gaps <= 7) == 0.0
    assert np.mean(gaps <= 28) <= 0.03


@pytest.mark.parametrize(("mean", "share"), [(20, 0.25), (60, 0.75), (300, 0.9)])
def test_ten_more_points_are_a_message_of_their_own(mean: float, share: float) -> None:
    """Ten points lower, and ten more after 45 days: reported within two weeks."""
    days = np.arange(ONSET + 60)
    lost = np.where(days >= ONSET, 0.1, 0.0) + np.where(days >= ONSET + 45, 0.1, 0.0)
    is_reported = [
        any(
            ONSET + 45 <= day_number(detection.fired_on) < ONSET + 59
            for episode in result.episodes
            for detection in episode.detections
        )
        for result in results(mean, lost, 11)
    ]
    assert np.mean(is_reported) >= share
