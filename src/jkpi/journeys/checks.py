"""What no single part of a map can tell: whether its parts fit each other. Every finding names the nearest known name.

The structure (keys, types, durations above zero) is the model's; these checks run on the data even where that failed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from jkpi.documents import format_duration, nearest
from jkpi.journeys.kinds import KINDS
from jkpi.journeys.model import ALL, JOURNEY_LEVEL
from jkpi.journeys.places import KpiPlace, Outline, Place, outline

RANGES = {"share": (0.0, 1.0), "points": (-100.0, 100.0)}
"""Unit -> the lowest and the highest value of what can be promised."""


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit, and where in the map's data it stands."""

    at: tuple[str | int, ...]
    message: str
    hint: str = ""


@dataclass(frozen=True)
class Receivers:
    """The receivers that the workspace knows, and whether one of them takes what names nobody."""

    names: Collection[str]
    has_default: bool


def findings(data: Any, receivers: Receivers | None = None) -> Iterator[Finding]:
    """Everything in one map that does not fit. `receivers` None: they are not known here, and not checked."""
    plan = outline(data, JOURNEY_LEVEL)
    yield from _unique(plan)
    yield from _reserved(plan)
    yield from _touchpoints_exist(plan)
    yield from _segments_exist(plan)
    yield from _lengths(plan)
    for kpi in plan.kpis:
        yield from _level(kpi)
        yield from _target(kpi)
    for moment in (plan.root / "moments_of_truth").items():
        yield from _moment(moment, plan)
        if receivers is not None:
            yield from _receivers(moment, receivers)


def _unique(plan: Outline) -> Iterator[Finding]:
    kpi_ids = tuple((kpi.id, kpi.place) for kpi in plan.kpis if kpi.kind)
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
            if name in seen:
                hint = (
                    "give one of them a name of its own with name:" if word == "KPI" else "it must be unique in the map"
                )
                yield Finding(place.at, f"the {word} {name!r} is there twice", hint)
            seen.add(name)


def _reserved(plan: Outline) -> Iterator[Finding]:
    for name, place in plan.stages:
        if name == JOURNEY_LEVEL:
            yield Finding(place.at, f"a stage cannot be called {name!r}: that word is for the journey as a whole")
    for name, place in plan.segments:
        if name == ALL:
            yield Finding(place.at, f"a segment cannot be called {name!r}: that word is for everybody")


def _touchpoints_exist(plan: Outline) -> Iterator[Finding]:
    known = {name for name, _ in plan.touchpoints}
    scope = plan.root / "scope"
    wanted = [*(scope / "starts_with").names(), *(scope / "ends_with").names()]
    for kpi in plan.kpis:
        for key in ("of", "from", "to"):
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
    known = {name for name, _ in plan.segments}
    wanted = [(str(key.value), key) for key in (plan.root / "viewpoint" / "segment").labels()]
    for moment in (plan.root / "moments_of_truth").items():
        wanted += (moment / "by").names()
    for name, place in wanted:
        if name not in known:
            hint = nearest(name, known) or "declare it under segments:"
            yield Finding(place.at, f"this map declares no segment {name!r}", hint)


def _lengths(plan: Outline) -> Iterator[Finding]:
    window = (plan.root / "scope" / "window").duration
    if window is None:
        return
    idle = plan.root / "scope" / "idle"
    yield from _no_longer(idle, window, "the silence that ends a passage")
    for kpi in plan.kpis:
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


