"""The ladder: coincidence, pattern, trend. A pure fold, one step a day, over one series against one line.

| rung       | enters when                                                                                        |
|------------|----------------------------------------------------------------------------------------------------|
| ok         | a day that is not low                                                                              |
| watch      | one low day (tail < 0.10): a coincidence                                                           |
| pattern    | two low days in a row, or three and more that are not yet far or sure enough                        |
| firing     | three in a row whose pooled rate is surely beyond the line, or one collapsed day that is; against a  |
|            | promise also four weeks each of which is beyond the line, and surely all together                   |
| recovering | while an alert is open: a clear day, neither low nor beyond the line                               |

An open alert closes (back to ok) when the days since it turned clear, three at least, lie above the line with their
pooled 95 % interval. A series too small to show that closes after 14 such days, if their pooled rate is above the line.
A day that cannot be judged (learning, low_n, no_data, held, error) holds everything as it was; after 14 days without a
verdict a run of low days is forgotten, an open alert never is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from jkpi.alerts.judge import Rule, predictive_tail, wilson

CLEAR_DAYS = 3
PATIENCE_DAYS = 14
HOLD = timedelta(days=14)


class State(StrEnum):
    """What a series is in, the rungs of the ladder first."""

    OK = "ok"
    WATCH = "watch"
    PATTERN = "pattern"
    FIRING = "firing"
    RECOVERING = "recovering"
    LEARNING = "learning"
    LOW_N = "low_n"
    NO_DATA = "no_data"
    HELD = "held"
    ERROR = "error"


JUDGED = State.OK
"""The kind of a day that was judged; any other kind says why it was not."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One day against one line. `kind` is JUDGED or why it was not; the figures count only where it was.

    `tail` P(X <= good) against `reference`; `line` the rate that must be undercut to be worth waking someone;
    `rho` and `strength` as in `judge.Baseline`; `standing` the weeks that are a breach by standing too low.
    """

    day: date
    kind: State = JUDGED
    tail: float = 1.0
    good: float = 0.0
    n: float = 0.0
    reference: float = 0.0
    line: float = 0.0
    rho: float = 0.0
    strength: float = float("inf")
    standing: Pool | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    """Several judged days as one sum; `expected` and `bound` are counts under the reference and at the line."""

    first: date
    last: date
    days: int = 0
    good: float = 0.0
    n: float = 0.0
    expected: float = 0.0
    bound: float = 0.0
    spread: float = 0.0
    strength: float = float("inf")

    @property
    def rate(self) -> float:
        return self.good / self.n if self.n else 0.0

    @property
    def reference(self) -> float:
        return self.expected / self.n if self.n else 0.0

    @property
    def line(self) -> float:
        return self.bound / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson 95 % at the effective sample size: days that differ among themselves are worth fewer cases."""
        shrink = self.n / self.spread if self.spread else 0.0
        return wilson(self.good * shrink, self.n * shrink)

    @property
    def tail(self) -> float:
        """P of so few good outcomes or fewer over all these days together."""
        rho = (self.spread / self.n - 1.0) / (self.n - 1.0) if self.n > 1 else 0.0
        return float(predictive_tail(self.good, self.n, self.reference, rho, self.strength)[0])


def add(pool: Pool | None, day: Evidence) -> Pool:
    """The pool with one more day."""
    pool = pool or Pool(day.day, day.day)
    return Pool(
        pool.first,
        day.day,
        pool.days + 1,
        pool.good + day.good,
        pool.n + day.n,
        pool.expected + day.n * day.reference,
        pool.bound + day.n * day.line,
        pool.spread + day.n * (1.0 + (day.n - 1.0) * day.rho),
        min(pool.strength, day.strength),
    )


@dataclass(frozen=True, slots=True)
class Ladder:
    """Where a series stands. `run`: the low days in a row; `fell`: all judged days of the open alert; `clear`: its days
    since it turned clear. `fired_on` and `reason` are set while an alert is open; `closed` on the day it closes."""

    rung: State = State.OK
    kind: State = State.LEARNING
    run: Pool | None = None
    fell: Pool | None = None
    clear: Pool | None = None
    fired_on: date | None = None
    reason: str = ""
    closed: bool = False

    @property
    def is_open(self) -> bool:
        return self.fired_on is not None

    @property
    def state(self) -> State:
        """The state as it is told: an open alert stays in sight; else why a day was not judged, if it was not."""
        return self.rung if self.is_open or self.kind is JUDGED else self.kind


def step(ladder: Ladder, day: Evidence, rule: Rule) -> Ladder:
    """The ladder after one more day. Days come in date order."""
    if day.kind is not JUDGED:
        return replace(ladder, kind=day.kind, closed=False)
    low = day.tail < rule.low
    if ladder.is_open:
        return _step_open(ladder, day, low or day.good < day.line * day.n)
    return _step_climbing(ladder, day, low, rule)


def _step_climbing(ladder: Ladder, day: Evidence, low: bool, rule: Rule) -> Ladder:
    if day.standing is not None:
        return Ladder(State.FIRING, JUDGED, None, day.standing, fired_on=day.day, reason="standing")
    if not low:
        return Ladder(State.OK, JUDGED)
    run = ladder.run if ladder.run and day.day - ladder.run.last <= HOLD else None
    run = add(run, day)
    collapsed = day.n >= rule.collapse_n and day.tail < rule.collapse / rule.family and day.good < day.line * day.n
    trend = run.days >= rule.in_a_row and run.rate < run.line and run.tail <= rule.sure
    if collapsed or trend:
        reason = "trend" if trend else "collapse"
        return Ladder(State.FIRING, JUDGED, run, run, fired_on=day.day, reason=reason)
    return Ladder(State.WATCH if run.days == 1 else State.PATTERN, JUDGED, run)


def _step_open(ladder: Ladder, day: Evidence, bad: bool) -> Ladder:
    """While an alert is open, `run` counts the bad days since the last clear one."""
    fell, clear = add(ladder.fell, day), ladder.clear
    if bad:
        run = add(ladder.run, day)
        # One bad day amid clear ones is a coincidence here as well; before three clear days nothing has recovered.
        relapsed = clear is None or clear.days < CLEAR_DAYS or run.days > 1
        if relapsed:
            return replace(ladder, rung=State.FIRING, kind=JUDGED, run=run, fell=fell, clear=None)
        return replace(ladder, kind=JUDGED, run=run, fell=fell, clear=add(clear, day))
    clear = add(clear, day)
    if _resolved(clear):
        return Ladder(State.OK, JUDGED, fell=fell, clear=clear, closed=True)
    return replace(ladder, rung=State.RECOVERING, kind=JUDGED, run=None, fell=fell, clear=clear)


def _resolved(clear: Pool) -> bool:
    if clear.days < CLEAR_DAYS:
        return False
    return clear.interval[0] > clear.line or (clear.days >= PATIENCE_DAYS and clear.rate > clear.line)
