"""`jkpi rejects`: the rows that were set aside, to be listed, exported, mended and replayed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jkpi.cli.options import Json, Now, Workspace, ending, moment
from jkpi.cli.output import give, say, table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Rows that were set aside: list, export, replay.")

Source = Annotated[str | None, typer.Option("--source", "-s", help="Only of this source.")]
Reason = Annotated[str | None, typer.Option(help="Only with this reason.")]


@app.command("list")
def show(
    source: Source = None,
    reason: Reason = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows.")] = 20,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """How many were set aside and why, and the newest of them.

    Example: jkpi rejects list --source tickets
    """
    with ending(as_json):
        from jkpi.config.settings import load_settings
        from jkpi.loading.rejects import count_rejects, list_rejects
        from jkpi.pipeline.workspace import landing

        with landing(load_settings(workspace)) as warehouse:
            counts = count_rejects(warehouse, source, reason)
            rows = list_rejects(warehouse, source, reason, limit)
        lines = table(counts, {"source": "source", "reason": "reason", "status": "status", "rows": "rows"})
        columns = {"source": "source", "origin": "file", "row_number": "row", "reason": "reason", "detail": "detail"}
        give(
            {"counts": counts, "rows": rows},
            ["nothing was set aside"] if not counts else [*lines, "", *table(rows, columns)],
            as_json,
        )


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="A .csv or .jsonl file to write.")],
    source: Source = None,
    reason: Reason = None,
    workspace: Workspace = None,
) -> None:
    """Write the original rows to a file, to be mended there.

    Example: jkpi rejects export mend.csv --source tickets
    """
    with ending():
        from jkpi.config.settings import load_settings
        from jkpi.loading.rejects import export_rejects
        from jkpi.pipeline.workspace import landing

        with landing(load_settings(workspace)) as warehouse:
            count = export_rejects(warehouse, file, source, reason)
        mend = f"{count} rows in {file}; mend them there, then: jkpi rejects replay --source NAME --file {file}"
        say(mend if count else "nothing was set aside: no file was written")


@app.command()
def replay(
    source: Annotated[str, typer.Option("--source", "-s", help="The source whose rows are tried again.")],
    file: Annotated[Path | None, typer.Option(help="Mended rows, as exported; else the original rows.")] = None,
    workspace: Workspace = None,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Try rejected rows again: after the YAML was mended, or with mended rows from a file.

    Example: jkpi rejects replay --source tickets --file mend.csv
    """
    with ending(as_json):
        from jkpi.cli import report
        from jkpi.config.settings import load_settings
        from jkpi.loading.rejects import replay_rejects
        from jkpi.pipeline.workspace import chosen, landing, read_map, same_key
        from jkpi.quality.incoming import first_door

        settings = load_settings(workspace, moment(now)).at_present()
        (only,) = chosen(read_map(settings)[1], source)
        with landing(settings) as warehouse:
            same_key(settings, warehouse)
            batch = replay_rejects(only, settings, warehouse, first_door(settings), file)
        give(batch, report.batch_lines(source, (batch,)), as_json)
