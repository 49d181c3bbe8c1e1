"""A condition of the map or of a source that its owner should know. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

MapConditionKind = Literal["no_events", "unmapped", "wrong_order", "silent", "missing", "volume"]
MAP_CONDITION_KINDS: frozenset[str] = frozenset({"no_events", "unmapped", "wrong_order", "silent", "missing", "volume"})
ConditionEnding = Literal["resolved", "ended", "corrected"]


@dataclass(frozen=True)
class MapCondition:
    """A condition that is true now, or how one ended.

    rows: (label, text) lines of the message. sql: query that shows it. figures: for programs. is_inhibited: another
    condition is its cause and is reported instead; an alert about it that is open stays open. ending: None while it is
    true; else how an open alert about it ends, on the day closed_on.
    """

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
    figures: Mapping[str, Any] = field(default_factory=dict)
    is_inhibited: bool = False
    ending: ConditionEnding | None = None
    closed_on: date | None = None
