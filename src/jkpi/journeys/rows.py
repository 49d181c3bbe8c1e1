"""Maps as rows of the landing tables `map_*`: every default is resolved here, so that SQL needs none."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from jkpi.journeys.content import journey_content, stage_content
from jkpi.journeys.kpis import Ces, Conversion, Csat, DropOff, KpiBase, Nps, TimeInStage, TimeToResolve
from jkpi.journeys.model import Journey, Moment, Stage

Row = dict[str, Any]

MAP_TABLES = ("map_journeys", "map_stages", "map_touchpoints", "map_kpis", "map_moments", "map_segments")


def map_rows(journeys: Iterable[Journey], now: datetime) -> dict[str, list[Row]]:
    """Table name -> its rows for these maps, all of them current and valid from `now` (aware, any zone).

    Seconds are whole, times naive UTC, lists and contents JSON text.
    """
    rows: dict[str, list[Row]] = {table: [] for table in MAP_TABLES}
    since = now.astimezone(UTC).replace(tzinfo=None)
    for journey in journeys:
        version = {"journey": journey.journey, "version": journey.version}
        parts: dict[str, list[Row]] = {
            "map_journeys": [{**_journey(journey), "valid_from": since}],
            "map_stages": [_stage(journey, stage, position) for position, stage in enumerate(journey.stages, start=1)],
            "map_touchpoints": _touchpoints(journey),
            "map_kpis": [
                _kpi(journey, kpi_id, kpi, stage, position) for kpi_id, kpi, stage, position in journey.all_kpis()
            ],
            "map_moments": [_moment(journey, moment) for moment in journey.moments_of_truth],
            "map_segments": [{"segment": segment} for segment in journey.segments],
        }
        for table, made in parts.items():
            rows[table] += [{**version, **row, "is_current": True} for row in made]
    return rows


def _journey(journey: Journey) -> Row:
    scope = journey.scope
    return {
        "title": journey.title,
        "owner": journey.owner,
        "timezone": journey.timezone,
        "viewpoint": _json(journey.viewpoint.model_dump(mode="json")),
        "starts_with": _json(scope.starts_with),
        "ends_with": _json(scope.ends_with),
        "window_seconds": _seconds(scope.window),
        "idle_seconds": _seconds(scope.idle),
        "content": _json(journey_content(journey)),
    }


def _stage(journey: Journey, stage: Stage, position: int) -> Row:
    return {
        "stage": stage.stage,
        "position": position,
        "title": stage.shown,
        "owner": stage.owner or journey.owner,
        "content": _json(stage_content(journey, stage)),
    }


def _touchpoints(journey: Journey) -> list[Row]:
    """`position` counts from 1 within the stage."""
    return [
        {
            "touchpoint": touchpoint.touchpoint,
            "stage": stage.stage,
            "stage_position": stage_position,
            "position": position,
            "channel": touchpoint.channel,
            "stage_side": touchpoint.stage_side,
            "evidence": touchpoint.evidence,
            "is_start": touchpoint.touchpoint in journey.scope.starts_with,
            "is_end": touchpoint.touchpoint in journey.scope.ends_with,
            "is_staffed": touchpoint.is_staffed,
        }
        for stage_position, stage in enumerate(journey.stages, start=1)
        for position, touchpoint in enumerate(stage.touchpoints, start=1)
    ]


def _kpi(journey: Journey, kpi_id: str, kpi: KpiBase, stage: Stage | None, position: int | None) -> Row:
    scale = kpi.scale if isinstance(kpi, Csat | Nps | Ces) else (None, None)
    tolerance = kpi.tolerance if isinstance(kpi, TimeToResolve | TimeInStage) else None
    return {
        "kpi": kpi_id,
        "stage": stage.stage if stage else None,
        "stage_position": position,
        "kind": kpi.kpi,
        "title": kpi.shown,
        "survey": getattr(kpi, "survey", None),
        "question": getattr(kpi, "question", None),
        "of_touchpoint": getattr(kpi, "of", None),
        "from_touchpoint": getattr(kpi, "from_", None),
        "to_touchpoint": getattr(kpi, "to", None),
        "window_seconds": _window(journey, kpi, stage),
        "tolerance_seconds": _seconds(tolerance) if isinstance(tolerance, timedelta) else None,
        "tolerance_is_due": isinstance(tolerance, str),
        "at_least": getattr(kpi, "at_least", None),
        "scale_min": _float(scale[0]),
        "scale_max": _float(scale[1]),
        "box_min": _float(kpi.box_edge) if isinstance(kpi, Csat | Nps | Ces) else None,
        "polarity": kpi.polarity if isinstance(kpi, Ces) else None,
        "direction": kpi.wanted,
        "target": kpi.target,
        "unit": kpi.measured_unit,
    }


def _window(journey: Journey, kpi: KpiBase, stage: Stage | None) -> int | None:
    """The journey's own window holds for a conversion of the journey as a whole."""
    if isinstance(kpi, Conversion) and stage is None:
        return _seconds(kpi.window or journey.scope.window)
    window = kpi.window if isinstance(kpi, DropOff | Conversion) else None
    return None if window is None else _seconds(window)


def _moment(journey: Journey, moment: Moment) -> Row:
    kpis = {kpi_id: kpi for kpi_id, kpi, _, _ in journey.all_kpis()}
    escalate = moment.escalate
    return {
        "moment": moment.moment,
        "kpi": moment.kpi,
        "statistic": kpis[moment.kpi].first_statistic,
        "promise": moment.promise,
        "falls_off_by": moment.falls_off_by,
        "owner": moment.owner,
        "notify": _json(moment.notify),
        "by_segments": _json(moment.by),
        "escalate_after_seconds": _seconds(escalate.after) if escalate else None,
        "escalate_to": _json(escalate.to if escalate else []),
    }


def _seconds(length: timedelta) -> int:
    """Whole seconds; a part of a second counts as one, so that no window becomes nothing."""
    whole, rest = divmod(length, timedelta(seconds=1))
    return whole + (1 if rest else 0)


def _float(number: int | None) -> float | None:
    return None if number is None else float(number)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
