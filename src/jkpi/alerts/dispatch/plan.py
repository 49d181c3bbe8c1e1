"""Decide who is notified of what in this run. Pure: evaluation, notification log and settings in, a plan out.

`jkpi.alerts.dispatch.schedule` has the rules for one alert; this module applies them to all alerts, then suppression,
grouping by receiver and the daily limit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime

from jkpi.alerts.detection.state_machine import SeriesState
from jkpi.alerts.dispatch.schedule import (
    NotificationState,
    due_from_pending,
    escalations,
    one_per_receiver,
    reminders,
)
from jkpi.alerts.evidence.alert_context import AlertContext
from jkpi.alerts.map_health.condition import MapCondition
from jkpi.alerts.notifications.compose import MAX_SUMMARIES
from jkpi.alerts.notifications.headline import watch_list_line
from jkpi.alerts.notifications.log_entries import DueNotification, PendingNotification, SentNotification
from jkpi.alerts.notifications.promise_list import month_of, promise_breach, promise_list_id
from jkpi.alerts.notifications.silences import Silence, SuppressionReason, suppression_reason
from jkpi.alerts.series.moment_context import MomentContext, MomentKey
from jkpi.alerts.series.watched import CONSOLE, WatchedMoment
from jkpi.alerts.transitions.model import SILENT_TRANSITIONS, STATUS_AFTER, EvaluatedSeries, StoredAlert
from jkpi.config.settings import Settings
from jkpi.state.alert_records import PromiseBreach

_WATCH_LIST_STATES = (SeriesState.PATTERN, SeriesState.WATCH)


@dataclass(frozen=True)
class EvaluationOutcome:
    """Result of one evaluation.

    alert_contexts: the transitions that are new in this run. previous_run_at: time of the run before, None for the
    first one.
    """

    evaluated: tuple[EvaluatedSeries, ...]
    conditions: tuple[MapCondition, ...]
    moment_contexts: Mapping[MomentKey, MomentContext]
    alert_contexts: tuple[AlertContext, ...]
    previous_run_at: datetime | None

    def receivers_of(self, alert: StoredAlert, settings: Settings) -> tuple[str, ...]:
        """Receivers of an alert by today's map; none if the map no longer has what the alert is about."""
        if alert.kind == "error":
            return (settings.default_receiver or CONSOLE,)
        moment_context = self.moment_contexts.get((alert.journey, alert.moment))
        if moment_context is not None:
            return moment_context.receivers
        condition = self.condition_of(alert)
        return condition.receivers if condition is not None else ()

    def condition_of(self, alert: StoredAlert) -> MapCondition | None:
        """The condition of the map or of a source that the alert is about, if it is still true."""
        matching = (item for item in self.conditions if (item.series_id, item.kind) == (alert.series_id, alert.kind))
        return next(matching, None)

    def timezone_of(self, journey: str) -> str:
        """The time zone of a journey; UTC if the map has no such journey."""
        return next((context.timezone for (name, _), context in self.moment_contexts.items() if name == journey), "UTC")


@dataclass(frozen=True)
class LogState:
    """What the state database knows before the run sends anything.

    deferred_watch_lists: receivers whose watch list waits for the daily limit. queued_last_day: receiver -> messages
    queued within the last 24 hours.
    """

    pending: Sequence[PendingNotification] = ()
    silences: Sequence[Silence] = ()
    deferred_watch_lists: Set[str] = frozenset()
    queued_last_day: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class PlannedNotification:
    """One message to one receiver: the alerts in it, and the lines of its watch list."""

    receiver: str
    due: tuple[DueNotification, ...]
    watch_list: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlannedPromiseList:
    """The monthly list of one moment for one receiver."""

    notification_id: str
    receiver: str
    watched: WatchedMoment
    breaches: tuple[PromiseBreach, ...]


@dataclass(frozen=True)
class DispatchPlan:
    """What to do now.

    dropped: log entries that need no notification any more. suppressed: log entries that stay pending, by reason.
    deferred_watch_lists: receivers whose watch list waits until the daily limit allows it.
    """

    notifications: tuple[PlannedNotification, ...]
    dropped: tuple[int, ...]
    suppressed: Mapping[SuppressionReason, tuple[int, ...]]
    deferred_watch_lists: frozenset[str]


