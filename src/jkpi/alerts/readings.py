"""What is judged: mature readings. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Reading:
    """One mature day of a series; rates are higher-is-better. `held`: a quality check says not to trust it; `passive`:
    of an NPS the answers that are counted as half good."""

    day: date
    good: float
    n: float
    held: bool = False
    passive: float = 0.0

    @property
    def is_sound(self) -> bool:
        return 0 <= self.good <= self.n and self.n < float("inf")
