"""`jkpi rejects`: the rows that were set aside, to be listed, exported, mended and replayed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jkpi.cli.options import JsonOption, NowOption, WorkspaceOption, error_handling, parse_now
from jkpi.cli.output import echo, print_result, render_table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Rows that were set aside: list, export, replay.")

SourceOption = Annotated[str | None, typer.Option("--source", "-s", help="Only of this source.")]
ReasonOption = Annotated[str | None, typer.Option(help="Only with this reason.")]


@app.command("list")
def list_rejects_command(
    source: SourceOption = None,
    reason: ReasonOption = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows.")] = 20,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """How many were set aside and why, and the newest of them.

    Example: jkpi rejects list --source tickets
    """
    with error_handling(as_json):
        from jkpi.config.settings import load_settings
        from jkpi.loading.rejects import count_rejects, list_rejects
        from jkpi.pipeline.workspace import open_with_landing

        with open_with_landing(load_settings(workspace)) as warehouse:
            counts = count_rejects(warehouse, source, reason)
            rows = list_rejects(warehouse, source, reason, limit)
        lines = render_table(counts, {"source": "source", "reason": "reason", "status": "status", "rows": "rows"})
        columns = {"source": "source", "origin": "file", "row_number": "row", "reason": "reason", "detail": "detail"}
        print_result(
            {"counts": counts, "rows": rows},
            ["nothing was set aside"] if not counts else [*lines, "", *render_table(rows, columns)],
            as_json,
        )


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="A .csv or .jsonl file to write.")],
    source: SourceOption = None,
    reason: ReasonOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Write the original rows to a file, to be mended there.

    Example: jkpi rejects export mend.csv --source tickets
    """
    with error_handling():
        from jkpi.config.settings import load_settings
        from jkpi.loading.rejects import export_rejects
        from jkpi.pipeline.workspace import open_with_landing

        with open_with_landing(load_settings(workspace)) as warehouse:
            count = export_rejects(warehouse, file, source, reason)
        instructions = f"{count} rows in {file}; mend them there, then: jkpi rejects replay --source NAME --file {file}"
        echo(instructions if count else "nothing was set aside: no file was written")


@app.command()
def replay(
    source: Annotated[str, typer.Option("--source", "-s", help="The source whose rows are tried again.")],
    file: Annotated[Path | None, typer.Option(help="Mended rows, as exported; else the original rows.")] = None,
    workspace: WorkspaceOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """Try rejected rows again: after the YAML was mended, or with mended rows from a file.

    Example: jkpi rejects replay --source tickets --file mend.csv
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
