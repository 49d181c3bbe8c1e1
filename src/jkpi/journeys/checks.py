"""Checks across the parts of a map. Pure.

The model validates the structure (keys, types, positive durations). These checks run on the raw data, so that they
report problems even if the structure is invalid.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta
from typing import Any

from jkpi.documents.durations import format_duration
from jkpi.documents.validation_errors import did_you_mean
from jkpi.journeys.kpi_checks import kpi_findings
from jkpi.journeys.model import JOURNEY_LEVEL, TOTAL_SEGMENT
from jkpi.journeys.moment_checks import KnownReceivers, moment_findings
from jkpi.journeys.raw_map import Cursor, LintFinding, MapOutline, read_outline
from jkpi.journeys.types import SEGMENT_SEPARATOR

__all__ = ["KnownReceivers", "LintFinding", "journey_findings"]

MAX_TOUCHPOINTS = 1000


def journey_findings(
    data: Any, receivers: KnownReceivers | None = None, calendars: Collection[str] | None = None
) -> Iterator[LintFinding]:
    """All findings of one map. receivers, calendars: those of the workspace; None leaves them unchecked."""
    outline = read_outline(data, JOURNEY_LEVEL)
    yield from _unique_names(outline)
    yield from _reserved_names(outline)
    yield from _touchpoint_count(outline)
    yield from _touchpoints_exist(outline)
    yield from _segments_exist(outline)
    yield from _durations_within_window(outline)
    for kpi in outline.kpis:
        yield from kpi_findings(kpi, outline, calendars)
    for moment in (outline.root / "moments_of_truth").items():
        yield from moment_findings(moment, outline, receivers)


def _unique_names(outline: MapOutline) -> Iterator[LintFinding]:
    kpi_ids = tuple((kpi.id, kpi.cursor) for kpi in outline.kpis if kpi.kind)
    hints = {
        "segment": "segment names must be unique; a combination is the same in any order of its parts",
        "KPI": "give one of them another name with name:",
    }
    groups: dict[str, Iterable[tuple[str, Cursor]]] = {
        "stage": outline.stages,
        "touchpoint": outline.touchpoints,
        "segment": outline.segments,
        "moment": outline.moments,
        "KPI": kpi_ids,
    }
    for noun, group in groups.items():
        seen_names: set[str] = set()
        for name, cursor in group:
            normalized = SEGMENT_SEPARATOR.join(sorted(name.split(SEGMENT_SEPARATOR))) if noun == "segment" else name
            if normalized in seen_names:
                yield LintFinding(
                    cursor.location,
                    f"the {noun} {name!r} is defined twice",
                    hints.get(noun, "it must be unique in the map"),
                )
            seen_names.add(normalized)


def _reserved_names(outline: MapOutline) -> Iterator[LintFinding]:
    for name, cursor in outline.stages:
        if name == JOURNEY_LEVEL:
            yield LintFinding(
                cursor.location, f"a stage cannot be named {name!r}: the name is reserved for the whole journey"
            )
    for name, cursor in outline.segments:
        if TOTAL_SEGMENT in name.split(SEGMENT_SEPARATOR):
            yield LintFinding(
                cursor.location, f"a segment cannot be named {TOTAL_SEGMENT!r}: the name is reserved for all customers"
            )


def _touchpoint_count(outline: MapOutline) -> Iterator[LintFinding]:
    if len(outline.touchpoints) > MAX_TOUCHPOINTS:
        _, first_beyond = outline.touchpoints[MAX_TOUCHPOINTS]
        yield LintFinding(
            first_beyond.location,
            f"this map has {len(outline.touchpoints):,} touchpoints; at most {MAX_TOUCHPOINTS:,} are allowed",
            "map several names of the source to one touchpoint, under touchpoints: of the source",
        )


def _touchpoints_exist(outline: MapOutline) -> Iterator[LintFinding]:
    declared = {name for name, _ in outline.touchpoints}
    scope = outline.root / "scope"
    references = [*(scope / "starts_with").names(), *(scope / "ends_with").names()]
    for kpi in outline.kpis:
        for key in ("touchpoint", "from", "to"):
            references += (kpi.cursor / key).names()
    for name, cursor in references:
        if outline.knows_touchpoints and name not in declared:
            yield LintFinding(cursor.location, f"this map has no touchpoint {name!r}", did_you_mean(name, declared))
    starts = {name for name, _ in (scope / "starts_with").names()}
    for name, cursor in (scope / "ends_with").names():
        if name in starts:
            yield LintFinding(
                cursor.location, f"{name!r} is in starts_with and in ends_with: the journey would end where it starts"
            )
    for kpi in outline.kpis:
        start, end = (kpi.cursor / "from").text, kpi.cursor / "to"
        if start is not None and start == end.text:
            yield LintFinding(
                end.location, f"{kpi.id} measures from {start!r} to itself: the time would always be zero"
            )


def _segments_exist(outline: MapOutline) -> Iterator[LintFinding]:
    declared = {name for name, _ in outline.segments}
    parts = {part for name in declared for part in name.split(SEGMENT_SEPARATOR)}
    for key in (outline.root / "viewpoint" / "segment").key_cursors():
        yield from _segment_declared(str(key.value), key, parts)
    for moment in (outline.root / "moments_of_truth").items():
        for name, cursor in (moment / "segments").names():
            yield from _segment_declared(name, cursor, declared)


def _segment_declared(name: str, cursor: Cursor, declared: Collection[str]) -> Iterator[LintFinding]:
    if name not in declared:
        hint = did_you_mean(name, declared) or "declare it under segments:"
        yield LintFinding(cursor.location, f"this map has no segment {name!r}", hint)


def _durations_within_window(outline: MapOutline) -> Iterator[LintFinding]:
    window = (outline.root / "scope" / "window").duration
    if window is None:
        return
    yield from _not_longer_than(outline.root / "scope" / "session_gap", window, "session_gap")
    for kpi in outline.kpis:
        if kpi.kind in ("drop_off", "conversion"):
            yield from _not_longer_than(kpi.cursor / "window", window, f"the window of {kpi.id}")
        yield from _not_longer_than(kpi.cursor / "tolerance", window, f"the tolerance of {kpi.id}")


def _not_longer_than(cursor: Cursor, window: timedelta, label: str) -> Iterator[LintFinding]:
    duration = cursor.duration
    if duration is not None and duration > window:
        yield LintFinding(
            cursor.location,
            f"{label} is {format_duration(duration)}, longer than the journey's window of {format_duration(window)}",
            "after the window every journey instance is decided",
        )