def _level(kpi: KpiPlace) -> Iterator[Finding]:
    if kpi.kind not in KINDS:
        return
    if kpi.level not in KINDS[kpi.kind].levels:
        yield Finding(
            (kpi.place / "kpi").at,
            f"{kpi.kind} is read on a stage, not on the journey as a whole",
            "use conversion here" if kpi.kind == "drop_off" else "move it into a stage",
        )
    if kpi.kind in ("drop_off", "conversion") and kpi.level == "stage":
        if kpi.on_last_stage:
            yield Finding(
                (kpi.place / "kpi").at,
                f"{kpi.kind} on the last stage: there is no later stage to reach",
                "whether passages reach the end is conversion under the journey's own kpis:",
            )
        if kpi.kind == "conversion" and isinstance(kpi.place.value, dict) and "window" not in kpi.place.value:
            yield Finding(kpi.place.at, "conversion on a stage needs a window", "such as window: 7d")


def _target(kpi: KpiPlace) -> Iterator[Finding]:
    target = kpi.place / "target"
    if kpi.kind not in KINDS or target.number is None:
        return
    if _has_no_share(kpi):
        yield Finding(target.at, f"{kpi.id} has no share that could have a target", "give it a tolerance")
    else:
        yield from _in_range(target, KINDS[kpi.kind].unit, f"the target of {kpi.id}")


def _in_range(place: Place, unit: str, what: str) -> Iterator[Finding]:
    number = place.number
    if number is None or unit not in RANGES:
        return
    low, high = RANGES[unit]
    if not low <= number <= high:
        kind = "a share" if unit == "share" else "points"
        hint = f"did you mean {number / 100:g}?" if unit == "share" and 1 < number <= 100 else ""
        yield Finding(place.at, f"{what} is {number:g}: {kind} from {low:g} to {high:g} is wanted", hint)


def _moment(moment: Place, plan: Outline) -> Iterator[Finding]:
    wanted = moment / "kpi"
    by_id = {kpi.id: kpi for kpi in plan.kpis}
    if wanted.text is None:
        return
    kpi = by_id.get(wanted.text)
    if kpi is None:
        if plan.knows_kpis:
            yield Finding(wanted.at, f"this map has no KPI {wanted.text!r}", nearest(wanted.text, by_id))
        return
    if kpi.kind not in KINDS:
        return
    if kpi.kind == "volume":
        yield Finding(
            wanted.at, f"{kpi.id} is a count: it has no share that could be promised, so no moment rests on it"
        )
    elif _has_no_share(kpi):
        yield Finding(
            wanted.at, f"{kpi.id} has a median but no share that could be promised", "give that KPI a tolerance"
        )
    else:
        yield from _promise(moment, kpi)


def _promise(moment: Place, kpi: KpiPlace) -> Iterator[Finding]:
    """The promise is in range, and there is room below (or above) it for the fall that is waited for."""
    unit = KINDS[kpi.kind].unit
    promise, fall = moment / "promise", moment / "falls_off_by"
    outside = list(_in_range(promise, unit, "the promise"))
    yield from outside
    if outside or promise.number is None or fall.number is None:
        return
    low, high = RANGES[unit]
    better = (kpi.place / "direction").text or KINDS[kpi.kind].better
    line = promise.number - fall.number if better == "higher" else promise.number + fall.number
    if not low <= line <= high:
        yield Finding(
            fall.at,
            f"a fall of {fall.number:g} from the promise of {promise.number:g} would be at {line:g}, which {kpi.id}"
            " can never reach",
        )


def _receivers(moment: Place, receivers: Receivers) -> Iterator[Finding]:
    wanted = [*(moment / "notify").names(), *(moment / "escalate" / "to").names()]
    for name, place in wanted:
        if name not in receivers.names:
            hint = nearest(name, receivers.names) or "declare it under receivers:"
            yield Finding(place.at, f"jkpi.yml has no receiver {name!r}", hint)
    if isinstance(moment.value, dict) and not (moment / "notify").value and not receivers.has_default:
        yield Finding(
            moment.at,
            "nobody would be told when this moment falls off",
            "write notify:, or default_receiver: in jkpi.yml",
        )


def _has_no_share(kpi: KpiPlace) -> bool:
    return kpi.kind == "time_in_stage" and (kpi.place / "tolerance").value is None
