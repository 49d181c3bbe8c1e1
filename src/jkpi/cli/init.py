"""New workspaces from the shipped ones, and the JSON Schemas of what is written in them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jkpi import package_files
from jkpi.config.settings import Settings
from jkpi.documents.validation_errors import did_you_mean
from jkpi.errors import InputError

if TYPE_CHECKING:
    from jkpi.journeys.calendars.model import Calendar
    from jkpi.journeys.model import Journey
    from jkpi.loading.model import Source

IGNORED_FILES = shutil.ignore_patterns(
    "data", "site", "published", "alerts", ".jkpi", "*.duckdb*", "*.db*", "__pycache__"
)
FILE_KINDS = ("workspace", "journey", "calendar", "source")


def create_workspace(directory: Path, example: str) -> list[str]:
    """Copy a shipped workspace into a new folder; the lines to say.

    Raises:
        InputError: no such example, or the folder is not empty.
    """
    shipped = package_files.package_folder("examples")
    examples = sorted(workspace_file.parent.name for workspace_file in shipped.glob("*/jkpi.yml"))
    if example not in examples:
        raise InputError(f"no example {example!r}", hint=did_you_mean(example, examples))
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise InputError(f"{directory} is there already and not empty", hint="name a new folder")
    shutil.copytree(shipped / example, directory, dirs_exist_ok=True, ignore=IGNORED_FILES)
    # The starter's few rows are part of it; the other examples' rows are generated.
    if example == "starter":
        shutil.copytree(shipped / example / "data", directory / "data")
    write_schemas(directory / "schemas")
    return [
        f"{directory}: a workspace made from {example!r}",
        f"next: jkpi lint -w {directory}, then: jkpi run -w {directory}",
    ]


def describe_workspace(settings: Settings) -> dict[str, Any]:
    """What the workspace declares, in short: for people, and for schedulers that make their tasks from it.

    Raises:
        WorkspaceError: all problems of all files at once.
    """
    from jkpi.cli.lint_warnings import lint_warnings
    from jkpi.pipeline.workspace import read_map

    journeys, sources, calendars = read_map(settings)
    return {
        "workspace": settings.name,
        "journeys": [{key: getattr(item, key) for key in ("journey", "title", "owner")} for item in journeys],
        "sources": [
            {key: getattr(item, key) for key in ("source", "kind", "title", "owner", "schedule")} for item in sources
        ],
        "calendars": [{key: getattr(item, key) for key in ("calendar", "timezone")} for item in calendars],
        "notes": [
            *_unsupplied_segments(journeys, sources),
            *_unmapped_touchpoints(journeys, sources),
            *_unused_calendars(journeys, calendars),
            *lint_warnings(journeys, sources),
            *map(str, settings.missing_secrets),
        ],
    }


def _unsupplied_segments(journeys: Sequence[Journey], sources: Sequence[Source]) -> Iterator[str]:
    """Segments of a map that no source brings, or none of its own touchpoints: all customers would be in '(none)'."""
    supplied = {name for source in sources for name in source.columns.segments}
    for journey in journeys:
        segments_of_map = {
            name for source in sources if _may_feed_journey(source, journey) for name in source.columns.segments
        }
        for segment in dict.fromkeys(segment_name for combination in journey.segments for segment_name in combination):
            if segment not in supplied:
                yield f"{journey.journey}: no source brings the segment {segment!r}{_did_you_mean_suffix(segment, supplied)}"
            elif segment not in segments_of_map:
                other_sources = [source.source for source in sources if segment in source.columns.segments]
                yield (
                    f"{journey.journey}: no source of its touchpoints brings the segment {segment!r}:"
                    f" {', '.join(other_sources)} does, with touchpoints that are not on this map"
                )


def _may_feed_journey(source: Source, journey: Journey) -> bool:
    """Whether rows of the source can be of this map, as far as the YAML tells."""
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
    """Touchpoints that a source tells of under a name that no map has: they would be in no number."""
    stages = [stage for journey in journeys for stage in journey.stages]
    mapped_touchpoints = {touchpoint.touchpoint for stage in stages for touchpoint in stage.touchpoints}
    return [
        f"{source.source}: the touchpoint {name!r} is in no map{_did_you_mean_suffix(name, mapped_touchpoints)}"
        for source in sources
        for name in sorted({*filter(None, (source.touchpoints or {}).values()), *(source.milestones or {})})
        if name not in mapped_touchpoints
    ]


def _unused_calendars(journeys: Sequence[Journey], calendars: Sequence[Calendar]) -> list[str]:
    """Calendars that change no number."""
    used = {getattr(kpi, "calendar", None) for journey in journeys for _, kpi, _, _ in journey.all_kpis()}
    return [
        f"{calendar.calendar}: no KPI counts by this calendar"
        for calendar in calendars
        if calendar.calendar not in used
    ]


def schema_of(kind: str) -> dict[str, Any]:
    """The JSON Schema of one kind of file.

    Raises:
        InputError: no such kind.
    """
    if kind == "workspace":
        from jkpi.config.settings import WorkspaceConfig

        return WorkspaceConfig.model_json_schema()
    if kind == "journey":
        from jkpi.journeys.model import journey_schema

        return journey_schema()
    if kind == "calendar":
        from jkpi.journeys.calendars.model import calendar_schema

        return calendar_schema()
    if kind == "source":
        from jkpi.loading.workspace import source_schema as source_schema

        return source_schema()
    raise InputError(f"no kind of file {kind!r}", hint=f"known: {', '.join(FILE_KINDS)}")


def write_schemas(directory: Path) -> list[Path]:
    """All schemas, one file each."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for kind in FILE_KINDS:
        path = directory / f"{kind}.schema.json"
        path.write_text(json.dumps(schema_of(kind), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        paths.append(path)
    return paths
