"""A letter for a program: JSON, signed by the Standard Webhooks scheme (https://www.standardwebhooks.com, version 1).

`webhook-id` is the id of the message: the same on every attempt, so that a message that comes twice is known.
`webhook-signature` is `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, one for each secret.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from jkpi.alerts.notifications.model import Letter
from jkpi.errors import SystemFailure

_PREFIX = "whsec_"


def payload(letter: Letter, link: Callable[[str], str | None]) -> bytes:
    """The body: what happened to which alerts, with their figures, or what a digest says. docs/webhook.md lists it."""
    document: dict[str, Any] = {
        "type": letter.event,
        "timestamp": letter.as_of.replace(" ", "T") + ":00Z",
        "data": {
            "message_id": letter.message_id, "workspace": letter.workspace, "synthetic": letter.synthetic,
            "title": letter.title, "mood": letter.mood, "replies_to": list(letter.replies_to),
            "sections": [{"title": heading, "lines": list(told)} for heading, told in letter.sections],
            "alerts": [
                {
                    "alert_id": one.alert_id, "number": one.number, "purpose": one.purpose,
                    "transition": one.transition, "kind": one.kind, "series": one.series_id,
                    "headline": one.headline, "owner": one.owner, "is_over": one.over,
                    "facts": dict(one.facts or {}), "queries": [query for _, query in one.queries],
                    "acknowledge": None if one.over else link(one.alert_id),
                }
                for one in letter.entries
            ],
            "in_brief": [{"alert_id": alert_id, "headline": headline} for alert_id, headline in letter.brief],
            "more": letter.more,
            "text": letter.text,
        },
    }  # fmt: skip
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def signed(message_id: str, at: datetime, body: bytes, secrets: str) -> Mapping[str, str]:
    """The headers of a body at the time of an attempt. `secrets`: one, or two with a space between.

    Raises:
        SystemFailure: a secret is none. It is not told.
    """
    stamp = str(int(at.timestamp()))
    content = b".".join([message_id.encode(), stamp.encode(), body])
    signatures = []
    for secret in secrets.split() or [""]:
        digest = hmac.new(_key(secret), content, hashlib.sha256).digest()
        signatures.append(f"v1,{base64.b64encode(digest).decode()}")
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(signatures),
    }


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True) if secret.startswith(_PREFIX) else b""
    except binascii.Error:
        key = b""
    if not 16 <= len(key) <= 64:
        raise SystemFailure(
            "its secret is none of Standard Webhooks", hint="write whsec_ and the base64 of 24 to 64 random bytes"
        )
    return key
