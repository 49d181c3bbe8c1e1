"""Whether a KPI fits the map it stands in: its level, its target, its calendar, and who is there to be counted."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from jkpi.documents.documents import nearest
from jkpi.journeys.kpi_registry import KINDS
from jkpi.journeys.model import JOURNEY_LEVEL
from jkpi.journeys.raw_map import Finding, KpiPlace, Outline, Place
from jkpi.journeys.survey_kpis import CsatMean

RANGES = {"share": (0.0, 1.0), "points": (-100.0, 100.0), "score": (0.0, 1.0)}
"""Unit -> the lowest and the highest value of what can be promised or wanted."""

_WANTED = {"share": "a share from 0 to 1", "points": "points from -100 to 100", "score": "a score from 0 to 1"}


def kpi_findings(kpi: KpiPlace, plan: Outline, calendars: Collection[str] | None) -> Iterator[Finding]:
    """What does not fit of one KPI. `calendars` None: they are not known here, and not checked."""
    if kpi.kind not in KINDS:
        return
    yield from _level(kpi)
    yield from _target(kpi)
    yield from _somebody(kpi, plan)
    calendar = kpi.place / "calendar"
    if calendars is not None and calendar.text is not None and calendar.text not in calendars:
        hint = nearest(calendar.text, calendars) or f"write it as calendars/{calendar.text}.yml"
        yield Finding(calendar.at, f"this workspace has no calendar {calendar.text!r}", hint)


def in_range(place: Place, unit: str, what: str) -> Iterator[Finding]:
    """That the number here lies where values of this unit can lie."""
    number = place.number
    if number is None or unit not in RANGES:
        return
    low, high = RANGES[unit]
    if not low <= number <= high:
        hint = f"did you mean {number / 100:g}?" if unit == "share" and 1 < number <= 100 else ""
        yield Finding(place.at, f"{what} is {number:g}: {_WANTED[unit]} is wanted", hint)


def has_no_share(kpi: KpiPlace) -> bool:
    """Whether this KPI is a median alone."""
    return kpi.kind == "time_in_stage" and (kpi.place / "tolerance").value is None


def _level(kpi: KpiPlace) -> Iterator[Finding]:
    kind = kpi.place / "kpi"
    if kpi.level not in KINDS[kpi.kind].levels:
        if kpi.level == JOURNEY_LEVEL:
            hint = "use conversion here" if kpi.kind == "drop_off" else "move it into a stage"
            yield Finding(kind.at, f"{kpi.kind} is read on a stage, not on the journey as a whole", hint)
        else:
            yield Finding(
                kind.at,
                f"{kpi.kind} is read on the journey as a whole, not on a stage",
                "move it under the journey's own kpis:",
            )
    if kpi.kind in ("drop_off", "conversion") and kpi.level == "stage":
        if kpi.on_last_stage:
            yield Finding(
                kind.at,
                f"{kpi.kind} on the last stage: there is no later stage to reach",
                "whether passages reach the end is conversion under the journey's own kpis:",
            )
        if kpi.kind == "conversion" and isinstance(kpi.place.value, dict) and "window" not in kpi.place.value:
            yield Finding(kpi.place.at, "conversion on a stage needs a window", "such as window: 7d")


def _target(kpi: KpiPlace) -> Iterator[Finding]:
    target = kpi.place / "target"
    number = target.number
    if number is None:
        return
    if has_no_share(kpi):
        yield Finding(target.at, f"{kpi.id} has no share that could have a target", "give it a tolerance")
    elif kpi.kind == "emotion" and number > 1:
        yield Finding(
            target.at,
            f"the target of {kpi.id} is {number:g}, but an emotion cannot be scored: it is present or absent, and the"
            " share in which it is present lies from 0 to 1",
        )
    elif kpi.kind == "csat_mean":
        low, high = _scale(kpi)
        if low is not None and high is not None and not low <= number <= high:
            yield Finding(
                target.at, f"the target of {kpi.id} is {number:g}: a mean on the scale {low:g} to {high:g} is wanted"
            )
    else:
        yield from in_range(target, KINDS[kpi.kind].unit, f"the target of {kpi.id}")


def _scale(kpi: KpiPlace) -> tuple[float | None, float | None]:
    """The ends of its scale, None where they cannot be read."""
    scale = kpi.place / "scale"
    if scale.value is None:
        low, high = CsatMean.model_fields["scale"].default
        return float(low), float(high)
    ends = [item.number for item in scale.items()]
    return (ends[0], ends[1]) if len(ends) == 2 else (None, None)


def _somebody(kpi: KpiPlace, plan: Outline) -> Iterator[Finding]:
    """Contacts are met at staffed touchpoints, so there must be some; and self-service means that some have none."""
    counts_staffed = kpi.kind == "self_service" or (kpi.kind == "first_contact" and (kpi.place / "of").value is None)
    if not counts_staffed or not plan.knows_touchpoints or None in plan.staffed:
        return
    at = (kpi.place / "kpi").at
    if not any(plan.staffed):
        always = "always 1" if kpi.kind == "self_service" else "of nobody"
        hint = "say staffed: true where somebody of yours is met"
        if kpi.kind == "first_contact":
            hint += ", or of: with the touchpoint that is the contact"
        yield Finding(at, f"no touchpoint of this map is staffed: {kpi.kind} would be {always}", hint)
    elif kpi.kind == "self_service" and all(plan.staffed):
        yield Finding(
            at,
            "every touchpoint of this map is staffed: self_service would be always 0",
            "say staffed: false where nobody of yours is met",
        )
