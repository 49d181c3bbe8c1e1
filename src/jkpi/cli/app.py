"""The verbs; those of the line are in `steps`. Each parses, calls, prints; the work is in `pipeline` and the rooms
behind it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from jkpi.cli import alerts, backtest, rejects, steps
from jkpi.cli.options import JsonOption, NowOption, WorkspaceOption, error_handling, parse_now
from jkpi.cli.output import echo, print_result

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
def print_version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    """Customer journey maps kept alive: load, check, measure, alert, publish."""
    if version:
        from jkpi import __version__

        echo(f"jkpi {__version__}")
        raise typer.Exit


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(help="A folder that is not there yet, or empty.")],
    example: Annotated[str, typer.Option(help="starter, equipment_repair or spare_parts.")] = "starter",
) -> None:
    """Make a workspace to start from.

    Example: jkpi init my-workspace
    """
    with error_handling():
        from jkpi.cli.init import create_workspace

        echo(*create_workspace(directory, example))


@app.command()
def lint(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Say all that is wrong in the YAML, with its place. Secrets need not be there: those that are not are noted.

    Example: jkpi lint -w my-workspace
    """
    with error_handling(as_json):
        from jkpi.cli.init import describe_workspace
        from jkpi.config.settings import load_settings

        description = describe_workspace(load_settings(workspace, skip_secrets=True))
        kinds = ("journeys", "sources", *(["calendars"] if description["calendars"] else []))
        names = {kind: [entry[kind[:-1]] for entry in description[kind]] for kind in kinds}
        lines = [f"fine: {kind} {', '.join(names_of_kind) or 'none'}" for kind, names_of_kind in names.items()]
        print_result(description, [*lines, *(f"note: {line}" for line in description["notes"])], as_json)


@app.command()
def schema(
    kind: Annotated[str, typer.Argument(help="workspace, journey, calendar or source; all with --output.")] = "journey",
    output: Annotated[Path | None, typer.Option(help="Write all JSON Schemas into this folder.")] = None,
) -> None:
    """Print or write the JSON Schemas, for editors.

    Example: jkpi schema --output my-workspace/schemas
    """
    with error_handling():
        from jkpi.cli.init import schema_of, write_schemas

        if output:
            echo(*(str(path) for path in write_schemas(output)))
        else:
            print_result(schema_of(kind), [], True)


for verb in (steps.load, steps.check, steps.measure, steps.evaluate, steps.publish, steps.digest, steps.run):
    app.command()(verb)


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 chooses a free one.")] = 8787,
    host: Annotated[
        str, typer.Option(help="Where to listen; beyond this machine put a TLS proxy before it.")
    ] = "127.0.0.1",
    workspace: WorkspaceOption = None,
) -> None:
    """Answer the links in messages, by which alerts are acknowledged.

    Example: jkpi serve --port 8787
    """
    with error_handling():
        from jkpi.cli.serve import serve_ack_links
        from jkpi.config.settings import load_settings

        serve_ack_links(load_settings(workspace), host, port)


@app.command()
def status(workspace: WorkspaceOption = None, now: NowOption = None, as_json: JsonOption = False) -> None:
    """What is fresh, what fires, what was rejected.

    Example: jkpi status
    """
    with error_handling(as_json):
        from jkpi.cli.status import read_status, render_status
        from jkpi.config.settings import load_settings

        workspace_status = read_status(load_settings(workspace, parse_now(now)))
        print_result(workspace_status, render_status(workspace_status), as_json)


@app.command()
def coverage(workspace: WorkspaceOption = None, now: NowOption = None, as_json: JsonOption = False) -> None:
    """What of the map has evidence, and what the map lacks.

    Example: jkpi coverage
    """
    with error_handling(as_json):
        from jkpi.cli.coverage import read_coverage, render_coverage
        from jkpi.config.settings import load_settings

        map_coverage = read_coverage(load_settings(workspace, parse_now(now)))
        print_result(map_coverage, render_coverage(map_coverage), as_json)


@app.command()
def demo(
    example: Annotated[str, typer.Option(help="equipment_repair or spare_parts.")] = "equipment_repair",
    directory: Annotated[Path, typer.Option(help="Where to put the workspace.")] = Path("jkpi-demo"),
    as_json: JsonOption = False,
) -> None:
    """Show an example, from data to alert and map.

    The data is synthetic, with one planted fall of a moment of truth.

    Example: jkpi demo --example spare_parts
    """
    with error_handling(as_json):
        from jkpi.cli.demo import run_demo
        from jkpi.pipeline.progress import Display

        code = run_demo(example, directory / example, Display(), as_json)
        if code:
            raise typer.Exit(code)


def main() -> None:
    """The entry point. Nothing that jkpi starts phones home."""
    os.environ.setdefault("DO_NOT_TRACK", "1")
    app()
