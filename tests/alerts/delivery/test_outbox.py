"""Delivery to real receivers on loopback: SMTP, HTTP, files; with kills, retries and dead letters."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import SecretStr

from jkpi.alerts.delivery.outbox import deliver
from jkpi.alerts.store.acknowledgements import acknowledge
from jkpi.alerts.store.history import alert_history
from jkpi.alerts.store.listing import list_alerts
from jkpi.config.settings import Receiver
from jkpi.errors import Problem
from tests.alerts.made_world import ON_SITE, STAYS, UPSET, World, steady
from tests.alerts.servers import Inbox, Web

# Apprise looks for a module that Python 3.13 drops.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
MakeWorld = Callable[..., World]
START = datetime(2026, 3, 6, 6, tzinfo=UTC)
SECRET = "hunter2-token"


def at(now: datetime) -> Callable[[], datetime]:
    return lambda: now


def with_message(world: World) -> World:
    """A workspace with one message in its outbox."""
    world.put(steady(60, 0.92) + steady(4, 0.7))
    assert world.run().messages_queued == 1
    return world


def lead_on(web: Web) -> Receiver:
    return Receiver("lead", "apprise", url=SecretStr(web.url.replace("http:", "json:")))


def test_a_file_gets_the_message_once(make_world: MakeWorld, tmp_path: Path) -> None:
    world = with_message(make_world())
    assert deliver(world.settings).sent == 1
    assert deliver(world.settings).sent == 0
    text = (tmp_path / "lead.txt").read_text()
    assert text.count("\nTechnician on site: dropped by") == 1
    assert world.messages()[0].status == "sent"


def test_a_file_has_the_headline_of_each_of_several_alerts_once(make_world: MakeWorld, tmp_path: Path) -> None:
    world = make_world(ON_SITE + STAYS)
    world.settings = replace(world.settings, synthetic=True)
    world.put(steady(60, 0.92) + steady(4, 0.7))
    world.put(steady(60, 0.08) + steady(4, 0.3), kpi="fix.drop_off")
    world.run()
    deliver(world.settings)
    world.put(steady(7, 0.93), first=date(2026, 3, 6))
    world.run()
    deliver(world.settings)
    _, both, end = (tmp_path / "lead.txt").read_text().split("=" * 72)
    assert both.startswith("\n[synthetic data] Moments of truth: 2 dropped\n\nSYNTHETIC DATA")
    assert both.count("dropped by about 22 points (19 to 25), from") == 1
    assert both.count("rose by about 22 points (19 to 25), from") == 1
    above = "SYNTHETIC DATA: these customers and numbers are made up."
    assert end.startswith(f"\n[synthetic data] Moments of truth: 1 recovered, 1 still open\n\n{above}")
    assert end.count("back at 93 %") == 1


def test_the_console_is_stderr(make_world: MakeWorld, capsys: pytest.CaptureFixture[str]) -> None:
    world = with_message(make_world(receivers=[Receiver("lead", "console")]))
    assert deliver(world.settings).sent == 1
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("Technician on site: dropped by") == 1


def test_a_web_receiver_gets_title_text_and_severity(make_world: MakeWorld, web: Web) -> None:
    world = with_message(make_world(receivers=[lead_on(web)]))
    assert deliver(world.settings).sent == 1
    (request,) = web.requests
    received = request.json
    assert received["title"].startswith("Technician on site") and received["type"] == "failure"
    assert "Where         Getting a broken machine running again" in received["message"]


def test_an_apprise_mail_arrives_as_plain_text(make_world: MakeWorld, inbox: Inbox) -> None:
    url = f"mailto://127.0.0.1:{inbox.port}?from=jkpi@example.org&to=lead@example.org&mode=insecure"
    world = with_message(make_world(receivers=[Receiver("lead", "apprise", url=SecretStr(url))]))
    assert deliver(world.settings).sent == 1
    (mail,) = inbox.read()
    assert mail["Subject"] == "Technician on site: dropped by about 22 points (19 to 25), from 92 % to about 70 %"
    body = mail.get_body(("plain",))
    assert body is not None and "  Owner         field-service" in body.get_content()


@pytest.mark.slow
def test_retries_back_off_then_the_message_is_a_dead_letter_and_another_receiver_is_notified(
    make_world: MakeWorld, web: Web, tmp_path: Path
) -> None:
    web.status = 500
    other = Receiver("other", "file", path=tmp_path / "other.txt")
    world = with_message(make_world(receivers=[lead_on(web), other]))
    settings = replace(world.settings, default_receiver="other")
    now, attempts = START, list[datetime]()
    while now < START + timedelta(days=4):
        report = deliver(settings, at(now))
        if report.failed or report.dead_lettered:
            attempts.append(now)
        now += timedelta(minutes=30) if attempts[1:] else timedelta(minutes=1)
    waits = [later - sooner for sooner, later in pairwise(attempts)]
    assert waits[0] == timedelta(minutes=1) and waits == sorted(waits) and waits[-1] == timedelta(hours=6)
    assert attempts[-1] - attempts[0] >= timedelta(days=3)
    assert 12 < len(attempts) < 30 and len(web.requests) == len(attempts)
    statuses = {message.receiver: message.status for message in world.messages()}
    assert statuses == {"lead": "dead_lettered", "other": "sent"}
    text = (tmp_path / "other.txt").read_text()
    assert "Not delivered to lead" in text and "HTTP status 500" in text and "from 92 % to about 70 %" in text


def test_a_receiver_that_recovers_gets_the_message(make_world: MakeWorld, web: Web) -> None:
    web.status = 503
    world = with_message(make_world(receivers=[lead_on(web)]))
    assert deliver(world.settings, at(START)).failed == 1
    web.status = 200
    assert deliver(world.settings, at(START)).queued == 1
    assert deliver(world.settings, at(START + timedelta(minutes=1))).sent == 1
    assert deliver(world.settings, at(START + timedelta(days=9))).sent == 0


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_after_an_outage_the_opening_comes_before_the_correction(
    make_world: MakeWorld, web: Web, tmp_path: Path, request: pytest.FixtureRequest, engine: str
) -> None:
    url = str(request.getfixturevalue("postgres_url")) if engine == "postgres" else f"sqlite:///{tmp_path}/state.db"
    world = with_message(make_world(state_url=url, receivers=[lead_on(web), Receiver("other", "console")]))
    web.status, now = 503, START
    while now < START + timedelta(hours=20):
        deliver(world.settings, at(now))
        now += timedelta(hours=1)
    web.status = 200
    web.requests.clear()
    world.put(steady(5, 0.92), first=date(2026, 3, 2))
    assert world.run().messages_queued == 1
    assert deliver(world.settings, at(now)).sent == 0  # the opening is not due yet
    assert deliver(world.settings, at(now + timedelta(hours=6))).sent == 2
    assert ["corrected" in request.json["title"] for request in web.requests] == [False, True]


@pytest.mark.parametrize("acknowledged_at", [START + timedelta(minutes=1), datetime(2020, 1, 1, tzinfo=UTC)])
def test_after_an_outage_the_acknowledgement_comes_between_opening_and_correction(
    make_world: MakeWorld, web: Web, acknowledged_at: datetime
) -> None:
    """Whatever the clocks say: messages have the time of the data, acknowledgements that of the machine."""
    pager = Receiver("lead", "pagerduty", url=SecretStr(web.url), secret=SecretStr("R0UT1NG"), allow_private=True)
    world = with_message(make_world(receivers=[pager]))
    web.status, now = 503, START
    while now < START + timedelta(hours=20):
        deliver(world.settings, at(now))
        now += timedelta(hours=1)
    web.status = 202
    web.requests.clear()
    (alert,) = list_alerts(world.settings)
    acknowledge(world.settings, alert.alert_id, "Ada", "", "test", acknowledged_at)
    assert deliver(world.settings, at(now)).sent == 0  # the opening is not due yet
    world.put(steady(4, 0.92), first=date(2026, 3, 2))
    assert world.run().messages_queued == 1
    assert deliver(world.settings, at(now + timedelta(hours=6))).sent == 3
    assert [request.json["event_action"] for request in web.requests] == ["trigger", "acknowledge", "resolve"]
    deliveries = [
        (delivery.notification_type, delivery.status)
        for entry in alert_history(world.settings, alert.alert_id, None).entries
        for delivery in entry.deliveries
    ]
    assert deliveries == [("first", "sent"), ("acknowledgement", "sent"), ("first", "sent")]


def test_a_message_about_another_alert_does_not_wait(make_world: MakeWorld, web: Web) -> None:
    world = make_world(ON_SITE + UPSET, receivers=[lead_on(web)])
    world.put(steady(64, 0.92))
    world.put(steady(60, 0.08) + steady(4, 0.4), kpi="fix.upset")
    assert world.run().messages_queued == 1
    web.status = 503
    assert deliver(world.settings, at(START)).failed == 1
    web.status = 200
    web.requests.clear()
    world.put(steady(60, 0.92) + steady(5, 0.6))
    assert world.run().messages_queued == 1
    assert deliver(world.settings, at(START)).sent == 1  # the first is not due yet
    (request,) = web.requests
    assert request.json["title"].startswith("Technician on site")


@pytest.mark.slow
def test_a_message_behind_a_dead_letter_has_three_days_of_its_own(
    make_world: MakeWorld, web: Web, tmp_path: Path
) -> None:
    web.status = 500
    world = with_message(make_world(receivers=[lead_on(web), Receiver("other", "file", path=tmp_path / "other.txt")]))
    deliver(world.settings, at(START))
    world.put(steady(5, 0.92), first=date(2026, 3, 2))
    world.run()
    now = START
    while now < START + timedelta(days=4):
        deliver(replace(world.settings, default_receiver="other"), at(now))
        now += timedelta(hours=1)
    assert [message.status for message in world.messages() if message.receiver == "lead"] == [
        "dead_lettered",
        "dead_lettered",
    ]
    assert (tmp_path / "other.txt").read_text().count("Not delivered to lead: ") == 2


def test_secrets_never_appear(
    make_world: MakeWorld,
    web: Web,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    caplog.set_level(logging.DEBUG)
    web.status = 500
    world = with_message(make_world(receivers=[lead_on(web)]))
    first = deliver(world.settings, at(START))
    gone = Receiver("lead", "apprise", url=SecretStr(f"json://127.0.0.1:1/{SECRET}"))
    second = deliver(replace(world.settings, receivers={"lead": gone}), at(START + timedelta(hours=1)))
    wrong = Receiver("lead", "apprise", url=SecretStr(f"no-such-thing://{SECRET}"))
    third = deliver(replace(world.settings, receivers={"lead": wrong}), at(START + timedelta(hours=9)))
    assert (first.failed, second.failed, third.failed) == (1, 1, 1)
    problems = " ".join((*first.problems, *second.problems, *third.problems))
    assert "HTTP status 500" in problems and "does not know this kind of URL" in problems
    captured = capsys.readouterr()
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("state.db*"))
    for place in (problems, caplog.text, captured.out, captured.err, str(world.messages()), repr(stored)):
        assert SECRET not in place


def test_an_undeclared_receiver_is_reported(make_world: MakeWorld) -> None:
    world = with_message(make_world(receivers=[Receiver("someone", "console")]))
    report = deliver(world.settings, at(START))
    assert report.failed == 1 and "lead is not declared" in report.problems[0]


def test_a_receiver_without_its_secret_does_not_stop_the_others(
    make_world: MakeWorld, web: Web, tmp_path: Path
) -> None:
    unset = Problem("jkpi.yml", 3, 9, "receiver 'lead': the environment variable HOOK is not set", "export HOOK=...")
    moments = ON_SITE.replace("[lead]", "[lead, other]")
    other = Receiver("other", "file", path=tmp_path / "other.txt")
    world = make_world(moments, receivers=[Receiver("lead", "slack", missing_secrets=(unset,)), other])
    world.put(steady(60, 0.92) + steady(4, 0.7))
    world.run()
    report = deliver(world.settings, at(START))
    assert (report.sent, report.failed) == (1, 1)
    assert "jkpi.yml:3:9: receiver 'lead': the environment variable HOOK is not set" in report.problems[0]
    world.settings = replace(world.settings, receivers={"lead": lead_on(web), "other": other})
    assert deliver(world.settings, at(START + timedelta(minutes=1))).sent == 1


SETTINGS = """
import os, signal, sys, time
from datetime import UTC, datetime
from pathlib import Path
from jkpi.config.settings import Receiver, Settings
folder, state_url = Path(sys.argv[1]), sys.argv[2]
receivers = {"lead": Receiver("lead", "file", path=folder / "lead.txt")}
settings = Settings(folder, "made", f"duckdb:///{folder}/warehouse.duckdb", state_url, folder,
                    datetime(2026, 3, 6, 6, tzinfo=UTC), receivers=receivers)
