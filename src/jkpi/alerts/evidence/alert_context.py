"""A transition with the evidence that a notification shows. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from jkpi.alerts.detection.episodes import Detection, Episode
from jkpi.alerts.evidence.contributions import Contribution
from jkpi.alerts.evidence.daily_readings import (
    DailyReading,
)
from jkpi.alerts.evidence.mix_and_rate import MixRateDecomposition
from jkpi.alerts.map_health.condition import MapCondition
from jkpi.alerts.series.moment_context import MomentContext
from jkpi.alerts.series.watched import Series, WatchedMoment
from jkpi.alerts.statistics.running_sums import PooledSample
from jkpi.alerts.transitions.model import Transition, TransitionType


@dataclass(frozen=True)
class AlertContext:
    """A transition and its evidence. suspended_count: suspended days in period. daily_readings: readings as they are
    now. period: days that the transition is about. comments: comments of customers. data_gaps: gaps of its sources, as
    text."""

    transition: Transition
    title: str
    owner: str
    receivers: tuple[str, ...]
    contributions: tuple[Contribution, ...] = ()
    readings_sql: str = ""
    suspended_count: int = 0
    value_sql: str = ""
    effects: tuple[MixRateDecomposition, ...] = ()
    daily_readings: tuple[DailyReading, ...] = ()
    period: tuple[date, date] | None = None
    comments: tuple[str, ...] = ()
    data_gaps: tuple[str, ...] = ()
    moment_context: MomentContext | None = None
    condition: MapCondition | None = None

    @property
    def series(self) -> Series | None:
        return self.transition.evaluated.series if self.transition.evaluated else None

    @property
    def series_id(self) -> str:
        if self.series is not None:
            return self.series.series_id
        if self.condition is not None:
            return self.condition.series_id
        return self.transition.stored_alert.series_id if self.transition.stored_alert else ""


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
