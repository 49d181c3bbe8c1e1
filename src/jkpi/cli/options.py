"""Options that most verbs share, and the exit codes of errors."""

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

from jkpi.cli.output import print_error
from jkpi.errors import InputError, JkpiError, SystemFailure
from jkpi.pipeline.progress import log

WorkspaceOption = Annotated[
    Path | None,
    typer.Option("--workspace", "-w", help="Workspace folder. Default: JKPI_WORKSPACE, else the working directory."),
]
NowOption = Annotated[
    str | None,
    typer.Option(
        "--now", help="Run as of this time, for example 2026-06-30T06:00Z. Default: as_of of jkpi.yml, else now."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document to stdout.")]

Command = TypeVar("Command", bound=Callable[..., None])


def parse_now(text: str | None) -> datetime | None:
    """The time given with `--now`; without a zone it is UTC.

    Raises:
        InputError: not a time.
    """
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"--now: {text!r} is not a time", hint="use the form 2026-06-30T06:00Z") from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


@contextmanager
def error_handling(as_json: bool = False) -> Iterator[None]:
    """Turn errors into a message and an exit code, unexpected ones too (a traceback with JKPI_DEBUG=1)."""
    try:
        yield
    except JkpiError as error:
        print_error(error, as_json)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        log("jkpi: stopped; unfinished work was rolled back")
        raise typer.Exit(130) from None
    except (typer.Exit, typer.Abort):
        raise
    except BrokenPipeError:
        # The reader closed the pipe. Python must not write at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except Exception as error:  # noqa: BLE001 - reported with an exit code of its own
        if os.environ.get("JKPI_DEBUG"):
            traceback.print_exc(file=sys.stderr)
        print_error(_unexpected_error(error), as_json)
        raise typer.Exit(3) from None


def _unexpected_error(error: Exception) -> JkpiError:
    """An error of a library as one sentence; of a database with its own message."""
    if type(error).__module__.startswith("sqlalchemy"):
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        return SystemFailure(
            f"database error in the state database or warehouse: {reason}",
            hint="check state and warehouse in jkpi.yml, and that the file or server is available",
        )
    if isinstance(error, OSError) and error.filename is not None:
        return SystemFailure(
            f"{error.filename}: {(error.strerror or type(error).__name__).lower()}",
            hint="check that the file exists and that the user who runs jkpi may read and write it",
        )
    return JkpiError(
        f"unexpected error: {type(error).__name__}: {error}",
        hint="run again with JKPI_DEBUG=1 for a traceback, and report it",
    )
