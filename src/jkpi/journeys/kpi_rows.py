"""A KPI as a row of `map_kpis`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from jkpi.journeys.behaviour_kpis import Conversion, TimeInStage, TimeToResolve
from jkpi.journeys.definition import definition
from jkpi.journeys.kpi_base import KpiBase
from jkpi.journeys.model import Journey, Stage
from jkpi.journeys.survey_kpis import Ces, Emotion, Scored


def kpi_row(journey: Journey, kpi_id: str, kpi: KpiBase, stage: Stage | None, position: int | None) -> dict[str, Any]:
    """Every default resolved; NULL where the kind has no such key. Seconds are whole."""
    scored = kpi if isinstance(kpi, Scored) else None
    tolerance = kpi.tolerance if isinstance(kpi, TimeToResolve | TimeInStage) else None
    window = _window(journey, kpi)
    return {
        "kpi": kpi_id,
        "stage": stage.stage if stage else None,
        "stage_position": position,
        "kind": kpi.kpi,
        "title": kpi.shown,
        "survey": getattr(kpi, "survey", None),
        "question": getattr(kpi, "question", None),
        "measure": getattr(kpi, "measure", None),
        "emotion": kpi.name if isinstance(kpi, Emotion) else None,
        "of_touchpoint": getattr(kpi, "of", None),
        "on_touchpoint": getattr(kpi, "on", None),
        "from_touchpoint": getattr(kpi, "from_", None),
        "to_touchpoint": getattr(kpi, "to", None),
        "window_seconds": whole_seconds(window) if window else None,
        "tolerance_seconds": whole_seconds(tolerance) if isinstance(tolerance, timedelta) else None,
        "tolerance_is_due": isinstance(tolerance, str),
        "calendar": getattr(kpi, "calendar", None),
        "at_least": getattr(kpi, "at_least", None),
        "scale_min": float(scored.scale[0]) if scored else None,
        "scale_max": float(scored.scale[1]) if scored else None,
        "box_min": float(scored.box_edge) if scored and scored.box_edge is not None else None,
        "polarity": kpi.polarity if isinstance(kpi, Ces) else None,
        "direction": kpi.wanted,
        "target": kpi.target,
        "unit": kpi.measured_unit,
        "definition": definition(journey, kpi),
    }


def whole_seconds(length: timedelta) -> int:
    """Whole seconds; a part of a second counts as one, so that no window becomes nothing."""
    whole, rest = divmod(length, timedelta(seconds=1))
    return whole + (1 if rest else 0)


def _window(journey: Journey, kpi: KpiBase) -> timedelta | None:
    """Its own; the journey's holds for a conversion of the journey as a whole."""
    window: timedelta | None = getattr(kpi, "window", None)
    return journey.scope.window if window is None and isinstance(kpi, Conversion) else window
