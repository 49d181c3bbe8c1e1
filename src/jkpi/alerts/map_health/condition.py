"""A condition of the map or of a source that its owner should know. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

MapConditionKind = Literal["no_events", "unmapped", "silent", "missing"]
MAP_CONDITION_KINDS: frozenset[str] = frozenset({"no_events", "unmapped", "silent", "missing"})


@dataclass(frozen=True)
class MapCondition:
    """A condition that is true now. rows: (label, text) lines of the message. sql: query that shows it."""

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
