"""What there is to make charts of: the workspace, its journeys, their stages, KPIs and moments of truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from jkpi.config.settings import Settings
from jkpi.dashboards.assets import Each
from jkpi.formatting import dashboard_text
from jkpi.journeys.kpi_base import KpiBase
from jkpi.journeys.model import Journey

Coarse = frozenset[tuple[str, str]]

WHOLE = "Whole journey"
_FINE_FORMATS = {"share": ".1%", "count": ",d", "seconds": ",.1f", "points": ",.1f", "score": ".2f"}
_FORMATS = {"share": ".0%", "count": ",d", "seconds": ",.1f", "points": ",.1f", "score": ".2f"}
_DRAWN = ("", "__yhat", "__yhat_lower", "__yhat_upper", "_provisional", "_provisional__yhat")
_GREEN, _ORANGE = "#2ca02c", "#ff7f0e"
_TIMED = ("time_to_resolve", "time_in_stage")


@dataclass(frozen=True)
class Subject:
    """`names`: what it is, such as {journey: ..., kpi: ...}; `values`: what fills its assets, the names among them."""

    kind: Each
    names: dict[str, str]
    values: dict[str, Any]

    @property
    def key(self) -> str:
        """A name that nothing else of its kind has."""
        own = {"workspace": (), "journey": ("journey",), "stage": ("journey", "stage"), "moment": ("journey", "moment")}
        return "/".join(self.names[part] for part in own.get(self.kind, ("journey", "kpi")))

    def belongs_to(self, other: Subject) -> bool:
        """Whether the two agree in all that both are named by."""
        return all(self.names[part] == name for part, name in other.names.items() if part in self.names)


def subjects_of(settings: Settings, journeys: Sequence[Journey], coarse: Coarse = frozenset()) -> list[Subject]:
    """All subjects of a workspace, in the order of its maps.

    Args:
        coarse: (journey, KPI) of those that are read by months only.
    """
    note = "**Synthetic data: these customers and numbers are made up.** " if settings.synthetic else ""
    base: dict[str, Any] = {"workspace": settings.name}
    text = f"{note}Every moment of truth of *{settings.name}*: where it stands, and whether it fell off."
    found = [Subject("workspace", {}, {**base, "overview_text": text})]
    for journey in journeys:
        found += _of_journey(journey, base, note, coarse)
    return found


def _of_journey(journey: Journey, base: dict[str, Any], note: str, coarse: Coarse) -> Iterator[Subject]:
    names = {"journey": journey.journey}
    focus = f" {journey.focus}" if journey.focus else ""
    by_months = all((journey.journey, kpi_id) in coarse for kpi_id, *_ in journey.all_kpis())
    values = {
        **base,
        **names,
        "journey_title": journey.title,
        "main_period": "month" if by_months else "week",
        "journey_text": f"{note}**{journey.title}**, lived by {journey.viewpoint.persona}.{focus}"
        " In the charts, bands are 95 % intervals and red lines the beginnings of alerts.",
    }
    yield Subject("journey", names, values)
    digits = len(str(len(journey.stages)))
    labels = {s.stage: f"{place:0{digits}}. {s.shown}" for place, s in enumerate(journey.stages, start=1)}
    owners = {stage.stage: stage.owner or journey.owner for stage in journey.stages}
    if journey.kpis:
        labels[""], owners[""] = WHOLE, journey.owner
    for stage, label in labels.items():
        text = f"#### {label} · {owners[stage]}"
        yield Subject("stage", {**names, "stage": stage}, {**values, "stage_label": label, "stage_text": text})
    promised = {moment.kpi: moment.promise for moment in journey.moments_of_truth}
    kpis: dict[str, Subject] = {}
    for kpi_id, kpi, stage_of, _ in journey.all_kpis():
        stage = stage_of.stage if stage_of else ""
        family = "hours" if kpi.measured_unit == "seconds" else "reading"
        lines = [f"{family}{part}" for part in _DRAWN]
        kpis[kpi_id] = Subject(
            "kpi",
            {**names, "stage": stage, "kpi": kpi_id},
            {
                **values,
                "kpi": kpi_id,
                "kpi_title": kpi.shown,
                "stage_label": labels[stage],
                "line_metrics": lines,
                "goal_lines": _goals(kpi, promised.get(kpi_id)),
                "tolerance_lines": _tolerance(kpi),
                "format": _FORMATS[kpi.measured_unit],
                "fine_format": _FINE_FORMATS[kpi.measured_unit],
                "is_coarse": (journey.journey, kpi_id) in coarse,
                "period": "month" if (journey.journey, kpi_id) in coarse else "week",
                "bounds": _bounds(kpi),
                "has_moment": kpi_id in promised,
                "unit": kpi.measured_unit,
                "said_unit": dashboard_text.unit_of(kpi),
                "hours": "Hours" if getattr(kpi, "calendar", None) is None else "Open hours",
                "direction": kpi.wanted,
            },
        )
        yield kpis[kpi_id]
        if kpi.kpi in _TIMED:
            yield Subject("duration", kpis[kpi_id].names, kpis[kpi_id].values)
    for moment in journey.moments_of_truth:
        of = kpis[moment.kpi]
        promise = dashboard_text.promise(moment.promise, of.values["said_unit"], of.values["direction"])
        said = {"moment": moment.moment, "moment_title": moment.shown, "owner": moment.owner, "promise_text": promise}
        yield Subject("moment", {**of.names, "moment": moment.moment}, {**of.values, **said})


def _bounds(kpi: KpiBase) -> list[float | None]:
    """Of the value axis: shares end at all of them; where values go below zero, the band needs the whole scale."""
    if kpi.kpi == "nps":
        return [-100, 100]
    return [None, 1] if kpi.measured_unit == "share" and kpi.wanted == "higher" else [None, None]


def _goals(kpi: KpiBase, promise: float | None) -> list[dict[str, Any]]:
    """What is wanted and what is promised, in the unit of the chart."""
    per = 3600 if kpi.measured_unit == "seconds" else 1
    goals = [] if kpi.target is None else [{"name": "Target", "at": kpi.target / per, "color": _GREEN}]
    return goals if promise is None else [*goals, {"name": "Promised", "at": promise / per, "color": _ORANGE}]


def _tolerance(kpi: KpiBase) -> list[dict[str, Any]]:
    """What the customer still bears, in hours; none where each case has a date of its own."""
    tolerance = getattr(kpi, "tolerance", None)
    if not isinstance(tolerance, timedelta):
        return []
    return [{"name": "Tolerance", "at": tolerance.total_seconds() / 3600, "color": _ORANGE}]
