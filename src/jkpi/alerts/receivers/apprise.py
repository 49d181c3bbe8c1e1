"""Send plain text to an Apprise URL.

The URL contains passwords and tokens, so the logs of the libraries that use it are captured while they do.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from jkpi.errors import SystemFailure

_LOGGERS = ("apprise", "urllib3", "requests", "smtplib", "httpx")
_HTTP_STATUS = re.compile(r"\berror=(\d{3})\b")


def send_apprise(url: str, title: str, body: str, severity: str) -> None:
    """Send one message.

    Raises:
        SystemFailure: the URL is wrong, or the service did not accept the message. The URL is not in the error.
    """
    import apprise

    scheme = re.sub(r"[^a-z0-9+]", "", url.partition(":")[0].lower())[:20]
    client = apprise.Apprise()
    with _captured_logs() as lines:
        if not client.add(url):
            raise SystemFailure("Apprise does not know this kind of URL")
        delivered = client.notify(body=body, title=title, notify_type=severity, body_format=apprise.NotifyFormat.TEXT)
    if not delivered:
        status = next((match[1] for match in map(_HTTP_STATUS.search, lines) if match), None)
        reason = f"answered with HTTP status {status}" if status else "could not be reached or refused the message"
        raise SystemFailure(f"{scheme} {reason}")


@contextmanager
def _captured_logs() -> Iterator[list[str]]:
    """Log lines of Apprise go to this list and nowhere else. Only an HTTP status is taken from them."""
    lines: list[str] = []

    class LineCollector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    collector = LineCollector()
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    saved = [(logger, logger.handlers[:], logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.handlers, logger.propagate = [collector], False
    try:
        yield lines
    finally:
        for logger, handlers, propagate in saved:
            logger.handlers, logger.propagate = handlers, propagate
