"""Put the weekly digests of owners into the outbox: each receiver gets one an owner and ISO week."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlalchemy import select

from jkpi.alerts.notifications.model import SYNTHETIC_MARK, Notification
from jkpi.alerts.series.watched import CONSOLE
from jkpi.alerts.store.notification_log import enqueue
from jkpi.config.settings import Settings
from jkpi.protocols import DigestContent
from jkpi.state.engine import outbox, state_session


def enqueue_digests(settings: Settings, digests: Sequence[DigestContent]) -> tuple[int, int]:
    """Write digests to the outbox; one without receivers goes to the default receiver.

    Returns:
        How many are new, and how many were queued earlier this week.

    Raises:
        SystemFailure: the state database is unavailable.
    """
    year, week, _ = settings.now.isocalendar()
    new_count = earlier_count = 0
    with state_session(settings.state_url, write=True) as connection:
        for digest in digests:
            for receiver in digest.receivers or (settings.default_receiver or CONSOLE,):
                dedup_key = f"digest|{settings.name}|{digest.owner}|{receiver}|{year}-{week}"
                notification = _notification(settings, digest, hashlib.sha256(dedup_key.encode()).hexdigest()[:16])
                existing = select(outbox.c.notification_id).where(
                    outbox.c.notification_id == notification.notification_id
                )
                if connection.execute(existing).first() is not None:
                    earlier_count += 1
                    continue
                enqueue(connection, receiver, notification, [], settings.now)
                new_count += 1
    return new_count, earlier_count


def _notification(settings: Settings, digest: DigestContent, notification_id: str) -> Notification:
    prefix = f"{SYNTHETIC_MARK} " if settings.synthetic else ""
    return Notification(
        notification_id, settings.name, f"{settings.now:%Y-%m-%d %H:%M}", settings.synthetic,
        f"{prefix}{digest.owner}: {digest.title}", "info", sections=digest.sections, event="digest.weekly",
    )  # fmt: skip
