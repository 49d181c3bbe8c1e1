"""Tasks that run: the true verbs on a small workspace, and what becomes of each exit code."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
BIN = Path(sys.executable).parent
Airflow = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = [pytest.mark.airflow, pytest.mark.slow]


def named(workspace: Path, name: str) -> Path:
    """The workspace under a name of its own, so that its DAGs are not those of another test."""
    settings = workspace / "jkpi.yml"
    settings.write_text(
        settings.read_text(encoding="utf-8").replace("workspace: starter", f"workspace: {name}"), encoding="utf-8"
    )
    return workspace


def states(home: Path, dag_id: str) -> dict[str, tuple[str, int]]:
    """State and number of tries of each task of the DAG's only run; the run itself under its own name."""
    with sqlite3.connect(home / "airflow.db") as database:
        tasks = database.execute(
            "select task_id, state, try_number from task_instance where dag_id = ?", [dag_id]
        ).fetchall()
        runs = database.execute("select state from dag_run where dag_id = ?", [dag_id]).fetchall()
    database.close()
    assert len(runs) == 1
    return {task: (state, tries) for task, state, tries in tasks} | {dag_id: (runs[0][0], 1)}


def test_a_load_lands_its_source_and_lets_go_of_the_warehouse(
    run_airflow: Airflow, airflow_home: Path, workspace: Path
) -> None:
    done = run_airflow(
        [BIN / "airflow", "dags", "test", "jkpi_lands_load_shop"], JKPI_WORKSPACE=named(workspace, "lands")
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert states(airflow_home, "jkpi_lands_load_shop")["load"] == ("success", 1)
    rows = (workspace / "data" / "shop.csv").read_text(encoding="utf-8").splitlines()[1:]
    with duckdb.connect(str(workspace / "warehouse.duckdb")) as warehouse:
        assert warehouse.execute("select count(*), max(source) from raw.touchpoint_events").fetchone() == (
            len(rows),
            "shop",
        )


def test_invalid_input_fails_the_task_without_a_retry(
    run_airflow: Airflow, airflow_home: Path, workspace: Path
) -> None:
    for path in (workspace / "data").glob("shop*.csv"):
        path.unlink()
    done = run_airflow(
        [BIN / "airflow", "dags", "test", "jkpi_lost_load_shop"], JKPI_WORKSPACE=named(workspace, "lost")
    )
    assert done.returncode == 1
    assert states(airflow_home, "jkpi_lost_load_shop") == {
        "load": ("failed", 1),
        "jkpi_lost_load_shop": ("failed", 1),
    }
    assert "shop*.csv" in done.stdout
    assert "exit code 2" in done.stdout


def test_a_failed_check_of_the_landing_fails_the_run_but_not_the_other_steps(
    run_airflow: Airflow, airflow_home: Path, workspace: Path, command_that_ends: Callable[[str, int], Path]
) -> None:
    done = run_airflow(
        [BIN / "airflow", "dags", "test", "jkpi_blind_kpis"],
        JKPI_WORKSPACE=named(workspace, "blind"),
        JKPI_COMMAND=command_that_ends("check --checkpoint landing", 1),
    )
    assert done.returncode == 1
    assert states(airflow_home, "jkpi_blind_kpis") == {
        "check_landing": ("failed", 1),
        "measure": ("success", 1),
        "check_marts": ("success", 1),
        "evaluate": ("success", 1),
        "publish": ("success", 1),
        "all_succeeded": ("upstream_failed", 0),
        "jkpi_blind_kpis": ("failed", 1),
    }


def test_nothing_is_evaluated_or_published_after_a_failed_check_of_the_marts(
    run_airflow: Airflow, airflow_home: Path, workspace: Path, command_that_ends: Callable[[str, int], Path]
) -> None:
    run_airflow(
        [BIN / "airflow", "dags", "test", "jkpi_wrong_kpis"],
        JKPI_WORKSPACE=named(workspace, "wrong"),
        JKPI_COMMAND=command_that_ends("check --checkpoint marts", 1),
    )
    found = states(airflow_home, "jkpi_wrong_kpis")
    assert found["check_marts"] == ("failed", 1)
    assert {found[name][0] for name in ("evaluate", "publish", "all_succeeded")} == {"upstream_failed"}


def test_each_exit_code_gives_the_state_of_its_task(
    run_airflow: Airflow, workspace: Path, tmp_path: Path, command_that_ends: Callable[[str, int], Path]
) -> None:
    outcomes = {}
    for code in (0, 1, 2, 3, 137):
        answer = tmp_path / f"{code}.json"
        run_airflow(
            [sys.executable, HERE / "verdict.py", answer],
            PYTHONPATH=ROOT / "dags",
            JKPI_WORKSPACE=workspace,
            JKPI_COMMAND=command_that_ends("measure", code),
        )
        outcomes[code] = json.loads(answer.read_text(encoding="utf-8"))
    # AirflowFailException is Airflow's word for: do not try again.
    assert {code: found["alone"] for code, found in outcomes.items()} == {
        0: None,
        1: "AirflowFailException",
        2: "AirflowFailException",
        3: "AirflowException",
        137: "AirflowException",
    }
    assert outcomes[0]["after"] == {
        "0": None,
        "1": None,
        "2": "AirflowFailException",
        "3": "AirflowFailException",
        "None": "AirflowFailException",
    }
