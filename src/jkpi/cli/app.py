"""The verbs; those of the line are in `steps`. Each parses, calls, prints; the work is in `pipeline` and the rooms
behind it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from jkpi.cli import alerts, backtest, rejects, steps
from jkpi.cli.options import Json, Now, Workspace, ending, moment
from jkpi.cli.output import give, say

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
app.command()(backtest.backtest)


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
        from jkpi.cli.init import make_workspace

        say(*make_workspace(directory, example))


@app.command()
def lint(workspace: Workspace = None, as_json: Json = False) -> None:
    """Say all that is wrong in the YAML, with its place. Secrets need not be there: those that are not are noted.

    Example: jkpi lint -w my-workspace
    """
    with ending(as_json):
        from jkpi.cli.init import outline
        from jkpi.config.settings import load_settings

        declared = outline(load_settings(workspace, as_written=True))
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
        from jkpi.cli.init import schema_of, write_schemas

        if output:
            say(*(str(path) for path in write_schemas(output)))
        else:
            give(schema_of(kind), [], True)


for verb in (steps.load, steps.check, steps.measure, steps.alert, steps.publish, steps.digest, steps.run):
    app.command()(verb)


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
        from jkpi.config.settings import load_settings

        serve_links(load_settings(workspace), host, port)


@app.command()
def status(workspace: Workspace = None, now: Now = None, as_json: Json = False) -> None:
    """What is fresh, what fires, what was rejected.

    Example: jkpi status
    """
    with ending(as_json):
        from jkpi.cli.status import status_lines, status_of
        from jkpi.config.settings import load_settings

        found = status_of(load_settings(workspace, moment(now)))
        give(found, status_lines(found), as_json)


@app.command()
def coverage(workspace: Workspace = None, now: Now = None, as_json: Json = False) -> None:
    """What of the map has evidence, and what the map lacks.

    Example: jkpi coverage
    """
    with ending(as_json):
        from jkpi.cli.coverage import coverage_lines, coverage_of
        from jkpi.config.settings import load_settings

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
        from jkpi.pipeline.progress import Display

        code = demonstrate(example, directory / example, Display(), as_json)
        if code:
            raise typer.Exit(code)


def main() -> None:
    """The entry point. Nothing that jkpi starts phones home."""
    os.environ.setdefault("DO_NOT_TRACK", "1")
    app()
