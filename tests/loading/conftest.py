"""A small workspace to load from, on either engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jkpi.config.settings import Settings
from jkpi.loading.load import load_source
from jkpi.loading.model import Source
from jkpi.loading.report import BatchReport
from jkpi.loading.workspace import read_sources
from jkpi.protocols import Inspector
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.landing import ensure_landing
from jkpi.warehouse.open import open_warehouse

NOW = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)

TICKETS = """\
source: tickets
kind: touchpoints
from: {files: data/*.csv}
format: {timestamps: "%d/%m/%Y %H:%M", timezone: Europe/Paris, nulls: ["?"]}
columns:
  event_id: id
  customer_id: caller
  case_id: number
  touchpoint: state
  channel: channel
  occurred_at: at
  segments: [priority]
touchpoints: {New: fault_reported, Closed: repair_confirmed, Draft: null}
"""
HEADER = "id,caller,number,state,channel,at,priority\n"
ROWS = HEADER + (
    "1,anna,A,New,phone,01/06/2026 10:00,high\n"
    "2,anna,A,Closed,phone,02/06/2026 10:00,high\n"
    "3,ben,B,New,web,03/06/2026 10:00,?\n"
)


@dataclass
class Place:
    """A workspace under test, with its warehouse open."""

    settings: Settings
    warehouse: Warehouse

    @property
    def folder(self) -> Path:
        return self.settings.workspace

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def source(self, text: str = TICKETS) -> Source:
        self.write("sources/one.yml", text)
        (source,) = read_sources(self.folder)
        return source

    def load(self, text: str = TICKETS, inspect: Inspector | None = None, **more: Any) -> list[BatchReport]:
        return load_source(self.source(text), self.settings, self.warehouse, inspect, **more)

    def count(self, table: str = "touchpoint_events") -> int:
        return int(self.warehouse.scalar(f"select count(*) from raw.{table}"))

    def rows(self, columns: str = "*", table: str = "touchpoint_events", order: str = "1") -> list[dict[str, Any]]:
        return self.warehouse.rows(f"select {columns} from raw.{table} order by {order}")

    def reasons(self) -> dict[str, int]:
        rows = self.warehouse.rows(
            "select reason, count(*) as many from raw.rejected_rows group by reason order by reason"
        )
        return {row["reason"]: row["many"] for row in rows}

    def later(self, **changes: Any) -> None:
        self.settings = replace(self.settings, **changes)


def settings_of(folder: Path, url: str) -> Settings:
    return Settings(
        workspace=folder,
        name="test",
        warehouse_url=url,
        state_url="sqlite://",
        output=folder / "site",
        now=NOW,
        pseudonym_key=b"a key of this test",
    )


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """On DuckDB."""
    url = f"duckdb:///{tmp_path}/w.duckdb"
    with open_warehouse(url) as warehouse:
        ensure_landing(warehouse)
        yield Place(settings_of(tmp_path, url), warehouse)


@pytest.fixture(params=["duckdb", "postgres"])
def each(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """On DuckDB, and on PostgreSQL."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else f"duckdb:///{tmp_path}/w.duckdb"
    with open_warehouse(url) as warehouse:
        ensure_landing(warehouse)
        yield Place(settings_of(tmp_path, url), warehouse)


@pytest.fixture
def tickets() -> str:
    return TICKETS


@pytest.fixture
def header() -> str:
    return HEADER


@pytest.fixture
def three_rows() -> str:
    return ROWS


@pytest.fixture
def adds_up() -> Callable[[BatchReport], BatchReport]:
    def check(report: BatchReport) -> BatchReport:
        assert report.read == report.loaded + report.rejected + report.duplicates + report.skipped
        assert report.rejected == sum(report.reasons.values())
        return report

    return check
