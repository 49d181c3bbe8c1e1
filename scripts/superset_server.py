"""Start Superset on loopback from its own environment, wait until it is healthy, and stop it afterwards."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.standalone import HOST, ROOT, ScriptError, echo, stop
from scripts.superset_environment import LOCK, VENV

FOLDER = ROOT / "scripts" / "superset"
ADMIN = "admin"
HEALTHY_SECONDS = 180


@dataclass(frozen=True)
class SupersetServer:
    """A running Superset and its admin."""

    url: str
    username: str
    password: str


@contextlib.contextmanager
def run_superset(home: Path, port: int) -> Iterator[SupersetServer]:
    """Run Superset inside the block, with its metadata in `home`; stop it with all its descendants afterwards."""
    started = time.monotonic()
    home.mkdir(parents=True, exist_ok=True)
    persistent_secret(home / "secret.key")
    password = persistent_secret(home / "admin.password")
    variables = superset_environment(home)
    log = home / "superset.log"
    with log.open("wb") as out:
        prepare_metadata(home, {**variables, "JKPI_SUPERSET_ADMIN": ADMIN, "JKPI_SUPERSET_PASSWORD": password}, out)
        # One process, because two would not share their memory. No socket other than the port.
        served = ["--no-control-socket", "-w", "1", "-k", "gthread", "--threads", "8", "--timeout", "120"]
        command: list[str | Path] = [
            VENV / "bin" / "gunicorn",
            *served,
            "-b",
            f"{HOST}:{port}",
            "superset.app:create_app()",
        ]
        process = subprocess.Popen(command, env=variables, stdout=out, stderr=out, start_new_session=True)
    url = f"http://{HOST}:{port}"
    try:
        wait_until_healthy(url, process, log)
        echo(f"Superset is healthy after {time.monotonic() - started:.0f} s")
        yield SupersetServer(url, ADMIN, password)
    finally:
        stop(process)


def superset_environment(home: Path) -> dict[str, str]:
    """The environment of this Superset only, without variables of another one."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("SUPERSET_", "FLASK_", "GUNICORN_"))
    }
    own_variables = {
        "SUPERSET_HOME": str(home),
        "SUPERSET_CONFIG_PATH": str(FOLDER / "superset_config.py"),
        "FLASK_APP": "superset",
        "SCARF_ANALYTICS": "false",
        "DO_NOT_TRACK": "1",
    }
    return {**inherited, **own_variables}


def prepare_metadata(home: Path, variables: dict[str, str], out: object) -> None:
    """Migrate the metadata to this release, once for each version of the lock file."""
    marker, lock_hash = home / "prepared", hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if marker.exists() and marker.read_text(encoding="utf-8") == lock_hash:
        return
    echo("preparing Superset; this takes about a quarter of a minute")
    command: list[str | Path] = [VENV / "bin" / "python", FOLDER / "prepare.py"]
    if subprocess.run(command, env=variables, stdout=out, stderr=out, check=False).returncode:  # type: ignore[call-overload]
        raise ScriptError(f"Superset could not be prepared\n{log_tail(home / 'superset.log')}")
    marker.write_text(lock_hash, encoding="utf-8")


def persistent_secret(path: Path) -> str:
    """The secret in a file that only its owner can read; created if it does not exist."""
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
    return path.read_text(encoding="utf-8").strip()


def wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until Superset reports that it is healthy."""
    end = time.monotonic() + HEALTHY_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise ScriptError(f"Superset ended with code {process.returncode}\n{log_tail(log)}")
        with (
            contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError),
            urllib.request.urlopen(f"{url}/health", timeout=10),
        ):
            return
        time.sleep(0.3)
    raise ScriptError(f"Superset is not healthy after {HEALTHY_SECONDS} s\n{log_tail(log)}")


def log_tail(log: Path, lines: int = 15) -> str:
    """The last lines of Superset's log."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
