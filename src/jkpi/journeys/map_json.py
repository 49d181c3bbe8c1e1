"""The map as JSON for the living map, with defaults filled in. Pure."""

from __future__ import annotations

from typing import Any

from jkpi.journeys.kpi_base import KpiBase
from jkpi.journeys.model import JOURNEY_LEVEL, Journey, Stage


def journey_content(journey: Journey) -> dict[str, Any]:
    """The map as plain data with titles, owners, KPI ids, units and directions; durations as in the YAML."""
    content = _dump(journey)
    content["stages"] = [stage_content(journey, stage) for stage in journey.stages]
    content["kpis"] = [_kpi_content(JOURNEY_LEVEL, kpi) for kpi in journey.kpis]
    content["moments_of_truth"] = [
        {**_dump(moment), "title": moment.display_title} for moment in journey.moments_of_truth
    ]
    return content


def stage_content(journey: Journey, stage: Stage) -> dict[str, Any]:
    """One stage with its lanes, touchpoints and KPIs."""
    scope = journey.scope
    return {
        **_dump(stage),
        "title": stage.display_title,
        "owner": stage.owner or journey.owner,
        "touchpoints": [
            {
                **_dump(touchpoint),
                "title": touchpoint.display_title,
                "staffed": touchpoint.is_staffed,
                "is_start": touchpoint.touchpoint in scope.starts_with,
                "is_end": touchpoint.touchpoint in scope.ends_with,
            }
            for touchpoint in stage.touchpoints
        ],
        "kpis": [_kpi_content(stage.stage, kpi) for kpi in stage.kpis],
    }


def _kpi_content(level: str, kpi: KpiBase) -> dict[str, Any]:
    return {
        **_dump(kpi),
        "id": f"{level}.{kpi.short_id}",
        "title": kpi.display_title,
        "direction": kpi.better_direction,
        "unit": kpi.main_unit,
        "statistic": kpi.main_statistic,
    }


def _dump(model: Any) -> dict[str, Any]:
    dumped: dict[str, Any] = model.model_dump(mode="json", by_alias=True)
    return dumped
