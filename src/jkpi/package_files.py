"""Folders that ship with the code: under `jkpi/assets` in the wheel, at the top level of a checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from jkpi.errors import SystemFailure

PackageFolder = Literal["dbt_project", "expectations", "examples", "dags"]


def package_folder(name: PackageFolder) -> Path:
    """Path of the folder `name`.

    Raises:
        SystemFailure: the folder is missing, so the installation is incomplete.
    """
    package = Path(__file__).resolve().parent
    for candidate in (package / "assets" / name, package.parent.parent / name):
        if candidate.is_dir():
            return candidate
    raise SystemFailure(f"this installation of jkpi lacks its {name}/ folder", hint="install jkpi again")
