"""Secrets of `jkpi.yml`: `env:NAME` and `file:PATH`, looked up. No value is ever told."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from jkpi.documents.documents import Document
from jkpi.errors import InputError, Problem


def resolve_secret(value: str, folder: Path) -> str:
    """`env:NAME` and `file:PATH` (from the workspace) looked up; any other text as it is.

    Raises:
        InputError: the variable or the file is not there. The value itself is never told.
    """
    scheme, _, reference = value.partition(":")
    if scheme == "env":
        if reference not in os.environ:
            raise InputError(
                f"the environment variable {reference} is not set", hint=f"export {reference}=... and run again"
            )
        return os.environ[reference]
    if scheme == "file":
        try:
            return (folder / reference).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise InputError(f"the secret file {reference} cannot be read: {error.strerror}") from None
    return value


class Secrets:
    """The secrets of one part of `jkpi.yml`. One that is not there is no error before it is needed: it is `missing`,
    with its place, and empty."""

    def __init__(self, document: Document, folder: Path, location: Sequence[str | int], label: str) -> None:
        self._document, self._folder, self._location, self._label = document, folder, location, label
        self._missing: list[Problem] = []

    def look_up(self, key: str, value: str) -> str:
        """What stands behind the value of that key."""
        try:
            return resolve_secret(value, self._folder)
        except InputError as error:
            location = [*self._location, key]
            self._missing.append(self._document.problem(location, f"{self._label}: {error.message}", error.hint))
            return ""

    @property
    def missing(self) -> tuple[Problem, ...]:
        return tuple(self._missing)


def require_secrets(missing: Sequence[Problem]) -> None:
    """Nothing, where nothing is missing.

    Raises:
        InputError: a secret that is needed now is not there: the first, with its place.
    """
    for problem in missing:
        raise InputError(f"{problem.place}: {problem.message}", hint=problem.hint)
