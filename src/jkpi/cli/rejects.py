"""`jkpi rejects`: list, export and replay rejected rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jkpi.cli.options import JsonOption, NowOption, WorkspaceOption, error_handling, parse_now
from jkpi.cli.output import echo, print_result, render_table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Rejected rows: list, export, replay.")

SourceOption = Annotated[str | None, typer.Option("--source", "-s", help="Only this source.")]
ReasonOption = Annotated[str | None, typer.Option(help="Only this reason.")]


@app.command("list")
def list_rejects_command(
    source: SourceOption = None,
    reason: ReasonOption = None,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of rows.")] = 20,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count rejected rows by reason, and list the newest.

    Example: jkpi rejects list --source tickets
    """
    with error_handling(as_json):
        from jkpi.config.settings import load_settings
        from jkpi.loading.rejects import count_rejects, list_rejects, mask_for
        from jkpi.loading.workspace import read_sources
        from jkpi.pipeline.workspace import open_with_landing

        settings = load_settings(workspace)
        mask = mask_for(read_sources(settings.workspace), settings.pseudonym_key)
        with open_with_landing(settings) as warehouse:
            counts = count_rejects(warehouse, source, reason)
            rows = list_rejects(warehouse, mask, source, reason, limit)
        lines = render_table(counts, {"source": "source", "reason": "reason", "status": "status", "rows": "rows"})
        columns = {"source": "source", "origin": "file", "row_number": "row", "reason": "reason", "detail": "detail"}
        print_result(
            {"counts": counts, "rows": rows},
            ["no rejected rows"] if not counts else [*lines, "", *render_table(rows, columns)],
            as_json,
        )


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Output file, .csv or .jsonl.")],
    source: SourceOption = None,
    reason: ReasonOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Write the original rows to a file, so that you can fix them.

    Example: jkpi rejects export corrected.csv --source tickets
    """
    with error_handling():
        from jkpi.config.settings import load_settings
        from jkpi.formatting.numbers import pluralize
        from jkpi.loading.rejects import export_rejects, mask_for
        from jkpi.loading.workspace import read_sources
        from jkpi.pipeline.workspace import open_with_landing

        settings = load_settings(workspace)
        mask = mask_for(read_sources(settings.workspace), settings.pseudonym_key)
        with open_with_landing(settings) as warehouse:
            count = export_rejects(warehouse, mask, file, source, reason)
        instructions = (
            f"{pluralize(count, 'row')} in {file}."
            f" Fix {'it' if count == 1 else 'them'}, then run: jkpi rejects replay --source NAME --file {file}"
        )
        echo(instructions if count else "no rejected rows: no file written")


@app.command()
def replay(
    source: Annotated[str, typer.Option("--source", "-s", help="Source whose rejected rows are loaded again.")],
    file: Annotated[
        Path | None, typer.Option(help="Corrected rows in the exported form. Default: the original rows.")
    ] = None,
    workspace: WorkspaceOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """Load rejected rows again, after the YAML was fixed or from a file of corrected rows.

    Example: jkpi rejects replay --source tickets --file corrected.csv
    """
    with error_handling(as_json):
        from jkpi.cli import report
        from jkpi.config.settings import load_settings
        from jkpi.loading.rejects import replay_rejects
        from jkpi.pipeline.workspace import check_pseudonym_key, open_with_landing, read_map, select_sources
        from jkpi.quality.incoming import incoming_validator

        settings = load_settings(workspace, parse_now(now)).not_before_workspace_time()
        (only,) = select_sources(read_map(settings)[1], source)
        with open_with_landing(settings) as warehouse:
            check_pseudonym_key(settings, warehouse)
            batch = replay_rejects(only, settings, warehouse, incoming_validator(settings), file)
        print_result(batch, report.render_batches(source, (batch,)), as_json)
