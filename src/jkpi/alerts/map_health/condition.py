"""Something about the map, or about what feeds it, that is wrong today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

MapKind = Literal["no_evidence", "unmapped", "silent", "missing"]
MAP_KINDS: frozenset[str] = frozenset({"no_evidence", "unmapped", "silent", "missing"})


@dataclass(frozen=True)
class Condition:
    """Something that is wrong today. `rows`: (label, text), for the message; `sql` shows it."""

    kind: MapKind
    series_id: str
    journey: str
    segment: str
    segment_value: str
    title: str
    headline: str
    owner: str
    receivers: tuple[str, ...]
    since: date
    rows: tuple[tuple[str, str], ...]
    sql: str
