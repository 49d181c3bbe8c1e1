"""A series that rests on a duration has two tracks, of its share within tolerance and of its sign test. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from jkpi.alerts.detection.episodes import NOT_TOLD, Course, Track, as_breaches
from jkpi.alerts.detection.state_machine import ERROR, FIRING, HELD, OK, PATTERN, RECOVERING, STATES, WATCH, worst

_RUNGS = (WATCH, PATTERN, FIRING, RECOVERING)
_BLIND = (ERROR, HELD)
Told = npt.NDArray[np.uint8]


def with_signs(track: Track, signs: Track) -> Track:
    """What is true of a series by both lines: breaches that overlap are one, of two states the worse is told.

    That a sign cannot be judged (yet) is no state of the moment: its share within tolerance says that.
    """
    breaches = as_breaches([part for one in (track, signs) for breach in one.breaches for part in breach.parts])
    course = _together(track.course, signs.course, track.breach is not None, signs.breach is not None)
    codes = np.frombuffer(course.codes, dtype=np.uint8)
    told = np.flatnonzero(codes != NOT_TOLD)
    if not len(told):
        return replace(track, slow_read=signs.read)
    open_breach = next((breach for breach in breaches if breach.closed_on is None), None)
    different = np.flatnonzero(codes[told] != codes[told[-1]])
    since = int(told[different[-1] + 1] if len(different) else told[0])
    days = [day for day in (track.last_day, signs.last_day) if day is not None]
    return replace(
        track,
        state=(state := STATES[codes[told[-1]]]),
        since=open_breach.since if open_breach else _day(course, since),
        breaches=breaches,
        last_day=max(days, default=None),
        course=course,
        false_alarm_every=_of_both(track.false_alarm_every, signs.false_alarm_every),
        is_slow=state is not track.state,
        slow_read=signs.read,
    )


def _together(share: Course, signs: Course, share_is_open: bool, signs_are_open: bool) -> Course:
    """The states of both on one calendar. One of them is days behind: what is open on it, or wrong with its data,
    stays in sight to the end."""
    if not signs.codes:
        return share
    if not share.codes:
        share = replace(signs, codes=b"")
    first = min(share.first, signs.first)
    length = max(_column(one, first) + len(one.codes) for one in (share, signs))
    ours, theirs = (_spread(one, first, length) for one in (share, signs))
    told = np.flatnonzero(ours != NOT_TOLD)
    if len(told) and (share_is_open or ours[told[-1]] in _BLIND):
        ours[told[-1] :] = ours[told[-1]]
    told = np.flatnonzero(theirs != NOT_TOLD)
    if signs_are_open:
        theirs[told[-1] :] = theirs[told[-1]]
    speaks = np.isin(theirs, _RUNGS)
    both = worst(np.where(ours == NOT_TOLD, OK, ours).astype(np.int8), np.where(speaks, theirs, OK).astype(np.int8))
    return Course(first, share.step, np.where(speaks, both, ours).astype(np.uint8).tobytes())


def _spread(course: Course, first: date, length: int) -> Told:
    codes: Told = np.full(length, NOT_TOLD, dtype=np.uint8)
    start = _column(course, first)
    codes[start : start + len(course.codes)] = np.frombuffer(course.codes, dtype=np.uint8)
    return codes


def _column(course: Course, first: date) -> int:
    return (course.first - first).days // course.step


def _day(course: Course, column: int) -> date:
    return course.first + timedelta(days=course.step * column)


def _of_both(one: float | None, other: float | None) -> float | None:
    """Days between two false alarms of either: their rates add up."""
    return 1.0 / (1.0 / one + 1.0 / other) if one and other else None
