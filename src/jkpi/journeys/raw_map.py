"""A walk through the data of a map that may be broken: what is not there, or not as it should be, is simply not met.

The checks read names this way, so that one broken corner of a file does not hide what is wrong in the others.
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
    """A piece of data and where in its file it stands."""

    value: Any
    location: tuple[str | int, ...] = ()

    def __truediv__(self, key: str) -> Cursor:
        """What is under a key; a place with None where there is nothing."""
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return Cursor(value, (*self.location, key))

    def items(self) -> Iterator[Cursor]:
        """The items of a list."""
        if isinstance(self.value, list):
            for number, item in enumerate(self.value):
                yield Cursor(item, (*self.location, number))

    def keys(self) -> Iterator[Cursor]:
        """The keys of a mapping."""
        if isinstance(self.value, dict):
            for key in self.value:
                yield Cursor(key, (*self.location, key))

    def names(self) -> Iterator[tuple[str, Cursor]]:
        """The texts in a list, or the one text that stands here, each with its place."""
        for cursor in self.items() if isinstance(self.value, list) else (self,):
            if isinstance(cursor.value, str):
                yield cursor.value, cursor

    @property
    def text(self) -> str | None:
        """The text that stands here."""
        return self.value if isinstance(self.value, str) else None

    @property
    def number(self) -> float | None:
        """The finite number that stands here."""
        is_number = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        return float(self.value) if is_number and math.isfinite(self.value) else None

    @property
    def duration(self) -> timedelta | None:
        """The duration that stands here, if it is one."""
        try:
            return parse_duration(self.value) if isinstance(self.value, str) else None
        except ValueError:
            return None  # the model tells what is wrong with it


@dataclass(frozen=True)
class LintFinding:
    """One thing that does not fit, and where in the map's data it stands."""

    location: tuple[str | int, ...]
    message: str
    hint: str = ""


@dataclass(frozen=True)
class KpiCursor:
    """A KPI: its id, its kind, where it stands, and whether nothing comes after its stage."""

    id: str
    kind: str
    cursor: Cursor
    level: str
    on_last_stage: bool


@dataclass(frozen=True)
class MapOutline:
    """The names that a map declares, in order, with their places.

    `staffed` tells of each touchpoint whether somebody of ours is there; None where that could not be read.
    `knows_touchpoints` and `knows_kpis` are false where one of their names could not be read: what refers to them is
    then not judged, since it may mean the one that is broken.
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
    """The names in a map's data, whether or not the rest of it is right."""
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
    """The segments' names; a combination is named by its parts."""
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
