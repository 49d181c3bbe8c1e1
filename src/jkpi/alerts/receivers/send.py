"""Handing one letter to one receiver, in the form that it shows best.

What reaches a receiver is a secret: its URL holds passwords and tokens. It is never told: not in errors, not in tables.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Mapping
from datetime import datetime

from jkpi.alerts.notifications.model import Letter
from jkpi.alerts.receivers import cards, http_post, mail, pagerduty, webhook
from jkpi.alerts.receivers.apprise import notify
from jkpi.alerts.receivers.plain_text import render, titled
from jkpi.config.secrets import require
from jkpi.config.settings import Receiver
from jkpi.errors import SystemFailure

Link = Callable[[str], str | None]
_JSON = {"Content-Type": "application/json"}


def send(receiver: Receiver, letter: Letter, link: Link, now: datetime) -> str | None:
    """Deliver, or raise. A remark where it went through, but not to everybody.

    Raises:
        InputError: a secret of this receiver is not there.
        SystemFailure: it did not take the message.
    """
    require(receiver.missing)
    try:
        return _send(receiver, letter, link, now)
    except SystemFailure as error:
        raise SystemFailure(f"receiver {receiver.name} ({receiver.kind}): {error.message}", error.hint) from None


def destination(receiver: Receiver) -> str:
    """A hash of where a receiver is, for the tables: the same as long as it stays there."""
    where = [receiver.kind, str(receiver.path or ""), _secret(receiver.url), *receiver.to]
    return hashlib.sha256("\0".join(where).encode()).hexdigest()[:12]


def _send(receiver: Receiver, letter: Letter, link: Link, now: datetime) -> str | None:
    if receiver.kind == "console":
        print(f"\n{titled(letter, link)}\n", file=sys.stderr, flush=True)  # noqa: T201
    elif receiver.kind == "file":
        _append(receiver, titled(letter, link))
    elif receiver.kind == "mail":
        return mail.send(mail.compose(letter, receiver, now, link), _secret(receiver.url), receiver.timeout)
    elif receiver.kind == "slack":
        _post(receiver, cards.slack(letter, link))
    elif receiver.kind == "teams":
        _post(receiver, cards.teams(letter, link))
    elif receiver.kind == "webhook":
        body = webhook.payload(letter, link)
        _post(receiver, body, webhook.signed(letter.message_id, now, body, _secret(receiver.secret)))
    elif receiver.kind == "pagerduty":
        for body in pagerduty.events(letter, _secret(receiver.secret), link):
            _post(receiver, body)
    else:
        notify(_secret(receiver.url), letter.title, render(letter, link), letter.mood)
    return None


def _post(receiver: Receiver, body: bytes, headers: Mapping[str, str] | None = None) -> None:
    http_post.post(_secret(receiver.url), body, headers or _JSON, receiver.timeout, receiver.allow_private)


def _secret(value: object) -> str:
    reveal = getattr(value, "get_secret_value", None)
    return str(reveal()) if reveal else ""


def _append(receiver: Receiver, text: str) -> None:
    """One write to a file opened for appending: two processes at once do not mix their lines."""
    if receiver.path is None:
        raise SystemFailure("it has no file")
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
        raise SystemFailure(f"its file cannot be written: {error.strerror}") from None
    if written != len(content):
        raise SystemFailure("its file took only a part of the message; is the disk full?")