def recipients(
    outcome: EvaluationOutcome, notified: Mapping[str, Set[str]], settings: Settings
) -> list[tuple[str, int, str]]:
    """(alert, number, receiver): who has to be notified of each new transition.

    Receivers of a transition: those named now, and those notified by escalation. A closing transition also goes to
    receivers that were notified before and are no longer named. `ended` goes to programs only, which keep a state of
    their own. notified: alert -> its receivers so far.
    """
    entries = []
    for context in outcome.alert_contexts:
        transition, names = context.transition, {*context.receivers}
        if transition.stored_alert is not None:
            alert = transition.stored_alert
            notified_before = notified.get(transition.alert_id, set())
            moment_context = outcome.moment_contexts.get((alert.journey, alert.moment))
            still_addressed = set(moment_context.escalate_to) if moment_context else set()
            if STATUS_AFTER[transition.transition_type] != "open":
                still_addressed = {name for name in notified_before if _is_reachable(name, settings)}
            names = {*outcome.receivers_of(alert, settings), *(notified_before & still_addressed)}
        entries += [
            (transition.alert_id, transition.number, receiver)
            for receiver in sorted(names)
            if transition.transition_type not in SILENT_TRANSITIONS or _is_machine(receiver, settings)
        ]
    return entries


def notification_states(
    outcome: EvaluationOutcome,
    stored_alerts: Sequence[StoredAlert],
    sent: Mapping[str, Sequence[SentNotification]],
    acknowledged: Mapping[str, int],
    settings: Settings,
) -> dict[str, NotificationState]:
    """Alert -> what decides about its notifications. acknowledged: alert -> number of its newest acknowledgement."""
    recovering = {
        evaluated.series.series_id
        for evaluated in outcome.evaluated
        if evaluated.result.state is SeriesState.RECOVERING
    }
    states = {}
    for alert in stored_alerts:
        moment_context = outcome.moment_contexts.get((alert.journey, alert.moment))
        states[alert.alert_id] = NotificationState(
            alert,
            tuple(sent.get(alert.alert_id, ())),
            acknowledged.get(alert.alert_id, 0) >= alert.last_alerting_number,
            moment_context.escalate_after if moment_context else None,
            moment_context.escalate_to if moment_context else (),
            outcome.receivers_of(alert, settings) if alert.is_open else (),
            alert.series_id in recovering,
        )
    return states


def plan_dispatch(
    outcome: EvaluationOutcome, log: LogState, states: Mapping[str, NotificationState], settings: Settings
) -> DispatchPlan:
    """One message for each receiver with something due, unless it is silenced, muted or over the daily limit."""
    pending = due_from_pending(log.pending, states)
    follow_ups = [
        *reminders(states.values(), settings.now, settings.alerting.options.repeat_every),
        *escalations(states.values(), settings.now),
    ]
    reachable = [due for due in follow_ups if _is_reachable(due.receiver, settings)]
    suppressed: dict[SuppressionReason, list[int]] = {}
    by_receiver: dict[str, list[DueNotification]] = {}
    for due in one_per_receiver([*pending.due, *reachable]):
        alert = states[due.alert_id].alert
        reason = _suppression(alert.series_id, alert.alert_id, alert.journey, outcome, settings, log.silences)
        if reason is not None:
            suppressed.setdefault(reason, []).extend(due.pending_ids)
        else:
            by_receiver.setdefault(due.receiver, []).append(due)
    watch_lists = _watch_lists(outcome, settings, log)
    notifications: list[PlannedNotification] = []
    deferred = set[str]()
    for receiver in sorted({*by_receiver, *watch_lists}):
        due_now = by_receiver.get(receiver, [])
        if log.queued_last_day.get(receiver, 0) >= settings.alerting.options.max_messages_per_day:
            limited = suppressed.setdefault("rate_limited", [])
            limited.extend(pending_id for due in due_now for pending_id in due.pending_ids)
            deferred |= {receiver} & watch_lists.keys()
        else:
            notifications.append(PlannedNotification(receiver, tuple(due_now), tuple(watch_lists.get(receiver, ()))))
    return DispatchPlan(
        tuple(notifications),
        pending.dropped,
        {reason: tuple(log_ids) for reason, log_ids in suppressed.items()},
        frozenset(deferred),
    )


