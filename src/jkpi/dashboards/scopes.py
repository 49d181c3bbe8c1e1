"""The scopes that charts are made for: the workspace, its journeys, their stages, KPIs and moments of truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from jkpi.config.settings import Settings
from jkpi.dashboards import value_labels
from jkpi.dashboards.assets import ScopeKind
from jkpi.journeys.kpi_base import KpiBase
from jkpi.journeys.model import Journey

MonthlyOnlyKpis = frozenset[tuple[str, str]]

WHOLE_JOURNEY_LABEL = "Whole journey"
_PRECISE_D3_FORMATS = {"share": ".1%", "count": ",d", "seconds": ",.1f", "points": ",.1f", "score": ".2f"}
_D3_FORMATS = {"share": ".0%", "count": ",d", "seconds": ",.1f", "points": ",.1f", "score": ".2f"}
_LINE_METRIC_SUFFIXES = ("", "__yhat", "__yhat_lower", "__yhat_upper", "_provisional", "_provisional__yhat")
_GREEN, _ORANGE = "#2ca02c", "#ff7f0e"
_TIME_KPI_KINDS = ("time_to_resolve", "time_in_stage")


@dataclass(frozen=True)
class ChartScope:
    """`ids`: what it is for, such as {journey: ..., kpi: ...}; `placeholders`: values for its assets, with the ids."""

    kind: ScopeKind
    ids: dict[str, str]
    placeholders: dict[str, Any]

    @property
    def key(self) -> str:
        """A name that is unique among scopes of its kind."""
        id_names = {
            "workspace": (),
            "journey": ("journey",),
            "stage": ("journey", "stage"),
            "moment": ("journey", "moment"),
        }
        return "/".join(self.ids[id_name] for id_name in id_names.get(self.kind, ("journey", "kpi")))

    def matches(self, other: ChartScope) -> bool:
        """Whether both have the same value of every id that they share."""
        return all(self.ids[id_name] == name for id_name, name in other.ids.items() if id_name in self.ids)


def workspace_scopes(
    settings: Settings, journeys: Sequence[Journey], monthly_only: MonthlyOnlyKpis = frozenset()
) -> list[ChartScope]:
    """All scopes of a workspace, in the order of its maps.

    Args:
        monthly_only: (journey, KPI) of KPIs with monthly readings only.
    """
    note = "**Synthetic data: these customers and numbers are made up.** " if settings.synthetic else ""
    base: dict[str, Any] = {"workspace": settings.name}
    text = f"{note}Every moment of truth of *{settings.name}*: its state and its change."
    scopes = [ChartScope("workspace", {}, {**base, "overview_text": text})]
    for journey in journeys:
        scopes += _journey_scopes(journey, base, note, monthly_only)
    return scopes


def _journey_scopes(
    journey: Journey, base: dict[str, Any], note: str, monthly_only: MonthlyOnlyKpis
) -> Iterator[ChartScope]:
    ids = {"journey": journey.journey}
    focus = f" {journey.focus}" if journey.focus else ""
    is_monthly_only = all((journey.journey, kpi_id) in monthly_only for kpi_id, *_ in journey.all_kpis())
    placeholders = {
        **base,
        **ids,
        "journey_title": journey.title,
        "main_period": "month" if is_monthly_only else "week",
        "journey_text": f"{note}**{journey.title}**, as experienced by {journey.viewpoint.persona}.{focus}"
        " Bands are 95 % intervals; red lines mark when alerts began.",
    }
    yield ChartScope("journey", ids, placeholders)
    digits = len(str(len(journey.stages)))
    labels = {s.stage: f"{position:0{digits}}. {s.display_title}" for position, s in enumerate(journey.stages, start=1)}
    owners = {stage.stage: stage.owner or journey.owner for stage in journey.stages}
    if journey.kpis:
        labels[""], owners[""] = WHOLE_JOURNEY_LABEL, journey.owner
    for stage, label in labels.items():
        text = f"#### {label} · {owners[stage]}"
        yield ChartScope("stage", {**ids, "stage": stage}, {**placeholders, "stage_label": label, "stage_text": text})
    promise_by_kpi = {moment.kpi: moment.default_promise for moment in journey.moments_of_truth}
    kpis: dict[str, ChartScope] = {}
    for kpi_id, kpi, stage_of, _ in journey.all_kpis():
        stage = stage_of.stage if stage_of else ""
        family = "hours" if kpi.main_unit == "seconds" else "reading"
        lines = [f"{family}{suffix}" for suffix in _LINE_METRIC_SUFFIXES]
        kpis[kpi_id] = ChartScope(
            "kpi",
            {**ids, "stage": stage, "kpi": kpi_id},
            {
                **placeholders,
                "kpi": kpi_id,
                "kpi_title": kpi.display_title,
                "stage_label": labels[stage],
                "line_metrics": lines,
                "goal_lines": _goal_lines(kpi, promise_by_kpi.get(kpi_id)),
                "tolerance_lines": _tolerance_lines(kpi),
                "format": _D3_FORMATS[kpi.main_unit],
                "precise_format": _PRECISE_D3_FORMATS[kpi.main_unit],
                "is_monthly_only": (journey.journey, kpi_id) in monthly_only,
                "period": "month" if (journey.journey, kpi_id) in monthly_only else "week",
                "bounds": _axis_bounds(kpi),
                "has_moment": kpi_id in promise_by_kpi,
                "unit": kpi.main_unit,
                "display_unit": value_labels.unit_of_kpi(kpi),
                "statistic": kpi.main_statistic,
                "hours": "Hours" if getattr(kpi, "calendar", None) is None else "Open hours",
                "direction": kpi.better_direction,
            },
        )
        yield kpis[kpi_id]
        if kpi.kpi in _TIME_KPI_KINDS:
            yield ChartScope("duration", kpis[kpi_id].ids, kpis[kpi_id].placeholders)
    for moment in journey.moments_of_truth:
        kpi_scope = kpis[moment.kpi]
        unit, statistic, direction = (kpi_scope.placeholders[key] for key in ("display_unit", "statistic", "direction"))
        moment_placeholders = {
            "moment": moment.moment,
            "moment_title": moment.display_title,
            "owner": moment.owner,
            "promise_label": value_labels.format_promise(moment.default_promise, unit, statistic, direction) or "none",
        }
        yield ChartScope(
            "moment", {**kpi_scope.ids, "moment": moment.moment}, {**kpi_scope.placeholders, **moment_placeholders}
        )


def _axis_bounds(kpi: KpiBase) -> list[float | None]:
    """Bounds of the value axis: a share ends at 1; NPS needs the whole scale for its interval band."""
    if kpi.kpi == "nps":
        return [-100, 100]
    return [None, 1] if kpi.main_unit == "share" and kpi.better_direction == "higher" else [None, None]


def _goal_lines(kpi: KpiBase, promise: float | None) -> list[dict[str, Any]]:
    """Target and promise, in the unit of the chart."""
    unit_seconds = 3600 if kpi.main_unit == "seconds" else 1
    goals = [] if kpi.target is None else [{"name": "Target", "value": kpi.target / unit_seconds, "color": _GREEN}]
    return (
        goals if promise is None else [*goals, {"name": "Promise", "value": promise / unit_seconds, "color": _ORANGE}]
    )


def _tolerance_lines(kpi: KpiBase) -> list[dict[str, Any]]:
    """The tolerance of customers in hours, if there is one."""
    tolerance: timedelta | None = getattr(kpi, "tolerance", None)
    if tolerance is None:
        return []
    return [{"name": "Tolerance", "value": tolerance.total_seconds() / 3600, "color": _ORANGE}]
