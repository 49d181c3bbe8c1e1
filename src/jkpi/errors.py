"""Every error that jkpi raises on purpose, in one tree; each says what, where, and what next.

JkpiError                exit code 3
├── InputError           2  something the user wrote or typed is not right
│   ├── WorkspaceError   2  the workspace's YAML: all problems at once, with file, line and column
│   └── SourceError      2  a source of data cannot be read
├── CheckFailed          1  a quality check failed: the data, not the program
└── SystemFailure        3  the machine around us: a locked file, a server that is away
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class JkpiError(Exception):
    """The root. `hint` says what to do next; the command line prints it on a line of its own."""

    exit_code = 3

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(JkpiError):
    """What the user wrote or typed is not right."""

    exit_code = 2


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong in one place of one file. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.place}: {self.message}{hint}"

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class WorkspaceError(InputError):
    """The workspace's YAML is not right; `problems` holds all of them, in reading order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        count = len(self.problems)
        heading = f"{count} problem{'s' if count != 1 else ''} in the workspace:"
        super().__init__("\n".join([heading, *(f"  {problem}" for problem in self.problems)]))


class SourceError(InputError):
    """A source of data cannot be read."""


class CheckFailed(JkpiError):
    """A quality check failed."""

    exit_code = 1


class SystemFailure(JkpiError):
    """The machine around us failed: a locked file, a server that is away, a disk that is full."""
