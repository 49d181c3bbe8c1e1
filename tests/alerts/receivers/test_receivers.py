"""Each kind of receiver, against a real server: what arrives, what is refused, what is never shown."""

from __future__ import annotations

import json
import logging
import re
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from jkpi.alerts.delivery.outbox import deliver
from jkpi.alerts.dispatch.digests import enqueue_digests
from jkpi.alerts.receivers import http_post
from jkpi.alerts.receivers.webhook import signature_headers
from jkpi.config.receivers import AlertingConfig, AlertOptions
from jkpi.config.settings import Receiver
from jkpi.errors import SystemFailure
from jkpi.living_map.digest.content import OwnerDigest
from tests.alerts.made_world import ON_SITE, World, steady
from tests.alerts.servers import Inbox, Web

MakeWorld = Callable[..., World]
SECRET = "whsec_" + "aHVzaC1odXNoLXNlY3JldC1vZi1vdXJz"
AT = datetime(2026, 3, 6, 7, tzinfo=UTC)


def web_receiver(kind: Any, web: Web, **more: Any) -> Receiver:
    return Receiver("lead", kind, url=SecretStr(web.url), allow_private=True, timeout=2.0, **more)


def with_alert(make_world: MakeWorld, receiver: Receiver, **options: Any) -> World:
    """A workspace with an open alert whose notification was delivered."""
    world = make_world(ON_SITE, receivers=[receiver])
    alerting = AlertingConfig({}, (), AlertOptions(base_url="https://jkpi.example.org", **options), b"k" * 32)
    world.settings = replace(world.settings, alerting=alerting)
    world.put(steady(60, 0.92) + steady(4, 0.7))
    world.put(steady(60, 0.92, 50) + steady(4, 0.5, 50), segment="region", value="<b>south</b>")
    world.run()
    assert deliver(world.settings, lambda: AT).problems == ()
    return world


def recovered(world: World) -> World:
    world.put(steady(7, 0.93), first=date(2026, 3, 6))
    world.put(steady(7, 0.96, 50), segment="region", value="<b>south</b>", first=date(2026, 3, 6))
    world.run()
    assert deliver(world.settings, lambda: AT + timedelta(days=3)).problems == ()
    return world


def test_a_webhook_is_signed_and_keeps_its_id(make_world: MakeWorld, web: Web) -> None:
    world = with_alert(make_world, web_receiver("webhook", web, secret=SecretStr(SECRET)))
    (request,) = web.requests
    (message,) = world.messages()
    assert request.headers["webhook-id"] == message.notification_id
    assert request.headers["webhook-timestamp"] == str(int(AT.timestamp()))
    assert (
        request.headers["webhook-signature"]
        == signature_headers(message.notification_id, AT, request.body, SECRET)["webhook-signature"]
    )
    (alert,) = request.json["data"]["alerts"]
    assert request.json["type"] == "alerts.changed"
    assert (alert["transition"], alert["series_id"]) == ("opened", "repair/technician_on_site")
    figures = alert["figures"]
    assert (figures["value"], figures["n"], figures["expected"]) == (0.7, 400.0, pytest.approx(0.92, abs=0.001))
    assert figures["ci_low"] < 0.7 < figures["ci_high"]
    assert alert["acknowledge_url"].startswith("https://jkpi.example.org/acknowledge?alert=")
    recovered(world)
    resolved = web.requests[1].json["data"]
    assert [(item["alert_id"], item["is_closed"], item["acknowledge_url"]) for item in resolved["alerts"]] == [
        (alert["alert_id"], True, None)
    ]
    assert resolved["replies_to"] == [message.notification_id]


def test_a_webhook_gets_the_sections_of_a_digest(make_world: MakeWorld, web: Web) -> None:
    world = make_world(ON_SITE, receivers=[web_receiver("webhook", web, secret=SecretStr(SECRET))])
    digest = OwnerDigest("lead", ("lead",))
    digest.items["firing"] += ["On site: firing", "Calm: firing"]
    digest.items["stale"] += ["Orders: no data"]
    enqueue_digests(world.settings, [digest])
    assert deliver(world.settings, lambda: AT).problems == ()
    (request,) = web.requests
    assert request.json["type"] == "digest.weekly"
    assert request.json["data"]["sections"] == [
        {"title": "Firing", "lines": ["On site: firing", "Calm: firing"]},
        {"title": "Stale", "lines": ["Orders: no data"]},
    ]


