"""What lint notes of a map that can be measured, and would surprise: no errors, for each of it can be meant so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jkpi.journeys.model import Journey
    from jkpi.loading.model import Source

_OF_INSTANCES = ("occurrence", "repeat_contact")


def notes(journeys: Sequence[Journey], sources: Sequence[Source]) -> list[str]:
    """A sentence for each, with the journey and the KPI or moment before it, or the source."""
    found: list[str] = []
    for journey in journeys:
        told = (*_beyond_the_end(journey), *_backwards(journey), *_unasked(journey, sources), *_small_points(journey))
        found += [f"{journey.journey}: {text}" for text in told]
    unowned = "it has no owner, who would be told when it goes silent (write owner: NAME)"
    return [*found, *(f"{source.source}: {unowned}" for source in sources if not source.owner)]


def _stages(journey: Journey) -> dict[str, int]:
    """Touchpoint -> the number of its stage, from 0."""
    return {t.touchpoint: number for number, stage in enumerate(journey.stages) for t in stage.touchpoints}


def _beyond_the_end(journey: Journey) -> Iterator[str]:
    """A passage is decided when it ends: what happens after that is in no share of passages."""
    at = _stages(journey)
    last = max(at[name] for name in journey.scope.ends_with)
    ends = " or ".join(journey.scope.ends_with)
    for kpi_id, kpi, _, _ in journey.all_kpis():
        of = getattr(kpi, "of", None)
        if kpi.kpi in _OF_INSTANCES and of is not None and at[of] > last:
            yield (
                f"{kpi_id}: {of!r} comes after the end of the journey, which is decided at {ends}: the share will be"
                f" final at 0 (let the journey end later, or draw a journey that starts there)"
            )


def _backwards(journey: Journey) -> Iterator[str]:
    drawn = [t.touchpoint for stage in journey.stages for t in stage.touchpoints]
    at = {name: number for number, name in enumerate(drawn)}
    for kpi_id, kpi, _, _ in journey.all_kpis():
        start, end = getattr(kpi, "from_", None), getattr(kpi, "to", None)
        if start is not None and end is not None and at[start] > at[end]:
            yield f"{kpi_id}: it counts from {start!r} to {end!r}, which stands before it in the map"
    first = min(at[name] for name in journey.scope.starts_with)
    if first > max(at[name] for name in journey.scope.ends_with):
        yield "scope: what it starts with stands behind everything that it ends with"


def _unasked(journey: Journey, sources: Sequence[Source]) -> Iterator[str]:
    """KPIs of scores that no source brings: they would stay without a reading."""
    answers = [source for source in sources if source.kind == "responses"]
    for kpi_id, kpi, _, _ in journey.all_kpis():
        scale, survey, question = (getattr(kpi, key, None) for key in ("scale", "survey", "question"))
        if scale is None or survey is None:
            continue
        of_survey = [s for s in answers if s.columns.survey or s.constants.survey == survey]
        asking = [s for s in of_survey if question is None or _asks(s, question)]
        if not of_survey:
            yield f"{kpi_id}: no source brings answers to the survey {survey!r}"
        elif not asking:
            yield f"{kpi_id}: no source brings the question {question!r} of the survey {survey!r}"
        elif not any(s.scale == scale for s in asking):
            there = ", ".join(dict.fromkeys(f"{s.scale[0]:g} to {s.scale[1]:g}" for s in asking if s.scale))
            yield (
                f"{kpi_id}: it is on the scale {scale[0]} to {scale[1]}, and its answers come on {there or 'none'}:"
                " scales are never pooled"
            )


def _asks(source: Source, question: str) -> bool:
    return bool(source.columns.question) or source.constants.question == question or question in source.questions


def _small_points(journey: Journey) -> Iterator[str]:
    kinds = {kpi_id: kpi.kpi for kpi_id, kpi, _, _ in journey.all_kpis()}
    for moment in journey.moments_of_truth:
        if kinds[moment.kpi] != "nps":
            continue
        for key, value in (("promise", moment.promise), ("falls_off_by", moment.falls_off_by)):
            if value is not None and 0 < abs(value) < 1:
                yield (
                    f"{moment.moment}: {key} of {value:g} is {value:g} points of a score from -100 to 100:"
                    f" is {100 * value:g} meant?"
                )
