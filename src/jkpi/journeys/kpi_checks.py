"""Whether a KPI fits the map it stands in: its level, its target, its calendar, and who is there to be counted."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from jkpi.documents.validation_errors import did_you_mean
from jkpi.journeys.kpi_registry import KPI_KINDS
from jkpi.journeys.model import JOURNEY_LEVEL
from jkpi.journeys.raw_map import Cursor, KpiCursor, LintFinding, MapOutline
from jkpi.journeys.survey_kpis import CsatMean

UNIT_RANGES = {"share": (0.0, 1.0), "points": (-100.0, 100.0), "score": (0.0, 1.0)}
"""Unit -> the lowest and the highest value of what can be promised or wanted."""

_RANGE_TEXT = {"share": "a share from 0 to 1", "points": "points from -100 to 100", "score": "a score from 0 to 1"}


def kpi_findings(kpi: KpiCursor, outline: MapOutline, calendars: Collection[str] | None) -> Iterator[LintFinding]:
    """What does not fit of one KPI. `calendars` None: they are not known here, and not checked."""
    if kpi.kind not in KPI_KINDS:
        return
    yield from _level_findings(kpi)
    yield from _target_findings(kpi)
    yield from _staffing_findings(kpi, outline)
    calendar = kpi.cursor / "calendar"
    if calendars is not None and calendar.text is not None and calendar.text not in calendars:
        hint = did_you_mean(calendar.text, calendars) or f"write it as calendars/{calendar.text}.yml"
        yield LintFinding(calendar.location, f"this workspace has no calendar {calendar.text!r}", hint)


def range_findings(cursor: Cursor, unit: str, label: str) -> Iterator[LintFinding]:
    """That the number here lies where values of this unit can lie."""
    number = cursor.number
    if number is None or unit not in UNIT_RANGES:
        return
    low, high = UNIT_RANGES[unit]
    if not low <= number <= high:
        hint = f"did you mean {number / 100:g}?" if unit == "share" and 1 < number <= 100 else ""
        yield LintFinding(cursor.location, f"{label} is {number:g}: {_RANGE_TEXT[unit]} is wanted", hint)


def is_median_only(kpi: KpiCursor) -> bool:
    """Whether this KPI is a median alone."""
    return kpi.kind == "time_in_stage" and (kpi.cursor / "tolerance").value is None


def _level_findings(kpi: KpiCursor) -> Iterator[LintFinding]:
    kind = kpi.cursor / "kpi"
    if kpi.level not in KPI_KINDS[kpi.kind].allowed_levels:
        if kpi.level == JOURNEY_LEVEL:
            hint = "use conversion here" if kpi.kind == "drop_off" else "move it into a stage"
            yield LintFinding(kind.location, f"{kpi.kind} is read on a stage, not on the journey as a whole", hint)
        else:
            yield LintFinding(
                kind.location,
                f"{kpi.kind} is read on the journey as a whole, not on a stage",
                "move it under the journey's own kpis:",
            )
    if kpi.kind in ("drop_off", "conversion") and kpi.level == "stage":
        if kpi.on_last_stage:
            yield LintFinding(
                kind.location,
                f"{kpi.kind} on the last stage: there is no later stage to reach",
                "whether passages reach the end is conversion under the journey's own kpis:",
            )
        if kpi.kind == "conversion" and isinstance(kpi.cursor.value, dict) and "window" not in kpi.cursor.value:
            yield LintFinding(kpi.cursor.location, "conversion on a stage needs a window", "such as window: 7d")


def _target_findings(kpi: KpiCursor) -> Iterator[LintFinding]:
    target = kpi.cursor / "target"
    number = target.number
    if number is None:
        return
    if is_median_only(kpi):
        yield LintFinding(target.location, f"{kpi.id} has no share that could have a target", "give it a tolerance")
    elif kpi.kind == "emotion" and number > 1:
        yield LintFinding(
            target.location,
            f"the target of {kpi.id} is {number:g}, but an emotion cannot be scored: it is present or absent, and the"
            " share in which it is present lies from 0 to 1",
        )
    elif kpi.kind == "csat_mean":
        low, high = _scale_ends(kpi)
        if low is not None and high is not None and not low <= number <= high:
            yield LintFinding(
                target.location,
                f"the target of {kpi.id} is {number:g}: a mean on the scale {low:g} to {high:g} is wanted",
            )
    else:
        yield from range_findings(target, KPI_KINDS[kpi.kind].unit, f"the target of {kpi.id}")


def _scale_ends(kpi: KpiCursor) -> tuple[float | None, float | None]:
    """The ends of its scale, None where they cannot be read."""
    scale = kpi.cursor / "scale"
    if scale.value is None:
        low, high = CsatMean.model_fields["scale"].default
        return float(low), float(high)
    ends = [item.number for item in scale.items()]
    return (ends[0], ends[1]) if len(ends) == 2 else (None, None)


def _staffing_findings(kpi: KpiCursor, outline: MapOutline) -> Iterator[LintFinding]:
    """Contacts are met at staffed touchpoints, so there must be some; and self-service means that some have none."""
    counts_staffed = kpi.kind == "self_service" or (
        kpi.kind == "first_contact" and (kpi.cursor / "touchpoint").value is None
    )
    if not counts_staffed or not outline.knows_touchpoints or None in outline.is_staffed:
        return
    location = (kpi.cursor / "kpi").location
    if not any(outline.is_staffed):
        constant_value = "always 1" if kpi.kind == "self_service" else "of nobody"
        hint = "say staffed: true where somebody of yours is met"
        if kpi.kind == "first_contact":
            hint += ", or touchpoint: with the touchpoint that is the contact"
        yield LintFinding(location, f"no touchpoint of this map is staffed: {kpi.kind} would be {constant_value}", hint)
    elif kpi.kind == "self_service" and all(outline.is_staffed):
        yield LintFinding(
            location,
            "every touchpoint of this map is staffed: self_service would be always 0",
            "say staffed: false where nobody of yours is met",
        )
