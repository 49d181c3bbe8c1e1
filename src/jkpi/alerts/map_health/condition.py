"""Something about the map, or about what feeds it, that is wrong today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

MapConditionKind = Literal["no_events", "unmapped", "silent", "missing"]
MAP_CONDITION_KINDS: frozenset[str] = frozenset({"no_events", "unmapped", "silent", "missing"})


@dataclass(frozen=True)
class MapCondition:
    """Something that is wrong today. `rows`: (label, text), for the message; `sql` shows it."""

    kind: MapConditionKind
    series_id: str
    journey: str
    segment: str
    segment_value: str
    title: str
    headline: str
    owner: str
    receivers: tuple[str, ...]
    onset: date
    rows: tuple[tuple[str, str], ...]
    sql: str
