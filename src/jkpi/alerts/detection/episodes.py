"""What the replay of a series finds: parts, breaches, tracks. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from jkpi.alerts.detection.state_machine import STATES, SeriesState
from jkpi.alerts.statistics.running_sums import PooledSample

LineKind = Literal["baseline", "promise", "median"]
"""What a series fell from: its own baseline, the promise, or, of durations, the usual median."""
NO_STATE = 255


@dataclass(frozen=True)
class Detection:
    """An alert on one line, from its first low day; `closed_on` is None while it lasts. `taken`: how many judged
    readings it took to be certain. `within`: on the line of the median, the seconds within which usually about half are
    done, and whose shares are told. `at_first`: its days as they were when it fired; `fell`: up to now, or its end."""

    line: LineKind
    onset: date
    fired_on: date
    closed_on: date | None
    reason: str
    drop: PooledSample
    recovery: PooledSample | None
    readings_used: int
    within_seconds: float | None = None
    initial_drop: PooledSample | None = None


@dataclass(frozen=True)
class Episode:
    """An episode of breach on a series: its parts overlap."""

    detections: tuple[Detection, ...]

    @property
    def onset(self) -> date:
        return min(detection.onset for detection in self.detections)

    @property
    def fired_on(self) -> date:
        return min(detection.fired_on for detection in self.detections)

    @property
    def closed_on(self) -> date | None:
        ends = [detection.closed_on for detection in self.detections]
        return None if None in ends else max(end for end in ends if end)

    def overlaps(self, first_day: date, last_day: date | None) -> bool:
        return (last_day is None or self.onset <= last_day) and (self.closed_on is None or self.closed_on >= first_day)


@dataclass(frozen=True)
class StateHistory:
    """States day by day, or week by week: `codes` are positions in STATES, NOT_TOLD where there was nothing to read."""

    first_day: date
    step_days: int
    codes: bytes

    @property
    def states(self) -> tuple[tuple[date, SeriesState], ...]:
        coded = ((column, code) for column, code in enumerate(self.codes) if code != NO_STATE)
        return tuple((self.first_day + timedelta(days=self.step_days * column), STATES[code]) for column, code in coded)

    def code_on(self, day: date) -> int:
        """The code of a day, 0 where there is none."""
        column, remainder = divmod((day - self.first_day).days, self.step_days)
        return self.codes[column] if 0 <= column < len(self.codes) and not remainder else 0

    @property
    def last_day(self) -> date | None:
        """The last day with a code other than 0."""
        column = len(self.codes.rstrip(b"\0")) - 1
        return None if column < 0 else self.first_day + timedelta(days=self.step_days * column)


EMPTY_HISTORY = StateHistory(date.min, 1, b"")


@dataclass(frozen=True)
class SeriesResult:
    """What replay found. `since` is the first day of the current state, or of the open breach; `blind_since` the first
    of the held days at the newest end, `error_since` the first of those at the newest end whose counts make no sense,
    whatever else is open; `false_alarm_every` the days between two false alarms that the series' own past
    shows, None while it is too short to tell; `is_slow`: the state is that of its durations' sign test alone. `read`
    has a 1 for each day with a final reading of anybody, `slow_read` for each that the sign test beside it could read.
    """

    state: SeriesState
    state_since: date | None
    episodes: tuple[Episode, ...]
    data_gap_since: date | None
    last_day: date | None
    history: StateHistory
    tail: float | None = None
    rate: float | None = None
    n: float | None = None
    reference: float | None = None
    false_alarm_every: float | None = None
    is_slowdown: bool = False
    read_days: StateHistory = EMPTY_HISTORY
    sign_test_read_days: StateHistory | None = None
    error_since: date | None = None

    @property
    def states(self) -> tuple[tuple[date, SeriesState], ...]:
        """The state of each day that was read, or ought to have been."""
        return self.history.states

    @property
    def open_episode(self) -> Episode | None:
        """The breach that is open now."""
        return next((episode for episode in self.episodes if episode.closed_on is None), None)


def merge_detections(detections: list[Detection]) -> tuple[Episode, ...]:
    """Parts whose open times overlap are one breach."""
    groups: list[list[Detection]] = []
    end: date | None = date.min
    for detection in sorted(detections, key=lambda detection: (detection.fired_on, detection.line)):
        if groups and (end is None or detection.fired_on <= end):
            groups[-1].append(detection)
            end = None if end is None or detection.closed_on is None else max(end, detection.closed_on)
        else:
            groups.append([detection])
            end = detection.closed_on
    return tuple(Episode(tuple(group)) for group in groups)
