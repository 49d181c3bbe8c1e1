"""How long work tells that it goes on; who shows it, and how, is not its concern."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Long work calls `start` with a total, then `advance`; a total may be unknown."""

    def start(self, description: str, total: float | None = None) -> None:
        """A new piece of work begins; the one before is done."""

    def advance(self, amount: float = 1) -> None:
        """So much more is done."""


class Silence:
    """A `Progress` that shows nothing."""

    def start(self, description: str, total: float | None = None) -> None:
        """Say nothing."""

    def advance(self, amount: float = 1) -> None:
        """Say nothing."""


SILENCE: Progress = Silence()
