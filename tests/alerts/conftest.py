"""A workspace whose readings a test writes by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jkpi.config.settings import Receiver, Settings
from tests.alerts.made_world import MAP, ON_SITE, World
from tests.alerts.servers import Inbox, Web, mail_server, web_server


@pytest.fixture
def make_world(tmp_path: Path) -> Callable[..., World]:
    def make(moments: str = ON_SITE, state_url: str | None = None, receivers: Sequence[Receiver] = ()) -> World:
        (tmp_path / "journeys").mkdir(exist_ok=True)
        (tmp_path / "journeys" / "repair.yml").write_text(MAP + moments)
        known = {receiver.name: receiver for receiver in receivers} or {
            "lead": Receiver("lead", "file", path=tmp_path / "lead.txt")
        }
        settings = Settings(
            workspace=tmp_path,
            name="made",
            warehouse_url=f"duckdb:///{tmp_path}/warehouse.duckdb",
            state_url=state_url or f"sqlite:///{tmp_path}/state.db",
            site_dir=tmp_path / "site",
            now=datetime(2026, 1, 1, tzinfo=UTC),
            receivers=known,
        )
        return World(settings)

    return make


@pytest.fixture
def web() -> Iterator[Web]:
    with web_server() as web:
        yield web


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with mail_server() as inbox:
        yield inbox
