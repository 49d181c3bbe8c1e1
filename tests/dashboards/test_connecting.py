"""How Superset reaches the warehouse, and what happens when jkpi does not reach Superset: a small server of our own."""

from __future__ import annotations

import json
import logging
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from jkpi.config.settings import WorkspaceConfig, load_settings
from jkpi.dashboards.client import connect
from jkpi.dashboards.database import superset_database
from jkpi.documents.models import StrictModel, read_model
from jkpi.errors import InputError, SystemFailure, WorkspaceError

from .conftest import MakeBundle


class Stub(BaseHTTPRequestHandler):
    """As much of Superset as a sign-in needs; tokens run out after one question where `forgetful`."""

    version: ClassVar[str | None] = "6.1.0"
    forgetful: ClassVar[bool] = False
    logins: ClassVar[int] = 0
    asked: ClassVar[int] = 0

    def do_GET(self) -> None:
        if self.path == "/version":
            return self.answer(200 if self.version else 404, {"version_string": self.version})
        if self.path.startswith("/api/v1/security/csrf_token"):
            return self.answer(200, {"result": "token"})
        type(self).asked += 1
        if self.forgetful and self.asked == 1:
            return self.answer(401, {"msg": "Token has expired"})
        return self.answer(200, {"result": [{"id": 1}]} if "chart" in self.path else {"message": "no"})

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).logins += 1
        if given["password"] != "right":
            return self.answer(401, {"message": "Not authorized"})
        return self.answer(200, {"access_token": "token"})

    def answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Tests speak for themselves."""


@contextmanager
def serving(**changes: Any) -> Iterator[tuple[str, type[Stub]]]:
    handler = type("Made", (Stub,), changes)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", handler
        server.shutdown()


def test_a_sign_in_and_a_list() -> None:
    before = list(logging.getLogger().handlers)
    with serving() as (url, _):
        client = connect(f"{url}/", "admin", "right")
        assert client.listed("chart/", ["id"]) == [{"id": 1}]
        client.session.close()
    assert logging.getLogger().handlers == before, "the logging of the process is left as it was"


def test_a_token_that_has_run_out_is_renewed_once() -> None:
    with serving(forgetful=True) as (url, handler):
        client = connect(url, "admin", "right")
        assert client.listed("chart/", ["id"]) == [{"id": 1}]
        client.session.close()
    assert (handler.logins, handler.asked) == (2, 2)


def test_a_wrong_password_is_reported_and_not_shown() -> None:
    with serving() as (url, _), pytest.raises(InputError) as caught:
        connect(url, "admin", "hush")
    assert "rejected the login of user 'admin'" in caught.value.message
    assert "hush" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("version", ["4.1.1", "unheard", None])
def test_another_version_is_refused(version: str | None) -> None:
    with serving(version=version) as (url, _), pytest.raises(InputError, match="is not a Superset 6"):
        connect(url, "admin", "right")


def test_an_unreachable_server_is_reported() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    with pytest.raises(SystemFailure, match="is unreachable"):
        connect(url, "admin", "right")


def test_a_missing_client_is_reported_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "supersetapiclient.assets", None)
    with pytest.raises(InputError, match="superset-client, which is not installed") as caught:
        connect("http://127.0.0.1:1", "admin", "right")
    assert caught.value.hint == "pip install 'jkpi[superset]'"


def test_a_password_is_never_part_of_the_bundle(tmp_path: Path, bundle_of: MakeBundle) -> None:
    database = superset_database("postgresql://reader:hush@db:5433/jkpi", tmp_path / "unused")
    assert database.password == "hush"
    assert "hush" not in repr(database)
    content = database.content("jkpi service", "u")
    assert content["sqlalchemy_uri"] == "postgresql+psycopg2://reader:XXXXXXXXXX@db:5433/jkpi"
    assert "hush" not in json.dumps(content)
    other = superset_database("postgresql://jkpi@inside/jkpi", tmp_path, "postgresql://reader:hush@outside/jkpi")
    assert "@outside/" in other.uri and other.password == "hush"


def test_a_file_is_read_only_and_the_only_thing_that_is_read(tmp_path: Path) -> None:
    snapshot = tmp_path / "published" / "dashboards.duckdb"
    database = superset_database(f"duckdb:///{tmp_path}/warehouse.duckdb", snapshot)
    assert database.uri == f"duckdb:///{snapshot}", "the snapshot, never the warehouse itself"
    arguments = database.content("n", "u")["extra"]["engine_params"]["connect_args"]
    assert arguments["read_only"] is True
    assert arguments["config"]["enable_external_access"] is False
    assert arguments["config"]["lock_configuration"] is True


def test_jkpi_yml_names_a_superset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BI_PASSWORD", "hush")
    text = 'workspace: w\nsuperset: {url: "https://bi.example.org/", username: jkpi, password: env:BI_PASSWORD}\n'
    (tmp_path / "jkpi.yml").write_text(text)
    settings = load_settings(tmp_path)
    assert settings.superset is not None
    assert settings.superset.url == "https://bi.example.org"
    assert settings.superset.password.get_secret_value() == "hush"
    assert "hush" not in repr(settings)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("{url: bi, username: u, password: env:P}", "'url': string should match pattern"),
        ('{url: "https://b", username: u, password: hush}', "'password': string should match pattern"),
        ('{url: "https://b", username: u, pasword: env:P}', "unknown key 'pasword' (did you mean 'password'?)"),
        (
            '{url: "https://b", username: u, password: env:P, database: "postgresql://a:hush@h/d"}',
            "it contains a password: write env:NAME",
        ),
    ],
)
def test_problems_of_the_configuration_are_reported_with_their_position(
    tmp_path: Path, given: str, problem: str
) -> None:
    (tmp_path / "jkpi.yml").write_text(f"workspace: w\nsuperset: {given}\n")
    model: type[StrictModel] = WorkspaceConfig
    with pytest.raises(WorkspaceError) as caught:
        read_model(tmp_path / "jkpi.yml", model)
    assert problem in str(caught.value)
    assert "jkpi.yml:2:" in str(caught.value)
    assert "hush" not in str(caught.value)
