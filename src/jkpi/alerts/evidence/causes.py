"""Segments that were alerted first and explain why all customers of their moment dropped."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from jkpi.alerts.evidence.alert_context import main_detection
from jkpi.alerts.evidence.contributions import explained_by_values
from jkpi.alerts.evidence.decomposition import SegmentCounts
from jkpi.alerts.evidence.reading_cache import ReadingCache
from jkpi.alerts.transitions.inhibition import open_causes
from jkpi.alerts.transitions.model import EvaluatedSeries, StoredAlert
from jkpi.warehouse.base import Warehouse

MIN_EXPLAINED = 0.5
"""All customers join the alert of a segment if its lower rate is more than so much of their drop, 0-1."""
_Z_ONE_SIDED = 1.6448536269514722


def explaining_segments(
    warehouse: Warehouse,
    all_evaluated: Sequence[EvaluatedSeries],
    stored_alerts: Sequence[StoredAlert],
    suppressed: Collection[str] = (),
) -> dict[str, str]:
    """Id of all customers -> id of the alerted segment that explains their drop.

    Alerted values of one segment explain it together: then the one with the largest effect is returned. They do not
    explain it if all other customers surely dropped by the minimum drop as well: that is news. suppressed: ids of
    series that are silenced or muted. Survey waves are left out: they are compared with earlier waves, not with days.
    """
    cache = ReadingCache(warehouse, ())
    causes: dict[str, str] = {}
    for total in all_evaluated:
        candidates = open_causes(total, all_evaluated, stored_alerts, suppressed)
        episode = total.result.open_episode
        if not candidates or episode is None:
            continue
        detection = main_detection(episode, "opened")
        if detection.comparison is not None:
            continue
        watched, drop = total.series.watched, detection.drop
        cache.days(total.series, drop.first_day, drop.last_day, detection.within_seconds)
        readings = cache.by_segment(watched, detection.within_seconds)
        min_drop = watched.rule_for().min_drop
        best = MIN_EXPLAINED
        for segment in sorted({candidate.series.segment for candidate in candidates}):
            values = [candidate.series for candidate in candidates if candidate.series.segment == segment]
            explained = explained_by_values(
                readings, total.series, drop, segment, [series.segment_value for series in values]
            )
            if explained is None or explained[0] <= best or _least_drop(explained[1]) >= min_drop:
                continue
            best = explained[0]
            effects = {
                series.series_id: (
                    explained_by_values(readings, total.series, drop, segment, [series.segment_value]) or (0.0,)
                )[0]
                for series in values
            }
            causes[total.series.series_id] = max(effects, key=lambda series_id: (effects[series_id], series_id))
    return causes


def _least_drop(rest: SegmentCounts) -> float:
    """How far the rate fell at least, 0-1: the lower end of a one-sided 95 % interval (Wald, two samples). So all
    customers do not leave the alert that they joined because a few more cases of the others are low by chance."""
    if not rest.n or not rest.independent_before:
        return 0.0
    variance = rest.rate * (1.0 - rest.rate) / rest.n
    variance += rest.rate_before * (1.0 - rest.rate_before) / rest.independent_before
    return rest.rate_before - rest.rate - _Z_ONE_SIDED * math.sqrt(max(variance, 0.0))
