"""`jkpi lint`: a summary of the workspace, and warnings about what is valid but probably a mistake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from jkpi.config.settings import Settings
from jkpi.documents.validation_errors import did_you_mean
from jkpi.formatting.numbers import pluralize

if TYPE_CHECKING:
    from jkpi.alerts.series.time_until_final import TimeUntilFinal
    from jkpi.journeys.calendars.model import Calendar
    from jkpi.journeys.kpi_base import KpiBase
    from jkpi.journeys.model import Journey
    from jkpi.loading.model import Source
    from jkpi.loading.sample import SampleReport
    from jkpi.warehouse.base import Warehouse

_INSTANCE_KPI_KINDS = ("occurrence", "repeat_contact")


def describe_workspace(settings: Settings, read_data: bool = False) -> dict[str, Any]:
    """Summary of the workspace, for people and for schedulers that build their tasks from it.

    read_data: also read the first rows of each source, and the warehouse if there is one that can be opened. `errors`
    lists the sources that a load could not read. A scheduler must not read data: DuckDB has one writer or several
    readers, and a reader would keep a run from writing.

    Raises:
        WorkspaceError: all problems of all files at once.
    """
    from jkpi.pipeline.workspace import read_map

    journeys, sources, calendars = read_map(settings)
    samples = _samples(sources, settings) if read_data else []
    times, data_warnings = _look_at_data(settings, journeys, sources, calendars, read_data)
    return {
        "workspace": settings.name,
        "journeys": [{key: getattr(item, key) for key in ("journey", "title", "owner")} for item in journeys],
        "sources": [
            {key: getattr(item, key) for key in ("source", "kind", "title", "owner", "schedule")} for item in sources
        ],
        "calendars": [{key: getattr(item, key) for key in ("calendar", "timezone")} for item in calendars],
        "moments": [
            {
                "journey": moment_time.journey,
                "moment": moment_time.moment,
                "final_after_seconds": moment_time.expected.total_seconds(),
                "text": moment_time.text,
            }
            for moment_time in times
        ],
        "rows_read": {sample.source: sample.rows for sample in samples},
        "errors": [line for sample in samples for line in sample.errors],
        "warnings": [
            *_unsupplied_segments(journeys, sources),
            *_unmapped_touchpoints(journeys, sources),
            *_unused_calendars(journeys, calendars),
            *lint_warnings(journeys, sources),
            *(f"{moment_time.journey}: {moment_time.warning}" for moment_time in times if moment_time.warning),
            *data_warnings,
            *map(str, settings.missing_secrets),
            *(line for sample in samples for line in sample.warnings),
        ],
    }


def _samples(sources: Sequence[Source], settings: Settings) -> list[SampleReport]:
    from jkpi.loading.sample import sample_source

    return [sample_source(source, settings) for source in sources]


def render_description(description: dict[str, Any]) -> list[str]:
    """What was read, one line a kind of file, then the warnings."""
    kinds = ("journeys", "sources", *(["calendars"] if description["calendars"] else []))
    names = {kind: [entry[kind[:-1]] for entry in description[kind]] for kind in kinds}
    return [
        *(f"ok: {kind} {', '.join(names_of_kind) or 'none'}" for kind, names_of_kind in names.items()),
        *(f"ok: a reading of {entry['moment']} is {entry['text']}" for entry in description["moments"]),
        *([f"ok: read {_rows_read(description)}"] if any(description["rows_read"].values()) else []),
        *(f"error: {line}" for line in description["errors"]),
        *(f"warning: {line}" for line in description["warnings"]),
    ]


def _rows_read(description: dict[str, Any]) -> str:
    rows = description["rows_read"]
    return f"the first {sum(rows.values()):,} rows of {pluralize(len(rows), 'source')}"


def _look_at_data(
    settings: Settings,
    journeys: Sequence[Journey],
    sources: Sequence[Source],
    calendars: Sequence[Calendar],
    read_data: bool,
) -> tuple[list[TimeUntilFinal], list[str]]:
    """How long each moment takes to be final, and warnings about promises to segment values that are not in the data.
    Without a warehouse that can be opened the times are those of the definitions."""
    times = moment_times(journeys, sources, calendars)
    if not read_data or settings.missing_secrets:
        return times, []
    from jkpi.alerts.series.time_until_final import with_observed_times
    from jkpi.alerts.series.watched import watched_moments
    from jkpi.errors import JkpiError
    from jkpi.warehouse.open import open_warehouse

    timezones = {journey.journey: journey.timezone for journey in journeys}
    try:
        with open_warehouse(settings, read_only=True) as warehouse:
            if not warehouse.table_exists("marts", "fct_kpi_readings"):
                return times, []
            watched = {(item.journey, item.moment): item for item in watched_moments(journeys, None)}
            observed = [
                with_observed_times(
                    moment_time,
                    warehouse,
                    watched[moment_time.journey, moment_time.moment],
                    timezones[moment_time.journey],
                )
                for moment_time in times
            ]
            return observed, list(_promises_to_nobody(journeys, warehouse))
    except JkpiError:
        return times, []


def moment_times(
    journeys: Sequence[Journey], sources: Sequence[Source], calendars: Sequence[Calendar]
) -> list[TimeUntilFinal]:
    """How long a reading of each moment takes to be final, by the definitions."""
    from jkpi.alerts.series.time_until_final import declared_time

    times = []
    for journey in journeys:
        kpis = {kpi_id: kpi for kpi_id, kpi, _, _ in journey.all_kpis()}
        for moment in journey.moments_of_truth:
            kpi = kpis[moment.kpi]
            lateness = max(
                (source.allowed_lateness or timedelta() for source in sources if _may_feed_kpi(source, kpi, journey)),
                default=timedelta(),
            )
            times.append(declared_time(kpi, journey, moment.moment, moment.period, calendars, lateness))
    return times


def _may_feed_kpi(source: Source, kpi: KpiBase, journey: Journey) -> bool:
    """Whether rows of the source may be counted by the KPI, as far as the YAML shows."""
    is_survey_source = source.kind in ("responses", "invitations")
    if kpi.kpi == "rate":
        return source.kind == "counts"
    if hasattr(kpi, "survey"):
        return is_survey_source
    return source.kind == "touchpoints" and _may_feed_journey(source, journey)


def _promises_to_nobody(journeys: Sequence[Journey], warehouse: Warehouse) -> Iterator[str]:
    """Promises to segment values that no reading has: probably misspelt, so that nobody would get them."""
    for journey in journeys:
        for moment in journey.moments_of_truth:
            for segment in dict.fromkeys(name for name, _ in moment.segment_promises):
                rows = warehouse.rows(
                    "select distinct segment_value from marts.fct_kpi_readings"
                    " where journey = :journey and kpi = :kpi and segment = :segment",
                    {"journey": journey.journey, "kpi": moment.kpi, "segment": segment},
                )
                values = {row["segment_value"] for row in rows}
                for name, value in moment.segment_promises:
                    if name == segment and values and value not in values:
                        yield (
                            f"{journey.journey}: {moment.moment}: the promise to {segment} = {value} is to nobody: no"
                            f" reading has that value{_did_you_mean_suffix(value, values)}"
                        )


def lint_warnings(journeys: Sequence[Journey], sources: Sequence[Source]) -> list[str]:
    """Warnings about maps and sources, each beginning with the journey and KPI or moment, or with the source."""
    warnings: list[str] = []
    for journey in journeys:
        journey_warnings = (
            *_touchpoints_after_end(journey),
            *_reversed_time_kpis(journey),
            *_unsupplied_survey_kpis(journey, sources),
            *_unsupplied_promises(journey, sources),
            *_suspiciously_small_nps_points(journey),
        )
        warnings += [f"{journey.journey}: {text}" for text in journey_warnings]
    no_owner_text = "no owner is set to be notified when it stops delivering (set owner: NAME)"
    return [*warnings, *(f"{source.source}: {no_owner_text}" for source in sources if not source.owner)]


def _stage_number_by_touchpoint(journey: Journey) -> dict[str, int]:
    """Touchpoint -> number of its stage, from 0."""
    return {t.touchpoint: number for number, stage in enumerate(journey.stages) for t in stage.touchpoints}


def _touchpoints_after_end(journey: Journey) -> Iterator[str]:
    """KPIs of touchpoints after the end of the journey: an instance is decided when it ends, so they always read 0."""
    stage_numbers = _stage_number_by_touchpoint(journey)
    last = max(stage_numbers[name] for name in journey.scope.ends_with)
    ends = " or ".join(journey.scope.ends_with)
    for kpi_id, kpi, _, _ in journey.all_kpis():
        touchpoint = getattr(kpi, "touchpoint", None)
        if kpi.kpi in _INSTANCE_KPI_KINDS and touchpoint is not None and stage_numbers[touchpoint] > last:
            yield (
                f"{kpi_id}: touchpoint {touchpoint!r} comes after the end of the journey ({ends}), so the KPI will"
                " always be 0. End the journey later, or draw another journey from there."
            )


def _reversed_time_kpis(journey: Journey) -> Iterator[str]:
    touchpoints = [t.touchpoint for stage in journey.stages for t in stage.touchpoints]
    position = {name: number for number, name in enumerate(touchpoints)}
    for kpi_id, kpi, _, _ in journey.all_kpis():
        start, end = getattr(kpi, "from_", None), getattr(kpi, "to", None)
        if start is not None and end is not None and position[start] > position[end]:
            yield f"{kpi_id}: from {start!r} to {end!r}, but {end!r} comes before {start!r} on the map"
    first = min(position[name] for name in journey.scope.starts_with)
    if first > max(position[name] for name in journey.scope.ends_with):
        yield "scope: the start touchpoints come after all end touchpoints on the map"


def _unsupplied_survey_kpis(journey: Journey, sources: Sequence[Source]) -> Iterator[str]:
    """KPIs of survey responses that no source supplies: they would never have a reading."""
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
            yield f"{kpi_id}: no source supplies responses to the survey {survey!r}"
        elif not question_sources:
            yield f"{kpi_id}: no source supplies the question {question!r} of the survey {survey!r}"
        elif not any(survey_source.scale == scale for survey_source in question_sources):
            supplied_scales = ", ".join(
                dict.fromkeys(
                    f"{survey_source.scale[0]:g} to {survey_source.scale[1]:g}"
                    for survey_source in question_sources
                    if survey_source.scale
                )
            )
            yield (
                f"{kpi_id}: its scale is {scale[0]} to {scale[1]}, but its responses use {supplied_scales or 'none'}:"
                " scales are never pooled"
            )


def _unsupplied_promises(journey: Journey, sources: Sequence[Source]) -> Iterator[str]:
    """KPIs of promises where no source of the map's touchpoints names a date: nothing would ever fall due."""
    if any(source.columns.due_at for source in sources if _may_feed_journey(source, journey)):
        return
    for kpi_id, kpi, _, _ in journey.all_kpis():
        if kpi.kpi == "promises_kept":
            yield (
                f"{kpi_id}: no source of its touchpoints supplies the date that was promised (add due_at: under"
                " columns:), so no promise will ever fall due"
            )


