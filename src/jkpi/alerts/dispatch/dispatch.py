"""Queue the notifications of one evaluation, inside its transaction: read the log, plan, write messages and log."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from sqlalchemy import Connection

from jkpi.alerts.dispatch.message import message_for
from jkpi.alerts.dispatch.plan import (
    DispatchPlan,
    EvaluationOutcome,
    LogState,
    PlannedNotification,
    PlannedPromiseList,
    notification_states,
    plan_dispatch,
    plan_promise_lists,
    recipients,
)
from jkpi.alerts.dispatch.schedule import NotificationState, for_new_receivers
from jkpi.alerts.evidence.alert_context import AlertContext, included_drops, with_included
from jkpi.alerts.evidence.build_context import build_context
from jkpi.alerts.evidence.reading_cache import ReadingCache
from jkpi.alerts.notifications.compose import figures_of
from jkpi.alerts.notifications.promise_list import compose_promise_list
from jkpi.alerts.store import notification_log
from jkpi.alerts.store.alerts import read_alerts
from jkpi.alerts.store.reading_snapshots import save_snapshot
from jkpi.alerts.transitions.reconcile import latest_transition
from jkpi.config.settings import Settings
from jkpi.warehouse.base import Warehouse


def dispatch(connection: Connection, warehouse: Warehouse, outcome: EvaluationOutcome, settings: Settings) -> int:
    """Queue every message that is due now. Returns how many."""
    states = _record_pending(connection, outcome, settings)
    log = _read_log(connection, settings)
    plan = plan_dispatch(outcome, log, states, settings)
    notification_log.discard(connection, plan.dropped)
    for reason, log_ids in plan.suppressed.items():
        notification_log.suppress(connection, log_ids, reason)
    contexts = _contexts_of(plan, warehouse, states, outcome, settings)
    for planned in plan.notifications:
        _queue(connection, planned, contexts, states, settings)
    notification_log.defer_watch_lists(connection, plan.deferred_watch_lists)
    counted = {planned.receiver: log.queued_last_day.get(planned.receiver, 0) + 1 for planned in plan.notifications}
    log = dataclasses.replace(log, queued_last_day={**log.queued_last_day, **counted})
    promise_lists = plan_promise_lists(outcome, log, lambda ids: notification_log.queued_ids(connection, ids), settings)
    for promise_list in promise_lists:
        _queue_promise_list(connection, promise_list, settings)
    return len(plan.notifications) + len(promise_lists)


def _queue_promise_list(connection: Connection, planned: PlannedPromiseList, settings: Settings) -> None:
    notification = compose_promise_list(
        planned.watched,
        planned.breaches,
        planned.notification_id,
        settings.name,
        settings.now,
        is_synthetic=settings.synthetic,
    )
    notification_log.enqueue(connection, planned.receiver, notification, [], settings.now)


def _record_pending(
    connection: Connection, outcome: EvaluationOutcome, settings: Settings
) -> dict[str, NotificationState]:
    """Write the readings and the pending notifications of each new transition; then the state of each alert."""
    for context in outcome.alert_contexts:
        save_snapshot(connection, context.transition.alert_id, context.transition.number, context.daily_readings)
    updated = [context.transition.alert_id for context in outcome.alert_contexts if context.transition.number > 1]
    notified = notification_log.receivers_notified(connection, updated)
    notification_log.add_pending(connection, recipients(outcome, notified, settings), settings.now)
    states = notification_states(
        outcome,
        read_alerts(connection),
        notification_log.read_sent(connection),
        notification_log.read_acknowledged_numbers(connection),
        settings,
    )
    pending = notification_log.read_pending(connection)
    notification_log.add_pending(connection, for_new_receivers(states.values(), pending), settings.now)
    return states


def _read_log(connection: Connection, settings: Settings) -> LogState:
    return LogState(
        notification_log.read_pending(connection),
        notification_log.read_active_silences(connection, settings.now),
        notification_log.read_deferred_watch_lists(connection),
        notification_log.count_queued_last_day(connection, settings.now),
    )


def _contexts_of(
    plan: DispatchPlan,
    warehouse: Warehouse,
    states: Mapping[str, NotificationState],
    outcome: EvaluationOutcome,
    settings: Settings,
) -> dict[str, AlertContext]:
    """Alert -> its transition of this run, or its newest transition with today's figures."""
    contexts = {context.transition.alert_id: context for context in outcome.alert_contexts}
    evaluated = {item.series.series_id: item for item in outcome.evaluated}
    missing = {due.alert_id for planned in plan.notifications for due in planned.due} - set(contexts)
    older_transitions = [
        latest_transition(states[alert_id].alert, evaluated.get(states[alert_id].alert.series_id))
        for alert_id in sorted(missing)
    ]
    cache, included = ReadingCache(warehouse, older_transitions), included_drops(outcome.evaluated)
    for transition in older_transitions:
        alert = states[transition.alert_id].alert
        moment_context = outcome.moment_contexts.get((alert.journey, alert.moment))
        context = build_context(warehouse, transition, moment_context, cache, settings.alerting.options.max_comments)
        condition = outcome.condition_of(alert) if alert.is_open else None
        contexts[transition.alert_id] = with_included(dataclasses.replace(context, condition=condition), included)
    return contexts


def _queue(
    connection: Connection,
    planned: PlannedNotification,
    contexts: Mapping[str, AlertContext],
    states: Mapping[str, NotificationState],
    settings: Settings,
) -> None:
    message = message_for(planned, contexts, states, settings)
    notification_log.enqueue(
        connection, planned.receiver, message.notification, list(message.transition_ids), settings.now
    )
    for due in planned.due:
        notification_log.record_notified(
            connection,
            due,
            states[due.alert_id].alert.number,
            message.notification,
            message.thread_ids[due.alert_id],
            settings.now,
            figures_of(contexts[due.alert_id]),
        )
