"""Checks of a KPI against its map: level, target, calendar, staffed touchpoints. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from jkpi.documents.validation_errors import did_you_mean
from jkpi.journeys.kpi_registry import KPI_KINDS
from jkpi.journeys.model import JOURNEY_LEVEL
from jkpi.journeys.raw_map import Cursor, KpiCursor, LintFinding, MapOutline
from jkpi.journeys.survey_kpis import CsatMean

UNIT_RANGES = {"share": (0.0, 1.0), "points": (-100.0, 100.0), "score": (0.0, 1.0)}
"""Unit -> lowest and highest possible promise or target."""

_RANGE_TEXT = {"share": "a share from 0 to 1", "points": "points from -100 to 100", "score": "a score from 0 to 1"}


def kpi_findings(kpi: KpiCursor, outline: MapOutline, calendars: Collection[str] | None) -> Iterator[LintFinding]:
    """Findings of one KPI. calendars: those of the workspace; None leaves them unchecked."""
    if kpi.kind not in KPI_KINDS:
        return
    yield from _level_findings(kpi)
    yield from _target_findings(kpi)
    yield from _staffing_findings(kpi, outline)
    calendar = kpi.cursor / "calendar"
    if calendars is not None and calendar.text is not None and calendar.text not in calendars:
        hint = did_you_mean(calendar.text, calendars) or f"define it in calendars/{calendar.text}.yml"
        yield LintFinding(calendar.location, f"this workspace has no calendar {calendar.text!r}", hint)


def range_findings(cursor: Cursor, unit: str, label: str) -> Iterator[LintFinding]:
    """A finding if the number is outside the range of its unit."""
    number = cursor.number
    if number is None or unit not in UNIT_RANGES:
        return
    low, high = UNIT_RANGES[unit]
    if not low <= number <= high:
        hint = f"did you mean {number / 100:g}?" if unit == "share" and 1 < number <= 100 else ""
        yield LintFinding(cursor.location, f"{label} is {number:g}; it must be {_RANGE_TEXT[unit]}", hint)


def is_median_only(kpi: KpiCursor) -> bool:
    """Whether this KPI has a median but no share."""
    return kpi.kind in ("time_to_resolve", "time_in_stage") and (kpi.cursor / "tolerance").value is None


def _level_findings(kpi: KpiCursor) -> Iterator[LintFinding]:
    kind = kpi.cursor / "kpi"
    if kpi.level not in KPI_KINDS[kpi.kind].allowed_levels:
        if kpi.level == JOURNEY_LEVEL:
            hint = "use conversion here" if kpi.kind == "drop_off" else "move it into a stage"
            yield LintFinding(kind.location, f"{kpi.kind} belongs to a stage, not to the whole journey", hint)
        else:
            yield LintFinding(
                kind.location,
                f"{kpi.kind} belongs to the whole journey, not to a stage",
                "move it to kpis: of the journey",
            )
    if kpi.kind in ("drop_off", "conversion") and kpi.level == "stage":
        if kpi.on_last_stage:
            yield LintFinding(
                kind.location,
                f"{kpi.kind} is on the last stage, and there is no later stage to reach",
                "to measure how many reach the end, add conversion to kpis: of the journey",
            )
        if kpi.kind == "conversion" and isinstance(kpi.cursor.value, dict) and "window" not in kpi.cursor.value:
            yield LintFinding(
                kpi.cursor.location, "conversion on a stage needs a window", "add one, such as window: 7d"
            )


def _target_findings(kpi: KpiCursor) -> Iterator[LintFinding]:
    target = kpi.cursor / "target"
    number = target.number
    if number is None:
        return
    if is_median_only(kpi):
        yield LintFinding(
            target.location, f"{kpi.id} is a median and has no share, so it cannot have a target", "give it a tolerance"
        )
    elif kpi.kind == "emotion" and number > 1:
        yield LintFinding(
            target.location,
            f"the target of {kpi.id} is {number:g}, but an emotion cannot be scored: it is present or absent. The"
            " target is the share in which it is present, from 0 to 1",
        )
    elif kpi.kind == "csat_mean":
        low, high = _scale_ends(kpi)
        if low is not None and high is not None and not low <= number <= high:
            yield LintFinding(
                target.location,
                f"the target of {kpi.id} is {number:g}; it must be a mean on the scale {low:g} to {high:g}",
            )
    else:
        yield from range_findings(target, KPI_KINDS[kpi.kind].unit, f"the target of {kpi.id}")


def _scale_ends(kpi: KpiCursor) -> tuple[float | None, float | None]:
    """The ends of its scale; None if they cannot be read."""
    scale = kpi.cursor / "scale"
    if scale.value is None:
        low, high = CsatMean.model_fields["scale"].default
        return float(low), float(high)
    ends = [item.number for item in scale.items()]
    return (ends[0], ends[1]) if len(ends) == 2 else (None, None)


def _staffing_findings(kpi: KpiCursor, outline: MapOutline) -> Iterator[LintFinding]:
    """first_contact and self_service need a staffed touchpoint; self_service also needs one that is not staffed."""
    counts_staffed = kpi.kind == "self_service" or (
        kpi.kind == "first_contact" and (kpi.cursor / "touchpoint").value is None
    )
    if not counts_staffed or not outline.knows_touchpoints or None in outline.is_staffed:
        return
    location = (kpi.cursor / "kpi").location
    if not any(outline.is_staffed):
        hint = "set staffed: true on the touchpoints where customers meet your staff"
        if kpi.kind == "first_contact":
            hint += ", or name one, such as touchpoint: call_answered"
        yield LintFinding(location, f"{kpi.kind} needs a staffed touchpoint, and this map has none", hint)
    elif kpi.kind == "self_service" and all(outline.is_staffed):
        yield LintFinding(
            location,
            "self_service needs a touchpoint without staff, and this map has none",
            "set staffed: false on the touchpoints where customers serve themselves",
        )
