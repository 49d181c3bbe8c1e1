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
    scheme, _, rest = value.partition(":")
    if scheme == "env":
        if rest not in os.environ:
            raise InputError(f"the environment variable {rest} is not set", hint=f"export {rest}=... and run again")
        return os.environ[rest]
    if scheme == "file":
        try:
            return (folder / rest).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise InputError(f"the secret file {rest} cannot be read: {error.strerror}") from None
    return value


class Secrets:
    """The secrets of one part of `jkpi.yml`. One that is not there is no error before it is needed: it is `missing`,
    with its place, and empty."""

    def __init__(self, document: Document, folder: Path, place: Sequence[str | int], what: str) -> None:
        self._document, self._folder, self._place, self._what = document, folder, place, what
        self._missing: list[Problem] = []

    def look_up(self, key: str, value: str) -> str:
        """What stands behind the value of that key."""
        try:
            return resolve_secret(value, self._folder)
        except InputError as error:
            place = [*self._place, key]
            self._missing.append(self._document.problem(place, f"{self._what}: {error.message}", error.hint))
            return ""

    @property
    def missing(self) -> tuple[Problem, ...]:
        return tuple(self._missing)


def require(missing: Sequence[Problem]) -> None:
    """Nothing, where nothing is missing.

    Raises:
        InputError: a secret that is needed now is not there: the first, with its place.
    """
    for problem in missing:
        raise InputError(f"{problem.place}: {problem.message}", hint=problem.hint)
