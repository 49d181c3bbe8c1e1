"""Where the files that ship beside the code are: in the wheel under `jkpi/assets`, in a checkout at its top level."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from jkpi.errors import SystemFailure

Resource = Literal["dbt_project", "expectations", "examples", "dags"]


def path(name: Resource) -> Path:
    """The folder of that name.

    Raises:
        SystemFailure: the installation is incomplete.
    """
    package = Path(__file__).resolve().parent
    for place in (package / "assets" / name, package.parent.parent / name):
        if place.is_dir():
            return place
    raise SystemFailure(f"this installation of jkpi lacks its {name}/ folder", hint="install jkpi again")
