"""The whole map as JSON for the page, with everything said that the YAML may leave out."""

from __future__ import annotations

from typing import Any

from jkpi.journeys.kpi_base import KpiBase
from jkpi.journeys.model import JOURNEY_LEVEL, Journey, Stage


def journey_content(journey: Journey) -> dict[str, Any]:
    """The map as plain data: titles, owners, KPI ids, units and directions filled in; durations as in the YAML."""
    content = _dump(journey)
    content["stages"] = [stage_content(journey, stage) for stage in journey.stages]
    content["kpis"] = [_kpi_content(JOURNEY_LEVEL, kpi) for kpi in journey.kpis]
    content["moments_of_truth"] = [{**_dump(moment), "title": moment.shown} for moment in journey.moments_of_truth]
    return content


def stage_content(journey: Journey, stage: Stage) -> dict[str, Any]:
    """One stage of it, with its lanes, touchpoints and KPIs."""
    scope = journey.scope
    return {
        **_dump(stage),
        "title": stage.shown,
        "owner": stage.owner or journey.owner,
        "touchpoints": [
            {
                **_dump(touchpoint),
                "title": touchpoint.shown,
                "staffed": touchpoint.is_staffed,
                "is_start": touchpoint.touchpoint in scope.starts_with,
                "is_end": touchpoint.touchpoint in scope.ends_with,
            }
            for touchpoint in stage.touchpoints
        ],
        "kpis": [_kpi_content(stage.stage, kpi) for kpi in stage.kpis],
    }


def _kpi_content(owner: str, kpi: KpiBase) -> dict[str, Any]:
    return {
        **_dump(kpi),
        "id": f"{owner}.{kpi.short_id}",
        "title": kpi.shown,
        "direction": kpi.wanted,
        "unit": kpi.measured_unit,
        "statistic": kpi.first_statistic,
    }


def _dump(part: Any) -> dict[str, Any]:
    dumped: dict[str, Any] = part.model_dump(mode="json", by_alias=True)
    return dumped
