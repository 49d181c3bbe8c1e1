"""`jkpi serve` over a real socket: a link shows a page, and only its button acknowledges."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import pytest

from jkpi.alerts.acknowledge.server import make_server
from jkpi.alerts.receivers.ack_links import link_factory
from jkpi.alerts.store.acknowledgements import Acknowledgement, silence
from jkpi.alerts.store.listing import list_alerts
from jkpi.config.receivers import AlertingConfig, AlertOptions
from jkpi.config.settings import Receiver
from jkpi.errors import InputError, SystemFailure
from tests.alerts.made_world import World, steady

MakeWorld = Callable[..., World]
NOW = datetime(2026, 3, 6, 6, tzinfo=UTC)
LINKS = AlertingConfig({}, (), AlertOptions(base_url="https://alerts.example.org/jkpi"), b"k" * 32)


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """One open alert; a program and a person were notified."""
    receivers = [Receiver("lead", "webhook"), Receiver("person", "console")]
    world = make_world(receivers=receivers)
    world.settings = replace(world.settings, alerting=LINKS, now=NOW)
    world.put(steady(60, 0.92) + steady(4, 0.7))
    world.run()
    return world


@contextmanager
def served(
    world: World, at: datetime = NOW, acknowledged: list[Acknowledgement] | None = None
) -> Iterator[HTTPConnection]:
    on_acknowledged = (lambda _: None) if acknowledged is None else acknowledged.append
    with make_server(world.settings, "127.0.0.1", 0, lambda: at, on_acknowledged) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield HTTPConnection("127.0.0.1", int(server.server_address[1]), timeout=10)
        finally:
            server.shutdown()
            thread.join()


def link(world: World, alert_id: str | None = None) -> str:
    """Path and query of the link to the alert."""
    url = link_factory(LINKS, "lead", NOW)(alert_id or list_alerts(world.settings)[0].alert_id)
    assert url is not None
    return url.removeprefix("https://alerts.example.org")


def request(server: HTTPConnection, method: str, path: str, **form: str) -> tuple[int, str]:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    server.request(method, path, urlencode(form) if form else None, headers)
    response = server.getresponse()
    return response.status, response.read().decode()


def test_a_link_changes_nothing_and_its_button_acknowledges(world: World) -> None:
    acknowledged: list[Acknowledgement] = []
    with served(world, acknowledged=acknowledged) as server:
        for method in ("GET", "HEAD", "GET"):
            assert request(server, method, link(world))[0] == 200
        assert list_alerts(world.settings)[0].flags == () and acknowledged == []
        status, page = request(server, "POST", link(world), name="<b>Ada</b>", note="two are ill")
        assert status == 200 and "&lt;b&gt;Ada&lt;/b&gt;" in page and "<b>" not in page
        assert list_alerts(world.settings)[0].flags == ("acknowledged",)
        status, page = request(server, "POST", link(world), name="Bob")
        assert status == 200 and "Ada" in page and "Bob" not in page
        assert "<form" not in request(server, "GET", link(world))[1]
    assert [(item.note, item.is_new, item.forwarded_count) for item in acknowledged] == [("two are ill", True, 1)]
    assert {message.content["event"] for message in world.messages()} == {"alerts.changed", "alerts.acknowledged"}


def test_changed_expired_and_unknown_links_do_nothing(world: World) -> None:
    valid = link(world)
    (alert,) = list_alerts(world.settings)
    invalid = {
        valid.replace(alert.alert_id, "0" * 12): 403,
        valid.replace("to=lead", "to=boss"): 403,
        valid[:-2]: 403,
        valid.partition("?")[0]: 403,
        valid.replace("until=1", "until=2"): 403,
        link(world, "0" * 12): 404,
        "/": 404,
        "/jkpi/elsewhere?" + urlsplit(valid).query: 404,
    }
    with served(world) as server:
        for path, status in invalid.items():
            assert request(server, "GET", path)[0] == status, path
            assert request(server, "POST", path, name="Ada")[0] in (status, 409), path
        assert request(server, "POST", valid, name=" ")[0] == 400
        assert request(server, "POST", valid, name="x" * 5000)[0] == 413
    with served(world, at=NOW + timedelta(days=14)) as server:
        assert request(server, "GET", valid)[0] == request(server, "POST", valid, name="Ada")[0] == 410
    assert list_alerts(world.settings)[0].flags == ()


def test_a_closed_alert_has_no_button(world: World) -> None:
    world.put(steady(10, 0.95), first=datetime(2026, 3, 6).date())
    world.run()
    with served(world) as server:
        status, page = request(server, "GET", link(world))
        assert status == 200 and "resolved" in page and "<form" not in page
        assert request(server, "POST", link(world), name="Ada")[0] == 409


def test_pages_load_nothing_and_are_not_cached(world: World) -> None:
    with served(world) as server:
        server.request("GET", link(world))
        response = server.getresponse()
        response.read()
    assert response.headers["Cache-Control"] == "no-store" and response.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


def test_a_missing_base_url_and_a_port_in_use_are_refused(world: World) -> None:
    with pytest.raises(InputError, match="have no links"):
        make_server(replace(world.settings, alerting=AlertingConfig({}, (), AlertOptions())), "127.0.0.1", 0)
    with (
        make_server(world.settings, "127.0.0.1", 0) as server,
        pytest.raises(SystemFailure, match="cannot serve at"),
    ):
        make_server(world.settings, "127.0.0.1", int(server.server_address[1]))


def test_an_alert_can_be_acknowledged_and_silenced(world: World) -> None:
    silence(world.settings, "repair", NOW + timedelta(days=7), "moving", "Ada", NOW)
    with served(world) as server:
        request(server, "POST", link(world), name="Ada")
    assert set(list_alerts(world.settings)[0].flags) == {"acknowledged", "silenced"}
