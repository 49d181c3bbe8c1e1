"""Which series others speak for: a segment for which its moment does, a combination of segments for which one of them
does, a touchpoint for which its stage does. Pure.

What fell together is one thing to tell. A parent speaks for a child only where it is judged and heard today, and fell
with it: a promise that the whole has broken for months says nothing about a region that falls now.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from jkpi.alerts.detection.episodes import Part, Track
from jkpi.alerts.detection.state_machine import State
from jkpi.alerts.series.watched import parts_of
from jkpi.alerts.transitions.model import Judged
from jkpi.journeys.types import JOINED_BY

TOGETHER = timedelta(days=14)
"""What begins further apart did not fall together: a small series is sure of its first bad day only so well."""


def hush_children(all_judged: Sequence[Judged], held: Collection[str] = (), told: Collection[str] = ()) -> list[Judged]:
    """The same, those `inhibited` for which another one speaks. `held`: ids of series of which nothing may be said;
    `told`: of those whose fall was told and is not over."""
    wholes = [one for one in all_judged if one.series.is_whole and not one.stale]
    by_moment = {_moment(one): one for one in wholes}
    stages = [one for one in wholes if one.series.watched.touchpoint is None and one.track.breach is not None]
    found: dict[int, Judged] = {}
    speakers: dict[tuple[str, ...], Judged] = {}
    # The coarser first: whether a segment is told decides whether it speaks for its combinations.
    for position, one in sorted(enumerate(all_judged), key=lambda pair: pair[1].series.segment.count(JOINED_BY)):
        series, watched = one.series, one.series.watched
        parents = [stage for stage in stages if watched.is_part_of(stage.series.watched)]
        whole = by_moment.get(_moment(one))
        if whole is not None and not series.is_whole:
            parents.append(whole)
        parents += [speakers[key] for key in _wider(one) if key in speakers]
        # Where both are held, the parent speaks for both afterwards.
        heard = [p for p in parents if p.series.series_id not in held or series.series_id in held]
        inhibited = any(speaks_for(p.track, one.track, p.series.watched == watched) for p in heard)
        found[position] = dataclasses.replace(one, inhibited=inhibited)
        if not series.is_whole and not one.stale and (not inhibited or series.series_id in told):
            speakers[(*_moment(one), series.segment, series.segment_value)] = one
    return [found[position] for position in range(len(all_judged))]


def _moment(one: Judged) -> tuple[str, str]:
    return one.series.watched.journey, one.series.watched.moment


def _wider(one: Judged) -> Iterable[tuple[str, ...]]:
    """Of a combination, each segment value of its moment that it is a part of."""
    parts = parts_of(one.series.segment, one.series.segment_value) or {}
    for name in one.series.watched.by:
        names = name.split(JOINED_BY)
        if len(parts) > len(names) and parts.keys() >= set(names):
            yield (*_moment(one), name, JOINED_BY.join(parts[part] for part in names))


def speaks_for(parent: Track, child: Track, same_promise: bool) -> bool:
    """Whether what is open in the child fell with the parent. `same_promise`: both are held to one promise, which is
    told as broken once. Of a child in which nothing is open, whether the parent is fallen."""
    parts = list(_open(parent))
    breach = child.breach
    if breach is None:
        return any(part.line != "promise" for part in parts)
    if child.state is State.RECOVERING:
        # A child that only needs more clear days than its parent did fell with it as well.
        parts += [
            part for one in parent.breaches if one.overlaps(breach.since, breach.fired_on) for part in one.parts
        ]  # fmt: skip
    return all(any(fell_with(own, part, same_promise) for part in parts) for own in _news(child))


def _open(track: Track) -> Iterable[Part]:
    return (part for part in track.breach.parts if part.closed_on is None) if track.breach is not None else ()


def _news(track: Track) -> list[Part]:
    """Of the open parts those that a message would speak of: a fall, else that all takes longer, else the promise."""
    parts = list(_open(track))
    for line in ("baseline", "median"):
        if any(part.line == line for part in parts):
            return [part for part in parts if part.line == line]
    return parts


def fell_with(own: Part, part: Part, same_promise: bool) -> bool:
    """Whether a part of a child's fall is of one of its parent's: of the same line, and begun with it."""
    if own.line == part.line == "promise" and same_promise:
        return True
    is_same = own.line == part.line or (own.line, part.line) == ("median", "baseline")
    # What leads up to a fall may be counted from long before it: what was told only after the other one began is of it.
    return is_same and own.since - TOGETHER <= part.since <= max(own.since + TOGETHER, own.fired_on)
