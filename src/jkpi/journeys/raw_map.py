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
from jkpi.journeys.kpi_registry import KINDS
from jkpi.journeys.types import JOINED_BY, STAFFED_CHANNELS


@dataclass(frozen=True)
class Place:
    """A piece of data and where in its file it stands."""

    value: Any
    at: tuple[str | int, ...] = ()

    def __truediv__(self, key: str) -> Place:
        """What is under a key; a place with None where there is nothing."""
        inner = self.value.get(key) if isinstance(self.value, dict) else None
        return Place(inner, (*self.at, key))

    def items(self) -> Iterator[Place]:
        """The items of a list."""
        if isinstance(self.value, list):
            for number, item in enumerate(self.value):
                yield Place(item, (*self.at, number))

    def labels(self) -> Iterator[Place]:
        """The keys of a mapping."""
        if isinstance(self.value, dict):
            for key in self.value:
                yield Place(key, (*self.at, key))

    def names(self) -> Iterator[tuple[str, Place]]:
        """The texts in a list, or the one text that stands here, each with its place."""
        for place in self.items() if isinstance(self.value, list) else (self,):
            if isinstance(place.value, str):
                yield place.value, place

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
class Finding:
    """One thing that does not fit, and where in the map's data it stands."""

    at: tuple[str | int, ...]
    message: str
    hint: str = ""


@dataclass(frozen=True)
class KpiPlace:
    """A KPI: its id, its kind, where it stands, and whether nothing comes after its stage."""

    id: str
    kind: str
    place: Place
    level: str
    on_last_stage: bool


@dataclass(frozen=True)
class Outline:
    """The names that a map declares, in order, with their places.

    `staffed` tells of each touchpoint whether somebody of ours is there; None where that could not be read.
    `knows_touchpoints` and `knows_kpis` are false where one of their names could not be read: what refers to them is
    then not judged, since it may mean the one that is broken.
    """

    root: Place
    stages: tuple[tuple[str, Place], ...]
    touchpoints: tuple[tuple[str, Place], ...]
    segments: tuple[tuple[str, Place], ...]
    kpis: tuple[KpiPlace, ...]
    moments: tuple[tuple[str, Place], ...]
    staffed: tuple[bool | None, ...]
    knows_touchpoints: bool
    knows_kpis: bool


def outline(data: Any, journey_level: str) -> Outline:
    """The names in a map's data, whether or not the rest of it is right."""
    root = Place(data)
    stages = list((root / "stages").items())
    touchpoints = [item for stage in stages for item in (stage / "touchpoints").items()]
    kpis = [
        *(
            _kpi(item, (stage / "stage").text or "", "stage", number == len(stages))
            for number, stage in enumerate(stages, start=1)
            for item in (stage / "kpis").items()
        ),
        *(_kpi(item, journey_level, journey_level, False) for item in (root / "kpis").items()),
    ]
    moments = list((root / "moments_of_truth").items())
    named = {"stage": stages, "touchpoint": touchpoints, "moment": moments}
    found = {key: tuple(_named(places, key)) for key, places in named.items()}
    return Outline(
        root=root,
        stages=found["stage"],
        touchpoints=found["touchpoint"],
        segments=tuple(_segments(root / "segments")),
        kpis=tuple(kpis),
        moments=found["moment"],
        knows_touchpoints=0 < len(found["touchpoint"]) == len(touchpoints),
        staffed=tuple(_staffed(item) for item in touchpoints),
        knows_kpis=0 < len(dict(found["stage"])) == len(stages) and all(kpi.kind in KINDS for kpi in kpis),
    )


def _segments(place: Place) -> Iterator[tuple[str, Place]]:
    """The segments' names; a combination is named by its parts."""
    for item in place.items():
        parts = [name for name, _ in item.names()]
        if len(parts) == (max(len(item.value), 2) if isinstance(item.value, list) else 1):
            yield JOINED_BY.join(parts), item


def _named(places: list[Place], key: str) -> Iterator[tuple[str, Place]]:
    for place in places:
        yield from (place / key).names()


def _staffed(place: Place) -> bool | None:
    said, channel = (place / "staffed").value, (place / "channel").text
    if isinstance(said, bool):
        return said
    return None if said is not None or channel is None else channel in STAFFED_CHANNELS


def _kpi(place: Place, owner: str, level: str, on_last_stage: bool) -> KpiPlace:
    kind = (place / "kpi").text or ""
    return KpiPlace(f"{owner}.{(place / 'name').text or kind}", kind, place, level, on_last_stage)
