"""Segments below their promise: separate a broken promise from drops. Pure.

A moment for all customers that breaks its promise is an alert. Of a segment, only a drop from its own past is one, also
before its baseline is known, if it kept the promise until then and is clearly lower since. That a segment has been
below the promise for as long as it is known is no news, and with one promise for all it is true of many segments at
once. Such breaches are reported together, once a month.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from jkpi.alerts.detection.episodes import Detection, Episode, SeriesResult, StateHistory, merge_detections
from jkpi.alerts.detection.state_machine import BELOW_PROMISE, FIRING, RECOVERING, SeriesState
from jkpi.alerts.statistics.reading_grid import VALID, ReadingGrid
from jkpi.alerts.statistics.rules import AlertRule
from jkpi.alerts.statistics.two_sample import Sample, drop_tail

MIN_KEPT_READINGS, MIN_KEPT_N = 7, 30.0
MAX_DROP_TAIL = 1e-4
"""Highest probability by chance of a drop from a kept promise: one in twenty for about 20 segments, of which each may
seem to drop on about 20 days. A segment near the line is above it in its first weeks now and then."""


def separate_promise_breach(
    result: SeriesResult, is_drop: Callable[[Detection], bool] = lambda detection: False
) -> SeriesResult:
    """The result of a segment without episodes on the promise line; the open one becomes its promise_breach. A breach
    stays an episode if it is a drop from a promise that was kept.

    State below_promise replaces firing and recovering where only the promise was broken.
    """
    detections = [detection for episode in result.episodes for detection in episode.detections]
    on_promise = [detection for detection in detections if detection.line == "promise" and not is_drop(detection)]
    if not on_promise:
        return result
    episodes = merge_detections([detection for detection in detections if detection not in on_promise])
    breach = next((detection for detection in on_promise if detection.closed_on is None), None)
    history = _without_promise_alerts(result.history, on_promise, episodes)
    open_episode = next((episode for episode in episodes if episode.closed_on is None), None)
    state, since = result.state, result.state_since
    if open_episode is not None:
        since = open_episode.onset
    elif breach is not None and state in (SeriesState.FIRING, SeriesState.RECOVERING):
        state, since = SeriesState.BELOW_PROMISE, breach.onset
    return replace(result, state=state, state_since=since, episodes=episodes, history=history, promise_breach=breach)


def is_drop_from_kept_promise(grid: ReadingGrid, row: int, rule: AlertRule, breach: Detection) -> bool:
    """Whether a series kept its promise before a breach, and so low a rate in it is no chance.

    Kept: together the readings before the onset are above the level at which the promise is broken. They need
    MIN_KEPT_READINGS and MIN_KEPT_N.
    """
    if rule.promise_line is None:
        return False
    column = (breach.onset - grid.first_day).days // grid.step_days
    is_read = (grid.status[:column, row] == VALID) & (grid.n[:column, row] > 0)
    successes, n = (float(values[:column, row][is_read].sum()) for values in (grid.successes, grid.n))
    before, drop = Sample(successes, n), breach.initial_drop or breach.drop
    is_known = int(is_read.sum()) >= MIN_KEPT_READINGS and n >= MIN_KEPT_N
    return (
        is_known
        and before.rate >= rule.promise_line
        and drop_tail(Sample(drop.successes, drop.n), before) <= MAX_DROP_TAIL
    )


def _without_promise_alerts(
    history: StateHistory, breaches: list[Detection], episodes: tuple[Episode, ...]
) -> StateHistory:
    """States in which firing and recovering are those of the episodes alone."""
    codes = np.frombuffer(history.codes, dtype=np.uint8).copy()

    def columns(detection_or_episode: Detection | Episode) -> slice:
        first = (detection_or_episode.fired_on - history.first_day).days // history.step_days
        closed = detection_or_episode.closed_on
        last = len(codes) if closed is None else (closed - history.first_day).days // history.step_days
        return slice(max(first, 0), max(last, 0))

    is_breach = np.zeros(len(codes), dtype=bool)
    for breach in breaches:
        is_breach[columns(breach)] = True
    for episode in episodes:
        is_breach[columns(episode)] = False
    codes[is_breach & np.isin(codes, (FIRING, RECOVERING))] = BELOW_PROMISE
    return replace(history, codes=codes.tobytes())
