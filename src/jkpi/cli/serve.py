"""`jkpi serve`: the links in messages."""

from __future__ import annotations

from jkpi.config.settings import Settings
from jkpi.errors import SystemFailure
from jkpi.pipeline.progress import log


def serve_ack_links(settings: Settings, host: str, port: int) -> None:
    """Serve until stopped. Programs that were told of an alert hear at once that it was acknowledged."""
    from jkpi.alerts.acknowledge.server import make_server
    from jkpi.alerts.delivery.outbox import deliver
    from jkpi.alerts.store.acknowledgements import Acknowledgement

    def on_acknowledged(done: Acknowledgement) -> None:
        log(f"{done.alert_id} acknowledged by {done.acknowledged_by}")
        if done.forwarded_count:
            try:
                for problem in deliver(settings).problems:
                    log(f"jkpi: {problem}")
            except SystemFailure as error:
                log(f"jkpi: {error.message}; jkpi alert tries again")

    with make_server(settings, host, port, on_acknowledged=on_acknowledged) as server:
        log(f"jkpi: answering links at http://{host}:{server.server_address[1]}, stop with Ctrl-C")
        server.serve_forever()
