"""What the steps read of a workspace: its maps, sources and warehouse."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from jkpi.config.settings import WORKSPACE_FILE, Settings, WorkspaceConfig
from jkpi.documents.models import read_model
from jkpi.documents.validation_errors import did_you_mean
from jkpi.errors import InputError, Problem, WorkspaceError
from jkpi.pipeline.wave_checks import wave_problems
from jkpi.pipeline.weight_checks import weight_problems
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.landing import ensure_landing
from jkpi.warehouse.open import open_warehouse

if TYPE_CHECKING:
    from jkpi.journeys.calendars.model import Calendar
    from jkpi.journeys.model import Journey
    from jkpi.loading.model import Source


@contextmanager
def open_with_landing(settings: Settings) -> Iterator[Warehouse]:
    """The open warehouse with its landing tables."""
    with open_warehouse(settings) as warehouse:
        ensure_landing(warehouse)
        yield warehouse


@contextmanager
def open_with_map(settings: Settings, rewrite_history: bool = False) -> Iterator[Warehouse]:
    """The open warehouse with the current maps of the workspace written to it.

    Raises:
        InputError: a version of a map was edited after it had been measured, and `rewrite_history` is not set.
    """
    from jkpi.journeys.map_tables import write_map
    from jkpi.journeys.version_guard import check_measured_versions

    journeys, sources, calendars = read_map(settings)
    with open_with_landing(settings) as warehouse:
        if not rewrite_history:
            check_measured_versions(warehouse, journeys, settings.now)
        write_map(warehouse, journeys, sources, settings.now, calendars, settings.holidays)
        yield warehouse


def read_map(settings: Settings) -> tuple[tuple[Journey, ...], tuple[Source, ...], tuple[Calendar, ...]]:
    """All journeys, sources and calendars of the workspace.

    Raises:
        WorkspaceError: all problems of all files at once.
    """
    from jkpi.journeys.calendars.reader import read_calendars
    from jkpi.journeys.reader import read_journeys
    from jkpi.loading.workspace import read_sources

    readers: tuple[Callable[[], Any], ...] = (
        lambda: read_journeys(settings.workspace, settings.receivers, settings.default_receiver),
        lambda: read_sources(settings.workspace),
        lambda: read_calendars(settings.workspace),
    )
    parts: list[Any] = []
    problems: list[Problem] = []
    for read in readers:
        try:
            parts.append(read())
        except WorkspaceError as error:
            problems += error.problems
    if problems:
        raise WorkspaceError(problems)
    journeys, sources, calendars = parts
    problems = [
        *wave_problems(settings.workspace, journeys, sources),
        *weight_problems(settings.workspace, journeys, sources),
    ]
    if problems:
        raise WorkspaceError(problems)
    _check_volume_alerts(settings, journeys, sources)
    return journeys, sources, calendars


def _check_volume_alerts(settings: Settings, journeys: tuple[Journey, ...], sources: tuple[Source, ...]) -> None:
    """Check that everything left out of volume alerts exists, and that it would be evaluated otherwise.

    Raises:
        WorkspaceError: with the line of each name in jkpi.yml.
    """
    volume_alerts = settings.alerting.options.volume_alerts
    if not volume_alerts.except_:
        return
    known = {
        **{f"source/{source.source}": "sources" for source in sources},
        **{
            f"{journey.journey}/touchpoint/{touchpoint.touchpoint}": "touchpoints"
            for journey in journeys
            for stage in journey.stages
            for touchpoint in stage.touchpoints
        },
        **{
            f"{journey.journey}/{moment.moment}": "moments"
            for journey in journeys
            for moment in journey.moments_of_truth
        },
    }
    _, document = read_model(settings.workspace / WORKSPACE_FILE, WorkspaceConfig, settings.workspace)
    problems = []
    for number, name in enumerate(volume_alerts.except_):
        location: list[str | int] = ["alerts", "volume_alerts", "except", number]
        if name not in known:
            hint = did_you_mean(name, known) or "write source/NAME, JOURNEY/touchpoint/NAME or JOURNEY/MOMENT"
            problems.append(document.problem(location, f"nothing has the volume {name!r}", hint))
        elif not getattr(volume_alerts, known[name]):
            hint = f"remove it, or set {known[name]}: true"
            problems.append(document.problem(location, f"{known[name]} are not evaluated anyway", hint))
    if problems:
        raise WorkspaceError(problems)


def check_pseudonym_key(settings: Settings, warehouse: Warehouse) -> None:
    """Refuse to load with another pseudonym key: the same customer would count twice, as would rows sent again.

    Raises:
        InputError: the rows in the warehouse were pseudonymised with another key, or with none.
    """
    key = settings.pseudonym_key
    fingerprint = hashlib.sha256(b"jkpi pseudonym key\0" + key).hexdigest()[:16] if key else "none"
    stored_fingerprint = warehouse.scalar("select fingerprint from raw.pseudonym_keys")
    if stored_fingerprint is None:
        warehouse.execute("insert into raw.pseudonym_keys values (:given)", {"given": fingerprint})
    elif stored_fingerprint != fingerprint:
        raise InputError(
            "the customer ids in the warehouse were pseudonymised with another key than the one in jkpi.yml",
            hint="restore the previous key (.jkpi/pseudonym.key), or load everything into an empty warehouse",
        )


def select_sources(sources: tuple[Source, ...], source_name: str | None) -> tuple[Source, ...]:
    """All sources, or the one of that name.

    Raises:
        InputError: unknown source.
    """
    if source_name is None:
        return sources
    selected = tuple(source for source in sources if source.source == source_name)
    if not selected:
        raise InputError(f"unknown source {source_name!r}", hint=did_you_mean(source_name, (s.source for s in sources)))
    return selected
