"""Airflow for the tests: always in processes of its own, so that its warnings and its settings stay there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.shared import shared_folder

pytest.importorskip("airflow", reason="Airflow is not installed", exc_type=ImportError)

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
BIN = Path(sys.executable).parent

Airflow = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An AIRFLOW_HOME with its database and the pool."""
    home = tmp_path_factory.mktemp("airflow")
    with shared_folder(tmp_path_factory, "airflow_database") as shared:
        if not (shared / "ready").exists():
            for words in (["db", "migrate"], ["pools", "set", "jkpi_warehouse", "1", "one writer"]):
                subprocess.run([BIN / "airflow", *words], env=environment(shared), check=True, capture_output=True)
            (shared / "ready").touch()
    # The configuration next to the database names its folder: Airflow writes another one here.
    shutil.copy(shared / "airflow.db", home)
    return home


@pytest.fixture(scope="session")
def run_airflow(airflow_home: Path) -> Airflow:
    """Run a command with Airflow's environment and that of a workspace."""

    def run(command: list[str | Path], **variables: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=environment(airflow_home) | {name: str(value) for name, value in variables.items()},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    return run


@pytest.fixture(scope="session")
def read_dags(run_airflow: Airflow, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, Any]]:
    """What Airflow finds in dags/ for a workspace: `errors` and `seconds` by file, `dags` by id."""

    def read(**variables: str | Path) -> dict[str, Any]:
        answer = tmp_path_factory.mktemp("probe") / "found.json"
        done = run_airflow([sys.executable, HERE / "probe.py", ROOT / "dags", answer], **variables)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
        return found

    return read


@pytest.fixture(scope="session")
def make_workspace(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """The shipped starter, as often as it is wanted: one journey, two sources, few rows."""

    def make() -> Path:
        folder = tmp_path_factory.mktemp("starter") / "workspace"
        ignored = shutil.ignore_patterns("*.db*", "*.duckdb*", ".jkpi", "site", "alerts")
        return Path(shutil.copytree(ROOT / "examples" / "starter", folder, ignore=ignored))

    return make


@pytest.fixture
def workspace(make_workspace: Callable[[], Path]) -> Path:
    """One of them, to change at will."""
    return make_workspace()


@pytest.fixture
def command_that_ends(tmp_path: Path) -> Callable[[str, int], Path]:
    """A `jkpi` that lints truly, ends the given verb with the given exit code, and all others with 0."""

    def make(verb: str, code: int) -> Path:
        script = tmp_path / "jkpi"
        script.write_text(
            "#!/bin/sh\n"
            f'[ "$1" = lint ] && exec "{BIN / "jkpi"}" "$@"\n'
            'echo "asked for: $*"\n'
            f'case "$*" in "{verb}"*) exit {code} ;; esac\n',
            encoding="utf-8",
        )
        script.chmod(0o755)
        return script

    return make


def environment(home: Path) -> dict[str, str]:
    """An Airflow that knows nothing of another one on this machine."""
    others = ("AIRFLOW_", "_AIRFLOW_", "JKPI_", "PYTEST_")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(others)},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "DO_NOT_TRACK": "1",
    }
