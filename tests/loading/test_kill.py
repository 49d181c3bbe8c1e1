"""A killed load leaves nothing half-written, and the next load is complete."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import Any

import pytest

CHILD = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from jkpi.config.settings import Settings
from jkpi.loading import staging
from jkpi.loading.load import load_source
from jkpi.loading.workspace import read_sources
from jkpi.warehouse.open import open_warehouse

folder, url, step = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
target, name = {"staging": (staging.Staging, "deduplicate"), "commit": (staging, "write_load_log")}[step]

def die(*_):
    print("here", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(target, name, die)
settings = Settings(folder, "t", url, "sqlite://", folder, datetime.fromisoformat("2026-06-30T12:00:00+00:00"))
with open_warehouse(url) as warehouse:
    load_source(read_sources(folder)[0], settings, warehouse)
"""


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
@pytest.mark.parametrize("step", ["staging", "commit"])
def test_killed_load_leaves_nothing(
    request: Any, tmp_path: Any, engine: str, step: str, tickets: str, three_rows: str
) -> None:
    from jkpi.config.settings import load_settings
    from jkpi.loading.load import load_source
    from jkpi.loading.workspace import read_sources
    from jkpi.warehouse.landing import ensure_landing
    from jkpi.warehouse.open import open_warehouse

    url = request.getfixturevalue("postgres_url") if engine == "postgres" else f"duckdb:///{tmp_path}/w.duckdb"
    for name, text in {
        "jkpi.yml": "workspace: t\nas_of: 2026-06-30T12:00:00Z\ncustomer_ids: {pseudonymise: false}\n",
        "sources/one.yml": tickets,
        "data/a.csv": three_rows + "4,dora,D,Lost,web,01/06/2026 10:00,low\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path), url, step],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL and done.stdout == "here\n", done.stderr
    settings = load_settings(tmp_path)
    (source,) = read_sources(tmp_path)
    tables = ("touchpoint_events", "rejected_rows", "load_batches")
    with open_warehouse(url) as warehouse:
        ensure_landing(warehouse)
        assert [warehouse.scalar(f"select count(*) from raw.{table}") for table in tables] == [0, 0, 0]
        (report,) = load_source(source, settings, warehouse)
        assert (report.loaded, report.rejected) == (3, 1)
        assert [warehouse.scalar(f"select count(*) from raw.{table}") for table in tables] == [3, 1, 1]


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_a_killed_correction_leaves_the_earlier_row(
    request: Any, tmp_path: Any, engine: str, tickets: str, header: str
) -> None:
    """Killed after the earlier row was deleted and the later one inserted, before the commit."""
    from jkpi.config.settings import load_settings
    from jkpi.loading.load import load_source
    from jkpi.loading.workspace import read_sources
    from jkpi.warehouse.landing import ensure_landing
    from jkpi.warehouse.open import open_warehouse

    url = request.getfixturevalue("postgres_url") if engine == "postgres" else f"duckdb:///{tmp_path}/w.duckdb"
    latest = tickets.replace("*.csv}", "*.csv, cursor: at}\non_conflict: latest")
    original, correction = "1,a,A,New,phone,01/06/2026 10:00,high\n", "1,a,B,New,phone,02/06/2026 10:00,high\n"
    for name, text in {
        "jkpi.yml": "workspace: t\nas_of: 2026-06-30T12:00:00Z\ncustomer_ids: {pseudonymise: false}\n",
        "sources/one.yml": latest,
        "data/a.csv": header + original,
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    settings = load_settings(tmp_path)
    (source,) = read_sources(tmp_path)
    with open_warehouse(url) as warehouse:
        ensure_landing(warehouse)
        load_source(source, settings, warehouse)
    (tmp_path / "data/b.csv").write_text(header + correction)
    command = [sys.executable, "-c", CHILD, str(tmp_path), url, "commit"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL and done.stdout == "here\n", done.stderr
    with open_warehouse(url) as warehouse:

        def landed() -> list[Any]:
            cases = [row["case_id"] for row in warehouse.rows("select case_id from raw.touchpoint_events")]
            return [cases, warehouse.scalar("select count(*) from raw.corrected_rows")]

        assert landed() == [["A"], 0]
        load_source(source, settings, warehouse)
        assert landed() == [["B"], 1]
        load_source(source, settings, warehouse)
        assert landed() == [["B"], 1]


def test_error_of_locked_warehouse_names_the_process(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from jkpi.errors import SystemFailure
    from jkpi.warehouse.open import open_warehouse

    holder = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    path = tmp_path / "w.duckdb"
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None and child.stdout.readline() == "open\n"
        monkeypatch.setattr("jkpi.warehouse.duckdb.LOCK_TIMEOUT_SECONDS", 0.3)
        with pytest.raises(SystemFailure, match=f"locked by process {child.pid}"), open_warehouse(f"duckdb:///{path}"):
            raise AssertionError("opened a locked warehouse")
        child.communicate()
