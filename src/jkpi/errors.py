"""All errors that jkpi raises on purpose, in one tree. Each states what is wrong, where, and what to do.

JkpiError                exit code 3
├── InputError           2  invalid input: a file of the workspace, an option, an argument
│   ├── WorkspaceError   2  invalid YAML: all problems at once, with file, line and column
│   └── SourceError      2  a data source cannot be read
├── CheckFailed          1  a quality check failed: the data is at fault, not the program
└── SystemFailure        3  the environment: a locked file, a server that does not answer
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class JkpiError(Exception):
    """Root of all errors. `hint`: what to do next; the command line prints it on its own line."""

    exit_code = 3

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(JkpiError):
    """The user's input is invalid."""

    exit_code = 2


@dataclass(frozen=True, order=True)
class Problem:
    """One problem at one position of a file. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.position}: {self.message}{hint}"

    @property
    def position(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class WorkspaceError(InputError):
    """The workspace's YAML is invalid. `problems`: all problems, ordered by file, line and column."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        count = len(self.problems)
        heading = f"{count} problem{'s' if count != 1 else ''} in the workspace:"
        super().__init__("\n".join([heading, *(f"  {problem}" for problem in self.problems)]))


class SourceError(InputError):
    """A data source cannot be read."""


class CheckFailed(JkpiError):
    """A quality check failed."""

    exit_code = 1


class SystemFailure(JkpiError):
    """The environment failed: a locked file, a server that does not answer, a full disk."""
