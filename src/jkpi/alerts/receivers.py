"""Handing one message to one receiver: the console, a file, or whatever an Apprise URL points at.

An Apprise URL holds passwords and tokens. It is never told: not in errors, not in tables, and the loggers of the
libraries that speak to it are shut for as long as they do.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from jkpi.errors import SystemFailure
from jkpi.settings import Receiver

_TALKATIVE = ("apprise", "urllib3", "requests", "smtplib", "httpx")
_HTTP_STATUS = re.compile(r"\berror=(\d{3})\b")


def send(receiver: Receiver, title: str, body: str, mood: str) -> None:
    """Deliver, or raise.

    Raises:
        SystemFailure: it did not take the message.
    """
    if receiver.kind == "console":
        print(f"\n{title}\n\n{body}\n", file=sys.stderr, flush=True)  # noqa: T201
    elif receiver.kind == "file":
        _append(receiver, title, body)
    else:
        _notify(receiver, title, body, mood)


def _append(receiver: Receiver, title: str, body: str) -> None:
    """One write to a file opened for appending: two processes at once do not mix their lines."""
    if receiver.path is None:
        raise SystemFailure(f"receiver {receiver.name} has no file")
    content = f"{'=' * 72}\n{title}\n\n{body}\n\n".encode()
    try:
        receiver.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(receiver.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            written = os.write(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise SystemFailure(f"receiver {receiver.name}: its file cannot be written: {error.strerror}") from None
    if written != len(content):
        raise SystemFailure(f"receiver {receiver.name}: its file took only a part of the message; is the disk full?")


def _notify(receiver: Receiver, title: str, body: str, mood: str) -> None:
    import apprise

    if receiver.url is None:
        raise SystemFailure(f"receiver {receiver.name} has no URL")
    url = receiver.url.get_secret_value()
    scheme = re.sub(r"[^a-z0-9+]", "", url.partition(":")[0].lower())[:20]
    speaker = apprise.Apprise()
    with _listening() as heard:
        if not speaker.add(url):
            raise SystemFailure(f"receiver {receiver.name}: its URL is none that Apprise knows")
        delivered = speaker.notify(body=body, title=title, notify_type=mood, body_format=apprise.NotifyFormat.TEXT)
    if not delivered:
        status = next((match[1] for match in map(_HTTP_STATUS.search, heard) if match), None)
        why = f"it answered with HTTP status {status}" if status else "it could not be reached or refused the message"
        raise SystemFailure(f"receiver {receiver.name} ({scheme}): {why}")


@contextmanager
def _listening() -> Iterator[list[str]]:
    """What Apprise says goes to the list, from which only an HTTP status is taken; everybody else hears nothing."""
    heard: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    ear = Ear()
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    before = [(logger, logger.handlers[:], logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.handlers, logger.propagate = [ear], False
    try:
        yield heard
    finally:
        for logger, handlers, propagate in before:
            logger.handlers, logger.propagate = handlers, propagate
