"""A notification as events of PagerDuty's Events API v2. Pure.

Each alert is one incident, triggered, acknowledged and resolved by its key. Alerts that a message does not show in full
share one incident, which is resolved when the last of them is closed.
"""

from __future__ import annotations

import json
from typing import Any

from jkpi.alerts.notifications.model import SYNTHETIC_MARK, AlertItem, Notification
from jkpi.alerts.receivers.ack_links import AcknowledgeLink

_SEVERITY = {"failure": "error", "warning": "warning", "success": "info", "info": "info"}
_MAX_SUMMARY_CHARS = 1024


def events(notification: Notification, routing_key: str, link: AcknowledgeLink) -> list[bytes]:
    """The bodies to post, in order. It does no harm to send one twice: PagerDuty has its dedup_key."""
    bodies: list[dict[str, Any]] = []
    if notification.event == "alerts.acknowledged":
        bodies += [_event("acknowledge", notification, item.thread_id) for item in notification.items]
    elif notification.event != "alerts.changed":
        bodies.append(_shared_incident(notification))
    else:
        bodies += [_trigger_event(notification, item, link) for item in notification.items if not item.is_closed]
        if notification.new_summarised_count:
            bodies.append(_shared_incident(notification))
        bodies += [_event("resolve", notification, thread_id) for thread_id in notification.closed_threads]
    return [json.dumps({"routing_key": routing_key, **event}, ensure_ascii=False).encode() for event in bodies]


def _event(action: str, notification: Notification, thread_id: str) -> dict[str, Any]:
    return {"event_action": action, "dedup_key": f"jkpi/{notification.workspace}/{thread_id}"}


def _trigger_event(notification: Notification, item: AlertItem, link: AcknowledgeLink) -> dict[str, Any]:
    url = link(item.alert_id)
    details: dict[str, str] = {}
    label = ""
    for name, text in item.rows:
        label = name or label
        details[label] = f"{details[label]} {text}" if label in details else text
    return {
        **_event("trigger", notification, item.thread_id),
        "payload": {
            "summary": _summary_text(notification, item.headline),
            "source": notification.workspace,
            "severity": _SEVERITY[item.severity],
            "component": item.series_id,
            "group": item.owner,
            "class": item.kind,
            "custom_details": details,
        },
        "links": [{"href": url, "text": "Acknowledge in jkpi"}] if url else [],
    }


def _shared_incident(notification: Notification) -> dict[str, Any]:
    """One incident for the alerts not shown in full, or for a message without alerts."""
    summary = (
        f"And {notification.new_summarised_count:,} more: {notification.title}"
        if notification.new_summarised_count
        else notification.title
    )
    return {
        **_event("trigger", notification, notification.notification_id),
        "payload": {
            "summary": _summary_text(notification, summary),
            "source": notification.workspace,
            "severity": _SEVERITY[notification.severity],
            "custom_details": dict(notification.summaries) or {"text": notification.text},
        },
    }


def _summary_text(notification: Notification, text: str) -> str:
    mark = f"{SYNTHETIC_MARK} " if notification.is_synthetic and not text.startswith(SYNTHETIC_MARK) else ""
    return (mark + text)[:_MAX_SUMMARY_CHARS]
