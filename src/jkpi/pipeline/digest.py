"""The weekly digest: write it for each owner, deliver what is in the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jkpi.config.settings import Settings
from jkpi.warehouse.open import open_warehouse

if TYPE_CHECKING:
    from jkpi.alerts.delivery.outbox import DeliveryReport


@dataclass(frozen=True)
class DigestReport:
    """Owners and files of the digests; how many messages were written, how many had been sent earlier this week."""

    owners: tuple[str, ...]
    files: tuple[Path, ...]
    written: int
    sent_earlier: int
    delivered: DeliveryReport


def digest(settings: Settings) -> DigestReport:
    """Write the weekly digest of each owner to a file and the outbox, and deliver the outbox."""
    from jkpi.alerts.delivery.outbox import deliver
    from jkpi.alerts.dispatch.digests import enqueue_digests
    from jkpi.alerts.store.listing import list_alerts
    from jkpi.living_map.digest.write import write_digests
    from jkpi.state.alert_reader import moment_states

    alerts = [vars(alert) for alert in list_alerts(settings)]
    with open_warehouse(settings) as warehouse:
        written_digests = write_digests(settings, warehouse, moment_states(settings.state_url), alerts)
    digests = [written.digest for written in written_digests]
    written, sent_earlier = enqueue_digests(settings, digests)
    return DigestReport(
        tuple(digest.owner for digest in digests),
        tuple(written_digest.path for written_digest in written_digests),
        written,
        sent_earlier,
        deliver(settings),
    )
