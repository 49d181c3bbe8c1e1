"""A series from its first day to its last: what it is in today, and every breach it has had. Pure.

Each series climbs two ladders, one against its own baseline and one against the promise; a breach lasts as long as
either is open, so a chronic one is one breach. A later fall inside it is a part of it that can be told as worsening.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import reduce

import numpy as np

from jkpi.alerts.episodes import Line, Part, Reading, Track, as_breaches
from jkpi.alerts.judge import (
    DAYS_FOR_RHO,
    PRESUMED_RHO,
    Baseline,
    Days,
    Flags,
    Rule,
    baseline,
    predictive_tail,
    standing_breach,
)
from jkpi.alerts.lifecycle import JUDGED, Evidence, Ladder, State, add, step


@dataclass(frozen=True, eq=False)
class _Calendar:
    """The readings laid on a calendar without gaps; `held`, `broken` and `read` are (T,)."""

    days: Days
    held: Flags
    broken: Flags
    read: Flags

    def day(self, position: int) -> date:
        return self.days.first + timedelta(days=position)


def replay(readings: Iterable[Reading], rule: Rule, until: date | None = None) -> Track:
    """Fold all mature readings of a series, in any order; `until` is the last day that ought to have a mature one."""
    ordered = sorted(readings, key=lambda reading: reading.day)
    if not ordered:
        return Track(State.NO_DATA, None, (), None, None, ())
    calendar = _calendar(ordered, until)
    usual = baseline(calendar.days, calendar.held, rule)
    by_baseline = _climb_baseline(calendar, usual, rule)
    by_promise = _climb_promise(calendar, usual, rule)
    ladders = [by_baseline.ladders, *([by_promise.ladders] if by_promise else [])]
    states = tuple(
        (calendar.day(t), _worst(ladder[t].state for ladder in ladders))
        for t in range(len(calendar.days))
        if calendar.read[t] or ladders[0][t].kind is State.NO_DATA
    )
    breaches = as_breaches([*by_baseline.parts, *(by_promise.parts if by_promise else ())])
    open_breach = next((breach for breach in breaches if breach.closed_on is None), None)
    state = states[-1][1]
    last = (
        by_baseline.evidence[-1]
        if by_baseline.evidence[-1].kind is JUDGED or not by_promise
        else by_promise.evidence[-1]
    )
    judged = last.kind is JUDGED
    return Track(
        state=state,
        since=open_breach.since if open_breach else _since(states),
        breaches=breaches,
        blind_since=_blind_since(ordered),
        last_day=ordered[-1].day,
        states=states,
        tail=last.tail if judged else None,
        rate=last.good / last.n if judged else None,
        n=last.n if judged else None,
        reference=last.reference if judged else None,
    )


def _calendar(ordered: Sequence[Reading], until: date | None) -> _Calendar:
    first = ordered[0].day
    length = (max(ordered[-1].day, until or first) - first).days + 1
    good, n = np.zeros(length), np.zeros(length)
    held, broken, read = (np.zeros(length, dtype=bool) for _ in range(3))
    for reading in ordered:
        t = (reading.day - first).days
        read[t], held[t] = True, reading.held
        broken[t] = not reading.held and not reading.is_sound
        if not (held[t] or broken[t]):
            good[t], n[t] = reading.good, reading.n
    return _Calendar(Days(first, good, n), held, broken, read)


@dataclass
class _Climb:
    """One ladder's whole way: a ladder and the evidence of each day, and the alerts it had."""

    line: Line
    ladders: list[Ladder]
    evidence: list[Evidence]
    parts: list[Part]

    def go(self, evidence: Evidence, rule: Rule) -> Ladder:
        before = self.ladders[-1] if self.ladders else Ladder()
        after = step(before, evidence, rule)
        self.ladders.append(after)
        self.evidence.append(evidence)
        if after.fell is not None and after.closed:
            fired = before.fired_on or after.fell.last
            self.parts.append(
                Part(self.line, after.fell.first, fired, evidence.day, before.reason, after.fell, after.clear)
            )
        return after

    def finish(self) -> _Climb:
        last = self.ladders[-1]
        if last.fired_on is not None and last.fell is not None:
            self.parts.append(Part(self.line, last.fell.first, last.fired_on, None, last.reason, last.fell, last.clear))
        return self


