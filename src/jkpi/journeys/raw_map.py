"""Read names from the raw data of a map that may be invalid. Missing or invalid parts are skipped.

So one invalid part of a file does not hide problems in the others. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from jkpi.documents.durations import parse_duration
from jkpi.journeys.kpi_registry import KPI_KINDS
from jkpi.journeys.types import SEGMENT_SEPARATOR, STAFFED_CHANNELS


@dataclass(frozen=True)
class Cursor:
    """A value and its location in the document."""

    value: Any
    location: tuple[str | int, ...] = ()

    def __truediv__(self, key: str) -> Cursor:
        """The value under a key; its value is None if there is none."""
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return Cursor(value, (*self.location, key))

    def items(self) -> Iterator[Cursor]:
        """The items of a list."""
        if isinstance(self.value, list):
            for number, item in enumerate(self.value):
                yield Cursor(item, (*self.location, number))

    def key_cursors(self) -> Iterator[Cursor]:
        """The keys of a mapping."""
        if isinstance(self.value, dict):
            for key in self.value:
                yield Cursor(key, (*self.location, key))

    def names(self) -> Iterator[tuple[str, Cursor]]:
        """The texts of a list, or the one text here, each with its cursor."""
        for cursor in self.items() if isinstance(self.value, list) else (self,):
            if isinstance(cursor.value, str):
                yield cursor.value, cursor

    @property
    def text(self) -> str | None:
        """The value if it is a text."""
        return self.value if isinstance(self.value, str) else None

    @property
    def number(self) -> float | None:
        """The value if it is a finite number."""
        is_number = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        return float(self.value) if is_number and math.isfinite(self.value) else None

    @property
    def duration(self) -> timedelta | None:
        """The value if it is a duration."""
        try:
            return parse_duration(self.value) if isinstance(self.value, str) else None
        except ValueError:
            return None  # the model reports it


@dataclass(frozen=True)
class LintFinding:
    """One problem and its location in the map."""

    location: tuple[str | int, ...]
    message: str
    hint: str = ""


@dataclass(frozen=True)
class KpiCursor:
    """A KPI of the raw map. on_last_stage: there is no later stage."""

    id: str
    kind: str
    cursor: Cursor
    level: str
    on_last_stage: bool


@dataclass(frozen=True)
class MapOutline:
    """The names defined by a map, in order, with their cursors.

    is_staffed: per touchpoint; None if it cannot be read.
    knows_touchpoints, knows_kpis: false if one of their names cannot be read. References to them are then not checked,
    because they may mean the unreadable one.
    """

    root: Cursor
    stages: tuple[tuple[str, Cursor], ...]
    touchpoints: tuple[tuple[str, Cursor], ...]
    segments: tuple[tuple[str, Cursor], ...]
    kpis: tuple[KpiCursor, ...]
    moments: tuple[tuple[str, Cursor], ...]
    is_staffed: tuple[bool | None, ...]
    knows_touchpoints: bool
    knows_kpis: bool


def read_outline(data: Any, journey_level: str) -> MapOutline:
    """The names in the raw data of a map, even if the rest is invalid."""
    root = Cursor(data)
    stages = list((root / "stages").items())
    touchpoints = [item for stage in stages for item in (stage / "touchpoints").items()]
    kpis = [
        *(
            _kpi_cursor(item, (stage / "stage").text or "", "stage", number == len(stages))
            for number, stage in enumerate(stages, start=1)
            for item in (stage / "kpis").items()
        ),
        *(_kpi_cursor(item, journey_level, journey_level, False) for item in (root / "kpis").items()),
    ]
    moments = list((root / "moments_of_truth").items())
    cursors_by_key = {"stage": stages, "touchpoint": touchpoints, "moment": moments}
    names_by_key = {key: tuple(_named_cursors(cursors, key)) for key, cursors in cursors_by_key.items()}
    return MapOutline(
        root=root,
        stages=names_by_key["stage"],
        touchpoints=names_by_key["touchpoint"],
        segments=tuple(_segment_names(root / "segments")),
        kpis=tuple(kpis),
        moments=names_by_key["moment"],
        knows_touchpoints=0 < len(names_by_key["touchpoint"]) == len(touchpoints),
        is_staffed=tuple(_is_staffed(item) for item in touchpoints),
        knows_kpis=0 < len(dict(names_by_key["stage"])) == len(stages) and all(kpi.kind in KPI_KINDS for kpi in kpis),
    )


def _segment_names(cursor: Cursor) -> Iterator[tuple[str, Cursor]]:
    """Names of the segments; the name of a combination joins its parts."""
    for item in cursor.items():
        parts = [name for name, _ in item.names()]
        if len(parts) == (max(len(item.value), 2) if isinstance(item.value, list) else 1):
            yield SEGMENT_SEPARATOR.join(parts), item


def _named_cursors(cursors: list[Cursor], key: str) -> Iterator[tuple[str, Cursor]]:
    for cursor in cursors:
        yield from (cursor / key).names()


def _is_staffed(cursor: Cursor) -> bool | None:
    explicit, channel = (cursor / "staffed").value, (cursor / "channel").text
    if isinstance(explicit, bool):
        return explicit
    return None if explicit is not None or channel is None else channel in STAFFED_CHANNELS


def _kpi_cursor(cursor: Cursor, owner: str, level: str, on_last_stage: bool) -> KpiCursor:
    kind = (cursor / "kpi").text or ""
    return KpiCursor(f"{owner}.{(cursor / 'name').text or kind}", kind, cursor, level, on_last_stage)
