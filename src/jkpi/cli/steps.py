"""The steps of the line, a verb each: what a scheduler runs, one after another or all by `jkpi run`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from jkpi.cli.options import Json, Now, Workspace, ending, moment
from jkpi.cli.output import complain, give
from jkpi.errors import JkpiError
from jkpi.pipeline.progress import note


def load(
    source: Annotated[str | None, typer.Option("--source", "-s", help="Only this source.")] = None,
    replace: Annotated[bool, typer.Option(help="Forget what this source landed before, and load all again.")] = False,
    workspace: Workspace = None,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Land what is new of each source.

    Each file or row lands once; a row that cannot be understood is set aside with its reason.

    Example: jkpi load --source tickets
    """
    with ending(as_json):
        from jkpi.cli import report
        from jkpi.config.settings import load_settings
        from jkpi.pipeline import steps
        from jkpi.pipeline.progress import Display

        outcomes = steps.load(load_settings(workspace, moment(now)), Display(), source, replace)
        give(outcomes, report.load_lines(outcomes), as_json)
        _fail(steps.load_failure(outcomes))


def check(
    door: Annotated[str, typer.Option(help="landing: what came in; marts: what was measured.")] = "landing",
    workspace: Workspace = None,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Check the data, coming in or going out.

    Example: jkpi check --door marts
    """
    with ending(as_json):
        from jkpi.config.settings import load_settings
        from jkpi.errors import InputError
        from jkpi.pipeline import steps

        doors: dict[str, Literal["landing", "marts"]] = {"landing": "landing", "marts": "marts"}
        if door not in doors:
            raise InputError(f"--door: no door {door!r}", hint="known: landing, marts")
        found = steps.check(load_settings(workspace, moment(now)), doors[door])
        give(found, found.lines(), as_json)
        _fail(steps.check_failure(found))


def measure(
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Count everything anew.")] = False,
    rewrite_history: Annotated[
        bool, typer.Option("--rewrite-history", help="Count all days by the map of today; its past versions are gone.")
    ] = False,
    workspace: Workspace = None,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Count: events and answers become KPI readings.

    Example: jkpi measure --full-refresh
    """
    with ending(as_json):
        from jkpi.cli import report
        from jkpi.config.settings import load_settings
        from jkpi.pipeline import steps
        from jkpi.pipeline.progress import Display

        measured = steps.measure(load_settings(workspace, moment(now)), Display(), full_refresh, rewrite_history)
        give(measured, report.measure_lines(measured), as_json)


def alert(workspace: Workspace = None, now: Now = None, as_json: Json = False) -> None:
    """Judge the moments of truth, tell their owners.

    Running it twice says nothing twice.

    Example: jkpi alert
    """
    with ending(as_json):
        from jkpi.cli import report
        from jkpi.config.settings import load_settings
        from jkpi.pipeline import steps

        alerted = steps.alert(load_settings(workspace, moment(now)))
        give(alerted, report.alert_lines(alerted), as_json)
        _fail(steps.delivery_failure(alerted))


def publish(
    what: Annotated[str, typer.Argument(help="all, maps or dashboards.")] = "all",
    workspace: Workspace = None,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Write the living maps, and put the dashboards into Superset.

    One HTML page per journey that needs nothing else, the Data Docs of the checks, a copy of the tables that dashboards
    read, and the dashboards where jkpi.yml names a Superset. A second call changes nothing.

    Example: jkpi publish dashboards
    """
    with ending(as_json):
        from jkpi.config.settings import load_settings
        from jkpi.pipeline.publish import chosen_part
        from jkpi.pipeline.publish import publish as put

        part = chosen_part(what)
        published = put(load_settings(workspace, moment(now)), part)
        give(published, published.lines(), as_json)


def digest(workspace: Workspace = None, now: Now = None, as_json: Json = False) -> None:
    """Send each owner the week: what fires, changed, improved, went stale.

    Once a week: a second call in the same week tells nobody again.

    Example: jkpi digest
    """
    with ending(as_json):
        from jkpi.config.settings import load_settings
        from jkpi.pipeline import steps
        from jkpi.pipeline.digest import digest as write_digest
        from jkpi.pipeline.digest import digest_lines

        told = write_digest(load_settings(workspace, moment(now)))
        give(told, digest_lines(told), as_json)
        _fail(steps.undelivered(told.delivered))


def run(
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Count everything anew.")] = False,
    workspace: Workspace = None,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Do it all: load, check, measure, alert, publish.

    Example: jkpi run -w my-workspace
    """
    with ending(as_json):
        from jkpi.cli import report
        from jkpi.cli.init import outline
        from jkpi.config.settings import load_settings
        from jkpi.pipeline import steps
        from jkpi.pipeline.progress import Display

        settings = load_settings(workspace, moment(now))
        for line in outline(settings)["notes"]:
            note(f"  note: {line}")
        done = steps.run(settings, Display(), full_refresh)
        give(done, report.run_lines(done), as_json)
        for step in done.steps:
            if step.error:
                complain(step.error, False)
        if done.exit_code:
            raise typer.Exit(done.exit_code)


def _fail(error: JkpiError | None) -> None:
    """The result was given; what went wrong in it is told beside it, and is the exit code."""
    if error is not None:
        complain(error, as_json=False)
        raise typer.Exit(error.exit_code)
