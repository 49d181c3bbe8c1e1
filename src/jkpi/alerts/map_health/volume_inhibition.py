"""Drops of volume with one cause are one message. Pure.

A source explains its touchpoints and the moments they feed. A touchpoint explains later touchpoints of its journey, and
the moments whose cases it brings. A cause explains what dropped with it, and hardly deeper. If one touchpoint dropped
deeper than its source and carries most of the loss, it is the cause and the source is not. A cause may be over already:
the cases of a moment are known only when they are mature.

What drops with its source is not always found on the same day. So a drop waits for some days if a possible cause is as
low, but not yet certain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from jkpi.alerts.series.volume_series import VolumeSeries
from jkpi.alerts.statistics.volume_cusum import VolumeDrop

SAME_CAUSE_WITHIN = timedelta(days=14)
"""Onsets further apart are different drops: the onset of a small series is uncertain by days."""
SAME_DEPTH = 0.15
"""A drop may leave so much less of its baseline than its cause, by chance."""
MOST_OF_LOSS = 0.75
WAITS = timedelta(days=4)
_SUBJECTS = ("source", "touchpoint", "moment")

RemainingSince = Callable[[VolumeSeries, date], float]
"""(series, day) -> the proportion of its baseline that it has brought since that day."""


@dataclass(frozen=True)
class VolumeFinding:
    """A drop of a series. cause: the series that explains it, None if it is a cause itself. is_waiting: a possible
    cause is as low, and may be certain soon."""

    series: VolumeSeries
    drop: VolumeDrop
    cause: VolumeSeries | None = None
    is_waiting: bool = False

    @property
    def daily_loss(self) -> float:
        return self.drop.sample.baseline - self.drop.sample.daily


def with_causes(
    findings: Sequence[VolumeFinding],
    all_series: Sequence[VolumeSeries] = (),
    remaining_since: RemainingSince = lambda series, day: 1.0,
) -> list[VolumeFinding]:
    """All findings, each with the cause that is reported instead. all_series: all that are evaluated."""
    found: list[VolumeFinding] = []
    for finding in sorted(findings, key=_width):
        cause = next((parent.cause or parent.series for parent in found if explains(parent, finding)), None)
        if finding.series.subject == "source":
            cause = next((part.series for part in findings if _carries(part, finding)), None)
        is_waiting = cause is None and _waits(finding, all_series, remaining_since)
        found.append(replace(finding, cause=cause, is_waiting=is_waiting))
    return found


def explains(parent: VolumeFinding, child: VolumeFinding) -> bool:
    """Whether the drop of one series is that of the other as well."""
    return (
        _can_cause(parent.series, child.series)
        and _together(parent, child)
        and child.drop.sample.remaining >= parent.drop.sample.remaining - SAME_DEPTH
    )


def _can_cause(parent: VolumeSeries, child: VolumeSeries) -> bool:
    if parent.subject == "source":
        return child.subject != "source" and parent.name in child.sources
    if parent.subject == "touchpoint" and parent.journey == child.journey:
        return (child.subject == "touchpoint" and parent.position < child.position) or (
            child.subject == "moment" and parent.name in child.touchpoints
        )
    return False


def _together(one: VolumeFinding, other: VolumeFinding) -> bool:
    return abs(one.drop.onset - other.drop.onset) <= SAME_CAUSE_WITHIN


def _carries(part: VolumeFinding, source: VolumeFinding) -> bool:
    """Whether a touchpoint of the source dropped deeper and brings most of its loss."""
    return (
        part.series.subject == "touchpoint"
        and part.series.sources == {source.series.name}
        and _together(part, source)
        and part.drop.sample.remaining < source.drop.sample.remaining - SAME_DEPTH
        and part.daily_loss >= MOST_OF_LOSS * source.daily_loss
    )


def _waits(finding: VolumeFinding, all_series: Sequence[VolumeSeries], remaining_since: RemainingSince) -> bool:
    drop = finding.drop
    if drop.sample.last_day - drop.fired_on >= WAITS:
        return False
    return any(
        _can_cause(parent, finding.series) and remaining_since(parent, drop.onset) <= drop.sample.remaining + SAME_DEPTH
        for parent in all_series
    )


def _width(finding: VolumeFinding) -> tuple[int, str, int, str, date]:
    """Sources first, then touchpoints in the order of the map, then moments."""
    series = finding.series
    return _SUBJECTS.index(series.subject), series.journey, series.position, series.name, finding.drop.onset
