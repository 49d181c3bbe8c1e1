"""The message of one planned notification: its id, its threads, and what it replies to. Pure."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from jkpi.alerts.dispatch.plan import PlannedNotification
from jkpi.alerts.dispatch.schedule import NotificationState, thread_id_of
from jkpi.alerts.evidence.alert_context import AlertContext
from jkpi.alerts.notifications.compose import (
    MAX_FULL_ITEMS,
    MessageMetadata,
    NotificationItem,
    by_urgency,
    compose_notification,
)
from jkpi.alerts.notifications.model import Notification
from jkpi.alerts.transitions.model import ALERTING_TRANSITIONS
from jkpi.config.settings import Settings

_MAX_REPLIES = 50


@dataclass(frozen=True)
class ThreadedMessage:
    """A message, the transitions in it, and the thread of each of its alerts (alert -> thread)."""

    notification: Notification
    transition_ids: tuple[str, ...]
    thread_ids: Mapping[str, str]


def message_for(
    planned: PlannedNotification,
    contexts: Mapping[str, AlertContext],
    states: Mapping[str, NotificationState],
    settings: Settings,
) -> ThreadedMessage:
    """The message to one receiver.

    Its id is a hash of its content, so the same message cannot be queued twice. Alerts that are not shown in full share
    the thread of the message, which is one incident in PagerDuty.
    """
    receiver, items = planned.receiver, []
    for due in planned.due:
        thread_id = thread_id_of(states[due.alert_id], receiver)
        context = _as_received(contexts[due.alert_id], thread_id)
        items.append(NotificationItem(context, due.notification_type, thread_id))
    items = by_urgency(items)
    keys = sorted(item.dedup_key for item in items)
    if planned.watch_list or any(item.notification_type != "first" for item in items):
        keys.append(settings.now.isoformat())
    notification_id = hashlib.sha256("|".join([receiver, *keys]).encode()).hexdigest()[:16]
    thread_ids = {
        item.context.transition.alert_id: item.thread_id
        or (item.context.transition.alert_id if position < MAX_FULL_ITEMS else notification_id)
        for position, item in enumerate(items)
    }
    metadata = MessageMetadata(
        notification_id,
        settings.name,
        settings.now,
        settings.synthetic,
        first_notification_ids(planned, states),
        closed_threads(receiver, thread_ids, states),
        settings.alerting.options.repeat_every,
    )
    return ThreadedMessage(
        compose_notification(items, metadata, planned.watch_list),
        tuple(sorted(item.context.transition.transition_id for item in items)),
        thread_ids,
    )


def first_notification_ids(planned: PlannedNotification, states: Mapping[str, NotificationState]) -> tuple[str, ...]:
    """The first message about each alert to this receiver: what the new message replies to. At most 50."""
    first_ids: dict[str, str] = {}
    for due in planned.due:
        for sent in states[due.alert_id].sent:
            if sent.receiver == planned.receiver:
                first_ids.setdefault(due.alert_id, sent.notification_id)
    return tuple(dict.fromkeys(first_ids.values()))[:_MAX_REPLIES]


def closed_threads(
    receiver: str, thread_ids: Mapping[str, str], states: Mapping[str, NotificationState]
) -> tuple[str, ...]:
    """The threads of a message in which no alert is open any more. thread_ids: alert -> its thread."""
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


def _as_received(context: AlertContext, thread_id: str | None) -> AlertContext:
    """A receiver that was never notified of this alert gets it as opened: "again" or "further" would mean nothing."""
    if thread_id is not None or context.transition.transition_type not in ALERTING_TRANSITIONS:
        return context
    return dataclasses.replace(context, transition=dataclasses.replace(context.transition, transition_type="opened"))
