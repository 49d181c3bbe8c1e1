"""Read all calendars of a workspace and report all problems at once."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from jkpi.documents.documents import Document, read_document
from jkpi.documents.validation_errors import validation_problems
from jkpi.errors import Problem, WorkspaceError
from jkpi.journeys.calendars.model import Calendar

_FOLDER = "calendars"
_SUFFIXES = (".yml", ".yaml")


def read_calendars(workspace: Path) -> tuple[Calendar, ...]:
    """The calendars under `calendars/`, in the order of their file names; none without that folder.

    Raises:
        WorkspaceError: all problems of all files.
    """
    calendars: list[Calendar] = []
    problems: list[Problem] = []
    first_file: dict[str, str] = {}
    for path in _files(workspace):
        try:
            document = read_document(path, workspace)
        except WorkspaceError as error:
            problems += error.problems
            continue
        try:
            calendars.append(Calendar.model_validate(document.data))
        except ValidationError as error:
            problems += validation_problems(error, Calendar, document)
        name = _name(document)
        if name is not None and first_file.setdefault(name, document.file) != document.file:
            message = f"the calendar {name!r} is also defined in {first_file[name]}; each calendar has one file"
            problems.append(document.problem(["calendar"], message))
    if problems:
        raise WorkspaceError(problems)
    return tuple(calendars)


def calendar_names(workspace: Path) -> frozenset[str] | None:
    """The names defined by the files, even if the rest is invalid; None if one cannot be read."""
    names = set()
    for path in _files(workspace):
        try:
            name = _name(read_document(path, workspace))
        except WorkspaceError:
            return None
        if name is None:
            return None
        names.add(name)
    return frozenset(names)


def _files(workspace: Path) -> list[Path]:
    return sorted(path for path in (workspace / _FOLDER).glob("*") if path.suffix in _SUFFIXES and path.is_file())


def _name(document: Document) -> str | None:
    name = document.data.get("calendar") if isinstance(document.data, dict) else None
    return name if isinstance(name, str) else None