def _supplies_question(source: Source, question: str) -> bool:
    return bool(source.columns.question) or source.constants.question == question or question in source.questions


def _suspiciously_small_nps_points(journey: Journey) -> Iterator[str]:
    kinds = {kpi_id: kpi.kpi for kpi_id, kpi, _, _ in journey.all_kpis()}
    for moment in journey.moments_of_truth:
        if kinds[moment.kpi] != "nps":
            continue
        promises = [moment.default_promise, *moment.segment_promises.values()]
        for key, value in (*(("promise", promise) for promise in promises), ("min_drop", moment.min_drop)):
            if value is not None and 0 < abs(value) < 1:
                yield (
                    f"{moment.moment}: {key} of {value:g} is {value:g} points of a score from -100 to 100:"
                    f" is {100 * value:g} meant?"
                )


def _unsupplied_segments(journeys: Sequence[Journey], sources: Sequence[Source]) -> Iterator[str]:
    """Segments of a map that no source, or none of its touchpoints, supplies: all customers would be in '(none)'."""
    supplied = {name for source in sources for name in source.columns.segments}
    for journey in journeys:
        segments_of_map = {
            name for source in sources if _may_feed_journey(source, journey) for name in source.columns.segments
        }
        for segment in dict.fromkeys(segment_name for combination in journey.segments for segment_name in combination):
            if segment not in supplied:
                hint = _did_you_mean_suffix(segment, supplied)
                yield f"{journey.journey}: no source supplies the segment {segment!r}{hint}"
            elif segment not in segments_of_map:
                other_sources = [source.source for source in sources if segment in source.columns.segments]
                yield (
                    f"{journey.journey}: no source of its touchpoints supplies the segment {segment!r};"
                    f" {', '.join(other_sources)} does, for touchpoints of another map"
                )