"""
DIE_AROUND_SENDING = """
import jkpi.alerts.delivery.outbox as delivery
really_send = delivery.send
def send(*message):
    if sys.argv[3] == "after":
        really_send(*message)
    os.kill(os.getpid(), signal.SIGKILL)
delivery.send = send
delivery.deliver(settings)
"""
DELIVER = """
from jkpi.alerts.delivery.outbox import deliver
print(deliver(settings).sent)
"""


def run(code: str, folder: Path, url: str, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SETTINGS + code, str(folder), url, *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def kill(code: str, world: World, *more: str) -> None:
    process = run(code, world.settings.workspace, world.settings.state_url, *more)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize(("when", "times"), [("before", 1), ("after", 2)])
def test_after_a_kill_the_message_is_sent_again_when_the_lease_ends(
    make_world: MakeWorld, tmp_path: Path, when: str, times: int
) -> None:
    world = with_message(make_world())
    kill(DIE_AROUND_SENDING, world, when)
    assert deliver(world.settings).sent == 0
    assert deliver(world.settings, at(datetime.now(UTC) + timedelta(minutes=6))).sent == 1
    text = (tmp_path / "lead.txt").read_text()
    assert text.count("=" * 72) == times
    assert text.count(f"Message {world.messages()[0].notification_id}.") == times


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_workers_in_parallel_send_a_message_once(
    make_world: MakeWorld, tmp_path: Path, request: pytest.FixtureRequest, engine: str
) -> None:
    url = str(request.getfixturevalue("postgres_url")) if engine == "postgres" else f"sqlite:///{tmp_path}/state.db"
    with_message(make_world(state_url=url))
    runs = [run(DELIVER, tmp_path, url) for _ in range(3)]
    assert sorted(process.communicate()[0].strip() for process in runs) == ["0", "0", "1"]
    assert (tmp_path / "lead.txt").read_text().count("=" * 72) == 1
