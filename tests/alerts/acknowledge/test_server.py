"""`jkpi serve` over a real socket: a link shows, only its button acknowledges, and nobody else's link does."""

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
    """One open alert, told to a program and to a person."""
    receivers = [Receiver("lead", "webhook"), Receiver("person", "console")]
    world = make_world(receivers=receivers)
    world.settings = replace(world.settings, alerting=LINKS, now=NOW)
    world.put(steady(60, 0.92) + steady(4, 0.7))
    world.run()
    return world


@contextmanager
def served(world: World, at: datetime = NOW, heard: list[Acknowledgement] | None = None) -> Iterator[HTTPConnection]:
    tell = (lambda _: None) if heard is None else heard.append
    with make_server(world.settings, "127.0.0.1", 0, lambda: at, tell) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield HTTPConnection("127.0.0.1", int(server.server_address[1]), timeout=10)
        finally:
            server.shutdown()
            thread.join()


def link(world: World, alert_id: str | None = None) -> str:
    """Path and query of the link to the alert."""
    whole = link_factory(LINKS, "lead", NOW)(alert_id or list_alerts(world.settings)[0].alert_id)
    assert whole is not None
    return whole.removeprefix("https://alerts.example.org")


def asked(server: HTTPConnection, method: str, path: str, **form: str) -> tuple[int, str]:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    server.request(method, path, urlencode(form) if form else None, headers)
    answer = server.getresponse()
    return answer.status, answer.read().decode()


def test_a_link_only_asks_and_its_button_acknowledges(world: World) -> None:
    heard: list[Acknowledgement] = []
    with served(world, heard=heard) as server:
        for method in ("GET", "HEAD", "GET"):
            assert asked(server, method, link(world))[0] == 200
        assert list_alerts(world.settings)[0].flags == () and heard == []
        status, page = asked(server, "POST", link(world), name="<b>Ada</b>", note="two are ill")
        assert status == 200 and "&lt;b&gt;Ada&lt;/b&gt;" in page and "<b>" not in page
        assert list_alerts(world.settings)[0].flags == ("acknowledged",)
        status, page = asked(server, "POST", link(world), name="Bob")
        assert status == 200 and "Ada" in page and "Bob" not in page
        assert "<form" not in asked(server, "GET", link(world))[1]
    assert [(one.note, one.is_new, one.forwarded_count) for one in heard] == [("two are ill", True, 1)]
    assert {message.content["event"] for message in world.messages()} == {"alerts.changed", "alerts.acknowledged"}


def test_links_that_are_changed_old_or_of_something_gone_do_nothing(world: World) -> None:
    right = link(world)
    (alert,) = list_alerts(world.settings)
    wrong = {
        right.replace(alert.alert_id, "0" * 12): 403,
        right.replace("to=lead", "to=boss"): 403,
        right[:-2]: 403,
        right.partition("?")[0]: 403,
        right.replace("until=1", "until=2"): 403,
        link(world, "0" * 12): 404,
        "/": 404,
        "/jkpi/elsewhere?" + urlsplit(right).query: 404,
    }
    with served(world) as server:
        for path, status in wrong.items():
            assert asked(server, "GET", path)[0] == status, path
            assert asked(server, "POST", path, name="Ada")[0] in (status, 409), path
        assert asked(server, "POST", right, name=" ")[0] == 400
        assert asked(server, "POST", right, name="x" * 5000)[0] == 413
    with served(world, at=NOW + timedelta(days=14)) as server:
        assert asked(server, "GET", right)[0] == asked(server, "POST", right, name="Ada")[0] == 410
    assert list_alerts(world.settings)[0].flags == ()


def test_what_is_over_has_no_button(world: World) -> None:
    world.put(steady(10, 0.95), first=datetime(2026, 3, 6).date())
    world.run()
    with served(world) as server:
        status, page = asked(server, "GET", link(world))
        assert status == 200 and "resolved" in page and "<form" not in page
        assert asked(server, "POST", link(world), name="Ada")[0] == 409


def test_pages_load_nothing_and_are_kept_by_nobody(world: World) -> None:
    with served(world) as server:
        server.request("GET", link(world))
        answer = server.getresponse()
        answer.read()
    assert answer.headers["Cache-Control"] == "no-store" and answer.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_without_a_base_url_nothing_is_served_and_a_taken_port_is_told(world: World) -> None:
    with pytest.raises(InputError, match="have no links"):
        make_server(replace(world.settings, alerting=AlertingConfig({}, (), AlertOptions())), "127.0.0.1", 0)
    with (
        make_server(world.settings, "127.0.0.1", 0) as server,
        pytest.raises(SystemFailure, match="cannot serve at"),
    ):
        make_server(world.settings, "127.0.0.1", int(server.server_address[1]))


def test_an_acknowledgement_and_a_silence_show_beside_each_other(world: World) -> None:
    silence(world.settings, "repair", NOW + timedelta(days=7), "moving", "Ada", NOW)
    with served(world) as server:
        asked(server, "POST", link(world), name="Ada")
    assert set(list_alerts(world.settings)[0].flags) == {"acknowledged", "silenced"}
