"""The verbs. Each parses, calls, prints; the work is in `pipeline` and the rooms behind it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from jkpi.cli import alerts, backtesting, rejects
from jkpi.cli.options import Json, Now, Workspace, ending, moment
from jkpi.cli.output import complain, give, note, say
from jkpi.errors import JkpiError

app = typer.Typer(
    name="jkpi",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Customer journey maps kept alive: load, check, measure, alert, publish.",
    epilog="Exit codes: 0 fine, 1 a check failed, 2 wrong input, 3 the system failed. Start with: jkpi demo",
)
app.add_typer(rejects.app, name="rejects")
app.add_typer(alerts.app, name="alerts")
app.command()(backtesting.backtest)


@app.callback(invoke_without_command=True)
def about(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    """Customer journey maps kept alive: load, check, measure, alert, publish."""
    if version:
        from jkpi import __version__

        say(f"jkpi {__version__}")
        raise typer.Exit


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(help="A folder that is not there yet, or empty.")],
    example: Annotated[str, typer.Option(help="starter, equipment_repair or spare_parts.")] = "starter",
) -> None:
    """Make a workspace to start from.

    Example: jkpi init my-workspace
    """
    with ending():
        from jkpi.cli.workspaces import make_workspace

        say(*make_workspace(directory, example))


@app.command()
def lint(workspace: Workspace = None, as_json: Json = False) -> None:
    """Say all that is wrong in the YAML, with its place.

    Example: jkpi lint -w my-workspace
    """
    with ending(as_json):
        from jkpi.cli.workspaces import outline
        from jkpi.settings import load_settings

        declared = outline(load_settings(workspace))
        kinds = ("journeys", "sources", *(["calendars"] if declared["calendars"] else []))
        names = {kind: [entry[kind[:-1]] for entry in declared[kind]] for kind in kinds}
        lines = [f"fine: {kind} {', '.join(found) or 'none'}" for kind, found in names.items()]
        give(declared, [*lines, *(f"note: {line}" for line in declared["notes"])], as_json)


@app.command()
def schema(
    kind: Annotated[str, typer.Argument(help="workspace, journey, calendar or source; all with --output.")] = "journey",
    output: Annotated[Path | None, typer.Option(help="Write all JSON Schemas into this folder.")] = None,
) -> None:
    """Print or write the JSON Schemas, for editors.

    Example: jkpi schema --output my-workspace/schemas
    """
    with ending():
        from jkpi.cli.workspaces import schema_of, write_schemas

        if output:
            say(*(str(path) for path in write_schemas(output)))
        else:
            give(schema_of(kind), [], True)


@app.command()
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
        from jkpi.cli import pipeline, report
        from jkpi.cli.progress import Display
        from jkpi.settings import load_settings

        outcomes = pipeline.load(load_settings(workspace, moment(now)), Display(), source, replace)
        give(outcomes, report.load_lines(outcomes), as_json)
        _fail(pipeline.load_failure(outcomes))


@app.command()
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
        from jkpi.cli import pipeline
        from jkpi.errors import InputError
        from jkpi.settings import load_settings

        doors: dict[str, Literal["landing", "marts"]] = {"landing": "landing", "marts": "marts"}
        if door not in doors:
            raise InputError(f"--door: no door {door!r}", hint="known: landing, marts")
        found = pipeline.check(load_settings(workspace, moment(now)), doors[door])
        give(found, found.lines(), as_json)
        _fail(pipeline.check_failure(found))


@app.command()
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
        from jkpi.cli import pipeline, report
        from jkpi.cli.progress import Display
        from jkpi.settings import load_settings

        measured = pipeline.measure(load_settings(workspace, moment(now)), Display(), full_refresh, rewrite_history)
        give(measured, report.measure_lines(measured), as_json)


@app.command()
def alert(workspace: Workspace = None, now: Now = None, as_json: Json = False) -> None:
    """Judge the moments of truth, tell their owners.

    Running it twice says nothing twice.

    Example: jkpi alert
    """
    with ending(as_json):
        from jkpi.cli import pipeline, report
        from jkpi.settings import load_settings

        alerted = pipeline.alert(load_settings(workspace, moment(now)))
        give(alerted, report.alert_lines(alerted), as_json)
        _fail(pipeline.delivery_failure(alerted))


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 chooses a free one.")] = 8787,
    host: Annotated[
        str, typer.Option(help="Where to listen; beyond this machine put a TLS proxy before it.")
    ] = "127.0.0.1",
    workspace: Workspace = None,
) -> None:
    """Answer the links in messages, by which alerts are acknowledged.

    Example: jkpi serve --port 8787
    """
    with ending():
        from jkpi.cli.serve import serve_links
        from jkpi.settings import load_settings

        serve_links(load_settings(workspace), host, port)


@app.command()
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
        from jkpi.cli.publishing import chosen_part
        from jkpi.cli.publishing import publish as put
        from jkpi.settings import load_settings

        part = chosen_part(what)
        published = put(load_settings(workspace, moment(now)), part)
        give(published, published.lines(), as_json)


@app.command()
def digest(workspace: Workspace = None, now: Now = None, as_json: Json = False) -> None:
    """Send each owner the week: what fires, changed, improved, went stale.

    Once a week: a second call in the same week tells nobody again.

    Example: jkpi digest
    """
    with ending(as_json):
        from jkpi.cli import pipeline
        from jkpi.cli.digesting import digest as write_digest
        from jkpi.cli.digesting import digest_lines
        from jkpi.settings import load_settings

        told = write_digest(load_settings(workspace, moment(now)))
        give(told, digest_lines(told), as_json)
        _fail(pipeline.undelivered(told.delivered))


@app.command()
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
        from jkpi.cli import pipeline, report
        from jkpi.cli.progress import Display
        from jkpi.cli.workspaces import outline
        from jkpi.settings import load_settings

        settings = load_settings(workspace, moment(now))
        for line in outline(settings)["notes"]:
            note(f"  note: {line}")
        done = pipeline.run(settings, Display(), full_refresh)
        give(done, report.run_lines(done), as_json)
        for step in done.steps:
            if step.error:
                complain(step.error, False)
        if done.exit_code:
            raise typer.Exit(done.exit_code)


@app.command()
def status(workspace: Workspace = None, now: Now = None, as_json: Json = False) -> None:
    """What is fresh, what fires, what was rejected.

    Example: jkpi status
    """
    with ending(as_json):
        from jkpi.cli.status import status_lines, status_of
        from jkpi.settings import load_settings

        found = status_of(load_settings(workspace, moment(now)))
        give(found, status_lines(found), as_json)


@app.command()
def coverage(workspace: Workspace = None, now: Now = None, as_json: Json = False) -> None:
    """What of the map has evidence, and what the map lacks.

    Example: jkpi coverage
    """
    with ending(as_json):
        from jkpi.cli.coverage import coverage_lines, coverage_of
        from jkpi.settings import load_settings

        found = coverage_of(load_settings(workspace, moment(now)))
        give(found, coverage_lines(found), as_json)


@app.command()
def demo(
    example: Annotated[str, typer.Option(help="equipment_repair or spare_parts.")] = "equipment_repair",
    directory: Annotated[Path, typer.Option(help="Where to put the workspace.")] = Path("jkpi-demo"),
    as_json: Json = False,
) -> None:
    """Show an example, from data to alert and map.

    The data is synthetic, with one planted fall of a moment of truth.

    Example: jkpi demo --example spare_parts
    """
    with ending(as_json):
        from jkpi.cli.demo import demonstrate
        from jkpi.cli.progress import Display

        code = demonstrate(example, directory / example, Display(), as_json)
        if code:
            raise typer.Exit(code)


def _fail(error: JkpiError | None) -> None:
    """The result was given; what went wrong in it is told beside it, and is the exit code."""
    if error is not None:
        complain(error, as_json=False)
        raise typer.Exit(error.exit_code)


def main() -> None:
    """The entry point. Nothing that jkpi starts phones home."""
    os.environ.setdefault("DO_NOT_TRACK", "1")
    app()
