"""What lint notes of a map that can be measured, and would surprise: no errors, for each of it can be meant so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jkpi.journeys.model import Journey
    from jkpi.loading.model import Source

_INSTANCE_KPI_KINDS = ("occurrence", "repeat_contact")


def lint_warnings(journeys: Sequence[Journey], sources: Sequence[Source]) -> list[str]:
    """A sentence for each, with the journey and the KPI or moment before it, or the source."""
    warnings: list[str] = []
    for journey in journeys:
        journey_warnings = (
            *_touchpoints_after_end(journey),
            *_reversed_time_kpis(journey),
            *_unsupplied_survey_kpis(journey, sources),
            *_suspiciously_small_nps_points(journey),
        )
        warnings += [f"{journey.journey}: {text}" for text in journey_warnings]
    no_owner_text = "it has no owner, who would be told when it goes silent (write owner: NAME)"
    return [*warnings, *(f"{source.source}: {no_owner_text}" for source in sources if not source.owner)]


def _stage_number_by_touchpoint(journey: Journey) -> dict[str, int]:
    """Touchpoint -> the number of its stage, from 0."""
    return {t.touchpoint: number for number, stage in enumerate(journey.stages) for t in stage.touchpoints}


def _touchpoints_after_end(journey: Journey) -> Iterator[str]:
    """A passage is decided when it ends: what happens after that is in no share of passages."""
    stage_numbers = _stage_number_by_touchpoint(journey)
    last = max(stage_numbers[name] for name in journey.scope.ends_with)
    ends = " or ".join(journey.scope.ends_with)
    for kpi_id, kpi, _, _ in journey.all_kpis():
        touchpoint = getattr(kpi, "touchpoint", None)
        if kpi.kpi in _INSTANCE_KPI_KINDS and touchpoint is not None and stage_numbers[touchpoint] > last:
            yield (
                f"{kpi_id}: {touchpoint!r} comes after the end of the journey, which is decided at {ends}: the share will be"
                f" final at 0 (let the journey end later, or draw a journey that starts there)"
            )


def _reversed_time_kpis(journey: Journey) -> Iterator[str]:
    touchpoints = [t.touchpoint for stage in journey.stages for t in stage.touchpoints]
    position = {name: number for number, name in enumerate(touchpoints)}
    for kpi_id, kpi, _, _ in journey.all_kpis():
        start, end = getattr(kpi, "from_", None), getattr(kpi, "to", None)
        if start is not None and end is not None and position[start] > position[end]:
            yield f"{kpi_id}: it counts from {start!r} to {end!r}, which stands before it in the map"
    first = min(position[name] for name in journey.scope.starts_with)
    if first > max(position[name] for name in journey.scope.ends_with):
        yield "scope: what it starts with stands behind everything that it ends with"


def _unsupplied_survey_kpis(journey: Journey, sources: Sequence[Source]) -> Iterator[str]:
    """KPIs of scores that no source brings: they would stay without a reading."""
    response_sources = [source for source in sources if source.kind == "responses"]
    for kpi_id, kpi, _, _ in journey.all_kpis():
        scale, survey, question = (getattr(kpi, key, None) for key in ("scale", "survey", "question"))
        if scale is None or survey is None:
            continue
        survey_sources = [
            survey_source
            for survey_source in response_sources
            if survey_source.columns.survey or survey_source.constants.survey == survey
        ]
        question_sources = [
            survey_source
            for survey_source in survey_sources
            if question is None or _supplies_question(survey_source, question)
        ]
        if not survey_sources:
            yield f"{kpi_id}: no source brings answers to the survey {survey!r}"
        elif not question_sources:
            yield f"{kpi_id}: no source brings the question {question!r} of the survey {survey!r}"
        elif not any(survey_source.scale == scale for survey_source in question_sources):
            supplied_scales = ", ".join(
                dict.fromkeys(
                    f"{survey_source.scale[0]:g} to {survey_source.scale[1]:g}"
                    for survey_source in question_sources
                    if survey_source.scale
                )
            )
            yield (
                f"{kpi_id}: it is on the scale {scale[0]} to {scale[1]}, and its answers come on {supplied_scales or 'none'}:"
                " scales are never pooled"
            )


def _supplies_question(source: Source, question: str) -> bool:
    return bool(source.columns.question) or source.constants.question == question or question in source.questions


def _suspiciously_small_nps_points(journey: Journey) -> Iterator[str]:
    kinds = {kpi_id: kpi.kpi for kpi_id, kpi, _, _ in journey.all_kpis()}
    for moment in journey.moments_of_truth:
        if kinds[moment.kpi] != "nps":
            continue
        for key, value in (("promise", moment.promise), ("min_drop", moment.min_drop)):
            if value is not None and 0 < abs(value) < 1:
                yield (
                    f"{moment.moment}: {key} of {value:g} is {value:g} points of a score from -100 to 100:"
                    f" is {100 * value:g} meant?"
                )
