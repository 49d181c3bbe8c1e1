"""`make airflow` itself: the scheduler, the schedules, the Assets and the alert at the end of it; and a clean end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parent.parent.parent
SCRIPT = [sys.executable, "-m", "scripts.airflow"]
WITHIN_SECONDS = 900

pytestmark = [pytest.mark.airflow, pytest.mark.slow]


@pytest.fixture
def port() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
    yield number
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", number)) != 0, "somebody still listens"


def variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW_", "JKPI_", "PYTEST_"))}


def descendants(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    gone = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    return [
        found
        for found in processes
        if psutil.pid_exists(found.pid) and found.is_running() and found.status() not in gone
    ]


def test_the_alert_about_the_injected_drop_arrives_at_its_file_receiver(tmp_path: Path, port: int) -> None:
    workspace = tmp_path / "workspace"
    done = subprocess.run(
        [
            *(*SCRIPT, "--check", "--timeout", str(WITHIN_SECONDS)),
            *("--port", str(port), "--home", str(tmp_path / "home"), "--workspace", str(workspace)),
        ],
        cwd=ROOT,
        env=variables(),
        capture_output=True,
        text=True,
        check=False,
        timeout=WITHIN_SECONDS + 300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    sources = len(list((workspace / "sources").glob("*.yml")))
    assert f"of {sources} sources: loaded on schedule {sources}, measured after that {sources}" in done.stdout
    messages = {path.name: path.read_text(encoding="utf-8") for path in (workspace / "alerts").iterdir()}
    message = messages.pop("field-service-lead.txt")
    # The digest's DAG ran as well; the other owners got their weekly digest only.
    assert all(text.count("Your week") == text.count("Message ") == 1 for text in messages.values()), messages
    # However many runs of the KPI DAG followed the loads: the owner was notified once.
    assert message.count("] Technician on site in time: dropped by about") == 1
    assert (workspace / "site" / "equipment_repair.html").stat().st_size > 0


def test_a_stop_in_the_middle_of_a_task_leaves_nothing_behind(
    workspace: Path, tmp_path: Path, port: int, command_that_ends: Callable[[str, int], Path]
) -> None:
    command = command_that_ends("measure", 0)
    script = command.read_text(encoding="utf-8")
    command.write_text(script + f'touch "{tmp_path / "running"}"\nexec sleep 600\n', encoding="utf-8")
    process = subprocess.Popen(
        [*SCRIPT, "--port", str(port), "--home", str(tmp_path / "home"), "--workspace", str(workspace)],
        cwd=ROOT,
        env=variables() | {"JKPI_COMMAND": str(command)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        end = time.monotonic() + 240
        while not (tmp_path / "running").exists() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.2)
        family = descendants(process)
        assert any(found.name() == "sleep" for found in family), "no task ran"
        assert {
            connection.laddr.ip
            for found in family
            for connection in found.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        } == {"127.0.0.1"}
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert f"http://127.0.0.1:{port}" in output
    assert str(workspace / "alerts" / "order-desk.txt") in output
    assert alive(family) == []


def test_a_port_in_use_is_reported_before_anything_starts(tmp_path: Path, workspace: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = subprocess.run(
            [
                *SCRIPT,
                "--port",
                str(taken.getsockname()[1]),
                "--home",
                str(tmp_path / "home"),
                "--workspace",
                str(workspace),
            ],
            cwd=ROOT,
            env=variables(),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 1
    assert "JKPI_AIRFLOW_PORT" in done.stdout
    assert not (tmp_path / "home").exists()
