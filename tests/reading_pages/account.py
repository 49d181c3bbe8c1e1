"""Result of a comparison: how much was compared of each topic, and what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.reading_pages.texts import between, says


@dataclass
class Account:
    """`compared`: topic -> how many texts of the page were compared; `wrong`: those that differ, in words."""

    compared: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, topic: str, where: str, shown: object, wanted: object, fits: bool) -> None:
        """Count the comparison, and note it where it does not fit."""
        self.compared[topic] += 1
        if not fits:
            self.wrong.append(f"{topic} of {where}: the page says {shown!r}, the tables {wanted!r}")

    def same(self, topic: str, where: str, shown: object, wanted: object) -> None:
        """The same thing."""
        self.add(topic, where, shown, wanted, shown == wanted)

    def number(self, topic: str, where: str, shown: str, wanted: float | None) -> None:
        """The same number to the digits that are shown; without one a dash, or nothing."""
        fits = shown in ("", "–") if wanted is None else says(shown, wanted)
        self.add(topic, where, shown, wanted, fits)

    def interval(self, topic: str, where: str, shown: str, low: float | None, high: float | None) -> None:
        """The same two bounds; without them a dash, or nothing."""
        fits = shown in ("", "–") if low is None or high is None else between(shown, low, high)
        self.add(topic, where, shown, (low, high), fits)

    def set(self, topic: str, where: str, shown: Iterable[object], wanted: Iterable[object]) -> None:
        """The same things in whatever order, each as often."""
        found, due = sorted(map(str, shown)), sorted(map(str, wanted))
        self.add(topic, where, found, due, found == due)
