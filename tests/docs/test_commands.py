"""Every command in a `sh` block of README and docs runs as written, or is listed here with the reason why not."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, commands

EXCUSED = {
    r"make \w[\w-]*": "its target is checked below; what it starts is covered by the tests of that part",
    r"jkpi demo( .*)?": "tests/end_to_end runs both examples",
    r"jkpi serve( .*)?": "a server that does not end: tests/alerts has its own",
    r"jkpi publish dashboards": "needs a Superset: tests/dashboards starts one",
    r"airflow pools .*": "needs an Airflow: tests/dags starts one",
    r"\.venv/bin/(pytest|pre-commit) .*": "would run these tests again, or change the checkout",
}
"""Pattern of a command that is not run -> why."""

AN_ALERT = "3b7bf17cddde"
"""Alert id used in the pages; replaced by that of the newest open alert."""


def excuse(command: str) -> str | None:
    return next((pattern for pattern in EXCUSED if re.fullmatch(pattern, command)), None)


def test_every_command_is_run_or_has_a_reason_not_to() -> None:
    strange = [
        f"{page}: {command}"
        for page, command in commands()
        if not command.startswith("jkpi ") and excuse(command) is None
    ]
    assert strange == []


def test_every_reason_is_used() -> None:
    used = {excuse(command) for _, command in commands()}
    assert [pattern for pattern in EXCUSED if pattern not in used] == []


def test_make_targets_exist() -> None:
    targets = {command.split()[1] for _, command in commands() if command.startswith("make ")}
    assert {"demo", "test", "airflow", "superset", "docs"} <= targets
    for target in sorted(targets):
        done = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_commands_run_as_written(tmp_path: Path) -> None:
    """In the order of the pages, in one folder, on the workspace that the README makes."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "JKPI_WORKSPACE": str(tmp_path / "my-workspace"),
    }

    def run(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
        )

    failed, count = [], 0
    for page, command in commands():
        if excuse(command):
            continue
        if AN_ALERT in command:
            listed = json.loads(run("jkpi alerts list --open --json").stdout)
            command = command.replace(AN_ALERT, listed["alerts"][0]["alert_id"])
        done = run(command)
        count += 1
        if done.returncode:
            failed.append(f"{page}: {command}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    assert failed == []
    assert count >= 20
    assert (tmp_path / "my-workspace" / "site" / "first_order.html").exists()
