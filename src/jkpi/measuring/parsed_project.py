"""The parsed dbt project, kept in the user's cache: to parse it takes dbt three seconds, and the result is the same in
every workspace of one engine.

What is kept is dbt's own partial_parse.msgpack. It is used only for the files, versions and database it was made from.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

PARSED_BY_DBT = "partial_parse.msgpack"
MAX_KEPT = 8


def cache_folder() -> Path:
    """$XDG_CACHE_HOME/jkpi, else ~/.cache/jkpi."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "jkpi"


def parsed_project_path(project: Path, environment: Mapping[str, str]) -> Path:
    """The cache file of a project as it is now. environment: that of dbt's process, which names engine and database;
    dbt writes the database into the name of each table when it parses."""
    engine = environment["JKPI_ENGINE"]
    if engine == "duckdb":
        database = Path(environment["JKPI_DUCKDB_PATH"]).stem
    else:
        database = environment.get("JKPI_PG_DATABASE", "")
    digest = hashlib.sha256()
    for name in ("dbt-core", "dbt-adapters", "dbt-duckdb" if engine == "duckdb" else "dbt-postgres"):
        digest.update(f"{name} {version(name)}\n".encode())
    digest.update(f"{project.resolve()} {engine} {database}\n".encode())
    for file in sorted(path for path in project.rglob("*") if path.suffix in (".sql", ".yml", ".csv", ".md")):
        digest.update(f"{file.relative_to(project)}\n".encode())
        digest.update(file.read_bytes())
    return cache_folder() / f"dbt-{digest.hexdigest()[:32]}.msgpack"


def read_parsed_project(path: Path) -> Manifest | None:
    """What dbt parsed earlier; None if nothing is kept, or it cannot be read."""
    from dbt.contracts.graph.manifest import Manifest

    # A cache that is broken, or not to be read, costs the time to parse and nothing else.
    with suppress(Exception):
        return Manifest.from_msgpack(path.read_bytes())
    return None


def keep_parsed_project(path: Path, target: Path) -> None:
    """Keep what dbt has parsed into its target folder. Does nothing where the cache cannot be written."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Runs of several workspaces may write it at the same time: each replaces it as a whole.
        copy = path.with_name(f".{path.name}.{os.getpid()}")
        shutil.copyfile(target / PARSED_BY_DBT, copy)
        copy.replace(path)
        kept = sorted(path.parent.glob("dbt-*.msgpack"), key=lambda file: file.stat().st_mtime)
        for file in kept[:-MAX_KEPT]:
            file.unlink(missing_ok=True)
