"""Transitions: the difference between stored alerts and evaluated series. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from jkpi.alerts.detection.episodes import Episode, SeriesResult
from jkpi.alerts.map_health.condition import MAP_CONDITION_KINDS, MapCondition
from jkpi.alerts.transitions.closing import closing_reason, reopened_by_missing_data
from jkpi.alerts.transitions.model import (
    STALE_AFTER,
    AlertKind,
    EvaluatedSeries,
    StoredAlert,
    Transition,
    TransitionType,
)

_MATCH_WITHIN = timedelta(days=7)


def reconcile(all_evaluated: Iterable[EvaluatedSeries], stored_alerts: Iterable[StoredAlert]) -> list[Transition]:
    """Transitions to record or notify, so that stored alerts match the evaluation."""
    by_series: dict[tuple[str, AlertKind], list[StoredAlert]] = {}
    for alert in stored_alerts:
        by_series.setdefault((alert.series_id, alert.kind), []).append(alert)
    transitions: list[Transition] = []
    declared: set[tuple[str, str, str]] = set()
    last_day_of: dict[str, date | None] = {}
    for evaluated in all_evaluated:
        series, watched = evaluated.series, evaluated.series.watched
        declared |= {(watched.journey, watched.moment, segment) for segment in ("all", *watched.segment_names)}
        last_day_of[series.series_id] = evaluated.result.last_day
        transitions += _drop_transitions(evaluated, by_series.get((series.series_id, "drop"), []))
        if series.is_total:
            spells: dict[AlertKind, date | None] = {
                "early_warning": _early_warning_onset(evaluated),
                "data_gap": evaluated.result.data_gap_since,
                "error": evaluated.result.error_since,
            }
            for kind, onset in spells.items():
                transitions += _spell_transitions(evaluated, kind, onset, by_series.get((series.series_id, kind), []))
    for alert in (alert for alerts in by_series.values() for alert in alerts):
        is_declared = alert.kind in MAP_CONDITION_KINDS or (alert.journey, alert.moment, alert.segment) in declared
        if alert.is_open and not is_declared:
            transitions.append(_following(alert, "superseded", alert.fired_on, None))
        elif alert.is_open and alert.kind == "drop" and alert.series_id not in last_day_of:
            today = last_day_of.get(f"{alert.journey}/{alert.moment}")
            if today is not None and today - (alert.last_day or alert.fired_on) > STALE_AFTER:
                transitions.append(replace(_following(alert, "superseded", today, None), series_missing=True))
    return transitions


def reconcile_map(
    conditions: Iterable[MapCondition], stored_alerts: Iterable[StoredAlert], today: date
) -> list[tuple[Transition, MapCondition | None]]:
    """The same for conditions of the map: notified when they begin, their end is recorded. Touchpoint alerts stay open
    while the whole journey has no events. The end of a drop of volume is notified."""
    all_conditions, alerts = list(conditions), [alert for alert in stored_alerts if alert.kind in MAP_CONDITION_KINDS]
    current = [condition for condition in all_conditions if condition.ending is None]
    endings: dict[tuple[str, str], MapCondition] = {
        (condition.series_id, condition.kind): condition for condition in all_conditions if condition.ending is not None
    }
    still_open = {(alert.series_id, alert.kind): alert for alert in alerts if alert.is_open}
    known_alerts = {alert.alert_id: alert for alert in alerts}
    transitions: list[tuple[Transition, MapCondition | None]] = []
    for condition in current:
        if still_open.pop((condition.series_id, condition.kind), None) is not None:
            continue
        if condition.is_inhibited:
            continue
        alert_id = _alert_id(condition.series_id, condition.kind, condition.onset)
        transition = Transition(alert_id, 1, "opened", condition.kind, condition.onset, today, None)
        if alert_id in known_alerts:
            transition = _following(known_alerts[alert_id], "reopened", today, None)
        transitions.append((transition, condition))
    for alert in still_open.values():
        if (ending := endings.get((alert.series_id, alert.kind))) is not None:
            transitions.append(_ending(alert, ending, today))
        elif not any(
            other.kind == alert.kind and alert.series_id.startswith(f"{other.series_id}/") for other in current
        ):
            transitions.append((_following(alert, "ended", today, None), None))
    return transitions


def _ending(alert: StoredAlert, condition: MapCondition, today: date) -> tuple[Transition, MapCondition | None]:
    """How an open alert ends. If what it was about had ended before it was notified, late data have corrected it."""
    if condition.ending == "corrected" or (condition.closed_on is not None and condition.closed_on < alert.onset):
        return _following(alert, "corrected", today, None), None
    if condition.ending == "resolved":
        return _following(alert, "resolved", condition.closed_on or today, None), condition
    return _following(alert, "ended", today, None), None


def latest_transition(alert: StoredAlert, evaluated: EvaluatedSeries | None) -> Transition:
    """Newest transition of an alert, for a late notification, with the figures of today."""
    episode = None
    if evaluated is not None and alert.kind == "drop":
        episode = _matching_episode(evaluated.result, alert)
    has_figures = episode is not None or alert.kind != "drop" or alert.last_transition in ("corrected", "superseded")
    return Transition(
        alert.alert_id,
        alert.number,
        alert.last_transition,
        alert.kind,
        alert.onset,
        alert.closed_on or alert.fired_on,
        evaluated if has_figures else None,
        episode,
        alert,
        alert.series_missing,
    )


def _drop_transitions(evaluated: EvaluatedSeries, alerts: list[StoredAlert]) -> list[Transition]:
    """Transitions of the drop alerts of a series."""
    current = next((alert for alert in alerts if alert.is_open), None)
    episode = evaluated.result.open_episode
    is_news = episode is not None and not evaluated.is_inhibited and not evaluated.is_stale
    transitions: list[Transition] = []
    if current is not None:
        matching = _matching_episode(evaluated.result, current)
        if matching is None:
            reason = closing_reason(evaluated, current)
            if reason is None and not is_news:
                return []
            # The drop of today is another one, so the stored alert ends even if no reason is known.
            transitions.append(
                _following(current, reason or "ended", evaluated.result.last_day or current.fired_on, evaluated)
            )
        elif matching.closed_on is None:
            return _worsening(evaluated, matching, current)
        else:
            transitions.append(_following(current, "resolved", matching.closed_on, evaluated, matching))
    if episode is not None and is_news:
        opening = _opening(evaluated, "drop", episode.onset, episode.fired_on, episode)
        closed_alerts = [alert for alert in alerts if not alert.is_open]
        # A drop next to the end of another alert is new, unless an alert with its id (its onset) exists.
        earlier_alerts = [
            earlier_alert for earlier_alert in closed_alerts if earlier_alert.alert_id == opening.alert_id
        ] or [
            earlier_alert
            for earlier_alert in closed_alerts
            if current is None
            and episode.overlaps(earlier_alert.onset, earlier_alert.closed_on or earlier_alert.fired_on)
        ]
        if not earlier_alerts:
            transitions.append(opening)
        elif not any(reopened_by_missing_data(evaluated, earlier_alert) for earlier_alert in earlier_alerts):
            transitions.append(
                _following(
                    max(earlier_alerts, key=lambda earlier_alert: earlier_alert.onset),
                    "reopened",
                    min(detection.fired_on for detection in episode.detections if detection.closed_on is None),
                    evaluated,
                    episode,
                )
            )
    return transitions


def _matching_episode(result: SeriesResult, alert: StoredAlert) -> Episode | None:
    """Episode of today that corresponds to a stored alert: one that overlaps its days, else one shortly after. An
    episode with the same onset comes first."""
    overlapping = [episode for episode in result.episodes if episode.overlaps(alert.onset, alert.fired_on)]
    candidates = overlapping or [
        episode for episode in result.episodes if episode.overlaps(alert.onset, alert.fired_on + _MATCH_WITHIN)
    ]
    return min(
        candidates, key=lambda episode: (episode.onset != alert.onset, episode.fired_on != alert.fired_on), default=None
    )


def _worsening(evaluated: EvaluatedSeries, episode: Episode, current: StoredAlert) -> list[Transition]:
    """The worsened transition of an open alert, if there is one: a baseline drop that began after the notification or
    goes further; a slowdown that began after it; any drop if only a slowdown was notified. A promise broken by the same
    drop is not news."""
    detections = sorted(
        (detection for detection in episode.detections if detection.closed_on is None),
        key=lambda detection: detection.fired_on,
    )
    has_dropped = any(detection.line == "baseline" for detection in detections)
    only_slowdown = all(line == "median" for line, _ in current.notified_lines)
    unmatched = list(current.notified_lines)
    for detection in detections:
        nearby = [
            (line, onset)
            for line, onset in unmatched
            if line == detection.line and abs(onset - detection.onset) < _MATCH_WITHIN
        ]
        if nearby:
            unmatched.remove(min(nearby, key=lambda candidate: abs(candidate[1] - detection.onset)))
        elif detection.line == "median":
            if not has_dropped and detection.onset > current.fired_on:
                return [_following(current, "worsened", detection.fired_on, evaluated, episode)]
        elif only_slowdown or (detection.line == "baseline" and detection.onset > current.fired_on):
            return [_following(current, "worsened", detection.fired_on, evaluated, episode)]
    return []


def _spell_transitions(
    evaluated: EvaluatedSeries, kind: AlertKind, onset: date | None, alerts: list[StoredAlert]
) -> list[Transition]:
    """Opened and ended transitions of an early warning, a data gap or an error."""
    current = next((alert for alert in alerts if alert.is_open), None)
    if onset is not None and current is None:
        if kind == "early_warning" and evaluated.is_stale:
            return []
        earlier = next((alert for alert in alerts if alert.onset == onset), None)
        # The same condition was notified before, and ended by data that are missing again: do not notify twice.
        return [] if earlier else [_opening(evaluated, kind, onset, onset, None)]
    if onset is None and current is not None:
        return [_following(current, "ended", evaluated.result.last_day or current.onset, evaluated)]
    return []


def _early_warning_onset(evaluated: EvaluatedSeries) -> date | None:
    """Onset of the early warning, unless the moment itself has dropped. A broken promise alone is no drop."""
    detections = evaluated.result.open_episode.detections if evaluated.result.open_episode else ()
    has_dropped = any(detection.line != "promise" and detection.closed_on is None for detection in detections)
    return (
        evaluated.early_warning.onset
        if evaluated.early_warning is not None and not has_dropped and not evaluated.is_inhibited
        else None
    )


def _opening(
    evaluated: EvaluatedSeries, kind: AlertKind, onset: date, happened_on: date, episode: Episode | None
) -> Transition:
    alert_id = _alert_id(evaluated.series.series_id, kind, onset)
    return Transition(alert_id, 1, "opened", kind, onset, happened_on, evaluated, episode)


def _following(
    alert: StoredAlert,
    transition_type: TransitionType,
    happened_on: date,
    evaluated: EvaluatedSeries | None,
    episode: Episode | None = None,
) -> Transition:
    onset = episode.onset if episode and transition_type == "reopened" else alert.onset
    return Transition(
        alert.alert_id, alert.number + 1, transition_type, alert.kind, onset, happened_on, evaluated, episode, alert
    )


def _alert_id(series_id: str, kind: AlertKind, onset: date) -> str:
    return hashlib.sha256(f"{series_id}|{kind}|{onset}".encode()).hexdigest()[:12]