def _may_feed_journey(source: Source, journey: Journey) -> bool:
    """Whether rows of the source may belong to this map, as far as the YAML shows."""
    if source.kind != "touchpoints":
        return True
    touchpoint_names = {*source.milestones, *(event.touchpoint for event in source.additional_events)}
    if source.columns.touchpoint is not None:
        if source.touchpoints is None:
            return True
        touchpoint_names |= {name for name in source.touchpoints.values() if name}
    if source.constants.touchpoint is not None:
        touchpoint_names.add(source.constants.touchpoint)
    return bool(
        touchpoint_names & {touchpoint.touchpoint for stage in journey.stages for touchpoint in stage.touchpoints}
    )


def _did_you_mean_suffix(word: str, known_words: set[str]) -> str:
    hint = did_you_mean(word, known_words)
    return f" ({hint})" if hint else ""


def _unmapped_touchpoints(journeys: Sequence[Journey], sources: Sequence[Source]) -> list[str]:
    """Touchpoint names of a source that are on no map: no KPI would count them."""
    stages = [stage for journey in journeys for stage in journey.stages]
    mapped_touchpoints = {touchpoint.touchpoint for stage in stages for touchpoint in stage.touchpoints}
    return [
        f"{source.source}: the touchpoint {name!r} is on no map{_did_you_mean_suffix(name, mapped_touchpoints)}"
        for source in sources
        for name in sorted({*filter(None, (source.touchpoints or {}).values()), *(source.milestones or {})})
        if name not in mapped_touchpoints
    ]


def _unused_calendars(journeys: Sequence[Journey], calendars: Sequence[Calendar]) -> list[str]:
    """Calendars that no KPI uses."""
    used = {getattr(kpi, "calendar", None) for journey in journeys for _, kpi, _, _ in journey.all_kpis()}
    return [
        f"{calendar.calendar}: no KPI uses this calendar" for calendar in calendars if calendar.calendar not in used
    ]
