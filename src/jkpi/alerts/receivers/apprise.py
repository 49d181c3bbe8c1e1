"""Handing plain text to whatever an Apprise URL points at.

An Apprise URL holds passwords and tokens: the loggers of the libraries that speak to it are shut while they do.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from jkpi.errors import SystemFailure

_TALKATIVE = ("apprise", "urllib3", "requests", "smtplib", "httpx")
_HTTP_STATUS = re.compile(r"\berror=(\d{3})\b")


def notify(url: str, title: str, body: str, mood: str) -> None:
    """Deliver, or raise.

    Raises:
        SystemFailure: it did not take the message.
    """
    import apprise

    scheme = re.sub(r"[^a-z0-9+]", "", url.partition(":")[0].lower())[:20]
    speaker = apprise.Apprise()
    with _listening() as heard:
        if not speaker.add(url):
            raise SystemFailure("its URL is none that Apprise knows")
        delivered = speaker.notify(body=body, title=title, notify_type=mood, body_format=apprise.NotifyFormat.TEXT)
    if not delivered:
        status = next((match[1] for match in map(_HTTP_STATUS.search, heard) if match), None)
        why = f"answered with HTTP status {status}" if status else "could not be reached or refused the message"
        raise SystemFailure(f"{scheme} {why}")


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