def test_each_field_of_a_webhook_is_documented(make_world: MakeWorld, web: Web) -> None:
    with_alert(make_world, web_receiver("webhook", web, secret=SecretStr(SECRET)))
    sent = web.requests[0].json
    page = (Path(__file__).parents[3] / "docs" / "reference" / "webhook.md").read_text()
    fields = [key for key in sent if key != "data"] + [f"data.{key}" for key in sent["data"]]
    fields += [f"data.alerts[].{key}" for key in sent["data"]["alerts"][0]]
    assert [name for name in fields if f"`{name}`" not in page] == []


def test_the_published_example_of_standard_webhooks() -> None:
    headers = signature_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_two_secrets_sign_while_one_is_being_replaced() -> None:
    other = "whsec_" + "b3RoZXItc2VjcmV0LW9mLW91cnMtaGVyZQ=="
    both = signature_headers("id", AT, b"{}", f"{SECRET} {other}")["webhook-signature"].split()
    assert both == [signature_headers("id", AT, b"{}", secret)["webhook-signature"] for secret in (SECRET, other)]


@pytest.mark.parametrize("secret", ["", "hunter2", "whsec_!!", "whsec_aHVzaA=="])
def test_a_malformed_secret_is_not_shown(secret: str) -> None:
    with pytest.raises(SystemFailure, match="not a Standard Webhooks secret") as caught:
        signature_headers("id", AT, b"{}", secret)
    assert not secret or secret not in str(caught.value)


def test_pagerduty_opens_and_resolves_one_incident(make_world: MakeWorld, web: Web) -> None:
    web.status = 202
    world = recovered(with_alert(make_world, web_receiver("pagerduty", web, secret=SecretStr("R0UT1NG"))))
    opened, resolved = (request.json for request in web.requests)
    alert_id = world.messages()[0].transition_ids[0].partition(".")[0]
    assert (opened["event_action"], resolved["event_action"]) == ("trigger", "resolve")
    assert opened["dedup_key"] == resolved["dedup_key"] == f"jkpi/made/{alert_id}"
    assert opened["routing_key"] == "R0UT1NG" and opened["payload"]["severity"] == "error"
    assert opened["payload"]["custom_details"]["Now"].startswith("70 % (")
    assert opened["links"][0]["href"].startswith("https://jkpi.example.org/acknowledge")


@pytest.mark.slow
def test_many_alerts_are_few_incidents_and_all_are_resolved(make_world: MakeWorld, web: Web) -> None:
    web.status = 202
    world = make_world(receivers=[web_receiver("pagerduty", web, secret=SecretStr("R0UT1NG"))])
    world.put(steady(71, 0.92, 30_000))
    for number in range(40):
        counts = steady(60, 0.92, 200) + steady(4, 0.3, 200) + steady(7, 0.95, 200)
        world.put(counts, segment="region", value=f"r{number:02}")
    world.run(date(2026, 3, 5))
    deliver(world.settings, lambda: AT)
    triggered = {request.json["dedup_key"] for request in web.requests}
    assert len(triggered) == len(web.requests) == 13
    assert web.requests[-1].json["payload"]["summary"] == "And 28 more: Moments of truth: 40 dropped"
    web.requests.clear()
    world.run(date(2026, 3, 12))
    deliver(world.settings, lambda: AT + timedelta(days=7))
    assert {request.json["dedup_key"] for request in web.requests} == triggered
    assert {request.json["event_action"] for request in web.requests} == {"resolve"}


def test_slack_gets_blocks_with_all_text_escaped(make_world: MakeWorld, web: Web) -> None:
    with_alert(make_world, web_receiver("slack", web))
    document = web.requests[0].json
    assert document["text"] == "Technician on site: dropped by about 22 points (19 to 25), from 92 % to about 70 %"
    kinds = [block["type"] for block in document["blocks"]]
    assert kinds == ["header", "section", "section", "actions", "divider", "context"]
    text = document["blocks"][2]["text"]["text"]
    assert "*Now*  70 % (" in text and "region = &lt;b&gt;south&lt;/b&gt;" in text and "<b>" not in text
    button = document["blocks"][3]["elements"][0]
    assert button["url"].startswith("https://jkpi.example.org/acknowledge")
    assert len(document["blocks"]) <= 50 and all(len(b["text"]["text"]) <= 3000 for b in document["blocks"][1:3])


