"""Send a test message to one receiver, without the outbox."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from jkpi.alerts.notifications.model import Notification
from jkpi.alerts.receivers.ack_links import link_factory
from jkpi.alerts.receivers.send import send
from jkpi.alerts.series.watched import CONSOLE
from jkpi.config.settings import Receiver, Settings
from jkpi.documents.validation_errors import did_you_mean
from jkpi.errors import InputError


@dataclass(frozen=True)
class SentTestMessage:
    """A test message that was accepted. remark: some addresses refused it."""

    receiver: str
    kind: str
    notification_id: str
    remark: str | None


def send_test_message(settings: Settings, name: str, now: datetime) -> SentTestMessage:
    """Send one test message.

    Raises:
        InputError: there is no such receiver, or one of its secrets is missing.
        SystemFailure: the receiver did not accept the message; the reason has no secrets.
    """
    receivers = {CONSOLE: Receiver(CONSOLE, "console"), **settings.receivers}
    if name not in receivers:
        raise InputError(f"jkpi.yml has no receiver {name!r}", hint=did_you_mean(name, receivers))
    notification_id = uuid.uuid4().hex[:16]
    notification = Notification(
        notification_id,
        settings.name,
        f"{now:%Y-%m-%d %H:%M}",
        settings.synthetic,
        f"Test of the receiver {name}",
        "info",
        event="receiver.test",
        text="This is a test. Notifications of this workspace arrive here.",
    )
    remark = send(receivers[name], notification, link_factory(settings.alerting, name, now), now)
    return SentTestMessage(name, receivers[name].kind, notification_id, remark)
