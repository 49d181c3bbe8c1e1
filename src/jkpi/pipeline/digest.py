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
class DigestReport:
    """The letters of the week by owner, the messages that are new, those told earlier in the week, and the delivery."""

    owners: tuple[str, ...]
    files: tuple[Path, ...]
    written: int
    sent_earlier: int
    delivered: DeliveryReport


def digest(settings: Settings) -> DigestReport:
    """Write the weekly letter of each owner, and deliver what is in the outbox."""
    from jkpi.alerts.delivery.outbox import deliver
    from jkpi.alerts.dispatch.digests import Digest, enqueue_digests
    from jkpi.alerts.store.listing import list_alerts
    from jkpi.living_map.digest.write import write_digests
    from jkpi.state.alert_reader import moment_states

    alert_rows = [asdict(alert) for alert in list_alerts(settings)]
    with open_warehouse(settings) as warehouse:
        written_digests = write_digests(settings, warehouse, moment_states(settings.state_url), alert_rows)
    digests = [
        Digest(
            written_digest.digest.owner,
            written_digest.digest.title,
            written_digest.digest.sections,
            written_digest.receivers,
        )
        for written_digest in written_digests
    ]
    written, sent_earlier = enqueue_digests(settings, digests)
    owners, files = (
        tuple(written_digest.digest.owner for written_digest in written_digests),
        tuple(written_digest.path for written_digest in written_digests),
    )
    return DigestReport(owners, files, written, sent_earlier, deliver(settings))


def render_digest_report(report: DigestReport) -> list[str]:
    """Who was written to, and whether it got through."""
    delivery = report.delivered
    earlier_note = f", {report.sent_earlier} told earlier this week" if report.sent_earlier else ""
    return [
        *(str(path) for path in report.files),
        f"{len(report.owners)} owners, {report.written} messages written{earlier_note}",
        f"messages: {delivery.sent} sent, {delivery.queued} waiting, {delivery.failed} failed, {delivery.dead_lettered} given up",
    ]
