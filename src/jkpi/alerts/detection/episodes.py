"""What the replay of a series finds: parts, breaches, tracks. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from jkpi.alerts.detection.state_machine import STATES, State
from jkpi.alerts.statistics.running_sums import Pool

Line = Literal["baseline", "promise", "median"]
"""What a series fell from: its own baseline, the promise, or, of durations, the usual median."""
NOT_TOLD = 255


@dataclass(frozen=True)
class Part:
    """An alert on one line, from its first low day; `closed_on` is None while it lasts. `taken`: how many judged
    readings it took to be certain. `within`: on the line of the median, the seconds within which usually about half are
    done, and whose shares are told. `at_first`: its days as they were when it fired; `fell`: up to now, or its end."""

    line: Line
    since: date
    fired_on: date
    closed_on: date | None
    reason: str
    fell: Pool
    clear: Pool | None
    taken: int
    within: float | None = None
    at_first: Pool | None = None


@dataclass(frozen=True)
class Breach:
    """An episode of breach on a series: its parts overlap."""

    parts: tuple[Part, ...]

    @property
    def since(self) -> date:
        return min(part.since for part in self.parts)

    @property
    def fired_on(self) -> date:
        return min(part.fired_on for part in self.parts)

    @property
    def closed_on(self) -> date | None:
        ends = [part.closed_on for part in self.parts]
        return None if None in ends else max(end for end in ends if end)

    def overlaps(self, first: date, last: date | None) -> bool:
        return (last is None or self.since <= last) and (self.closed_on is None or self.closed_on >= first)


@dataclass(frozen=True)
class Course:
    """States day by day, or week by week: `codes` are positions in STATES, NOT_TOLD where there was nothing to read."""

    first: date
    step: int
    codes: bytes

    @property
    def states(self) -> tuple[tuple[date, State], ...]:
        told = ((column, code) for column, code in enumerate(self.codes) if code != NOT_TOLD)
        return tuple((self.first + timedelta(days=self.step * column), STATES[code]) for column, code in told)

    def at(self, day: date) -> int:
        """The code of a day, 0 where there is none."""
        column, beside = divmod((day - self.first).days, self.step)
        return self.codes[column] if 0 <= column < len(self.codes) and not beside else 0

    @property
    def last(self) -> date | None:
        """The last day with a code other than 0."""
        column = len(self.codes.rstrip(b"\0")) - 1
        return None if column < 0 else self.first + timedelta(days=self.step * column)


NOWHERE = Course(date.min, 1, b"")


@dataclass(frozen=True)
class Track:
    """What replay found. `since` is the first day of the current state, or of the open breach; `blind_since` the first
    of the held days at the newest end, `error_since` the first of those at the newest end whose counts make no sense,
    whatever else is open; `false_alarm_every` the days between two false alarms that the series' own past
    shows, None while it is too short to tell; `is_slow`: the state is that of its durations' sign test alone. `read`
    has a 1 for each day with a final reading of anybody, `slow_read` for each that the sign test beside it could read.
    """

    state: State
    since: date | None
    breaches: tuple[Breach, ...]
    blind_since: date | None
    last_day: date | None
    course: Course
    tail: float | None = None
    rate: float | None = None
    n: float | None = None
    reference: float | None = None
    false_alarm_every: float | None = None
    is_slow: bool = False
    read: Course = NOWHERE
    slow_read: Course | None = None
    error_since: date | None = None

    @property
    def states(self) -> tuple[tuple[date, State], ...]:
        """The state of each day that was read, or ought to have been."""
        return self.course.states

    @property
    def breach(self) -> Breach | None:
        """The breach that is open now."""
        return next((breach for breach in self.breaches if breach.closed_on is None), None)


def as_breaches(parts: list[Part]) -> tuple[Breach, ...]:
    """Parts whose open times overlap are one breach."""
    breaches: list[list[Part]] = []
    end: date | None = date.min
    for part in sorted(parts, key=lambda part: (part.fired_on, part.line)):
        if breaches and (end is None or part.fired_on <= end):
            breaches[-1].append(part)
            end = None if end is None or part.closed_on is None else max(end, part.closed_on)
        else:
            breaches.append([part])
            end = part.closed_on
    return tuple(Breach(tuple(group)) for group in breaches)
