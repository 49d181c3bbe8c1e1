"""The README is true: its commands run, in order, as they stand; its files and tables are there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from jkpi.config.settings import WorkspaceConfig
from jkpi.documents.documents import read_model
from jkpi.loading.model import Source

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    return [line for block in blocks("sh") for line in block.splitlines() if line and not line.startswith("#")]


@pytest.mark.slow
def test_its_commands_run_as_they_stand(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = [line for line in commands() if line.startswith("jkpi ")]
    for line in ran:
        done = subprocess.run(
            line,
            shell=True,
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    assert len(ran) >= 5
    assert (tmp_path / "my-workspace" / "site" / "first_order.html").exists()


def test_its_make_targets_are_there() -> None:
    targets = {line.split()[1] for line in commands() if line.startswith("make ")}
    assert {"demo", "test", "airflow", "superset"} <= targets
    for target in targets:
        done = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert {line.split()[0] for line in commands()} <= {"make", "jkpi"}


def test_its_yaml_is_valid(tmp_path: Path) -> None:
    source, superset, receivers = blocks("yaml")
    (tmp_path / "source.yml").write_text(source)
    assert read_model(tmp_path / "source.yml", Source)[0].source == "tickets"
    (tmp_path / "jkpi.yml").write_text("workspace: w\n" + superset + receivers)
    assert "superset" in read_model(tmp_path / "jkpi.yml", WorkspaceConfig)[0].model_fields_set
    assert set(read_model(tmp_path / "jkpi.yml", WorkspaceConfig)[0].receivers) == set(
        yaml.safe_load(receivers)["receivers"]
    )


def test_its_links_and_pictures_are_there() -> None:
    places = [place for place in re.findall(r"\]\(([^)]+)\)", README) if not place.startswith(("http", "#"))]
    assert places
    assert [place for place in places if not (ROOT / place).exists()] == []
