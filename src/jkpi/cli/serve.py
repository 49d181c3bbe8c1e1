"""`jkpi serve`: the links in messages."""

from __future__ import annotations

from jkpi.config.settings import Settings
from jkpi.errors import SystemFailure
from jkpi.pipeline.progress import note


def serve_links(settings: Settings, host: str, port: int) -> None:
    """Serve until stopped. Programs that were told of an alert hear at once that it was acknowledged."""
    from jkpi.alerts.acknowledge.server import make_server
    from jkpi.alerts.delivery.outbox import deliver
    from jkpi.alerts.store.acknowledgements import Acknowledged

    def heard(done: Acknowledged) -> None:
        note(f"{done.alert_id} acknowledged by {done.who}")
        if done.messages:
            try:
                for problem in deliver(settings).problems:
                    note(f"jkpi: {problem}")
            except SystemFailure as error:
                note(f"jkpi: {error.message}; jkpi alert tries again")

    with make_server(settings, host, port, heard=heard) as server:
        note(f"jkpi: answering links at http://{host}:{server.server_address[1]}, stop with Ctrl-C")
        server.serve_forever()
