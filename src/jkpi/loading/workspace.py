"""Read and check all sources of a workspace and report all problems at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jkpi.documents.documents import Document
from jkpi.documents.models import read_model
from jkpi.errors import Problem, SourceError, WorkspaceError
from jkpi.loading.checks import case_id_problems, source_problems
from jkpi.loading.file_query import single_select
from jkpi.loading.model import Source


def read_sources(workspace: Path) -> tuple[Source, ...]:
    """The sources under `sources/`, ordered by name.

    Raises:
        WorkspaceError: with every problem of every file, each with line and column.
    """
    sources: list[Source] = []
    documents: list[Document] = []
    problems: list[Problem] = []
    file_by_source: dict[str, str] = {}
    folder = workspace / "sources"
    for path in sorted([*folder.glob("*.yml"), *folder.glob("*.yaml")]):
        try:
            source, document = read_model(path, Source, workspace)
        except WorkspaceError as error:
            problems.extend(error.problems)
            continue
        problems.extend(source_problems(source, document))
        if source.origin.tables and source.origin.query:
            problems.extend(_query_problems(source.origin.query, document))
        if source.source in file_by_source:
            problems.append(
                document.problem(
                    ["source"], f"the source {source.source!r} is also defined in {file_by_source[source.source]}"
                )
            )
        file_by_source[source.source] = document.file
        sources.append(source)
        documents.append(document)
    problems.extend(case_id_problems(list(zip(sources, documents, strict=True))))
    if problems:
        raise WorkspaceError(problems)
    return tuple(sorted(sources, key=lambda source: source.source))


def _query_problems(query: str, document: Document) -> list[Problem]:
    """What DuckDB's parser says of a query on files."""
    try:
        single_select(query, "the query")
    except SourceError as error:
        return [document.problem(["from", "query"], error.message, error.hint)]
    return []


def source_schema() -> dict[str, Any]:
    """The JSON Schema of a source file, for completion in editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Source.model_json_schema(by_alias=True)}
