"""A notification as JSON for a program, signed as in Standard Webhooks (https://www.standardwebhooks.com). Pure.

`webhook-id` is the notification id, the same on every attempt, so that a program can recognise a repeated delivery.
`webhook-signature` is `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, one for each secret.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jkpi.alerts.notifications.model import Notification
from jkpi.alerts.receivers.ack_links import AcknowledgeLink
from jkpi.errors import SystemFailure

_SECRET_PREFIX = "whsec_"


def payload(notification: Notification, link: AcknowledgeLink) -> bytes:
    """The body: alerts with their figures, or the sections of a digest, or the table of a list.

    docs/reference/webhook.md lists the fields.
    """
    document: dict[str, Any] = {
        "type": notification.event,
        "timestamp": notification.as_of.replace(" ", "T") + ":00Z",
        "data": {
            "notification_id": notification.notification_id,
            "workspace": notification.workspace,
            "synthetic": notification.is_synthetic,
            "title": notification.title,
            "severity": notification.severity,
            "replies_to": list(notification.replies_to),
            "tables": [
                {"title": table.title, "columns": list(table.columns), "rows": [list(row) for row in table.rows]}
                for table in notification.tables
            ],
            "sections": [{"title": heading, "lines": list(lines)} for heading, lines in notification.sections],
            "alerts": [
                {
                    "alert_id": item.alert_id,
                    "number": item.number,
                    "notification_type": item.notification_type,
                    "transition": item.transition,
                    "kind": item.kind,
                    "series_id": item.series_id,
                    "headline": item.headline,
                    "owner": item.owner,
                    "is_closed": item.is_closed,
                    "figures": dict(item.figures or {}),
                    "queries": [query for _, query in item.queries],
                    "acknowledge_url": None if item.is_closed else link(item.alert_id),
                }
                for item in notification.items
            ],
            "summaries": [
                {"alert_id": alert_id, "headline": headline} for alert_id, headline in notification.summaries
            ],
            "omitted_count": notification.omitted_count,
            "text": notification.text,
        },
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def signature_headers(notification_id: str, now: datetime, body: bytes, secrets: str) -> Mapping[str, str]:
    """The headers of one attempt. secrets: one, or two separated by a space while one is being replaced.

    Raises:
        SystemFailure: a secret has the wrong form. The error does not show it.
    """
    timestamp = str(int(now.timestamp()))
    content = b".".join([notification_id.encode(), timestamp.encode(), body])
    signatures = []
    for secret in secrets.split() or [""]:
        digest = hmac.new(_decode_secret(secret), content, hashlib.sha256).digest()
        signatures.append(f"v1,{base64.b64encode(digest).decode()}")
    return {
        "Content-Type": "application/json",
        "webhook-id": notification_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }


def _decode_secret(secret: str) -> bytes:
    try:
        key = (
            base64.b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True)
            if secret.startswith(_SECRET_PREFIX)
            else b""
        )
    except binascii.Error:
        key = b""
    if not 16 <= len(key) <= 64:
        raise SystemFailure(
            "its secret is not a Standard Webhooks secret", hint="write whsec_ and the base64 of 24 to 64 random bytes"
        )
    return key
