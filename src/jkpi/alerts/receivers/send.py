"""Send one notification to one receiver, in the form that suits its kind.

The URL of a receiver is a secret: it contains passwords and tokens. It appears in no error and in no table.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import assert_never

from jkpi.alerts.notifications.model import Notification
from jkpi.alerts.receivers import cards, http_post, mail, pagerduty, webhook
from jkpi.alerts.receivers.ack_links import AcknowledgeLink
from jkpi.alerts.receivers.apprise import send_apprise
from jkpi.alerts.receivers.plain_text import render_text, render_with_title
from jkpi.config.secrets import require_secrets
from jkpi.config.settings import Receiver
from jkpi.errors import SystemFailure

_JSON = {"Content-Type": "application/json"}


def send(receiver: Receiver, notification: Notification, link: AcknowledgeLink, now: datetime) -> str | None:
    """Send the notification. Returns a remark if only some addresses accepted it.

    Raises:
        InputError: a secret of this receiver is missing.
        SystemFailure: the receiver did not accept the message.
    """
    require_secrets(receiver.missing_secrets)
    try:
        return _send(receiver, notification, link, now)
    except SystemFailure as error:
        raise SystemFailure(f"receiver {receiver.name} ({receiver.kind}): {error.message}", error.hint) from None


def destination_hash(receiver: Receiver) -> str:
    """A hash of the address of a receiver, for the tables; it changes only with the address."""
    address = [receiver.kind, str(receiver.path or ""), _reveal_secret(receiver.url), *receiver.to]
    return hashlib.sha256("\0".join(address).encode()).hexdigest()[:12]


def _send(receiver: Receiver, notification: Notification, link: AcknowledgeLink, now: datetime) -> str | None:
    if receiver.kind == "console":
        print(f"\n{render_with_title(notification, link)}\n", file=sys.stderr, flush=True)  # noqa: T201
    elif receiver.kind == "file":
        _append(receiver, render_with_title(notification, link))
    elif receiver.kind == "mail":
        return mail.send_mail(
            mail.build_mail(notification, receiver, now, link), _reveal_secret(receiver.url), receiver.timeout
        )
    elif receiver.kind == "slack":
        _post(receiver, cards.slack_payload(notification, link))
    elif receiver.kind == "teams":
        _post(receiver, cards.teams_payload(notification, link))
    elif receiver.kind == "webhook":
        body = webhook.payload(notification, link)
        _post(
            receiver,
            body,
            webhook.signature_headers(notification.notification_id, now, body, _reveal_secret(receiver.secret)),
        )
    elif receiver.kind == "pagerduty":
        for body in pagerduty.events(notification, _reveal_secret(receiver.secret), link):
            _post(receiver, body)
    elif receiver.kind == "apprise":
        send_apprise(
            _reveal_secret(receiver.url), notification.title, render_text(notification, link), notification.severity
        )
    else:
        assert_never(receiver.kind)
    return None


def _post(receiver: Receiver, body: bytes, headers: Mapping[str, str] | None = None) -> None:
    http_post.post_once(_reveal_secret(receiver.url), body, headers or _JSON, receiver.timeout, receiver.allow_private)


def _reveal_secret(value: object) -> str:
    reveal = getattr(value, "get_secret_value", None)
    return str(reveal()) if reveal else ""


def _append(receiver: Receiver, text: str) -> None:
    """Append with a single write, so that the lines of two processes do not mix."""
    if receiver.path is None:
        raise SystemFailure("it has no path")
    content = f"{'=' * 72}\n{text}\n\n".encode()
    try:
        receiver.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(receiver.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            written = os.write(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise SystemFailure(f"its file cannot be written to: {error.strerror}") from None
    if written != len(content):
        raise SystemFailure("only a part of the message could be written to its file; is the disk full?")
