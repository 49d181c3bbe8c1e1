"""What is said now: owed, repeated or escalated, grouped into one message per receiver, unless something holds it back.

All of it happens inside the transaction of the judgement.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from jkpi.alerts.detection.state_machine import SeriesState
from jkpi.alerts.dispatch.schedule import (
    NotificationState,
    escalations,
    for_new_receivers,
    one_per_receiver,
    plan_notifications,
    reminders,
    thread_id_of,
)
from jkpi.alerts.evidence.alert_context import AlertContext
from jkpi.alerts.evidence.build_context import build_context
from jkpi.alerts.evidence.reading_cache import ReadingCache
from jkpi.alerts.map_health.condition import MapCondition
from jkpi.alerts.notifications.compose import (
    MAX_FULL_ITEMS,
    MAX_SUMMARIES,
    MessageMetadata,
    NotificationItem,
    by_urgency,
    compose_notification,
    figures_of,
)
from jkpi.alerts.notifications.headline import watch_list_line
from jkpi.alerts.notifications.log_entries import DueNotification
from jkpi.alerts.notifications.silences import Silence, SuppressionReason, suppression_reason
from jkpi.alerts.series.moment_context import MomentContext, MomentKey
from jkpi.alerts.series.watched import CONSOLE
from jkpi.alerts.store import notification_log as book
from jkpi.alerts.store.alerts import read_alerts
from jkpi.alerts.store.reading_snapshots import save_snapshot
from jkpi.alerts.transitions.model import (
    ALERTING_TRANSITIONS,
    SILENT_TRANSITIONS,
    STATUS_AFTER,
    EvaluatedSeries,
    StoredAlert,
)
from jkpi.alerts.transitions.reconcile import latest_transition, reconcile_map
from jkpi.config.settings import Settings
from jkpi.warehouse.base import Warehouse

_WATCH_LIST_STATES = (SeriesState.PATTERN, SeriesState.WATCH)
_MAX_REPLIES = 50


@dataclass(frozen=True)
class EvaluationOutcome:
    """What a judgement found. `findings` are new in it; `judged_before` is when the last one was."""

    evaluated: tuple[EvaluatedSeries, ...]
    conditions: tuple[MapCondition, ...]
    moment_contexts: Mapping[MomentKey, MomentContext]
    alert_contexts: tuple[AlertContext, ...]
    previous_run_at: datetime | None

    def receivers_of(self, alert: StoredAlert, settings: Settings) -> tuple[str, ...]:
        """Who is to hear of an alert today; nobody where the map no longer has what it is about."""
        if alert.kind == "error":
            return (settings.default_receiver or CONSOLE,)
        moment_context = self.moment_contexts.get((alert.journey, alert.moment))
        condition_receivers = (
            condition.receivers
            for condition in self.conditions
            if (condition.series_id, condition.kind) == (alert.series_id, alert.kind)
        )
        return moment_context.receivers if moment_context else next(condition_receivers, ())

    def timezone_of(self, journey: str) -> str:
        """Where days are cut: by the journey, in UTC where there is none."""
        return next((context.timezone for (name, _), context in self.moment_contexts.items() if name == journey), "UTC")


def map_alert_contexts(
    conditions: Sequence[MapCondition], stored_alerts: Sequence[StoredAlert], now: datetime
) -> list[AlertContext]:
    """What has begun or ended to be wrong with the map."""
    contexts = []
    for transition, condition in reconcile_map(conditions, stored_alerts, now.date()):
        if condition is not None:
            addressing = condition.title, condition.owner, condition.receivers
        else:
            alert = transition.stored_alert
            addressing = (alert.title, alert.owner, alert.receivers) if alert else ("", "", ())
        contexts.append(AlertContext(transition, *addressing, condition=condition))
    return contexts


def dispatch(connection: Connection, warehouse: Warehouse, outcome: EvaluationOutcome, settings: Settings) -> int:
    """Write the messages that are due now; how many."""
    for context in outcome.alert_contexts:
        save_snapshot(connection, context.transition.alert_id, context.transition.number, context.daily_readings)
    updated_alerts = [
        context.transition.alert_id for context in outcome.alert_contexts if context.transition.number > 1
    ]
    notified = book.receivers_notified(connection, updated_alerts)
    book.add_pending(connection, _recipients(outcome, notified, settings), settings.now)
    states = _notification_states(connection, outcome, settings)
    book.add_pending(connection, for_new_receivers(states.values(), book.read_pending(connection)), settings.now)
    plan = plan_notifications(book.read_pending(connection), states)
    book.discard(connection, plan.dropped)
    follow_ups = [
        *reminders(states.values(), settings.now, settings.alerting.options.repeat_every),
        *escalations(states.values(), settings.now),
    ]
    reachable = [due for due in follow_ups if _is_reachable(due.receiver, settings)]
    silences = book.read_active_silences(connection, settings.now)
    by_receiver: dict[str, list[DueNotification]] = {}
    for due in one_per_receiver([*plan.due, *reachable]):
        alert = states[due.alert_id].alert
        reason = _suppression(alert.series_id, alert.alert_id, alert.journey, outcome, settings, silences)
        if reason is not None:
            book.suppress(connection, due.pending_ids, reason)
        else:
            by_receiver.setdefault(due.receiver, []).append(due)
    watch_lists = _watch_lists(outcome, settings, silences, book.read_deferred_watch_lists(connection))
    contexts = _contexts_of_due(warehouse, by_receiver, states, outcome, settings)
    written, deferred = 0, set[str]()
    for receiver in sorted({*by_receiver, *watch_lists}):
        all_due = by_receiver.get(receiver, [])
        if book.count_last_day(connection, receiver, settings.now) >= settings.alerting.options.max_messages_per_day:
            book.suppress(connection, [pending_id for due in all_due for pending_id in due.pending_ids], "rate_limited")
            deferred |= {receiver} & watch_lists.keys()
            continue
        _write_notification(connection, receiver, all_due, watch_lists.get(receiver, ()), contexts, states, settings)
        written += 1
    book.defer_watch_lists(connection, deferred)
    return written


def _recipients(
    outcome: EvaluationOutcome, notified: Mapping[str, set[str]], settings: Settings
) -> list[tuple[str, int, str]]:
    """Whoever is named today, or was told as it was escalated, hears how an alert goes on; its end also those who heard
    of it and are named no more. People hear no quiet ends; programs do, for they keep a state of their own."""
    recipients = []
    for context in outcome.alert_contexts:
        transition, names = context.transition, {*context.receivers}
        if transition.stored_alert is not None:
            notified_before = notified.get(transition.alert_id, set())
            moment_context = outcome.moment_contexts.get(
                (transition.stored_alert.journey, transition.stored_alert.moment)
            )
            still_addressed = set(moment_context.escalate_to) if moment_context else set()
            if STATUS_AFTER[transition.transition_type] != "open":
                still_addressed = {name for name in notified_before if _is_reachable(name, settings)}
            names = {*outcome.receivers_of(transition.stored_alert, settings), *(notified_before & still_addressed)}
        recipients += [
            (transition.alert_id, transition.number, receiver)
            for receiver in sorted(names)
            if transition.transition_type not in SILENT_TRANSITIONS
            or (receiver in settings.receivers and settings.receivers[receiver].is_machine)
        ]
    return recipients


def _is_reachable(receiver: str, settings: Settings) -> bool:
    return receiver in settings.receivers or receiver == CONSOLE


def _notification_states(
    connection: Connection, outcome: EvaluationOutcome, settings: Settings
) -> dict[str, NotificationState]:
    sent, acknowledged = book.read_sent(connection), book.read_acknowledged_numbers(connection)
    recovering = {
        evaluated.series.series_id
        for evaluated in outcome.evaluated
        if evaluated.result.state is SeriesState.RECOVERING
    }
    states = {}
    for alert in read_alerts(connection):
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


def _contexts_of_due(
    warehouse: Warehouse,
    by_receiver: Mapping[str, Sequence[DueNotification]],
    states: Mapping[str, NotificationState],
    outcome: EvaluationOutcome,
    settings: Settings,
) -> dict[str, AlertContext]:
    """Alert -> what is told of it: as found in this run, or its newest transition with the figures of today."""
    contexts = {context.transition.alert_id: context for context in outcome.alert_contexts}
    evaluated = {item.series.series_id: item for item in outcome.evaluated}
    conditions = {(item.series_id, item.kind): item for item in outcome.conditions}
    missing = {due.alert_id for group in by_receiver.values() for due in group} - set(contexts)
    older_transitions = [
        latest_transition(states[alert_id].alert, evaluated.get(states[alert_id].alert.series_id))
        for alert_id in sorted(missing)
    ]
    cache = ReadingCache(warehouse, older_transitions)
    for transition in older_transitions:
        alert = states[transition.alert_id].alert
        moment_context = outcome.moment_contexts.get((alert.journey, alert.moment))
        context = build_context(warehouse, transition, moment_context, cache, settings.alerting.options.max_comments)
        condition = conditions.get((alert.series_id, alert.kind)) if alert.is_open else None  # type: ignore[arg-type]
        contexts[transition.alert_id] = dataclasses.replace(context, condition=condition)
    return contexts


def _write_notification(
    connection: Connection,
    receiver: str,
    all_due: Sequence[DueNotification],
    watch_list: Sequence[str],
    contexts: Mapping[str, AlertContext],
    states: Mapping[str, NotificationState],
    settings: Settings,
) -> None:
    """One message to one receiver. Its id follows from what it tells, so the same can never be written twice."""
    due_of = {due.alert_id: due for due in all_due}
    items = by_urgency(
        [
            NotificationItem(_as_received(contexts[due.alert_id], thread_id), due.notification_type, thread_id)
            for due in all_due
            for thread_id in [thread_id_of(states[due.alert_id], receiver)]
        ]
    )  # fmt: skip
    keys = sorted(item.dedup_key for item in items)
    if watch_list or any(item.notification_type != "first" for item in items):
        keys.append(settings.now.isoformat())
    notification_id = hashlib.sha256("|".join([receiver, *keys]).encode()).hexdigest()[:16]
    threads = {
        item.context.transition.alert_id: item.thread_id
        or (item.context.transition.alert_id if position < MAX_FULL_ITEMS else notification_id)
        for position, item in enumerate(items)
    }
    metadata = MessageMetadata(
        notification_id,
        settings.name,
        settings.now,
        settings.synthetic,
        _replies_to(receiver, due_of, states),
        _closed_threads(receiver, threads, states),
        settings.alerting.options.repeat_every,
    )
    notification = compose_notification(items, metadata, watch_list)
    transition_ids = sorted(item.context.transition.transition_id for item in items)
    book.enqueue(connection, receiver, notification, transition_ids, settings.now)
    for alert_id, due in due_of.items():
        number, figures_told = states[alert_id].alert.number, figures_of(contexts[alert_id])
        book.record_notified(connection, due, number, notification, threads[alert_id], settings.now, figures_told)


def _as_received(context: AlertContext, thread_id: str | None) -> AlertContext:
    """ "Again" and "further" mean nothing to those who hear of it for the first time."""
    if thread_id is not None or context.transition.transition_type not in ALERTING_TRANSITIONS:
        return context
    return dataclasses.replace(context, transition=dataclasses.replace(context.transition, transition_type="opened"))


def _replies_to(
    receiver: str, due_of: Mapping[str, DueNotification], states: Mapping[str, NotificationState]
) -> tuple[str, ...]:
    """The messages by which this receiver heard of these alerts first."""
    first_ids: dict[str, str] = {}
    for alert_id in due_of:
        for sent in states[alert_id].sent:
            if sent.receiver == receiver:
                first_ids.setdefault(alert_id, sent.notification_id)
    return tuple(dict.fromkeys(first_ids.values()))[:_MAX_REPLIES]


def _closed_threads(
    receiver: str, thread_ids: Mapping[str, str], states: Mapping[str, NotificationState]
) -> tuple[str, ...]:
    """The threads of this message in which no alert is open any more."""
    open_before = {
        sent.thread_id
        for state in states.values()
        if state.alert.is_open
        for sent in state.sent
        if sent.receiver == receiver
    }
    closed_ids = {thread_id for alert_id, thread_id in thread_ids.items() if not states[alert_id].alert.is_open}
    open_ids = {thread_id for alert_id, thread_id in thread_ids.items() if states[alert_id].alert.is_open}
    return tuple(sorted(closed_ids - open_before - open_ids))


def _watch_lists(
    outcome: EvaluationOutcome, settings: Settings, silences: Sequence[Silence], deferred: Set[str]
) -> dict[str, list[str]]:
    """Receiver -> coincidences and patterns, where a new week or day has begun since the last judgement, or where the
    receiver is still `waiting` for the digest of the one that has."""
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
            if (
                result.state is not state
                or result.open_episode is not None
                or evaluated.is_inhibited
                or evaluated.is_stale
            ):
                continue
            if _suppression(series.series_id, None, series.watched.journey, outcome, settings, silences) is None:
                for receiver in series.watched.receivers if is_new else deferred & {*series.watched.receivers}:
                    if receiver not in settings.receivers or not settings.receivers[receiver].is_machine:
                        line = watch_list_line(series, result, len(journeys_of[series.watched.title]) > 1)
                        lines_of.setdefault(receiver, []).append(line)
    return {receiver: _truncated(lines) for receiver, lines in lines_of.items()}


def _truncated(lines: list[str]) -> list[str]:
    return lines if len(lines) <= MAX_SUMMARIES else [*lines[:MAX_SUMMARIES], f"and {len(lines) - MAX_SUMMARIES} more"]
