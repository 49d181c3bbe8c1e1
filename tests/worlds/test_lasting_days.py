"""What days have in common lasts for weeks: the threshold follows from it, and three low days alone are no trend."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jkpi.alerts.statistics.rules import AlertRule
from tests.worlds.binomial_days import binomial_days, day_number, results_of

SERIES, LENGTH, LEARNED = 200, 217, 35
RULE = AlertRule(None, 0.05)


def false_alarms_a_month(mean: float, lasting: float, correlation: float) -> float:
    grid = binomial_days(SERIES, mean, np.zeros(LENGTH), 22, lasting=lasting, correlation=correlation)
    fired = [
        day_number(detection.fired_on)
        for result in results_of(grid, RULE)
        for episode in result.episodes
        for detection in episode.detections
    ]
    return sum(day >= LEARNED for day in fired) / (SERIES * (LENGTH - LEARNED) / 30.44)


@pytest.mark.parametrize(("mean", "at_most"), [(60, 0.14), (300, 0.16)])
def test_days_that_drift_for_weeks_have_fewer_false_alarms(mean: float, at_most: float) -> None:
    """Correlation 0.9 from day to day. With a cap on the variance ratio, these were 0.17 and 0.22 a month."""
    assert false_alarms_a_month(mean, 0.15, 0.9) <= at_most


@pytest.mark.parametrize(("mean", "at_most"), [(20, 0.07), (60, 0.07), (300, 0.065)])
def test_days_with_something_in_common_keep_the_budget(mean: float, at_most: float) -> None:
    """Correlation 0.5, for which a short history is prepared. 0.056 are allowed; the standard error is 0.007."""
    assert false_alarms_a_month(mean, 0.15, 0.5) <= at_most


def test_the_threshold_follows_the_history_however_much_it_varies() -> None:
    """Twice that variation. No rate better than the target is stated, and hardly a series is beyond all thresholds."""
    grid = binomial_days(50, 300, np.zeros(LENGTH), 22, lasting=0.3, correlation=0.9)
    stated = np.array([result.false_alarm_every for result in results_of(grid, RULE)], dtype=float)
    assert np.max(stated) <= 547.5 + 1e-6
    assert np.mean(stated < 547.0) <= 0.1


@pytest.mark.slow
def test_a_local_baseline_gives_fewer_false_alarms_on_drift_and_hides_slow_falls() -> None:
    """The choice of `baseline: local`, at 300 cases a day: drift of weeks, and ten points lost over eight weeks."""
    days = np.arange(LENGTH)
    drift = binomial_days(SERIES, 300, np.zeros(LENGTH), 33, lasting=0.2, correlation=0.97)
    ramp = binomial_days(SERIES, 300, np.clip((days - 150) / 56 * 0.1, 0.0, 0.1), 35)
    local = replace(RULE, has_local_baseline=True)
    alarms = [sum(len(result.episodes) for result in results_of(drift, rule)) for rule in (RULE, local)]
    found = [sum(result.open_episode is not None for result in results_of(ramp, rule)) for rule in (RULE, local)]
    assert alarms[1] < 0.95 * alarms[0]
    assert found[1] < 0.8 * found[0]
