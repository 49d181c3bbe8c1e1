"""A message that says it is a test, to one receiver, past the outbox."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from jkpi.alerts.notifications.model import Letter
from jkpi.alerts.receivers.ack_links import maker
from jkpi.alerts.receivers.send import send
from jkpi.alerts.series.watched import CONSOLE
from jkpi.config.settings import Receiver, Settings
from jkpi.documents.documents import nearest
from jkpi.errors import InputError


@dataclass(frozen=True)
class Tried:
    """A receiver that took the test message. `remark`: it did, but not for everybody."""

    receiver: str
    kind: str
    message_id: str
    remark: str | None


def try_receiver(settings: Settings, name: str, now: datetime) -> Tried:
    """Send one test message.

    Raises:
        InputError: there is no such receiver, or a secret of it is not there.
        SystemFailure: it did not take the message; why, without secrets.
    """
    known = {CONSOLE: Receiver(CONSOLE, "console"), **settings.receivers}
    if name not in known:
        raise InputError(f"jkpi.yml has no receiver {name!r}", hint=nearest(name, known))
    message_id = uuid.uuid4().hex[:16]
    letter = Letter(
        message_id, settings.name, f"{now:%Y-%m-%d %H:%M}", settings.synthetic, f"Test of the receiver {name}", "info",
        event="receiver.test", text="This is a test. Nothing fell; messages of this workspace would arrive here.",
    )  # fmt: skip
    remark = send(known[name], letter, maker(settings.telling, name, now), now)
    return Tried(name, known[name].kind, message_id, remark)
