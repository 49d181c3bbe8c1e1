"""Bundles of the examples without a server, and for the slow tests one measured workspace of two journeys."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from jkpi.config.settings import Settings
from jkpi.dashboards.build import build_bundle
from jkpi.dashboards.bundle import DashboardBundle
from jkpi.dashboards.database import superset_database
from jkpi.dashboards.scopes import workspace_scopes
from jkpi.journeys.model import Journey
from jkpi.journeys.reader import read_journeys
from tests.shared import shared_folder

ROOT = Path(__file__).parents[2]
JKPI = Path(sys.executable).parent / "jkpi"
EXAMPLES = ["equipment_repair", "spare_parts", "starter"]
WHOLE, PART = "equipment_repair", "technician_visit"

MakeBundle = Callable[..., DashboardBundle]


def settings_of(folder: Path, name: str = "service") -> Settings:
    return Settings(
        workspace=folder,
        name=name,
        warehouse_url=f"duckdb:///{folder / 'warehouse.duckdb'}",
        state_url=f"sqlite:///{folder / 'state.db'}",
        site_dir=folder / "site",
        now=datetime(2026, 6, 30, 6, tzinfo=UTC),
        synthetic=True,
    )


def journeys_of(example: str) -> tuple[Journey, ...]:
    return tuple(read_journeys(ROOT / "examples" / example))


@pytest.fixture
def bundle_of(tmp_path: Path) -> MakeBundle:
    """The bundle of an example, as if its workspace had another name."""

    def make(example: str, name: str = "service") -> DashboardBundle:
        settings = settings_of(tmp_path, name)
        database = superset_database(settings.warehouse_url, tmp_path / "published" / "dashboards.duckdb")
        return build_bundle(name, database, workspace_scopes(settings, journeys_of(example)))

    return make


@pytest.fixture(scope="session")
def two_journeys(tmp_path_factory: pytest.TempPathFactory, dbt: None) -> Path:
    """A workspace that was run: the repair of a machine, and the technician's visit as a journey of its own."""
    with shared_folder(tmp_path_factory, "two_journeys") as shared:
        if not (shared / "ready").exists():
            run_two_journeys(shared / WHOLE)
            (shared / "ready").touch()
    return Path(shutil.copytree(shared / WHOLE, tmp_path_factory.mktemp("dashboards") / WHOLE))


def run_two_journeys(workspace: Path) -> None:
    subprocess.run([JKPI, "init", workspace, "--example", WHOLE], check=True, capture_output=True)
    map_file = workspace / "journeys" / f"{WHOLE}.yml"
    part = part_of(yaml.safe_load(map_file.read_text(encoding="utf-8")))
    map_file.with_name(f"{PART}.yml").write_text(yaml.safe_dump(part, sort_keys=False), encoding="utf-8")
    make_data(workspace)
    done = subprocess.run([JKPI, "run", "-w", workspace], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


def part_of(drawn: dict[str, Any]) -> dict[str, Any]:
    """The second half of the map as a journey: over the same events, with moments of truth of its own."""
    kept = [stage for stage in drawn["stages"] if stage["stage"] in ("repair", "confirm")]
    moments = [moment for moment in drawn["moments_of_truth"] if moment["moment"] != "told_once"]
    return {
        **{key: value for key, value in drawn.items() if key not in ("kpis", "focus")},
        "journey": PART,
        "title": "The visit of the technician",
        "owner": "field-service",
        "scope": {**drawn["scope"], "starts_with": ["visit_requested"]},
        "stages": kept,
        "moments_of_truth": moments,
        "min_cell_size": 5,
    }


def make_data(workspace: Path) -> None:
    """The example's synthetic files, in a process of its own as a user has it."""
    code = (
        "import sys, pathlib; from jkpi.synthetic.generator import generate;"
        " generate(sys.argv[1], pathlib.Path(sys.argv[2]))"
    )
    generated = workspace.with_name("generated")
    subprocess.run([sys.executable, "-c", code, WHOLE, generated], check=True)
    # Five months are enough for a baseline and a drop, and take half the time.
    for early in ("2025-1", "2026-01"):
        for file in (generated / "data").glob(f"*/*_{early}*"):
            file.unlink()
    (generated / "data").rename(workspace / "data")


@pytest.fixture(scope="session")
def on_postgres(tmp_path_factory: pytest.TempPathFactory, postgres_server: str) -> Iterator[Path]:
    """The starter, measured in a PostgreSQL of its own."""
    import psycopg

    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("create database dashboards")
    workspace = tmp_path_factory.mktemp("postgres") / "starter"
    subprocess.run([JKPI, "init", workspace], check=True, capture_output=True)
    written = workspace / "jkpi.yml"
    written.write_text(yaml.safe_dump({**yaml.safe_load(written.read_text()), "warehouse": "env:TEST_WAREHOUSE"}))
    with pytest.MonkeyPatch.context() as patch:
        # The server trusts everybody; the password is there to be kept out of sight.
        address = postgres_server.rsplit("/", 1)[0].replace("@", ":hush@")
        patch.setenv("TEST_WAREHOUSE", f"{address}/dashboards")
        for verb in ("load", "measure"):
            done = subprocess.run([JKPI, verb, "-w", workspace], capture_output=True, text=True, timeout=300)
            assert done.returncode == 0, done.stdout + done.stderr
        yield workspace
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("drop database dashboards with (force)")
