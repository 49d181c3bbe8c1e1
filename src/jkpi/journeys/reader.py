"""Read and check all maps of a workspace and report all problems at once."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pydantic import ValidationError

from jkpi.documents.documents import Document, read_document
from jkpi.documents.validation_errors import validation_problems
from jkpi.errors import Problem, WorkspaceError
from jkpi.journeys.calendars.reader import calendar_names
from jkpi.journeys.checks import KnownReceivers, journey_findings
from jkpi.journeys.model import Journey

_FOLDER = "journeys"
_SUFFIXES = (".yml", ".yaml")


def read_journeys(
    workspace: Path, receivers: Collection[str] | None = None, default_receiver: str | None = None
) -> tuple[Journey, ...]:
    """The maps under `journeys/`, in the order of their file names.

    receivers: names defined in `jkpi.yml`. Receivers of moments must be among them, and a moment without receivers
    needs a `default_receiver`. None leaves receivers unchecked. Calendars of KPIs must be defined under `calendars/`.

    Raises:
        WorkspaceError: all problems of all files, or there is no map.
    """
    folder = workspace / _FOLDER
    paths = sorted(path for path in folder.glob("*") if path.suffix in _SUFFIXES and path.is_file())
    if not paths:
        hint = f"write one file per map, such as {_FOLDER}/my_journey.yml, or start with: jkpi init DIR"
        raise WorkspaceError([Problem(_FOLDER, 1, 1, "this workspace has no journey map", hint)])
    known_receivers = None if receivers is None else KnownReceivers(receivers, default_receiver is not None)
    calendars = calendar_names(workspace)
    journeys: list[Journey] = []
    problems: list[Problem] = []
    first_file: dict[str, str] = {}
    for path in paths:
        try:
            document = read_document(path, workspace)
        except WorkspaceError as error:
            problems += error.problems
            continue
        problems += _read_journey(document, known_receivers, calendars, journeys)
        problems += _duplicate_name(document, first_file)
    if problems:
        raise WorkspaceError(_unique(problems))
    return tuple(journeys)


def journey_documents(workspace: Path) -> dict[str, Document]:
    """Journey -> its file, for problems that are found once all files have been read."""
    paths = (path for path in (workspace / _FOLDER).glob("*") if path.suffix in _SUFFIXES and path.is_file())
    documents = [read_document(path, workspace) for path in paths]
    return {document.data["journey"]: document for document in documents}


def _read_journey(
    document: Document, receivers: KnownReceivers | None, calendars: Collection[str] | None, journeys: list[Journey]
) -> list[Problem]:
    """Problems of one file. If the map is valid, it is appended to `journeys`."""
    findings = journey_findings(document.data, receivers, calendars)
    problems = [document.problem(finding.location, finding.message, finding.hint) for finding in findings]
    try:
        journeys.append(Journey.model_validate(document.data))
    except ValidationError as error:
        problems += validation_problems(error, Journey, document)
    return problems


def _duplicate_name(document: Document, first_file: dict[str, str]) -> list[Problem]:
    name = document.data.get("journey") if isinstance(document.data, dict) else None
    if not isinstance(name, str):
        return []
    if name in first_file:
        message = f"the journey {name!r} is also defined in {first_file[name]}; each journey has one file"
        return [document.problem(["journey"], message)]
    first_file[name] = document.file
    return []


def _unique(problems: list[Problem]) -> list[Problem]:
    return list(dict.fromkeys(problems))
