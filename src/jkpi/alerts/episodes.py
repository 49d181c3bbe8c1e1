"""What the replay of a series reads and finds: readings, parts, breaches. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from jkpi.alerts.lifecycle import Pool, State

Line = Literal["baseline", "promise"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One mature day of a series; rates are higher-is-better. `held`: a quality check says not to trust it."""

    day: date
    good: float
    n: float
    held: bool = False

    @property
    def is_sound(self) -> bool:
        return 0 <= self.good <= self.n and self.n < float("inf")


@dataclass(frozen=True)
class Part:
    """An alert on one line, from its first low day; `closed_on` is None while it lasts."""

    line: Line
    since: date
    fired_on: date
    closed_on: date | None
    reason: str
    fell: Pool
    clear: Pool | None


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
class Track:
    """What replay found. `since` is the first day of the current state, or of the open breach; `blind_since` the first
    of the held days at the newest end."""

    state: State
    since: date | None
    breaches: tuple[Breach, ...]
    blind_since: date | None
    last_day: date | None
    states: tuple[tuple[date, State], ...]
    tail: float | None = None
    rate: float | None = None
    n: float | None = None
    reference: float | None = None

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
