"""Which series others speak for: a segment for which its moment does, a touchpoint for which its stage does. Pure.

What fell together is one thing to tell. A parent speaks for a child only where it is judged and heard today, and fell
with it: a promise that the whole has broken for months says nothing about a region that falls now.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from jkpi.alerts.changes import Judged
from jkpi.alerts.episodes import Part, Track
from jkpi.alerts.lifecycle import State

TOGETHER = timedelta(days=14)
"""What begins further apart did not fall together: a small series is sure of its first bad day only so well."""


def hush_children(all_judged: Sequence[Judged], held: Collection[str] = ()) -> list[Judged]:
    """The same, those `inhibited` for which another one speaks. `held`: ids of series of which nothing may be said."""
    wholes = [one for one in all_judged if one.series.is_whole and not one.stale]
    by_moment = {(one.series.watched.journey, one.series.watched.moment): one for one in wholes}
    stages = [one for one in wholes if one.series.watched.touchpoint is None and one.track.breach is not None]
    found = []
    for one in all_judged:
        watched = one.series.watched
        parents = [stage for stage in stages if watched.is_part_of(stage.series.watched)]
        whole = by_moment.get((watched.journey, watched.moment))
        if whole is not None and not one.series.is_whole:
            parents.append(whole)
        # Where both are held, the parent speaks for both afterwards.
        heard = [p for p in parents if p.series.series_id not in held or one.series.series_id in held]
        inhibited = any(speaks_for(p.track, one.track, p.series.watched == watched) for p in heard)
        found.append(dataclasses.replace(one, inhibited=inhibited))
    return found


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
    return all(any(_fell_with(own, part, same_promise) for part in parts) for own in _news(child))


def _open(track: Track) -> Iterable[Part]:
    return (part for part in track.breach.parts if part.closed_on is None) if track.breach is not None else ()


def _news(track: Track) -> list[Part]:
    """Of the open parts those that a message would speak of: a fall, else that all takes longer, else the promise."""
    parts = list(_open(track))
    for line in ("baseline", "median"):
        if any(part.line == line for part in parts):
            return [part for part in parts if part.line == line]
    return parts


def _fell_with(own: Part, part: Part, same_promise: bool) -> bool:
    if own.line == part.line == "promise" and same_promise:
        return True
    is_same = own.line == part.line or (own.line, part.line) == ("median", "baseline")
    return is_same and abs(own.since - part.since) <= TOGETHER
