"""Links by which an alert is acknowledged: whoever has one may do so until it runs out. Pure.

A link carries the alert, the receiver it was sent to, and its end, under an HMAC-SHA256 of all three.
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


@dataclass(frozen=True)
class SignedClaim:
    """What a link says, and whether it is signed by us and still holds."""

    alert_id: str
    receiver: str
    until: datetime


class InvalidLinkError(Exception):
    """A link that is not ours, or was changed."""


class ExpiredLinkError(Exception):
    """A link that has run out."""


def link_factory(alerting: AlertingConfig, receiver: str, now: datetime) -> Callable[[str], str | None]:
    """Alert id -> its link; None for all where the workspace says no `base_url`."""
    base, until = alerting.options.base_url, int((now + alerting.options.ack_link_ttl).timestamp())

    def link(alert_id: str) -> str | None:
        if base is None:
            return None
        signature = sign_link(alerting.ack_link_key, alert_id, receiver, until)
        query = urlencode({"alert": alert_id, "to": receiver, "until": until, "signature": signature})
        return f"{base.rstrip('/')}{ACKNOWLEDGE_PATH}?{query}"

    return link


def sign_link(key: bytes, alert_id: str, receiver: str, until: int) -> str:
    """The signature of a link; a zero byte between the parts, so that none can be moved into another."""
    content = "\0".join(["acknowledge", alert_id, receiver, str(until)]).encode()
    return base64.urlsafe_b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode().rstrip("=")


def verify_link(key: bytes, query: Mapping[str, str], now: datetime) -> SignedClaim:
    """What a link claims.

    Raises:
        WrongLinkError, OldLinkError
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
