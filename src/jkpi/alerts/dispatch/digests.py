"""The weekly letters of owners, into the outbox: each receiver is told once in an ISO week."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from jkpi.alerts.notifications.model import MARK, Letter, Section
from jkpi.alerts.series.watched import CONSOLE
from jkpi.alerts.store.notification_log import post
from jkpi.config.settings import Settings
from jkpi.state.engine import migrate, outbox, state_engine, writing


@dataclass(frozen=True)
class Digest:
    """What one owner is told; `receivers` may be empty: then the default one hears it."""

    owner: str
    title: str
    sections: tuple[Section, ...]
    receivers: tuple[str, ...]


def post_digests(settings: Settings, digests: Sequence[Digest]) -> tuple[int, int]:
    """Write them as messages; sending is the outbox's. How many are new, and how many were told earlier this week.

    Raises:
        SystemFailure: the state database is away.
    """
    year, week, _ = settings.now.isocalendar()
    engine = state_engine(settings.state_url)
    written = before = 0
    try:
        migrate(engine)
        with writing(engine) as connection:
            for digest in digests:
                for receiver in digest.receivers or (settings.default_receiver or CONSOLE,):
                    said = f"digest|{settings.name}|{digest.owner}|{receiver}|{year}-{week}"
                    letter = _letter(settings, digest, hashlib.sha256(said.encode()).hexdigest()[:16])
                    known = select(outbox.c.notification_id).where(outbox.c.notification_id == letter.message_id)
                    if connection.execute(known).first() is not None:
                        before += 1
                        continue
                    post(connection, receiver, letter, [], settings.now)
                    written += 1
    finally:
        engine.dispose()
    return written, before


def _letter(settings: Settings, digest: Digest, message_id: str) -> Letter:
    mark = f"{MARK} " if settings.synthetic else ""
    return Letter(
        message_id, settings.name, f"{settings.now:%Y-%m-%d %H:%M}", settings.synthetic,
        f"{mark}{digest.owner}: {digest.title}", "info", sections=digest.sections, event="digest.weekly",
    )  # fmt: skip
