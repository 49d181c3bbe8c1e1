"""A workspace whose time stands still, an empty landing, and a way to put rows into it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jkpi import package_files
from jkpi.config.settings import Settings
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.landing import ensure_landing
from jkpi.warehouse.open import open_warehouse

NOW = datetime(2026, 6, 30, 6, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        workspace=tmp_path,
        name="test",
        warehouse_url=f"duckdb:///{tmp_path}/warehouse.duckdb",
        state_url="sqlite://",
        site_dir=tmp_path / "site",
        now=NOW,
    )


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[Warehouse]:
    with open_warehouse(settings) as opened:
        ensure_landing(opened)
        yield opened


@pytest.fixture
def put() -> Callable[[Warehouse, str, list[dict[str, Any]]], None]:
    """Append rows to a table of the landing."""

    def insert(warehouse: Warehouse, table: str, rows: list[dict[str, Any]]) -> None:
        warehouse.insert(f"raw.{table}", pa.Table.from_pylist(rows))

    return insert


@pytest.fixture
def own_suites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped suites that a test may break."""
    copy = tmp_path / "expectations"
    shutil.copytree(package_files.package_folder("expectations"), copy)
    monkeypatch.setattr(package_files, "package_folder", lambda name: copy)
    return copy / "suites"
