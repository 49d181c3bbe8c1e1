"""Combine the two results of a duration series: its share within tolerance and its sign test. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from jkpi.alerts.detection.episodes import NO_STATE, SeriesResult, StateHistory, merge_detections
from jkpi.alerts.detection.state_machine import (
    ERROR,
    FIRING,
    OK,
    PATTERN,
    RECOVERING,
    STATES,
    SUSPENDED,
    WATCH,
    worse_of,
)

_ALERT_STATES = (WATCH, PATTERN, FIRING, RECOVERING)
_UNRELIABLE = (ERROR, SUSPENDED)
HistoryCodes = npt.NDArray[np.uint8]


def combine_results(share_result: SeriesResult, sign_test_result: SeriesResult) -> SeriesResult:
    """Result of both lines: episodes that overlap are one, and the worse of two states counts.

    A sign test that cannot be evaluated (yet) sets no state: the share within tolerance does that.
    """
    episodes = merge_detections(
        [
            detection
            for line_result in (share_result, sign_test_result)
            for episode in line_result.episodes
            for detection in episode.detections
        ]
    )
    history = _combine_histories(
        share_result.history,
        sign_test_result.history,
        share_result.open_episode is not None,
        sign_test_result.open_episode is not None,
    )
    codes = np.frombuffer(history.codes, dtype=np.uint8)
    coded = np.flatnonzero(codes != NO_STATE)
    if not len(coded):
        return replace(share_result, sign_test_read_days=sign_test_result.read_days)
    open_episode = next((episode for episode in episodes if episode.closed_on is None), None)
    different = np.flatnonzero(codes[coded] != codes[coded[-1]])
    since = int(coded[different[-1] + 1] if len(different) else coded[0])
    days = [day for day in (share_result.last_day, sign_test_result.last_day) if day is not None]
    return replace(
        share_result,
        state=(state := STATES[codes[coded[-1]]]),
        state_since=open_episode.onset if open_episode else _day(history, since),
        episodes=episodes,
        last_day=max(days, default=None),
        history=history,
        false_alarm_every=_combined_run_length(share_result.false_alarm_every, sign_test_result.false_alarm_every),
        is_slowdown=state is not share_result.state,
        sign_test_read_days=sign_test_result.read_days,
    )


def _combine_histories(
    share_history: StateHistory, sign_test_history: StateHistory, is_share_open: bool, is_sign_test_open: bool
) -> StateHistory:
    """States of both lines on one calendar. One line is days behind the other: an open alert on it, or an error or
    suspension, is extended to the end."""
    if not sign_test_history.codes:
        return share_history
    if not share_history.codes:
        share_history = replace(sign_test_history, codes=b"")
    first_day = min(share_history.first_day, sign_test_history.first_day)
    length = max(_column(history, first_day) + len(history.codes) for history in (share_history, sign_test_history))
    share_codes, sign_test_codes = (
        _align(history, first_day, length) for history in (share_history, sign_test_history)
    )
    coded = np.flatnonzero(share_codes != NO_STATE)
    if len(coded) and (is_share_open or share_codes[coded[-1]] in _UNRELIABLE):
        share_codes[coded[-1] :] = share_codes[coded[-1]]
    coded = np.flatnonzero(sign_test_codes != NO_STATE)
    if is_sign_test_open:
        sign_test_codes[coded[-1] :] = sign_test_codes[coded[-1]]
    has_alert_state = np.isin(sign_test_codes, _ALERT_STATES)
    worse_codes = worse_of(
        np.where(share_codes == NO_STATE, OK, share_codes).astype(np.int8),
        np.where(has_alert_state, sign_test_codes, OK).astype(np.int8),
    )
    return StateHistory(
        first_day,
        share_history.step_days,
        np.where(has_alert_state, worse_codes, share_codes).astype(np.uint8).tobytes(),
    )


def _align(history: StateHistory, first_day: date, length: int) -> HistoryCodes:
    codes: HistoryCodes = np.full(length, NO_STATE, dtype=np.uint8)
    start = _column(history, first_day)
    codes[start : start + len(history.codes)] = np.frombuffer(history.codes, dtype=np.uint8)
    return codes


def _column(history: StateHistory, first_day: date) -> int:
    return (history.first_day - first_day).days // history.step_days


def _day(history: StateHistory, column: int) -> date:
    return history.first_day + timedelta(days=history.step_days * column)


def _combined_run_length(share_run_length: float | None, sign_test_run_length: float | None) -> float | None:
    """Days between two false alarms of either line: their rates add up."""
    return (
        1.0 / (1.0 / share_run_length + 1.0 / sign_test_run_length)
        if share_run_length and sign_test_run_length
        else None
    )
