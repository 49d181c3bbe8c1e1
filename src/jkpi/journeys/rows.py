"""Convert maps into rows of the landing tables `map_*`. Defaults are resolved here, so that SQL needs none. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from jkpi.journeys.behaviour_kpis import Conversion, DurationKpi, PromisesKept
from jkpi.journeys.definition import definition_fingerprint
from jkpi.journeys.kpi_base import KpiBase
from jkpi.journeys.map_json import journey_content, stage_content
from jkpi.journeys.model import TOTAL_SEGMENT, Journey, Moment, Stage
from jkpi.journeys.survey_kpis import Ces, Emotion, ScoredKpi
from jkpi.journeys.types import SEGMENT_SEPARATOR

MapRow = dict[str, Any]

MAP_TABLES = (
    "map_journeys",
    "map_stages",
    "map_touchpoints",
    "map_kpis",
    "map_moments",
    "map_promises",
    "map_segments",
    "map_viewpoints",
)


def map_rows(journeys: Iterable[Journey], now: datetime) -> dict[str, list[MapRow]]:
    """Table name -> rows of these maps, all current. `valid_from` is the day given by the map, else `now` (aware).

    Durations are whole seconds, timestamps naive UTC, lists and contents JSON text.
    """
    rows: dict[str, list[MapRow]] = {table: [] for table in MAP_TABLES}
    loaded_at = now.astimezone(UTC).replace(tzinfo=None)
    for journey in journeys:
        version = {"journey": journey.journey, "version": journey.version}
        parts: dict[str, list[MapRow]] = {
            "map_journeys": [{**_journey_row(journey), "valid_from": _valid_from(journey) or loaded_at}],
            "map_stages": [
                _stage_row(journey, stage, position) for position, stage in enumerate(journey.stages, start=1)
            ],
            "map_touchpoints": _touchpoint_rows(journey),
            "map_kpis": [
                _kpi_row(journey, kpi_id, kpi, stage, position) for kpi_id, kpi, stage, position in journey.all_kpis()
            ],
            "map_moments": [_moment_row(journey, moment) for moment in journey.moments_of_truth],
            "map_promises": [row for moment in journey.moments_of_truth for row in _promise_rows(moment)],
            "map_segments": [
                {"segment": SEGMENT_SEPARATOR.join(parts), "part": segment_part, "part_position": position}
                for parts in journey.segments
                for position, segment_part in enumerate(parts, start=1)
            ],
            "map_viewpoints": [
                {"segment": segment, "segment_value": value}
                for segment, values in journey.viewpoint.segment.items()
                for value in dict.fromkeys(values)  # a repeated value would repeat the rows that join it
            ],
        }
        for table, table_rows in parts.items():
            rows[table] += [{**version, **row, "is_current": True} for row in table_rows]
    return rows


def _valid_from(journey: Journey) -> datetime | None:
    """Start of the map's `valid_from` day in its time zone, as naive UTC."""
    if journey.valid_from is None:
        return None
    local = datetime.combine(journey.valid_from, time(), ZoneInfo(journey.timezone))
    return local.astimezone(UTC).replace(tzinfo=None)


def _journey_row(journey: Journey) -> MapRow:
    scope = journey.scope
    return {
        "title": journey.title,
        "owner": journey.owner,
        "timezone": journey.timezone,
        "viewpoint": _json(journey.viewpoint.model_dump(mode="json")),
        "starts_with": _json(scope.starts_with),
        "ends_with": _json(scope.ends_with),
        "window_seconds": _whole_seconds(scope.window),
        "idle_seconds": _whole_seconds(scope.session_gap),
        "min_cell": journey.min_cell_size,
        "content": _json(journey_content(journey)),
    }


def _stage_row(journey: Journey, stage: Stage, position: int) -> MapRow:
    return {
        "stage": stage.stage,
        "position": position,
        "title": stage.display_title,
        "owner": stage.owner or journey.owner,
        "content": _json(stage_content(journey, stage)),
    }


def _touchpoint_rows(journey: Journey) -> list[MapRow]:
    """`position` counts from 1 within the stage."""
    return [
        {
            "touchpoint": touchpoint.touchpoint,
            "stage": stage.stage,
            "stage_position": stage_position,
            "position": position,
            "channel": touchpoint.channel,
            "stage_side": "front" if touchpoint.frontstage else "back",
            "evidence": touchpoint.confirmation,
            "is_start": touchpoint.touchpoint in journey.scope.starts_with,
            "is_end": touchpoint.touchpoint in journey.scope.ends_with,
            "is_staffed": touchpoint.is_staffed,
        }
        for stage_position, stage in enumerate(journey.stages, start=1)
        for position, touchpoint in enumerate(stage.touchpoints, start=1)
    ]


def _kpi_row(journey: Journey, kpi_id: str, kpi: KpiBase, stage: Stage | None, position: int | None) -> MapRow:
    """A row of `map_kpis`: defaults resolved, NULL for keys the kind does not have."""
    scored = kpi if isinstance(kpi, ScoredKpi) else None
    tolerance = kpi.tolerance if isinstance(kpi, DurationKpi) else None
    within = kpi.within if isinstance(kpi, PromisesKept) else None
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
        "window_seconds": _whole_seconds(window) if window else None,
        "tolerance_seconds": _whole_seconds(tolerance) if tolerance else None,
        "within_seconds": _whole_seconds(within) if within else None,
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


def _whole_seconds(duration: timedelta) -> int:
    """Whole seconds, rounded up, so that no window becomes zero."""
    seconds, remainder = divmod(duration, timedelta(seconds=1))
    return seconds + (1 if remainder else 0)


def _window(journey: Journey, kpi: KpiBase) -> timedelta | None:
    """Its own window; the journey's for a conversion without one."""
    window: timedelta | None = getattr(kpi, "window", None)
    return journey.scope.window if window is None and isinstance(kpi, Conversion) else window


def _moment_row(journey: Journey, moment: Moment) -> MapRow:
    kpis = {kpi_id: kpi for kpi_id, kpi, _, _ in journey.all_kpis()}
    escalation = moment.escalate
    return {
        "moment": moment.moment,
        "kpi": moment.kpi,
        "statistic": kpis[moment.kpi].main_statistic,
        "promise": moment.default_promise,
        "falls_off_by": moment.min_drop,
        "owner": moment.owner,
        "notify": _json(moment.notify),
        "by_segments": _json(moment.segments),
        "escalate_after_seconds": _whole_seconds(escalation.after) if escalation else None,
        "escalate_to": _json(escalation.to if escalation else []),
    }


def _promise_rows(moment: Moment) -> list[MapRow]:
    """The default promise as that of all customers, then those of segment values."""
    promises = {(TOTAL_SEGMENT, TOTAL_SEGMENT): moment.default_promise, **moment.segment_promises}
    return [
        {"moment": moment.moment, "segment": segment, "segment_value": value, "promise": promise}
        for (segment, value), promise in promises.items()
        if promise is not None
    ]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
