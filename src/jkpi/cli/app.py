"""The command `jkpi` and its smaller verbs. A verb parses, calls and prints; the packages below `cli` do the work."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from jkpi.cli import alerts, backtest, rejects, steps
from jkpi.cli.options import JsonOption, NowOption, WorkspaceOption, error_handling, parse_now
from jkpi.cli.output import echo, print_result
from jkpi.errors import InputError, SystemFailure
from jkpi.pipeline.progress import log

app = typer.Typer(
    name="jkpi",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Customer journey KPIs: load, check, measure, evaluate, publish.",
    epilog="Exit codes: 0 ok, 1 a check failed, 2 invalid input, 3 system error. To try it: jkpi demo",
)
app.add_typer(rejects.app, name="rejects")
app.add_typer(alerts.app, name="alerts")
app.command()(backtest.backtest)


@app.callback(invoke_without_command=True)
def print_version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    """Customer journey KPIs: load, check, measure, evaluate, publish."""
    if version:
        from jkpi import __version__

        echo(f"jkpi {__version__}")
        raise typer.Exit


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(help="A new or empty folder.")],
    example: Annotated[str, typer.Option(help="starter, equipment_repair or spare_parts.")] = "starter",
    template: Annotated[
        str | None, typer.Option(help="For a table that a tool lands in a database: dlt, airbyte or fivetran.")
    ] = None,
) -> None:
    """Create a workspace from an example, or from the template of a landed table.

    Example: jkpi init my-workspace
    """
    with error_handling():
        from jkpi.cli.init import create_from_template, create_workspace

        echo(*(create_from_template(directory, template) if template else create_workspace(directory, example)))


@app.command()
def lint(
    workspace: WorkspaceOption = None,
    data: Annotated[
        bool,
        typer.Option(
            "--data/--no-data", help="Read the first 1,000 rows of each source, and the warehouse. Nothing is loaded."
        ),
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Check the workspace: every problem with file, line and column. Then read the first rows of each source: missing
    columns are errors; rows that would be rejected are warnings, with their number. Missing secrets are warnings.

    If there is a warehouse, its readings show how long they take to become final.

    Example: jkpi lint -w my-workspace
    """
    with error_handling(as_json):
        from jkpi.cli.lint import describe_workspace, render_description
        from jkpi.config.settings import load_settings

        description = describe_workspace(load_settings(workspace, skip_secrets=True), read_data=data)
        print_result(description, render_description(description), as_json)
        if description["errors"]:
            raise typer.Exit(InputError.exit_code)


@app.command()
def schema(
    kind: Annotated[
        str, typer.Argument(help="workspace, journey, calendar or source. Ignored with --output, which writes all.")
    ] = "journey",
    output: Annotated[Path | None, typer.Option(help="Write all JSON Schemas to this folder.")] = None,
) -> None:
    """Print or write the JSON Schemas of the YAML files, for editors.

    Example: jkpi schema --output my-workspace/schemas
    """
    with error_handling():
        from jkpi.cli.init import schema_of, write_schemas

        if output:
            echo(*(str(path) for path in write_schemas(output)))
        else:
            print_result(schema_of(kind), [], True)


for verb in (
    *(steps.load, steps.check, steps.measure, steps.evaluate, steps.deliver, steps.publish, steps.digest),
    steps.run,
):
    app.command()(verb)


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free port.")] = 8787,
    host: Annotated[
        str, typer.Option(help="Address to listen on. For other machines, put a TLS proxy in front.")
    ] = "127.0.0.1",
    workspace: WorkspaceOption = None,
) -> None:
    """Serve the acknowledge links of notifications.

    Example: jkpi serve --port 8787
    """
    with error_handling():
        from jkpi.alerts.acknowledge.server import make_server
        from jkpi.alerts.delivery.outbox import deliver
        from jkpi.alerts.store.acknowledgements import Acknowledgement
        from jkpi.config.settings import load_settings

        settings = load_settings(workspace)

        def forward(acknowledgement: Acknowledgement) -> None:
            """Notify other programs at once; what fails stays in the outbox."""
            log(f"{acknowledgement.alert_id} acknowledged by {acknowledgement.acknowledged_by}")
            if acknowledgement.forwarded_count:
                try:
                    for problem in deliver(settings).problems:
                        log(f"jkpi: {problem}; jkpi deliver tries again")
                except SystemFailure as error:
                    log(f"jkpi: {error.message}; jkpi deliver tries again")

        with make_server(settings, host, port, on_acknowledged=forward) as server:
            log(f"jkpi: serving acknowledge links at http://{host}:{server.server_address[1]} (Ctrl-C to stop)")
            server.serve_forever()


@app.command()
def status(workspace: WorkspaceOption = None, now: NowOption = None, as_json: JsonOption = False) -> None:
    """Show source freshness, open alerts, data gaps and rejected rows.

    Example: jkpi status
    """
    with error_handling(as_json):
        from jkpi.cli.status import read_status, render_status
        from jkpi.config.settings import load_settings

        workspace_status = read_status(load_settings(workspace, parse_now(now)))
        print_result(workspace_status, render_status(workspace_status), as_json)


@app.command()
def coverage(workspace: WorkspaceOption = None, now: NowOption = None, as_json: JsonOption = False) -> None:
    """Show which elements of the map have events, and which touchpoints in the data are on no map.

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
    directory: Annotated[Path, typer.Option(help="Folder for the workspace.")] = Path("jkpi-demo"),
    as_json: JsonOption = False,
) -> None:
    """Run an example, from data to alert and living map.

    The data is synthetic, with one injected drop of a moment of truth.

    Example: jkpi demo --example spare_parts
    """
    with error_handling(as_json):
        from jkpi.cli.demo import run_demo
        from jkpi.pipeline.progress import Display

        code = run_demo(example, directory / example, Display(), as_json)
        if code:
            raise typer.Exit(code)


def main() -> None:
    """Run the command line, with the telemetry of the programs that jkpi starts turned off."""
    os.environ.setdefault("DO_NOT_TRACK", "1")
    app()
