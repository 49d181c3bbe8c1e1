"""A KPI as a row of `map_kpis`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from jkpi.journeys.behaviour_kpis import Conversion, TimeInStage, TimeToResolve
from jkpi.journeys.definition import definition_fingerprint
from jkpi.journeys.kpi_base import KpiBase
from jkpi.journeys.model import Journey, Stage
from jkpi.journeys.survey_kpis import Ces, Emotion, ScoredKpi


def kpi_row(journey: Journey, kpi_id: str, kpi: KpiBase, stage: Stage | None, position: int | None) -> dict[str, Any]:
    """Every default resolved; NULL where the kind has no such key. Seconds are whole."""
    scored = kpi if isinstance(kpi, ScoredKpi) else None
    tolerance = kpi.tolerance if isinstance(kpi, TimeToResolve | TimeInStage) else None
    window = _window(journey, kpi)
    touchpoint = getattr(kpi, "touchpoint", None)
    is_survey_kpi = isinstance(kpi, ScoredKpi | Emotion)
    return {
        "kpi": kpi_id,
        "stage": stage.stage if stage else None,
        "stage_position": position,
        "kind": kpi.kpi,
        "title": kpi.display_title,
        "survey": getattr(kpi, "survey", None),
        "question": getattr(kpi, "question", None),
        "measure": getattr(kpi, "measure", None),
        "emotion": kpi.name if isinstance(kpi, Emotion) else None,
        "of_touchpoint": None if is_survey_kpi else touchpoint,
        "on_touchpoint": touchpoint if is_survey_kpi else None,
        "from_touchpoint": getattr(kpi, "from_", None),
        "to_touchpoint": getattr(kpi, "to", None),
        "window_seconds": whole_seconds(window) if window else None,
        "tolerance_seconds": whole_seconds(tolerance) if isinstance(tolerance, timedelta) else None,
        "tolerance_is_due": isinstance(tolerance, str),
        "calendar": getattr(kpi, "calendar", None),
        "at_least": getattr(kpi, "at_least", None),
        "scale_min": float(scored.scale[0]) if scored else None,
        "scale_max": float(scored.scale[1]) if scored else None,
        "box_min": float(scored.box_start) if scored and scored.box_start is not None else None,
        "polarity": kpi.polarity if isinstance(kpi, Ces) else None,
        "direction": kpi.better_direction,
        "target": kpi.target,
        "unit": kpi.main_unit,
        "definition": definition_fingerprint(journey, kpi),
    }


def whole_seconds(duration: timedelta) -> int:
    """Whole seconds; a part of a second counts as one, so that no window becomes nothing."""
    seconds, remainder = divmod(duration, timedelta(seconds=1))
    return seconds + (1 if remainder else 0)


def _window(journey: Journey, kpi: KpiBase) -> timedelta | None:
    """Its own; the journey's holds for a conversion of the journey as a whole."""
    window: timedelta | None = getattr(kpi, "window", None)
    return journey.scope.window if window is None and isinstance(kpi, Conversion) else window
