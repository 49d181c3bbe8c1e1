"""Every map of a workspace, read and checked; what is wrong in any of them is told at once."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pydantic import ValidationError

from jkpi.documents.documents import Document, parse, problems_of
from jkpi.errors import Problem, WorkspaceError
from jkpi.journeys.calendars.reader import calendar_names
from jkpi.journeys.checks import Receivers, findings
from jkpi.journeys.model import Journey

FOLDER = "journeys"
SUFFIXES = (".yml", ".yaml")


def read_journeys(
    workspace: Path, receivers: Collection[str] | None = None, default_receiver: str | None = None
) -> tuple[Journey, ...]:
    """The maps under `journeys/`, in the order of their file names.

    `receivers` are the names that `jkpi.yml` knows: with them, everyone whom a moment of truth tells must be among
    them, and a moment that names nobody needs a `default_receiver`. None leaves receivers unchecked. Calendars that
    KPIs name must be declared under `calendars/`; they are read by `read_calendars`.

    Raises:
        WorkspaceError: all problems of all files; or there is no map.
    """
    folder = workspace / FOLDER
    places = sorted(path for path in folder.glob("*") if path.suffix in SUFFIXES and path.is_file())
    if not places:
        hint = f"write one map a file, such as {FOLDER}/my_journey.yml, or begin with: jkpi init DIR"
        raise WorkspaceError([Problem(FOLDER, 1, 1, "this workspace has no journey map", hint)])
    known = None if receivers is None else Receivers(receivers, default_receiver is not None)
    calendars = calendar_names(workspace)
    journeys: list[Journey] = []
    problems: list[Problem] = []
    first_file: dict[str, str] = {}
    for path in places:
        try:
            document = parse(path, workspace)
        except WorkspaceError as error:
            problems += error.problems
            continue
        problems += _problems(document, known, calendars, journeys)
        problems += _same_name(document, first_file)
    if problems:
        raise WorkspaceError(_told_once(problems))
    return tuple(journeys)


def _problems(
    document: Document, receivers: Receivers | None, calendars: Collection[str] | None, journeys: list[Journey]
) -> list[Problem]:
    """Problems of one file; its journey goes to `journeys` where the model takes it."""
    found = findings(document.data, receivers, calendars)
    problems = [document.problem(one.at, one.message, one.hint) for one in found]
    try:
        journeys.append(Journey.model_validate(document.data))
    except ValidationError as error:
        problems += problems_of(error, Journey, document)
    return problems


def _same_name(document: Document, first_file: dict[str, str]) -> list[Problem]:
    name = document.data.get("journey") if isinstance(document.data, dict) else None
    if not isinstance(name, str):
        return []
    if name in first_file:
        message = f"the journey {name!r} is in {first_file[name]} as well: each journey has one file"
        return [document.problem(["journey"], message)]
    first_file[name] = document.file
    return []


def _told_once(problems: list[Problem]) -> list[Problem]:
    return list(dict.fromkeys(problems))
