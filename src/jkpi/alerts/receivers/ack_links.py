"""Signed links that acknowledge an alert. Anyone who has a link may use it until it expires. Pure.

A link names the alert, the receiver it was sent to and its expiry, signed with HMAC-SHA256 over all three.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from jkpi.config.receivers import AlertingConfig

ACKNOWLEDGE_PATH = "/acknowledge"
AcknowledgeLink = Callable[[str], str | None]
"""Alert id -> the link that acknowledges it; None if the workspace has no `base_url`."""


@dataclass(frozen=True)
class SignedClaim:
    """What a valid link says."""

    alert_id: str
    receiver: str
    until: datetime


class InvalidLinkError(Exception):
    """A link with a wrong signature."""


class ExpiredLinkError(Exception):
    """A link that has expired."""


def link_factory(alerting: AlertingConfig, receiver: str, now: datetime) -> AcknowledgeLink:
    """The links in a message to this receiver; they expire `ack_link_ttl` after now."""
    base, until = alerting.options.base_url, int((now + alerting.options.ack_link_ttl).timestamp())

    def link(alert_id: str) -> str | None:
        if base is None:
            return None
        signature = sign_link(alerting.ack_link_key, alert_id, receiver, until)
        query = urlencode({"alert": alert_id, "to": receiver, "until": until, "signature": signature})
        return f"{base.rstrip('/')}{ACKNOWLEDGE_PATH}?{query}"

    return link


def sign_link(key: bytes, alert_id: str, receiver: str, until: int) -> str:
    """The signature of a link. Zero bytes separate the parts, so that no text can move from one to another."""
    content = "\0".join(["acknowledge", alert_id, receiver, str(until)]).encode()
    return base64.urlsafe_b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode().rstrip("=")


def verify_link(key: bytes, query: Mapping[str, str], now: datetime) -> SignedClaim:
    """Check a link.

    Raises:
        InvalidLinkError: the signature is wrong.
        ExpiredLinkError: the link is ours but has expired.
    """
    alert_id, receiver, until = (query.get(name, "") for name in ("alert", "to", "until"))
    if not key or not until.isascii() or not until.isdigit() or len(until) > 12:
        raise InvalidLinkError
    expected = sign_link(key, alert_id, receiver, int(until))
    if not hmac.compare_digest(expected.encode(), query.get("signature", "").encode()):
        raise InvalidLinkError
    if now.timestamp() >= int(until):
        raise ExpiredLinkError
    return SignedClaim(alert_id, receiver, datetime.fromtimestamp(int(until), UTC))
