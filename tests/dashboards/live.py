"""A real Superset for the tests, created by the make target of the user, and its users."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from jkpi.config.settings import Settings, load_settings
from jkpi.config.superset import SupersetConnection
from jkpi.dashboards.bundle import BuiltChart, DashboardBundle
from jkpi.dashboards.charts import query_context
from jkpi.dashboards.client import connect
from jkpi.dashboards.publish import workspace_bundle
from jkpi.dashboards.push import RemoteObjects, fetch_existing
from jkpi.dashboards.verify import default_filters
from jkpi.journeys.model import Journey
from jkpi.journeys.reader import read_journeys
from scripts.superset_server import run_superset
from tests.postgres import free_port

__all__ = ["Live", "free_port", "rows", "running"]

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Live:
    """A server, and a workspace that is put into it."""

    url: str
    workspace: Path
    password: str
    home: Path

    @property
    def settings(self) -> Settings:
        return replace(
            load_settings(self.workspace), superset=SupersetConnection(self.url, "admin", SecretStr(self.password))
        )

    @property
    def journeys(self) -> tuple[Journey, ...]:
        return tuple(read_journeys(self.workspace))

    @property
    def bundle(self) -> DashboardBundle:
        return workspace_bundle(self.settings, self.journeys)

    @contextmanager
    def signed_in(self, username: str = "admin", password: str | None = None) -> Iterator[Any]:
        client = connect(self.url, username, password or self.password)
        try:
            yield client
        finally:
            client.session.close()

    def there(self) -> RemoteObjects:
        with self.signed_in() as client:
            return fetch_existing(client, self.bundle)

    def add_user(self, name: str, role: str) -> str:
        """A person with Gamma and a role of ours; the password."""
        password = f"password of {name}"
        with self.signed_in() as client:
            roles = {row["name"]: row["id"] for row in client.listed("security/roles/", ["id", "name"])}
            given = {"username": name, "first_name": name, "last_name": "x", "email": f"{name}@example.org"}
            body = {**given, "active": True, "roles": [roles["Gamma"], roles[role]], "groups": [], "password": password}
            client.ask("POST", "security/users/", json=body)
        return password


@contextmanager
def running(workspace: Path, home: Path) -> Iterator[Live]:
    """A Superset of its own on a free port; skipped where there is no Python that it runs on."""
    done = subprocess.run(["make", ".superset/ready"], cwd=ROOT, capture_output=True, text=True)
    if "Superset needs Python" in done.stdout:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stdout + done.stderr
    with run_superset(home, free_port()) as server:
        yield Live(server.url, workspace, server.password, home)


def rows(client: Any, bundle: DashboardBundle, there: RemoteObjects, chart: BuiltChart, **more: Any) -> dict[str, Any]:
    """The answer to a chart's query as the dashboard asks it, for whoever the client is."""
    dataset_id = there.datasets[bundle.dataset_uuid(chart.asset.dataset)]
    asked = query_context(chart.params, dataset_id, default_filters(bundle, chart))
    asked["queries"][0].update(more)
    answer: dict[str, Any] = client.ask("POST", "chart/data", json=asked)["result"][0]
    return answer
