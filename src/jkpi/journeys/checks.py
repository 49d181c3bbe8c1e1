"""What no single part of a map can tell: whether its parts fit each other. Every finding names the nearest known name.

The structure (keys, types, durations above zero) is the model's; these checks run on the data even where that failed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta
from typing import Any

from jkpi.documents.documents import nearest
from jkpi.documents.durations import format_duration
from jkpi.journeys.kpi_checks import kpi_findings
from jkpi.journeys.model import ALL, JOURNEY_LEVEL
from jkpi.journeys.moment_checks import Receivers, moment_findings
from jkpi.journeys.raw_map import Finding, Outline, Place, outline
from jkpi.journeys.types import JOINED_BY

__all__ = ["Finding", "Receivers", "findings"]

TOUCHPOINTS_AT_MOST = 1000


def findings(
    data: Any, receivers: Receivers | None = None, calendars: Collection[str] | None = None
) -> Iterator[Finding]:
    """Everything in one map that does not fit.

    `receivers` and `calendars` are what the workspace knows; None: that is not known here, and not checked.
    """
    plan = outline(data, JOURNEY_LEVEL)
    yield from _unique(plan)
    yield from _reserved(plan)
    yield from _few_enough(plan)
    yield from _touchpoints_exist(plan)
    yield from _segments_exist(plan)
    yield from _lengths(plan)
    for kpi in plan.kpis:
        yield from kpi_findings(kpi, plan, calendars)
    for moment in (plan.root / "moments_of_truth").items():
        yield from moment_findings(moment, plan, receivers)


def _unique(plan: Outline) -> Iterator[Finding]:
    kpi_ids = tuple((kpi.id, kpi.place) for kpi in plan.kpis if kpi.kind)
    hints = {
        "segment": "it must be unique in the map, in whatever order a combination names its parts",
        "KPI": "give one of them a name of its own with name:",
    }
    groups: dict[str, Iterable[tuple[str, Place]]] = {
        "stage": plan.stages,
        "touchpoint": plan.touchpoints,
        "segment": plan.segments,
        "moment": plan.moments,
        "KPI": kpi_ids,
    }
    for word, group in groups.items():
        seen: set[str] = set()
        for name, place in group:
            same = JOINED_BY.join(sorted(name.split(JOINED_BY))) if word == "segment" else name
            if same in seen:
                yield Finding(
                    place.at, f"the {word} {name!r} is there twice", hints.get(word, "it must be unique in the map")
                )
            seen.add(same)


def _reserved(plan: Outline) -> Iterator[Finding]:
    for name, place in plan.stages:
        if name == JOURNEY_LEVEL:
            yield Finding(place.at, f"a stage cannot be called {name!r}: that word is for the journey as a whole")
    for name, place in plan.segments:
        if ALL in name.split(JOINED_BY):
            yield Finding(place.at, f"a segment cannot be called {ALL!r}: that word is for everybody")


def _few_enough(plan: Outline) -> Iterator[Finding]:
    if len(plan.touchpoints) > TOUCHPOINTS_AT_MOST:
        _, first_beyond = plan.touchpoints[TOUCHPOINTS_AT_MOST]
        yield Finding(
            first_beyond.at,
            f"this map has {len(plan.touchpoints):,} touchpoints: {TOUCHPOINTS_AT_MOST:,} at most can be put in order",
            "let one stand for many: under its touchpoints: a source says which names mean the same",
        )


def _touchpoints_exist(plan: Outline) -> Iterator[Finding]:
    known = {name for name, _ in plan.touchpoints}
    scope = plan.root / "scope"
    wanted = [*(scope / "starts_with").names(), *(scope / "ends_with").names()]
    for kpi in plan.kpis:
        for key in ("of", "on", "from", "to"):
            wanted += (kpi.place / key).names()
    for name, place in wanted:
        if plan.knows_touchpoints and name not in known:
            yield Finding(place.at, f"this map has no touchpoint {name!r}", nearest(name, known))
    starts = {name for name, _ in (scope / "starts_with").names()}
    for name, place in (scope / "ends_with").names():
        if name in starts:
            yield Finding(place.at, f"{name!r} begins the journey and completes it: nothing could happen between")
    for kpi in plan.kpis:
        start, end = (kpi.place / "from").text, kpi.place / "to"
        if start is not None and start == end.text:
            yield Finding(end.at, f"{kpi.id} goes from {start!r} to itself: its time would always be nothing")


def _segments_exist(plan: Outline) -> Iterator[Finding]:
    declared = {name for name, _ in plan.segments}
    parts = {part for name in declared for part in name.split(JOINED_BY)}
    for key in (plan.root / "viewpoint" / "segment").labels():
        yield from _declared(str(key.value), key, parts)
    for moment in (plan.root / "moments_of_truth").items():
        for name, place in (moment / "by").names():
            yield from _declared(name, place, declared)


def _declared(name: str, place: Place, known: Collection[str]) -> Iterator[Finding]:
    if name not in known:
        hint = nearest(name, known) or "declare it under segments:"
        yield Finding(place.at, f"this map declares no segment {name!r}", hint)


def _lengths(plan: Outline) -> Iterator[Finding]:
    window = (plan.root / "scope" / "window").duration
    if window is None:
        return
    yield from _no_longer(plan.root / "scope" / "idle", window, "the silence that ends a passage")
    for kpi in plan.kpis:
        if kpi.kind in ("drop_off", "conversion"):
            yield from _no_longer(kpi.place / "window", window, f"the window of {kpi.id}")
        yield from _no_longer(kpi.place / "tolerance", window, f"the tolerance of {kpi.id}")


def _no_longer(place: Place, window: timedelta, what: str) -> Iterator[Finding]:
    length = place.duration
    if length is not None and length > window:
        yield Finding(
            place.at,
            f"{what} is {format_duration(length)}, longer than the journey's window of {format_duration(window)}",
            "by then every passage is decided",
        )
