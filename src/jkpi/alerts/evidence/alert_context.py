"""A transition with the evidence that a notification shows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from jkpi.alerts.detection.episodes import Detection, Episode
from jkpi.alerts.evidence.contributions import DropBreakdown
from jkpi.alerts.evidence.daily_readings import (
    DailyReading,
)
from jkpi.alerts.map_health.condition import MapCondition
from jkpi.alerts.series.moment_context import MomentContext
from jkpi.alerts.series.watched import Series, WatchedMoment
from jkpi.alerts.statistics.effect_size import EffectSize, effect_size
from jkpi.alerts.statistics.running_sums import PooledSample
from jkpi.alerts.transitions.model import ALERTING_TRANSITIONS, EvaluatedSeries, Transition, TransitionType


@dataclass(frozen=True)
class IncludedDrop:
    """An open drop without an alert of its own, because the one that inhibits it is reported instead. effect: of the
    detection, as in AlertContext."""

    series: Series
    detection: Detection
    effect: EffectSize | None


@dataclass(frozen=True)
class AlertContext:
    """A transition and its evidence. suspended_count: suspended days in period. breakdown: the drop by segment.
    daily_readings: readings as they are now. period: days that the transition is about. comments: comments of
    customers. data_gaps: gaps of its sources, as text. included: drops that are part of this alert."""

    transition: Transition
    title: str
    owner: str
    receivers: tuple[str, ...]
    breakdown: DropBreakdown | None = None
    readings_sql: str = ""
    suspended_count: int = 0
    value_sql: str = ""
    daily_readings: tuple[DailyReading, ...] = ()
    period: tuple[date, date] | None = None
    comments: tuple[str, ...] = ()
    data_gaps: tuple[str, ...] = ()
    moment_context: MomentContext | None = None
    condition: MapCondition | None = None
    included: tuple[IncludedDrop, ...] = ()

    @property
    def series(self) -> Series | None:
        return self.transition.evaluated.series if self.transition.evaluated else None

    @property
    def effect(self) -> EffectSize | None:
        """Effect size of the detection that a notification reports, as a rate where higher is better; None if it
        reports no drop."""
        transition, series = self.transition, self.series
        if series is None or transition.episode is None or transition.transition_type == "resolved":
            return None
        return _effect_of(main_detection(transition.episode, transition.transition_type), series)

    @property
    def series_id(self) -> str:
        if self.series is not None:
            return self.series.series_id
        if self.condition is not None:
            return self.condition.series_id
        return self.transition.stored_alert.series_id if self.transition.stored_alert else ""


def with_included(context: AlertContext, included: Mapping[str, tuple[IncludedDrop, ...]]) -> AlertContext:
    """The context with the drops that are part of its alert, if it reports an open drop. included: by series."""
    transition = context.transition
    if transition.kind != "drop" or transition.transition_type not in ALERTING_TRANSITIONS or context.series is None:
        return context
    return replace(context, included=included.get(context.series_id, ()))


def included_drops(all_evaluated: Iterable[EvaluatedSeries]) -> dict[str, tuple[IncludedDrop, ...]]:
    """Series -> the open drops that it inhibits, directly or through others; the largest drop first."""
    by_id = {evaluated.series.series_id: evaluated for evaluated in all_evaluated}
    included: dict[str, list[IncludedDrop]] = {}
    for evaluated in by_id.values():
        episode, parent = evaluated.result.open_episode, evaluated.inhibited_by
        if episode is None or parent is None or evaluated.is_stale:
            continue
        while (further := by_id[parent].inhibited_by) is not None:
            parent = further
        detection = main_detection(episode, "opened")
        included.setdefault(parent, []).append(
            IncludedDrop(evaluated.series, detection, _effect_of(detection, evaluated.series))
        )
    return {
        series_id: tuple(
            sorted(drops, key=lambda drop: (-(drop.effect.size if drop.effect else 0.0), drop.series.series_id))
        )
        for series_id, drops in included.items()
    }


def _effect_of(detection: Detection, series: Series) -> EffectSize | None:
    """None for a survey wave: it is not chosen among many days, so its difference needs no correction."""
    if detection.comparison is not None:
        return None
    return effect_size(detection.initial_drop, detection.drop, series.watched.rule_for().min_drop)


def main_detection(episode: Episode, transition_type: TransitionType) -> Detection:
    """The detection that a notification reports. If resolved, the one that ended last. Else, of the open ones, the
    baseline drop; without one, the broken promise or the slowdown, whichever fired later."""
    if transition_type == "resolved":
        return max(
            episode.detections, key=lambda detection: (detection.closed_on or date.max, detection.line == "baseline")
        )
    open_detections = [detection for detection in episode.detections if detection.closed_on is None]
    return max(
        open_detections or episode.detections,
        key=lambda detection: (detection.line == "baseline", detection.fired_on, detection.line),
    )


def period_of(transition: Transition) -> tuple[date, date]:
    """First and last day that a transition is about."""
    evaluated = transition.evaluated
    last_day = evaluated.result.last_day if evaluated and evaluated.result.last_day else transition.happened_on
    if transition.episode is None:
        return min(transition.onset, last_day), last_day
    drop = main_detection(transition.episode, transition.transition_type).drop
    return drop.first_day, drop.last_day


def within_seconds_of(transition: Transition) -> float | None:
    """Edge in seconds if the transition reports a slowdown; None if it reports readings of the KPI."""
    return (
        main_detection(transition.episode, transition.transition_type).within_seconds
        if transition.episode is not None
        else None
    )


def drop_without_recovery(detection: Detection, watched: WatchedMoment) -> PooledSample:
    """The days or weeks of the drop, without the clear ones that closed the alert."""
    drop, recovery = detection.drop, detection.recovery
    if recovery is None or recovery.n >= drop.n or detection.comparison is not None:
        return drop
    last_day = recovery.first_day - timedelta(days=watched.evaluation_config.step_days)
    return PooledSample(
        drop.first_day, last_day, drop.days - recovery.days, drop.successes - recovery.successes, drop.n - recovery.n
    )
