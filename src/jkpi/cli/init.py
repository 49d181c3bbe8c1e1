"""New workspaces from the shipped ones, and the JSON Schemas of what is written in them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jkpi import package_files
from jkpi.config.settings import Settings
from jkpi.documents.documents import nearest
from jkpi.errors import InputError

if TYPE_CHECKING:
    from jkpi.journeys.calendars.model import Calendar
    from jkpi.journeys.model import Journey
    from jkpi.loading.model import Source

NOT_COPIED = shutil.ignore_patterns("data", "site", "published", "alerts", ".jkpi", "*.duckdb*", "*.db*", "__pycache__")
KINDS = ("workspace", "journey", "calendar", "source")


def make_workspace(directory: Path, example: str) -> list[str]:
    """Copy a shipped workspace into a new folder; the lines to say.

    Raises:
        InputError: no such example, or the folder is not empty.
    """
    shipped = package_files.path("examples")
    known = sorted(place.parent.name for place in shipped.glob("*/jkpi.yml"))
    if example not in known:
        raise InputError(f"no example {example!r}", hint=nearest(example, known))
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise InputError(f"{directory} is there already and not empty", hint="name a new folder")
    shutil.copytree(shipped / example, directory, dirs_exist_ok=True, ignore=NOT_COPIED)
    # The starter's few rows are part of it; the other examples' rows are generated.
    if example == "starter":
        shutil.copytree(shipped / example / "data", directory / "data")
    write_schemas(directory / "schemas")
    return [
        f"{directory}: a workspace made from {example!r}",
        f"next: jkpi lint -w {directory}, then: jkpi run -w {directory}",
    ]


def outline(settings: Settings) -> dict[str, Any]:
    """What the workspace declares, in short: for people, and for schedulers that make their tasks from it.

    Raises:
        WorkspaceError: all problems of all files at once.
    """
    from jkpi.cli.lint_warnings import notes
    from jkpi.pipeline.workspace import read_map

    journeys, sources, calendars = read_map(settings)
    return {
        "workspace": settings.name,
        "journeys": [{key: getattr(found, key) for key in ("journey", "title", "owner")} for found in journeys],
        "sources": [
            {key: getattr(found, key) for key in ("source", "kind", "title", "owner", "schedule")} for found in sources
        ],
        "calendars": [{key: getattr(found, key) for key in ("calendar", "timezone")} for found in calendars],
        "notes": [
            *_unsupplied(journeys, sources),
            *_unmapped(journeys, sources),
            *_unused(journeys, calendars),
            *notes(journeys, sources),
            *map(str, settings.missing),
        ],
    }


def _unsupplied(journeys: Sequence[Journey], sources: Sequence[Source]) -> Iterator[str]:
    """Segments of a map that no source brings, or none of its own touchpoints: all customers would be in '(none)'."""
    supplied = {name for source in sources for name in source.columns.segments}
    for journey in journeys:
        own = {name for source in sources if _may_speak_of(source, journey) for name in source.columns.segments}
        for segment in dict.fromkeys(part for parts in journey.segments for part in parts):
            if segment not in supplied:
                yield f"{journey.journey}: no source brings the segment {segment!r}{_hint(segment, supplied)}"
            elif segment not in own:
                others = [source.source for source in sources if segment in source.columns.segments]
                yield (
                    f"{journey.journey}: no source of its touchpoints brings the segment {segment!r}:"
                    f" {', '.join(others)} does, with touchpoints that are not on this map"
                )


def _may_speak_of(source: Source, journey: Journey) -> bool:
    """Whether rows of the source can be of this map, as far as the YAML tells."""
    if source.kind != "touchpoints":
        return True
    names = {*source.milestones, *(event.touchpoint for event in source.also)}
    if source.columns.touchpoint is not None:
        if source.touchpoints is None:
            return True
        names |= {name for name in source.touchpoints.values() if name}
    if source.constants.touchpoint is not None:
        names.add(source.constants.touchpoint)
    return bool(names & {touchpoint.touchpoint for stage in journey.stages for touchpoint in stage.touchpoints})


def _hint(word: str, known: set[str]) -> str:
    hint = nearest(word, known)
    return f" ({hint})" if hint else ""


def _unmapped(journeys: Sequence[Journey], sources: Sequence[Source]) -> list[str]:
    """Touchpoints that a source tells of under a name that no map has: they would be in no number."""
    stages = [stage for journey in journeys for stage in journey.stages]
    drawn = {touchpoint.touchpoint for stage in stages for touchpoint in stage.touchpoints}
    return [
        f"{source.source}: the touchpoint {name!r} is in no map{_hint(name, drawn)}"
        for source in sources
        for name in sorted({*filter(None, (source.touchpoints or {}).values()), *(source.milestones or {})})
        if name not in drawn
    ]


def _unused(journeys: Sequence[Journey], calendars: Sequence[Calendar]) -> list[str]:
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
        from jkpi.config.settings import WorkspaceFile

        return WorkspaceFile.model_json_schema()
    if kind == "journey":
        from jkpi.journeys.json_schema import schema as journey_schema

        return journey_schema()
    if kind == "calendar":
        from jkpi.journeys.calendars.model import calendar_schema

        return calendar_schema()
    if kind == "source":
        from jkpi.loading.workspace import schema as source_schema

        return source_schema()
    raise InputError(f"no kind of file {kind!r}", hint=f"known: {', '.join(KINDS)}")


def write_schemas(directory: Path) -> list[Path]:
    """All schemas, one file each."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for kind in KINDS:
        path = directory / f"{kind}.schema.json"
        path.write_text(json.dumps(schema_of(kind), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        paths.append(path)
    return paths
