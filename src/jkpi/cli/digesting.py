"""The weekly digest: write the letters, send what is in the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jkpi.settings import Settings
from jkpi.warehouse import open_warehouse

if TYPE_CHECKING:
    from jkpi.alerts import DeliveryReport
    from jkpi.living_map import DigestReport


@dataclass(frozen=True)
class Digested:
    """The letters of the week, and what was delivered."""

    posted: DigestReport
    delivered: DeliveryReport


def digest(settings: Settings) -> Digested:
    """Write the weekly letter of each owner, and deliver what is in the outbox."""
    from jkpi.alerts import deliver, moment_states
    from jkpi.living_map import post_digests

    states = moment_states(settings)
    with open_warehouse(settings) as warehouse:
        posted = post_digests(settings, warehouse, states)
    return Digested(posted, deliver(settings))


def digest_lines(told: Digested) -> list[str]:
    """Who was written to, and whether it got through."""
    posted, sent = told.posted, told.delivered
    before = f", {posted.told_before} told earlier this week" if posted.told_before else ""
    return [
        *(str(path) for path in posted.files),
        f"{len(posted.owners)} owners, {posted.written} messages written{before}",
        f"messages: {sent.sent} sent, {sent.waiting} waiting, {sent.failed} failed, {sent.dead} given up",
    ]
