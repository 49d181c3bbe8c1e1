"""All sources of a workspace, read and checked; all problems of all files at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jkpi.documents.documents import read
from jkpi.errors import Problem, WorkspaceError
from jkpi.loading.checks import problems
from jkpi.loading.model import Source


def read_sources(workspace: Path) -> tuple[Source, ...]:
    """The sources under `sources/`, in order of their names.

    Raises:
        WorkspaceError: with every problem of every file, each with line and column.
    """
    found: list[Source] = []
    wrong: list[Problem] = []
    places: dict[str, str] = {}
    folder = workspace / "sources"
    for path in sorted([*folder.glob("*.yml"), *folder.glob("*.yaml")]):
        try:
            source, document = read(path, Source, workspace)
        except WorkspaceError as error:
            wrong.extend(error.problems)
            continue
        wrong.extend(problems(source, document))
        if source.source in places:
            wrong.append(
                document.problem(["source"], f"the source {source.source!r} is also in {places[source.source]}")
            )
        places[source.source] = document.file
        found.append(source)
    if wrong:
        raise WorkspaceError(wrong)
    return tuple(sorted(found, key=lambda source: source.source))


def schema() -> dict[str, Any]:
    """The JSON Schema of a source file, for completion in editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Source.model_json_schema(by_alias=True)}
