"""Resolve the secrets of `jkpi.yml`, `env:NAME` and `file:PATH`. No value ever appears in a message."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from jkpi.documents.documents import Document
from jkpi.errors import InputError, Problem


def resolve_secret(value: str, folder: Path) -> str:
    """Resolve `env:NAME` and `file:PATH` (relative to the workspace). Any other text is returned as it is.

    Raises:
        InputError: the variable is not set or the file cannot be read. The message never contains the value.
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
    """The secrets of one section of `jkpi.yml`.

    A secret that cannot be resolved is no error until it is used: `look_up` returns "" and adds it to `missing`.
    """

    def __init__(self, document: Document, folder: Path, location: Sequence[str | int], label: str) -> None:
        self._document, self._folder, self._location, self._label = document, folder, location, label
        self._missing: list[Problem] = []

    def look_up(self, key: str, value: str) -> str:
        """The resolved value of `key`; "" if it cannot be resolved."""
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
    """Stop if a secret is missing.

    Raises:
        InputError: for the first missing secret, with its position.
    """
    for problem in missing:
        raise InputError(f"{problem.position}: {problem.message}", hint=problem.hint)
