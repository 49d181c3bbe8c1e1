"""Checks of moments of truth on weighted surveys: alerts count answers, so they cannot evaluate weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jkpi.errors import Problem

if TYPE_CHECKING:
    from jkpi.journeys.model import Journey
    from jkpi.loading.model import Source

WEIGHTED_KINDS = ("csat", "csat_mean", "nps", "ces")
"""KPI kinds that use the weights of survey responses."""


def weight_problems(workspace: Path, journeys: Sequence[Journey], sources: Sequence[Source]) -> list[Problem]:
    """A problem for each moment of truth whose KPI is fed by a source with weights."""
    found = [
        (journey.journey, number, message) for journey in journeys for number, message in _findings(journey, sources)
    ]
    if not found:
        return []
    from jkpi.journeys.reader import journey_documents

    documents = journey_documents(workspace)
    hint = "leave weight out of the source, or supply the survey again without weights under another survey name"
    return [
        documents[journey].problem(["moments_of_truth", number, "kpi"], message, hint)
        for journey, number, message in found
    ]


def _findings(journey: Journey, sources: Sequence[Source]) -> Iterator[tuple[int, str]]:
    """(position of the moment, message)."""
    kpis: dict[str, Any] = {kpi_id: kpi for kpi_id, kpi, _, _ in journey.all_kpis()}
    for number, moment in enumerate(journey.moments_of_truth):
        kpi = kpis[moment.kpi]
        if kpi.kpi not in WEIGHTED_KINDS:
            continue
        weighted = [source.source for source in sources if source.columns.weight and _may_feed(source, kpi)]
        if weighted:
            names = ", ".join(weighted)
            yield number, f"{moment.kpi} is weighted by source {names}, and alerts cannot evaluate weighted answers"


def _may_feed(source: Source, kpi: Any) -> bool:
    """Whether responses of the source may be counted by the KPI, as far as the YAML shows."""
    for name in ("survey", "question"):
        wanted, constant = getattr(kpi, name, None), getattr(source.constants, name)
        if name == "question" and source.questions and wanted is not None and wanted not in source.questions:
            return False
        if wanted is not None and constant is not None and constant != wanted:
            return False
    return source.scale is None or tuple(source.scale) == tuple(kpi.scale)
