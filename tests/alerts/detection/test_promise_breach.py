"""A broken promise of a segment is no episode; a drop beside it stays one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jkpi.alerts.detection.promise_breach import is_drop_from_kept_promise, separate_promise_breach
from jkpi.alerts.detection.state_machine import SeriesState
from jkpi.alerts.statistics.reading_grid import VALID, ReadingGrid
from jkpi.alerts.statistics.rules import AlertRule
from tests.alerts.transitions.records import day, detection, result


def test_a_result_without_a_broken_promise_stays_as_it_is() -> None:
    before = result(detection(60, 62), states="o" * 62 + "f" * 8)
    assert separate_promise_breach(before) is before


def test_a_broken_promise_alone_is_a_breach_and_no_episode() -> None:
    breach = detection(2, 10, line="promise")
    after = separate_promise_breach(result(breach, states="o" * 10 + "f" * 50 + "r" * 10))
    assert (after.episodes, after.open_episode, after.promise_breach) == ((), None, breach)
    assert (after.state, after.state_since) == (SeriesState.BELOW_PROMISE, day(2))
    assert {state for _, state in after.states} == {SeriesState.OK, SeriesState.BELOW_PROMISE}


def test_a_drop_while_the_promise_is_broken_is_the_episode() -> None:
    breach, drop = detection(2, 10, line="promise"), detection(60, 62)
    before = result(breach, drop, states="o" * 10 + "f" * 60)
    assert [episode.onset for episode in before.episodes] == [day(2)]
    after = separate_promise_breach(before)
    assert after.open_episode is not None
    assert (after.open_episode.onset, after.open_episode.detections) == (day(60), (drop,))
    assert (after.state, after.state_since, after.promise_breach) == (SeriesState.FIRING, day(60), breach)
    states = dict(after.states)
    assert (states[day(61)], states[day(62)]) == (SeriesState.BELOW_PROMISE, SeriesState.FIRING)


def test_a_breach_that_ended_is_over() -> None:
    before = replace(result(detection(2, 10, 40, line="promise"), states="o" * 10 + "f" * 30 + "o" * 30))
    after = separate_promise_breach(before)
    assert (after.episodes, after.promise_breach, after.state) == ((), None, SeriesState.OK)


def test_a_breach_of_a_promise_that_was_kept_before_stays_an_episode() -> None:
    breach = detection(20, 22, line="promise")
    before = result(breach, states="o" * 22 + "f" * 8)
    after = separate_promise_breach(before, lambda detection: detection is breach)
    assert after is before


@pytest.mark.parametrize(
    ("before", "n", "successes_in_breach", "is_drop"),
    [
        ([8] * 10, 10, 50, True),
        ([5] * 10, 10, 10, False),
        ([8] * 6, 10, 50, False),
        ([3] * 10, 4, 40, True),
        ([2] * 7, 4, 10, False),
        ([6] * 10, 10, 55, False),
    ],
    ids=["drop", "never kept", "too few readings", "30 cases suffice", "too few cases", "by chance"],
)
def test_a_breach_is_a_drop_if_the_promise_was_clearly_kept_before(
    before: list[int], n: int, successes_in_breach: float, is_drop: bool
) -> None:
    """The promise is broken below 0.6. The breach has 100 cases."""
    days = len(before)
    counts = np.array(before, dtype=float)[:, None]
    grid = ReadingGrid(
        day(0),
        1,
        counts,
        np.full((days, 1), float(n)),
        np.zeros((days, 1)),
        np.full((days, 1), VALID, dtype=np.int8),
        np.array([0]),
        np.array([days]),
    )
    breach = detection(days, days + 3, line="promise")
    breach = replace(breach, drop=replace(breach.drop, successes=successes_in_breach))
    assert is_drop_from_kept_promise(grid, 0, AlertRule(0.7, 0.1), breach) == is_drop
