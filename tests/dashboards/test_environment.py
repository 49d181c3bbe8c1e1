"""Which Python Superset is installed for, and the error if there is none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts import superset_environment
from scripts.standalone import ScriptError


def fake(folder: Path, name: str, version: str | None) -> str:
    """A Python of that version; with None one that cannot make environments, as a shim without a version."""
    place = folder / name
    place.write_text(f"#!/bin/sh\n{f'echo {version}' if version else 'echo not here >&2; exit 127'}\n")
    place.chmod(0o755)
    return str(place)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH of its own, and a Python of ours that does not fit."""
    ours = tmp_path / "ours" / "bin"
    ours.mkdir(parents=True)
    fake(ours, "python3", "3.13")
    (tmp_path / "bin").mkdir()
    monkeypatch.setattr(sys, "base_prefix", str(ours.parent))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr(
        superset_environment, "candidate_pythons", lambda: [f"{ours}/python3", *on_path(tmp_path / "bin")]
    )
    monkeypatch.delenv("JKPI_SUPERSET_PYTHON", raising=False)
    return tmp_path / "bin"


def on_path(folder: Path) -> list[str]:
    return [str(place) for place in sorted(folder.iterdir(), reverse=True)]


def test_an_older_supported_python_is_used(path: Path) -> None:
    fake(path, "python3.12", None)
    older = fake(path, "python3.11", "3.11")
    assert superset_environment.find_python() == older


def test_no_suitable_python_is_reported_with_what_to_do(path: Path) -> None:
    with pytest.raises(ScriptError, match=r"needs Python 3\.12 or 3\.11 .* is 3\.13\. Install one, such as"):
        superset_environment.find_python()


def test_the_configured_python_is_used_or_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JKPI_SUPERSET_PYTHON", fake(path, "mine", "3.12"))
    assert superset_environment.find_python().endswith("/mine")
    monkeypatch.setenv("JKPI_SUPERSET_PYTHON", fake(path, "mine", "3.14"))
    with pytest.raises(ScriptError, match=r"mine is 3\.14"):
        superset_environment.find_python()
    monkeypatch.setenv("JKPI_SUPERSET_PYTHON", str(path / "nowhere"))
    with pytest.raises(ScriptError, match="found: none"):
        superset_environment.find_python()


def test_the_lock_names_no_host_and_a_hash_for_everything() -> None:
    lines = superset_environment.LOCK.read_text(encoding="utf-8").splitlines()
    pins = [number for number, line in enumerate(lines) if line and not line.startswith(" ")]
    assert len(pins) > 100
    assert all("==" in lines[number] and "--hash=sha256:" in lines[number + 1] for number in pins)
    assert not any("://" in line for line in lines)
