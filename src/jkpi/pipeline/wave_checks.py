"""Checks of moments with `period: wave`: the sources of their surveys must name the wave of each row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jkpi.errors import Problem

if TYPE_CHECKING:
    from jkpi.journeys.model import Journey
    from jkpi.loading.model import Source


def wave_problems(workspace: Path, journeys: Sequence[Journey], sources: Sequence[Source]) -> list[Problem]:
    """A problem for each moment by wave whose survey comes from no source with waves, or also from one without."""
    found = [
        (journey.journey, number, message, hint)
        for journey in journeys
        for number, message, hint in _findings(journey, sources)
    ]
    if not found:
        return []
    from jkpi.journeys.reader import journey_documents

    documents = journey_documents(workspace)
    return [
        documents[journey].problem(["moments_of_truth", number, "period"], message, hint)
        for journey, number, message, hint in found
    ]


def _findings(journey: Journey, sources: Sequence[Source]) -> Iterator[tuple[int, str, str]]:
    """(position of the moment, message, hint)."""
    kpis: dict[str, Any] = {kpi_id: kpi for kpi_id, kpi, _, _ in journey.all_kpis()}
    for number, moment in enumerate(journey.moments_of_truth):
        if moment.period != "wave":
            continue
        kpi = kpis[moment.kpi]
        kind = "invitations" if kpi.kpi == "response_rate" else "responses"
        survey = getattr(kpi, "survey", None)
        feeding = [source for source in sources if source.kind == kind and _may_supply(source, survey)]
        about = f"survey {survey!r}" if survey else "its surveys"
        if not feeding:
            yield number, f"period: wave needs a source of kind {kind} for {about}", ""
        elif without := [source.source for source in feeding if not source.has_waves]:
            with_waves = [source.source for source in feeding if source.has_waves]
            message = f"{kind} of {about} name no wave in source {', '.join(without)}"
            if with_waves:
                message += f", but do in {', '.join(with_waves)}: rows without a wave would be left out"
            yield number, message, "add columns.wave, constants.wave or wave: file to the source"


def _may_supply(source: Source, survey: str | None) -> bool:
    return survey is None or bool(source.columns.survey) or source.constants.survey == survey
