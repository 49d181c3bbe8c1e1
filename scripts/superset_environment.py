"""Create Superset's own environment in `.superset/venv`: `make .superset/ready`. Needs Python 3.11 or 3.12."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.standalone import BIN, ROOT, ScriptError, echo

VENV = ROOT / ".superset" / "venv"
LOCK = ROOT / "scripts" / "superset" / "requirements.lock"
SUPPORTED_PYTHONS = ("3.12", "3.11")
_PROBE = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"


def main() -> int:
    """Create the environment again. Returns the exit code."""
    try:
        python = find_python()
        echo(f"installing Superset for {python}; this takes about half a minute")
        shutil.rmtree(VENV, ignore_errors=True)
        run_checked([python, "-m", "venv", VENV])
        install = ["install", "--quiet", "--compile-bytecode", "--no-deps", "--require-hashes"]
        run_checked([BIN / "uv", "pip", *install, "--python", VENV / "bin" / "python", "-r", LOCK])
    except ScriptError as failure:
        echo(f"superset: {failure}")
        return 1
    return 0


def find_python() -> str:
    """The first Python that Superset supports: JKPI_SUPERSET_PYTHON if set, else our own, else one on the PATH.

    Raises:
        ScriptError: there is none.
    """
    chosen_python = os.environ.get("JKPI_SUPERSET_PYTHON")
    rejected = []
    for candidate in [chosen_python] if chosen_python else candidate_pythons():
        version = python_version(candidate)
        if version in SUPPORTED_PYTHONS:
            return candidate
        if version is not None:
            rejected.append(f"{candidate} is {version}")
    raise ScriptError(
        f"Superset needs Python {' or '.join(SUPPORTED_PYTHONS)} with venv; found: {'; '.join(rejected) or 'none'}."
        " Install one, such as python3.12 and python3.12-venv, or set JKPI_SUPERSET_PYTHON to its path"
    )


def candidate_pythons() -> Iterator[str]:
    """Paths of possible Pythons: our own, other versions installed next to it, those on the PATH."""
    base = Path(sys.base_prefix)
    yield str(base / "bin" / "python3")
    for version in SUPPORTED_PYTHONS:
        yield from (str(path) for path in sorted(base.parent.glob(f"*{version}*/bin/python3")))
    for name in [*(f"python{version}" for version in SUPPORTED_PYTHONS), "python3"]:
        if executable := shutil.which(name):
            yield executable


def python_version(python: str) -> str | None:
    """The version of a Python; None if it cannot create environments."""
    try:
        result = subprocess.run([python, "-c", _PROBE], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return result.stdout.strip() if result.returncode == 0 else None


def run_checked(command: list[str | Path]) -> None:
    """Run a command that has to succeed."""
    if subprocess.run(command, check=False).returncode:
        raise ScriptError(f"{' '.join(map(str, command))} failed")


if __name__ == "__main__":
    sys.exit(main())
