"""The weekly digest: write the letters, send what is in the outbox."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jkpi.config.settings import Settings
from jkpi.warehouse.open import open_warehouse

if TYPE_CHECKING:
    from jkpi.alerts.delivery.outbox import DeliveryReport


@dataclass(frozen=True)
class Digested:
    """The letters of the week by owner, the messages that are new, those told earlier in the week, and the delivery."""

    owners: tuple[str, ...]
    files: tuple[Path, ...]
    written: int
    told_before: int
    delivered: DeliveryReport


def digest(settings: Settings) -> Digested:
    """Write the weekly letter of each owner, and deliver what is in the outbox."""
    from jkpi.alerts.delivery.outbox import deliver
    from jkpi.alerts.dispatch.digests import Digest, post_digests
    from jkpi.alerts.store.alerts import moment_states
    from jkpi.alerts.store.listing import list_alerts
    from jkpi.living_map.digest.write import write_digests

    announced = [asdict(alert) for alert in list_alerts(settings)]
    with open_warehouse(settings) as warehouse:
        made = write_digests(settings, warehouse, moment_states(settings), announced)
    digests = [Digest(one.letter.owner, one.letter.title, one.letter.sections, one.receivers) for one in made]
    written, told_before = post_digests(settings, digests)
    owners, files = tuple(one.letter.owner for one in made), tuple(one.path for one in made)
    return Digested(owners, files, written, told_before, deliver(settings))


def digest_lines(told: Digested) -> list[str]:
    """Who was written to, and whether it got through."""
    sent = told.delivered
    before = f", {told.told_before} told earlier this week" if told.told_before else ""
    return [
        *(str(path) for path in told.files),
        f"{len(told.owners)} owners, {told.written} messages written{before}",
        f"messages: {sent.sent} sent, {sent.waiting} waiting, {sent.failed} failed, {sent.dead} given up",
    ]
