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

from jkpi.config.receivers import Telling

PATH = "/acknowledge"


@dataclass(frozen=True)
class Claim:
    """What a link says, and whether it is signed by us and still holds."""

    alert_id: str
    receiver: str
    until: datetime


class WrongLinkError(Exception):
    """A link that is not ours, or was changed."""


class OldLinkError(Exception):
    """A link that has run out."""


def maker(telling: Telling, receiver: str, now: datetime) -> Callable[[str], str | None]:
    """Alert id -> its link; None for all where the workspace says no `base_url`."""
    base, until = telling.how.base_url, int((now + telling.how.links_valid).timestamp())

    def link(alert_id: str) -> str | None:
        if base is None:
            return None
        signature = sign(telling.link_key, alert_id, receiver, until)
        query = urlencode({"alert": alert_id, "to": receiver, "until": until, "signature": signature})
        return f"{base.rstrip('/')}{PATH}?{query}"

    return link


def sign(key: bytes, alert_id: str, receiver: str, until: int) -> str:
    """The signature of a link; a zero byte between the parts, so that none can be moved into another."""
    content = "\0".join(["acknowledge", alert_id, receiver, str(until)]).encode()
    return base64.urlsafe_b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode().rstrip("=")


def read(key: bytes, query: Mapping[str, str], now: datetime) -> Claim:
    """What a link claims.

    Raises:
        WrongLinkError, OldLinkError
    """
    alert_id, receiver, until = (query.get(name, "") for name in ("alert", "to", "until"))
    if not key or not until.isascii() or not until.isdigit() or len(until) > 12:
        raise WrongLinkError
    expected = sign(key, alert_id, receiver, int(until))
    if not hmac.compare_digest(expected.encode(), query.get("signature", "").encode()):
        raise WrongLinkError
    if now.timestamp() >= int(until):
        raise OldLinkError
    return Claim(alert_id, receiver, datetime.fromtimestamp(int(until), UTC))