def plan_promise_lists(
    outcome: EvaluationOutcome, log: LogState, sent_ids: Callable[[Sequence[str]], Set[str]], settings: Settings
) -> list[PlannedPromiseList]:
    """The lists of segments below their promise that are due: one a moment, receiver and calendar month of the journey.

    What is silenced or muted is not listed; a list that is over the daily limit comes with a later run of the month.
    PagerDuty gets none: it would open an incident that nothing closes. sent_ids: which of these lists exist already.
    """
    breaches: dict[WatchedMoment, list[PromiseBreach]] = {}
    for evaluated in outcome.evaluated:
        watched, breach = evaluated.series.watched, promise_breach(evaluated)
        if breach is None:
            continue
        if _suppression(evaluated.series.series_id, None, watched.journey, outcome, settings, log.silences) is None:
            breaches.setdefault(watched, []).append(breach)
    lists = []
    for watched, listed in breaches.items():
        month = month_of(settings.now, outcome.timezone_of(watched.journey))
        lists += [
            PlannedPromiseList(
                promise_list_id(settings.name, watched, receiver, month), receiver, watched, tuple(listed)
            )
            for receiver in watched.receivers
            if _is_reachable(receiver, settings) and not _is_pagerduty(receiver, settings)
        ]
    sent = sent_ids([planned.notification_id for planned in lists])
    queued: Counter[str] = Counter(log.queued_last_day)
    due = []
    for planned in lists:
        limit = settings.alerting.options.max_messages_per_day
        if planned.notification_id not in sent and queued[planned.receiver] < limit:
            due.append(planned)
            queued[planned.receiver] += 1
    return due


def _is_pagerduty(receiver: str, settings: Settings) -> bool:
    return receiver in settings.receivers and settings.receivers[receiver].kind == "pagerduty"


def _is_reachable(receiver: str, settings: Settings) -> bool:
    return receiver in settings.receivers or receiver == CONSOLE


def _is_machine(receiver: str, settings: Settings) -> bool:
    return receiver in settings.receivers and settings.receivers[receiver].is_machine


def _suppression(
    series_id: str,
    alert_id: str | None,
    journey: str,
    outcome: EvaluationOutcome,
    settings: Settings,
    silences: Sequence[Silence],
) -> SuppressionReason | None:
    return suppression_reason(
        series_id, alert_id, settings.now, outcome.timezone_of(journey), silences, settings.alerting.mute_intervals
    )


def _watch_lists(outcome: EvaluationOutcome, settings: Settings, log: LogState) -> dict[str, list[str]]:
    """Receiver -> one line for each series in state watch or pattern.

    A list is due if a new week (or day) has begun since the previous run, or if the receiver's list was deferred. It
    goes to people, not to programs.
    """
    frequency, previous_run_at = settings.alerting.options.watch_list, outcome.previous_run_at
    if frequency == "never" or previous_run_at is None:
        return {}
    periods = [
        timestamp.isocalendar()[:2] if frequency == "weekly" else timestamp.date()
        for timestamp in (previous_run_at, settings.now)
    ]
    is_new = periods[0] != periods[1]
    journeys_of: dict[str, set[str]] = {}
    for evaluated in outcome.evaluated:
        journeys_of.setdefault(evaluated.series.watched.title, set()).add(evaluated.series.watched.journey)
    lines_of: dict[str, list[str]] = {}
    for state in _WATCH_LIST_STATES:
        for evaluated in outcome.evaluated:
            series, result = evaluated.series, evaluated.result
            has_alert = result.open_episode is not None
            if result.state is not state or has_alert or evaluated.is_inhibited or evaluated.is_stale:
                continue
            watched = series.watched
            if _suppression(series.series_id, None, watched.journey, outcome, settings, log.silences) is not None:
                continue
            line = watch_list_line(series, result, len(journeys_of[watched.title]) > 1)
            for receiver in watched.receivers if is_new else log.deferred_watch_lists & {*watched.receivers}:
                if not _is_machine(receiver, settings):
                    lines_of.setdefault(receiver, []).append(line)
    return {receiver: _truncated(lines) for receiver, lines in lines_of.items()}


def _truncated(lines: list[str]) -> list[str]:
    return lines if len(lines) <= MAX_SUMMARIES else [*lines[:MAX_SUMMARIES], f"and {len(lines) - MAX_SUMMARIES} more"]
