"""Inhibition: a moment inhibits its segments, a segment its combinations, a stage its touchpoints. Pure.

Series that dropped together are one alert. A parent inhibits a child only if it is evaluated and not suppressed today,
and both dropped together: a promise that the moment has broken for months does not hide a region that drops now.
A segment that was alerted first inhibits all customers if it explains their drop.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta

from jkpi.alerts.detection.episodes import Detection, SeriesResult
from jkpi.alerts.detection.state_machine import SeriesState
from jkpi.alerts.series.watched import split_segment
from jkpi.alerts.transitions.model import EvaluatedSeries, StoredAlert
from jkpi.journeys.types import SEGMENT_SEPARATOR

SAME_ONSET_WITHIN = timedelta(days=14)
"""Onsets further apart are different episodes. The margin is needed because the onset of a small series is uncertain.
"""


def inhibit_children(
    all_evaluated: Sequence[EvaluatedSeries], suppressed: Collection[str] = (), notified: Collection[str] = ()
) -> list[EvaluatedSeries]:
    """All series, with is_inhibited and inhibited_by set. suppressed: ids of series that are silenced or muted.
    notified: ids of series with an open alert that was notified."""
    totals = [evaluated for evaluated in all_evaluated if evaluated.series.is_total and not evaluated.is_stale]
    by_moment = {_moment_key(evaluated): evaluated for evaluated in totals}
    stages = [
        evaluated
        for evaluated in totals
        if evaluated.series.watched.touchpoint is None and evaluated.result.open_episode is not None
    ]
    results: dict[int, EvaluatedSeries] = {}
    notified_segments: dict[tuple[str, ...], EvaluatedSeries] = {}
    # Wider segments first: a segment inhibits its combinations only if it is not inhibited itself.
    for position, evaluated in sorted(
        enumerate(all_evaluated), key=lambda pair: pair[1].series.segment.count(SEGMENT_SEPARATOR)
    ):
        series, watched = evaluated.series, evaluated.series.watched
        parents = [stage for stage in stages if watched.is_within_stage_of(stage.series.watched)]
        total = by_moment.get(_moment_key(evaluated))
        if total is not None and not series.is_total:
            parents.append(total)
        parents += [notified_segments[key] for key in _wider_keys(evaluated) if key in notified_segments]
        # If both are suppressed, the parent still inhibits: it is reported for both afterwards.
        eligible_parents = [
            parent for parent in parents if parent.series.series_id not in suppressed or series.series_id in suppressed
        ]
        inhibited_by = next(
            (parent.series.series_id for parent in eligible_parents if inhibits(parent.result, evaluated.result)),
            None,
        )
        is_inhibited = inhibited_by is not None
        results[position] = dataclasses.replace(evaluated, is_inhibited=is_inhibited, inhibited_by=inhibited_by)
        if not series.is_total and not evaluated.is_stale and (not is_inhibited or series.series_id in notified):
            notified_segments[(*_moment_key(evaluated), series.segment, series.segment_value)] = evaluated
    return [results[position] for position in range(len(all_evaluated))]


def open_causes(
    total: EvaluatedSeries,
    all_evaluated: Iterable[EvaluatedSeries],
    stored_alerts: Iterable[StoredAlert],
    suppressed: Collection[str] = (),
) -> list[EvaluatedSeries]:
    """Segments that were alerted before all customers of their moment dropped, and that may be the cause: their alert
    is open and began at about the same time. Empty if all customers have not dropped, or have an alert of their own.

    While all customers recover, an alert that has resolved counts too: they may only need more clear days.
    """
    episode, total_id = total.result.open_episode, total.series.series_id
    if episode is None or not total.series.is_total or total.is_inhibited or total.is_stale:
        return []
    alerts = [alert for alert in stored_alerts if alert.kind == "drop"]
    if any(alert.is_open and alert.series_id == total_id for alert in alerts):
        return []
    is_recovering = total.result.state is SeriesState.RECOVERING
    onsets = [detection.onset for detection in _notified_detections(total.result)]
    alerted = {
        alert.series_id
        for alert in alerts
        if (alert.is_open or (is_recovering and alert.status == "resolved"))
        # The larger series may date its onset later, as it is certain later, but not much earlier.
        and all(alert.onset - SAME_ONSET_WITHIN <= onset for onset in onsets)
        and all(onset <= max(alert.onset + SAME_ONSET_WITHIN, alert.fired_on) for onset in onsets)
    }
    return [
        evaluated
        for evaluated in all_evaluated
        if evaluated.series.series_id in alerted
        and evaluated.series.watched == total.series.watched
        and not evaluated.series.is_total
        and (evaluated.series.series_id not in suppressed or total_id in suppressed)
    ]


def inhibit_by_causes(
    all_evaluated: Sequence[EvaluatedSeries], causes: Mapping[str, str], notified: Collection[str] = ()
) -> list[EvaluatedSeries]:
    """All series, with all customers of a moment inhibited by the segment that was alerted first and explains their
    drop. causes: id of all customers -> id of that segment. notified: as in inhibit_children.

    All customers then inhibit no segment. One with an alert keeps it, and another value of the same segment has its own
    drop. Values of other segments share their customers with the cause, so it inhibits them.
    """
    segment_of = {evaluated.series.series_id: evaluated.series.segment for evaluated in all_evaluated}
    results = []
    for evaluated in all_evaluated:
        series, parent = evaluated.series, evaluated.inhibited_by
        if (cause := causes.get(series.series_id)) is not None:
            evaluated = dataclasses.replace(evaluated, is_inhibited=True, inhibited_by=cause)
        elif parent is not None and not series.is_total and (cause := causes.get(parent)) is not None:
            is_own = series.series_id in notified or series.segment == segment_of[cause]
            evaluated = dataclasses.replace(evaluated, is_inhibited=not is_own, inhibited_by=None if is_own else cause)
        results.append(evaluated)
    return results


def _moment_key(evaluated: EvaluatedSeries) -> tuple[str, str]:
    return evaluated.series.watched.journey, evaluated.series.watched.moment


def _wider_keys(evaluated: EvaluatedSeries) -> Iterable[tuple[str, ...]]:
    """Segment values of the same moment that contain a combination."""
    values = split_segment(evaluated.series.segment, evaluated.series.segment_value) or {}
    for segment_key in evaluated.series.watched.segment_names:
        names = segment_key.split(SEGMENT_SEPARATOR)
        if len(values) > len(names) and values.keys() >= set(names):
            yield (*_moment_key(evaluated), segment_key, SEGMENT_SEPARATOR.join(values[segment] for segment in names))


def inhibits(parent: SeriesResult, child: SeriesResult) -> bool:
    """Whether the parent explains the open episode of the child. For a child without an open episode: whether the
    parent has dropped."""
    parent_detections = list(_open_detections(parent))
    child_episode = child.open_episode
    if child_episode is None:
        return any(detection.line != "promise" for detection in parent_detections)
    if child.state is SeriesState.RECOVERING:
        # The child may only need more clear days than its parent: then it dropped with it as well.
        parent_detections += [
            detection
            for episode in parent.episodes
            if episode.overlaps(child_episode.onset, child_episode.fired_on)
            for detection in episode.detections
        ]
    return all(
        any(same_episode(child_detection, detection) for detection in parent_detections)
        for child_detection in _notified_detections(child)
    )


def _open_detections(result: SeriesResult) -> Iterable[Detection]:
    return (
        (detection for detection in result.open_episode.detections if detection.closed_on is None)
        if result.open_episode is not None
        else ()
    )


def _notified_detections(result: SeriesResult) -> list[Detection]:
    """Open detections that a notification reports: those on the baseline, else on the median, else on the promise."""
    detections = list(_open_detections(result))
    for line in ("baseline", "median"):
        if any(detection.line == line for detection in detections):
            return [detection for detection in detections if detection.line == line]
    return detections


def same_episode(child: Detection, parent: Detection) -> bool:
    """Whether two detections belong together: same line and onset near each other."""
    is_same = child.line == parent.line or (child.line, parent.line) == ("median", "baseline")
    # An onset may be long before the drop itself, so a child that fired after the onset of its parent belongs to it.
    return is_same and child.onset - SAME_ONSET_WITHIN <= parent.onset <= max(
        child.onset + SAME_ONSET_WITHIN, child.fired_on
    )