def _climb_baseline(calendar: _Calendar, usual: Baseline, rule: Rule) -> _Climb:
    """The days of an alert leave the baseline, so what is usual is weighed anew whenever one opens or closes."""
    climb = _Climb("baseline", [], [], [])
    left_out = calendar.held.copy()
    t, total = 0, len(calendar.days)
    while t < total:
        tails = predictive_tail(calendar.days.good, calendar.days.n, usual.rate, usual.rho, usual.strength)
        while t < total:
            was_open = bool(climb.ladders) and climb.ladders[-1].is_open
            kind = _kind(calendar, usual, t, rule)
            if kind is JUDGED and usual.usable[t] < rule.learning_days:
                kind = State.LEARNING
            rate = float(usual.rate[t])
            ladder = climb.go(
                Evidence(
                    calendar.day(t),
                    kind,
                    float(tails[t]),
                    float(calendar.days.good[t]),
                    float(calendar.days.n[t]),
                    rate,
                    rate - rule.falls_off_by,
                    float(usual.rho[t]),
                    float(usual.strength[t]),
                ),
                rule,
            )
            t += 1
            if ladder.is_open and not was_open and ladder.fell:
                left_out[(ladder.fell.first - calendar.days.first).days :] = True
                break
            if was_open and not ladder.is_open:
                left_out[t:] = calendar.held[t:]
                break
        usual = baseline(calendar.days, left_out, rule)
    return climb.finish()


def _climb_promise(calendar: _Calendar, usual: Baseline, rule: Rule) -> _Climb | None:
    """Against the lowered promise, from the first day on: a promise needs no learning."""
    line = rule.promise_line
    if line is None:
        return None
    rho = np.where(usual.usable >= DAYS_FOR_RHO, usual.rho, PRESUMED_RHO)
    tails = predictive_tail(calendar.days.good, calendar.days.n, line, rho)
    kinds = [_kind(calendar, usual, t, rule) for t in range(len(calendar.days))]
    judged = np.array([kind is JUDGED for kind in kinds])
    standing = standing_breach(calendar.days, judged, line, rho, rule)
    climb = _Climb("promise", [], [], [])
    for t in range(len(calendar.days)):
        good, n = float(calendar.days.good[t]), float(calendar.days.n[t])
        evidence = Evidence(calendar.day(t), kinds[t], float(tails[t]), good, n, line, line, float(rho[t]))
        if standing[t] and kinds[t] is JUDGED and not (climb.ladders and climb.ladders[-1].is_open):
            weeks = [*climb.evidence[max(0, t + 1 - 7 * rule.standing_weeks) :], evidence]
            evidence = replace(evidence, standing=reduce(add, (day for day in weeks if day.kind is JUDGED), None))
        climb.go(evidence, rule)
    return climb.finish()


def _kind(calendar: _Calendar, usual: Baseline, t: int, rule: Rule) -> State:
    if calendar.held[t]:
        return State.HELD
    if calendar.broken[t]:
        return State.ERROR
    if not calendar.read[t]:
        # A weekday that never brings data says nothing by bringing none.
        return State.NO_DATA if usual.expected[t] else State.LOW_N
    return State.LOW_N if calendar.days.n[t] < usual.least_n[t] else JUDGED


_ORDER = (
    State.FIRING,
    State.RECOVERING,
    State.ERROR,
    State.HELD,
    State.NO_DATA,
    State.PATTERN,
    State.WATCH,
    State.LEARNING,
    State.LOW_N,
    State.OK,
)


def _worst(states: Iterable[State]) -> State:
    return min(states, key=_ORDER.index)


def _since(states: Sequence[tuple[date, State]]) -> date | None:
    """The first day of the unbroken stretch of the last state."""
    since = None
    for day, state in reversed(states):
        if state is not states[-1][1]:
            break
        since = day
    return since


def _blind_since(ordered: Sequence[Reading]) -> date | None:
    since = None
    for reading in reversed(ordered):
        if not reading.held:
            break
        since = reading.day
    return since
