"""`jkpi init` and `jkpi schema`: new workspaces from the shipped examples, and the JSON Schemas of the YAML files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from jkpi import package_files
from jkpi.documents.validation_errors import did_you_mean
from jkpi.errors import InputError

IGNORED_FILES = shutil.ignore_patterns(
    "data", "site", "published", "alerts", ".jkpi", "*.duckdb*", "*.db*", "__pycache__"
)
LANDED_TABLE = "landed_table"
FILE_KINDS = ("workspace", "journey", "calendar", "source")


def create_workspace(directory: Path, example: str) -> list[str]:
    """Copy a shipped example into a new folder.

    Returns:
        Lines to print.

    Raises:
        InputError: unknown example, or the folder is not empty.
    """
    shipped = package_files.package_folder("examples")
    examples = sorted(workspace_file.parent.name for workspace_file in shipped.glob("*/jkpi.yml"))
    if example not in examples:
        raise InputError(f"unknown example {example!r}", hint=did_you_mean(example, examples))
    _refuse_used(directory)
    shutil.copytree(shipped / example, directory, dirs_exist_ok=True, ignore=IGNORED_FILES)
    # The data of the starter is part of it; the data of the other examples is generated.
    if example == "starter":
        shutil.copytree(shipped / example / "data", directory / "data")
    write_schemas(directory / "schemas")
    return [
        f"{directory}: workspace created from example {example!r}",
        f"next: jkpi lint -w {directory}, then: jkpi run -w {directory}",
    ]


def create_from_template(directory: Path, template: str) -> list[str]:
    """A workspace for tables that a tool lands in a database: a source with its cursor and its soft delete, and a map.

    Returns:
        Lines to print.

    Raises:
        InputError: unknown template, or the folder is not empty.
    """
    shipped = package_files.package_folder("examples") / LANDED_TABLE
    templates = sorted(source.stem for source in (shipped / "sources").glob("*.yml"))
    if template not in templates:
        raise InputError(f"unknown template {template!r}", hint=did_you_mean(template, templates))
    _refuse_used(directory)
    for file in ("journeys/tickets.yml", f"sources/{template}.yml"):
        (directory / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(shipped / file, directory / file)
    shutil.copyfile(shipped / "workspace.yml", directory / "jkpi.yml")
    write_schemas(directory / "schemas")
    return [
        f"{directory}: workspace created from template {template!r}",
        "next: set LANDED_URL to the URL of the database, change"
        f" sources/{template}.yml and journeys/tickets.yml to your table, then: jkpi lint -w {directory}",
    ]


def _refuse_used(directory: Path) -> None:
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise InputError(f"{directory} exists and is not empty", hint="choose a new folder")


def schema_of(kind: str) -> dict[str, Any]:
    """The JSON Schema of one kind of file.

    Raises:
        InputError: unknown kind.
    """
    if kind == "workspace":
        from jkpi.config.settings import WorkspaceConfig

        return WorkspaceConfig.model_json_schema()
    if kind == "journey":
        from jkpi.journeys.model import journey_schema

        return journey_schema()
    if kind == "calendar":
        from jkpi.journeys.calendars.model import calendar_schema

        return calendar_schema()
    if kind == "source":
        from jkpi.loading.workspace import source_schema

        return source_schema()
    raise InputError(f"unknown kind of file {kind!r}", hint=f"known: {', '.join(FILE_KINDS)}")


def write_schemas(directory: Path) -> list[Path]:
    """Write all schemas, one file each."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for kind in FILE_KINDS:
        path = directory / f"{kind}.schema.json"
        path.write_text(json.dumps(schema_of(kind), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        paths.append(path)
    return paths
