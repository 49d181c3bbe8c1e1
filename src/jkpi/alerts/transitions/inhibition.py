"""Which series others speak for: a segment for which its moment does, a combination of segments for which one of them
does, a touchpoint for which its stage does. Pure.

What fell together is one thing to tell. A parent speaks for a child only where it is judged and heard today, and fell
with it: a promise that the whole has broken for months says nothing about a region that falls now.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from jkpi.alerts.detection.episodes import Detection, SeriesResult
from jkpi.alerts.detection.state_machine import SeriesState
from jkpi.alerts.series.watched import split_segment
from jkpi.alerts.transitions.model import EvaluatedSeries
from jkpi.journeys.types import SEGMENT_SEPARATOR

SAME_ONSET_WITHIN = timedelta(days=14)
"""What begins further apart did not fall together: a small series is sure of its first bad day only so well."""


def inhibit_children(
    all_evaluated: Sequence[EvaluatedSeries], suppressed: Collection[str] = (), notified: Collection[str] = ()
) -> list[EvaluatedSeries]:
    """The same, those `inhibited` for which another one speaks. `held`: ids of series of which nothing may be said;
    `told`: of those whose fall was told and is not over."""
    totals = [evaluated for evaluated in all_evaluated if evaluated.series.is_total and not evaluated.is_stale]
    by_moment = {_moment_key(evaluated): evaluated for evaluated in totals}
    stages = [
        evaluated
        for evaluated in totals
        if evaluated.series.watched.touchpoint is None and evaluated.result.open_episode is not None
    ]
    results: dict[int, EvaluatedSeries] = {}
    notified_segments: dict[tuple[str, ...], EvaluatedSeries] = {}
    # The coarser first: whether a segment is told decides whether it speaks for its combinations.
    for position, evaluated in sorted(
        enumerate(all_evaluated), key=lambda pair: pair[1].series.segment.count(SEGMENT_SEPARATOR)
    ):
        series, watched = evaluated.series, evaluated.series.watched
        parents = [stage for stage in stages if watched.is_within_stage_of(stage.series.watched)]
        total = by_moment.get(_moment_key(evaluated))
        if total is not None and not series.is_total:
            parents.append(total)
        parents += [notified_segments[key] for key in _wider_keys(evaluated) if key in notified_segments]
        # Where both are held, the parent speaks for both afterwards.
        eligible_parents = [
            parent for parent in parents if parent.series.series_id not in suppressed or series.series_id in suppressed
        ]
        is_inhibited = any(
            inhibits(parent.result, evaluated.result, parent.series.watched == watched) for parent in eligible_parents
        )
        results[position] = dataclasses.replace(evaluated, is_inhibited=is_inhibited)
        if not series.is_total and not evaluated.is_stale and (not is_inhibited or series.series_id in notified):
            notified_segments[(*_moment_key(evaluated), series.segment, series.segment_value)] = evaluated
    return [results[position] for position in range(len(all_evaluated))]


def _moment_key(evaluated: EvaluatedSeries) -> tuple[str, str]:
    return evaluated.series.watched.journey, evaluated.series.watched.moment


def _wider_keys(evaluated: EvaluatedSeries) -> Iterable[tuple[str, ...]]:
    """Of a combination, each segment value of its moment that it is a part of."""
    values = split_segment(evaluated.series.segment, evaluated.series.segment_value) or {}
    for segment_key in evaluated.series.watched.segment_names:
        names = segment_key.split(SEGMENT_SEPARATOR)
        if len(values) > len(names) and values.keys() >= set(names):
            yield (*_moment_key(evaluated), segment_key, SEGMENT_SEPARATOR.join(values[segment] for segment in names))


def inhibits(parent: SeriesResult, child: SeriesResult, same_promise: bool) -> bool:
    """Whether what is open in the child fell with the parent. `same_promise`: both are held to one promise, which is
    told as broken once. Of a child in which nothing is open, whether the parent is fallen."""
    parent_detections = list(_open_detections(parent))
    child_episode = child.open_episode
    if child_episode is None:
        return any(detection.line != "promise" for detection in parent_detections)
    if child.state is SeriesState.RECOVERING:
        # A child that only needs more clear days than its parent did fell with it as well.
        parent_detections += [
            detection
            for episode in parent.episodes
            if episode.overlaps(child_episode.onset, child_episode.fired_on)
            for detection in episode.detections
        ]
    return all(
        any(same_episode(child_detection, detection, same_promise) for detection in parent_detections)
        for child_detection in _notified_detections(child)
    )


def _open_detections(result: SeriesResult) -> Iterable[Detection]:
    return (
        (detection for detection in result.open_episode.detections if detection.closed_on is None)
        if result.open_episode is not None
        else ()
    )


def _notified_detections(result: SeriesResult) -> list[Detection]:
    """Of the open parts those that a message would speak of: a fall, else that all takes longer, else the promise."""
    detections = list(_open_detections(result))
    for line in ("baseline", "median"):
        if any(detection.line == line for detection in detections):
            return [detection for detection in detections if detection.line == line]
    return detections


def same_episode(child: Detection, parent: Detection, same_promise: bool) -> bool:
    """Whether a part of a child's fall is of one of its parent's: of the same line, and begun with it."""
    if child.line == parent.line == "promise" and same_promise:
        return True
    is_same = child.line == parent.line or (child.line, parent.line) == ("median", "baseline")
    # What leads up to a fall may be counted from long before it: what was told only after the other one began is of it.
    return is_same and child.onset - SAME_ONSET_WITHIN <= parent.onset <= max(
        child.onset + SAME_ONSET_WITHIN, child.fired_on
    )