def test_teams_gets_an_adaptive_card(make_world: MakeWorld, web: Web) -> None:
    with_alert(make_world, web_receiver("teams", web))
    (attachment,) = web.requests[0].json["attachments"]
    card = attachment["content"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive" and card["version"] == "1.4"
    facts = {fact["title"]: fact["value"] for block in card["body"] for fact in block.get("facts", [])}
    assert facts["Owner"] == "field-service" and facts["Now"].startswith("70 % (")
    assert card["actions"][0]["url"].startswith("https://jkpi.example.org/acknowledge")
    assert len(web.requests[0].body) < 28_000


@pytest.mark.parametrize("kind", ["slack", "teams"])
def test_a_card_with_many_alerts_stays_within_its_limits(make_world: MakeWorld, web: Web, kind: str) -> None:
    world = make_world(receivers=[web_receiver(kind, web)])
    world.put(steady(64, 0.92, 30_000))
    for number in range(60):
        world.put(steady(60, 0.92, 200) + steady(4, 0.3, 200), segment="region", value=f"{'long ' * 15}{number:02}")
    world.run()
    assert deliver(world.settings, lambda: AT).sent == 1
    assert len(web.requests[0].body) < 28_000
    text = json.dumps(web.requests[0].json, ensure_ascii=False)
    more = re.search(r"and (\d+) more: see jkpi alerts", text)
    assert more is not None
    assert 60 - 6 - 20 <= int(more.group(1)) <= 60 - 6 - 10


def test_a_mail_has_text_and_html_and_replies_to_the_first(make_world: MakeWorld, inbox: Inbox) -> None:
    url = SecretStr(f"smtp://127.0.0.1:{inbox.port}")
    mail_receiver = Receiver("lead", "mail", url=url, sender="jkpi <jkpi@example.org>", to=("lead@example.org",))
    recovered(with_alert(make_world, mail_receiver))
    first, second = inbox.read()
    assert first["Subject"] == "Technician on site: dropped by about 22 points (19 to 25), from 92 % to about 70 %"
    assert first["From"] == "jkpi <jkpi@example.org>" and first["To"] == "lead@example.org"
    assert first["In-Reply-To"] is None and first["Auto-Submitted"] == "auto-generated"
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
    plain, html = (first.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None and html is not None
    assert "  Acknowledge   https://jkpi.example.org/acknowledge?alert=" in plain.get_content()
    page = html.get_content()
    assert "<b>south" not in page and "&lt;b&gt;south&lt;/b&gt;" in page
    assert 'role="img"' in page and ">Acknowledge</a>" in page
    assert "http://" not in page.replace("https://jkpi.example.org", "") and "<img" not in page


def test_a_mail_refused_by_some_addresses_is_not_retried(make_world: MakeWorld, inbox: Inbox) -> None:
    inbox.refused = "gone@example.org"
    to = ("lead@example.org", "gone@example.org")
    url = SecretStr(f"smtp://127.0.0.1:{inbox.port}")
    world = make_world(receivers=[Receiver("lead", "mail", url=url, sender="jkpi@example.org", to=to)])
    world.put(steady(60, 0.92) + steady(4, 0.7))
    world.run()
    report = deliver(world.settings, lambda: AT)
    assert (report.sent, report.problems) == (1, ("the mail server refused 1 of its 2 addresses",))
    inbox.refused = ""
    assert deliver(world.settings, lambda: AT + timedelta(days=1)).sent == 0 and len(inbox.mails) == 1


def test_a_password_is_not_sent_without_tls(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    from jkpi.alerts.receivers import mail

    monkeypatch.setattr(mail, "_LOCAL_HOSTS", ())
    mail_receiver = Receiver("lead", "mail", sender="jkpi@example.org", to=("lead@example.org",))
    from jkpi.alerts.notifications.model import Notification

    message = mail.build_mail(Notification("id", "w", "now", False, "t", "info"), mail_receiver, AT, lambda _: None)
    with pytest.raises(SystemFailure, match="offers no TLS") as caught:
        mail.send_mail(message, f"smtp://me:hunter2@127.0.0.1:{inbox.port}", 2.0)
    assert "hunter2" not in str(caught.value) and inbox.mails == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(web: Web, status: int) -> None:
    web.status, web.location = status, f"http://127.0.0.1:{web.port}/elsewhere"
    with pytest.raises(SystemFailure, match=f"HTTP status {status}, and redirects are not followed"):
        http_post.post_once(web.url, b"{}", {}, 2.0, allow_private=True)
    assert [request.path for request in web.requests] == ["/hunter2-token"]


def test_private_addresses_are_refused_unless_allowed(web: Web) -> None:
    with pytest.raises(SystemFailure, match="private network") as caught:
        http_post.post_once(web.url, b"{}", {}, 2.0)
    assert "allow_private: true" in caught.value.hint and web.requests == []
    assert http_post.post_once(web.url, b"{}", {}, 2.0, allow_private=True).status == 200


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a00:1::",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not http_post.is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"])
def test_addresses_that_are_public(address: str) -> None:
    assert http_post.is_public(address)


def test_a_name_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    with pytest.raises(SystemFailure, match="private network"):
        http_post.checked_addresses("example.org", 443, allow_private=False)


def test_the_connection_goes_to_the_checked_address(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is resolved once; a later answer, which would not be checked, plays no part."""
    asked: list[str] = []
    really = socket.getaddrinfo

    def resolve(host: str, *rest: Any, **more: Any) -> Any:
        asked.append(host)
        return really("127.0.0.1" if host == "hook.example.org" else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    http_post.post_once(f"http://hook.example.org:{web.port}/x", b"{}", {}, 2.0, allow_private=True)
    assert asked.count("hook.example.org") == 1
    assert web.requests[0].headers["host"] == f"hook.example.org:{web.port}"


@pytest.mark.parametrize("mode", ["silent", "dripping"])
def test_the_time_limit_is_for_the_whole_exchange(web: Web, mode: str) -> None:
    web.pause, web.drips = (3.0, False) if mode == "silent" else (0.0, True)
    started = time.monotonic()
    with pytest.raises(SystemFailure, match=r"no answer within 0\.5 seconds|could not be reached"):
        http_post.post_once(web.url, b"{}", {}, 0.5, allow_private=True)
    assert time.monotonic() - started < 1.5


@pytest.mark.parametrize("url", ["ftp://example.org", "http://", "hunter2", "http://h:99999/", "https://[::1"])
def test_a_wrong_url_is_not_shown(url: str) -> None:
    with pytest.raises(SystemFailure, match="its URL is not a web address") as caught:
        http_post.post_once(url, b"", {}, 1.0)
    assert url not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("slack", {}),
        ("teams", {}),
        ("webhook", {"secret": SecretStr(SECRET)}),
        ("pagerduty", {"secret": SecretStr("R0UT1NG")}),
    ],
)
@pytest.mark.parametrize("status", [302, 403, 500])
def test_secrets_never_appear(
    make_world: MakeWorld,
    web: Web,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    more: dict[str, Any],
    status: int,
) -> None:
    caplog.set_level(logging.DEBUG)
    web.status = status
    world = make_world(receivers=[web_receiver(kind, web, **more)])
    world.put(steady(60, 0.92) + steady(4, 0.7))
    world.run()
    report = deliver(world.settings, lambda: AT)
    assert report.failed == 1 and f"receiver lead ({kind}): it answered with HTTP status {status}" in report.problems[0]
    captured = capsys.readouterr()
    stored = b"".join(path.read_bytes() for path in world.settings.workspace.glob("state.db*"))
    for place in (report.problems[0], caplog.text, captured.out, captured.err, str(world.messages()), repr(stored)):
        assert "hunter2" not in place and "R0UT1NG" not in place and str(web.port) not in report.problems[0]


def test_the_destination_is_kept_as_a_hash(make_world: MakeWorld, web: Web) -> None:
    world = with_alert(make_world, web_receiver("slack", web))
    (message,) = world.messages()
    assert message.status == "sent" and len(message.destination) == 12
    again = recovered(world).messages()[1]
    assert again.destination == message.destination
