"""Start `airflow standalone` on loopback, wait until it is healthy, and stop it with all its descendants."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
HOST = "127.0.0.1"
HEALTHY_SECONDS = 180
POOL = ("jkpi_warehouse", "1", "one writer")


class ScriptError(Exception):
    """An error with a message for the user."""


def echo(*lines: str) -> None:
    """Print lines at once, without buffering."""
    for line in lines:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()


def require_free_port(port: int, variable: str = "JKPI_AIRFLOW_PORT") -> None:
    """Raise ScriptError if the port is in use."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ScriptError(f"port {port}: {error.strerror}; choose another one with {variable}") from None


def environment(home: Path, workspace: Path, port: int) -> dict[str, str]:
    """The environment of this Airflow only: without the `AIRFLOW_` variables of another one."""
    settings = {
        "CORE__DAGS_FOLDER": ROOT / "dags",
        "CORE__LOAD_EXAMPLES": False,
        "CORE__PARALLELISM": 4,
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": False,
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": True,
        "CORE__EXECUTION_API_SERVER_URL": f"http://{HOST}:{port}/execution/",
        "API__HOST": HOST,
        "API__PORT": port,
        "API__BASE_URL": f"http://{HOST}:{port}",
        "API__WORKERS": 1,
    }
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW_", "_AIRFLOW_"))},
        **{f"AIRFLOW__{name}": str(value) for name, value in settings.items()},
        "AIRFLOW_HOME": str(home),
        "JKPI_WORKSPACE": str(workspace),
        "PATH": os.pathsep.join([str(home / "bin"), str(BIN), os.environ.get("PATH", os.defpath)]),
        "DO_NOT_TRACK": "1",
    }


def write_wrapper(home: Path) -> None:
    """Write a script `airflow` that opens no ports for logs, because these would listen on every address.

    Standalone starts its parts by the name `airflow`; the API server reads the logs from the disk.
    """
    wrapper = home / "bin" / "airflow"
    wrapper.parent.mkdir(parents=True, exist_ok=True)
    wrapper.write_text(
        "#!/bin/sh\n"
        'case "$1" in scheduler | triggerer) set -- "$@" --skip-serve-logs ;; esac\n'
        f'exec "{BIN / "airflow"}" "$@"\n',
        encoding="utf-8",
    )
    wrapper.chmod(0o755)


@contextlib.contextmanager
def run_standalone(home: Path, workspace: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run `airflow standalone` inside the block, healthy; stop it with all its descendants afterwards."""
    started = time.monotonic()
    write_wrapper(home)
    variables = environment(home, workspace, port)
    log = home / "standalone.log"
    echo("starting Airflow; this takes about half a minute")
    with log.open("wb") as out:
        for words in (["db", "migrate"], ["pools", "set", *POOL]):
            if subprocess.run([BIN / "airflow", *words], env=variables, stdout=out, stderr=out, check=False).returncode:
                raise ScriptError(f"airflow {' '.join(words)} failed\n{log_tail(home)}")
        # A session of its own: only this script receives Ctrl-C, and it then ends the parts in order.
        process = subprocess.Popen(
            [BIN / "airflow", "standalone"], env=variables, stdout=out, stderr=out, start_new_session=True
        )
    try:
        wait_until_healthy(Api(port), process, home)
        echo(f"healthy after {time.monotonic() - started:.0f} s")
        yield process
    finally:
        stop(process)


def is_running(member: psutil.Process) -> bool:
    """Whether a process runs, and is no zombie."""
    try:
        return bool(member.is_running() and member.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_until_healthy(api: Api, process: subprocess.Popen[bytes], home: Path) -> None:
    """Wait until every part reports that it is healthy."""
    end = time.monotonic() + HEALTHY_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise ScriptError(f"Airflow ended with code {process.returncode}\n{log_tail(home)}")
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            parts = api.get("monitor/health", signed=False)
            if all(parts[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "dag_processor")):
                return
        time.sleep(0.5)
    raise ScriptError(f"Airflow is not healthy after {HEALTHY_SECONDS} s\n{log_tail(home)}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End standalone and every descendant: SIGINT first, then SIGTERM, then SIGKILL.

    Tasks run in sessions of their own and standalone leaves its API server behind, so neither a process group nor the
    parent's end reaches them all.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    family: set[psutil.Process] = set()
    with contextlib.suppress(psutil.NoSuchProcess):
        family.add(psutil.Process(process.pid))
    for number, seconds in ((signal.SIGINT, 0.5), (signal.SIGTERM, 15), (signal.SIGKILL, 5)):
        for member in list(family):
            with contextlib.suppress(psutil.NoSuchProcess):
                family.update(member.children(recursive=True))
        for member in family:
            if number != signal.SIGINT or member.pid == process.pid:
                with contextlib.suppress(psutil.NoSuchProcess):
                    member.send_signal(number)
        end = time.monotonic() + seconds
        while (family := {member for member in family if is_running(member)}) and time.monotonic() < end:
            time.sleep(0.1)
    process.wait(timeout=5)
    if family:
        raise ScriptError(f"still running: {', '.join(str(member.pid) for member in family)}")


class Api:
    """Airflow's own API, read only."""

    def __init__(self, port: int) -> None:
        self._base = f"http://{HOST}:{port}"
        self._token = ""

    def get(self, path: str, signed: bool = True) -> Any:
        """The JSON document at /api/v2/`path`."""
        headers = {}
        if signed:
            self._token = self._token or self._read(f"{self._base}/auth/token", {})["access_token"]
            headers["Authorization"] = f"Bearer {self._token}"
        return self._read(f"{self._base}/api/v2/{path}", headers)

    @staticmethod
    def _read(url: str, headers: dict[str, str]) -> Any:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return json.load(answer)


def log_tail(home: Path, lines: int = 15) -> str:
    """The last lines of Airflow's log."""
    return "\n".join((home / "standalone.log").read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
