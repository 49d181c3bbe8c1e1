"""The options that most verbs share, and how a verb ends."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from jkpi.cli.output import complain
from jkpi.errors import InputError, JkpiError, SystemFailure
from jkpi.pipeline.progress import note

Workspace = Annotated[
    Path | None,
    typer.Option("--workspace", "-w", help="The workspace; else JKPI_WORKSPACE, else the working directory."),
]
Now = Annotated[
    str | None,
    typer.Option("--now", help="Act as at this time, such as 2026-06-30T06:00Z; else `as_of` of jkpi.yml, else now."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]

Verb = TypeVar("Verb", bound=Callable[..., None])


def moment(text: str | None) -> datetime | None:
    """The time given with `--now`; without a zone it is UTC.

    Raises:
        InputError: not a time.
    """
    if text is None:
        return None
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"--now: {text!r} is not a time", hint="write it like 2026-06-30T06:00Z") from None
    return given if given.tzinfo else given.replace(tzinfo=UTC)


@contextmanager
def ending(as_json: bool = False) -> Iterator[None]:
    """Errors of ours become a message and an exit code; anything else is told without a traceback, as ours to mend."""
    try:
        yield
    except JkpiError as error:
        complain(error, as_json)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        note("jkpi: stopped; what was not finished has been undone")
        raise typer.Exit(130) from None
    except (typer.Exit, typer.Abort):
        raise
    except BrokenPipeError:
        # Whoever read us has seen enough. Nothing more can be written, not even by Python at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except Exception as error:  # noqa: BLE001 - the last line of defence, told and with an exit code of its own
        if os.environ.get("JKPI_DEBUG"):
            traceback.print_exc(file=sys.stderr)
        complain(_unforeseen(error), as_json)
        raise typer.Exit(3) from None


def _unforeseen(error: Exception) -> JkpiError:
    """What a library said, in a sentence; a database's own words where it is a database."""
    if type(error).__module__.startswith("sqlalchemy"):
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        return SystemFailure(
            f"the database of the state, or of the warehouse, cannot be used: {reason}",
            hint="see `state` and `warehouse` of jkpi.yml; restore the file or the server, or name another",
        )
    if isinstance(error, OSError) and error.filename is not None:
        return SystemFailure(
            f"{error.filename}: {(error.strerror or type(error).__name__).lower()}",
            hint="see whether it is there, and whether whoever runs jkpi may read and write it",
        )
    return JkpiError(
        f"an error that jkpi did not foresee: {type(error).__name__}: {error}",
        hint="run again with JKPI_DEBUG=1 to see where; please report it",
    )
