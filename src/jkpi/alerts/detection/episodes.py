"""Results of replaying a series: detections and episodes. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from jkpi.alerts.detection.state_machine import STATES, SeriesState
from jkpi.alerts.statistics.running_sums import PooledSample

LineKind = Literal["baseline", "promise", "median"]
"""What a series dropped from: its own baseline, the promise, or, for durations, the usual median."""
NO_STATE = 255


@dataclass(frozen=True)
class WaveComparison:
    """What survey waves are compared with. waves: names of those that are low. reference, reference_n: names and
    answers of the earlier ones; empty and 0 against a promise. difference: their rate minus that of the reference (of
    the level at which the promise is broken), with its 95 % interval. alpha: largest chance of an alert by one wave if
    nothing has changed. recovery_wave: the one that was back."""

    waves: tuple[str, ...]
    reference: tuple[str, ...]
    reference_n: float
    difference: float
    low: float
    high: float
    alpha: float
    recovery_wave: str | None = None


@dataclass(frozen=True)
class Detection:
    """An alert on one line, from its first low day. closed_on: None while it is open. readings_used: evaluated readings
    from onset until it fired. within_seconds: on the median line, the edge at which durations are counted.
    initial_drop: its days when it fired. drop: its days up to now, or to its end. newest_week: the newest readings of
    drop, at most a week of them; None once it is closed. comparison: of a survey wave."""

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
    newest_week: PooledSample | None = None
    comparison: WaveComparison | None = None


@dataclass(frozen=True)
class Episode:
    """Detections of a series that overlap in time, or follow each other so soon that a later one is a relapse."""

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
    """States by day or week. codes: positions in STATES, or NO_STATE where there is no state."""

    first_day: date
    step_days: int
    codes: bytes

    @property
    def states(self) -> tuple[tuple[date, SeriesState], ...]:
        coded = ((column, code) for column, code in enumerate(self.codes) if code != NO_STATE)
        return tuple((self.first_day + timedelta(days=self.step_days * column), STATES[code]) for column, code in coded)

    def code_on(self, day: date) -> int:
        """Code of a day, 0 if there is none."""
        column, remainder = divmod((day - self.first_day).days, self.step_days)
        return self.codes[column] if 0 <= column < len(self.codes) and not remainder else 0

    @property
    def last_day(self) -> date | None:
        """Last day with a code other than 0."""
        column = len(self.codes.rstrip(b"\0")) - 1
        return None if column < 0 else self.first_day + timedelta(days=self.step_days * column)


EMPTY_HISTORY = StateHistory(date.min, 1, b"")


@dataclass(frozen=True)
class SeriesResult:
    """What the replay of a series found.

    state_since: first day of the current state, or of the open episode. data_gap_since: first of the suspended days at
    the newest end. error_since: first of the days at the newest end with impossible counts, even if an alert is open.
    false_alarm_every: days between two false alarms to expect, at most the target; None while the history is too short.
    is_slowdown: the state comes from the sign test of durations alone. read_days: 1 for each day with a final reading
    of at least one case; sign_test_read_days: the same for the sign test. holidays: days that are left out of it, each
    with the day after it. waves: first day and name of each survey wave. promise_breach: of a segment, whose broken
    promise is no episode.
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
    holidays: frozenset[date] = frozenset()
    waves: tuple[tuple[date, str], ...] = ()
    promise_breach: Detection | None = None

    @property
    def states(self) -> tuple[tuple[date, SeriesState], ...]:
        """State of each day that has a reading or should have one."""
        return self.history.states

    def holidays_left_out(self, first_day: date, last_day: date) -> int:
        """How many holidays leave a day out of a period: the holiday itself, or the day after it."""
        return sum(first_day <= holiday + timedelta(days=1) and holiday <= last_day for holiday in self.holidays)

    @property
    def open_episode(self) -> Episode | None:
        """The episode that is open now."""
        return next((episode for episode in self.episodes if episode.closed_on is None), None)


@dataclass(frozen=True)
class EarlyWarning:
    """An undecided cohort behind past ones at equal age: at this age fewer customers had progressed than expected.
    onset: first such cohort. detection: its figures."""

    age: timedelta
    onset: date
    detection: Detection


RELAPSE_WITHIN = timedelta(days=14)
"""A drop on the same line that begins this soon after the end of an alert is the same drop again."""


def merge_detections(detections: list[Detection]) -> tuple[Episode, ...]:
    """Detections that overlap in time become one episode, and so do a drop and its relapse."""
    groups: list[list[Detection]] = []
    end: date | None = date.min
    for detection in sorted(detections, key=lambda detection: (detection.fired_on, detection.line)):
        if groups and (end is None or detection.fired_on <= end or _is_relapse(groups[-1], detection)):
            groups[-1].append(detection)
            end = None if end is None or detection.closed_on is None else max(end, detection.closed_on)
        else:
            groups.append([detection])
            end = detection.closed_on
    return tuple(Episode(tuple(group)) for group in groups)


def _is_relapse(earlier: list[Detection], detection: Detection) -> bool:
    return any(
        other.line == detection.line
        and other.closed_on is not None
        and detection.onset <= other.closed_on + RELAPSE_WITHIN
        for other in earlier
    )
