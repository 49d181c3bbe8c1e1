"""The steps of the line, a verb each: what a scheduler runs, one after another or all by `jkpi run`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from jkpi.cli.options import JsonOption, NowOption, WorkspaceOption, error_handling, parse_now
from jkpi.cli.output import print_error, print_result
from jkpi.errors import JkpiError
from jkpi.pipeline.progress import log


def load(
    source: Annotated[str | None, typer.Option("--source", "-s", help="Only this source.")] = None,
    replace: Annotated[bool, typer.Option(help="Forget what this source landed before, and load all again.")] = False,
    workspace: WorkspaceOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """Land what is new of each source.

    Each file or row lands once; a row that cannot be understood is set aside with its reason.

    Example: jkpi load --source tickets
    """
    with error_handling(as_json):
        from jkpi.cli import report
        from jkpi.config.settings import load_settings
        from jkpi.pipeline import steps
        from jkpi.pipeline.progress import Display

        outcomes = steps.load(load_settings(workspace, parse_now(now)), Display(), source, replace)
        print_result(outcomes, report.render_load(outcomes), as_json)
        _exit_on_failure(steps.load_failure(outcomes))


def check(
    checkpoint: Annotated[str, typer.Option(help="landing: what came in; marts: what was measured.")] = "landing",
    workspace: WorkspaceOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check the data, coming in or going out.

    Example: jkpi check --door marts
    """
    with error_handling(as_json):
        from jkpi.config.settings import load_settings
        from jkpi.errors import InputError
        from jkpi.pipeline import steps

        checkpoints: dict[str, Literal["landing", "marts"]] = {"landing": "landing", "marts": "marts"}
        if checkpoint not in checkpoints:
            raise InputError(f"--door: no door {checkpoint!r}", hint="known: landing, marts")
        report = steps.check(load_settings(workspace, parse_now(now)), checkpoints[checkpoint])
        print_result(report, report.lines(), as_json)
        _exit_on_failure(steps.check_failure(report))


def measure(
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Count everything anew.")] = False,
    rewrite_history: Annotated[
        bool, typer.Option("--rewrite-history", help="Count all days by the map of today; its past versions are gone.")
    ] = False,
    workspace: WorkspaceOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count: events and answers become KPI readings.

    Example: jkpi measure --full-refresh
    """
    with error_handling(as_json):
        from jkpi.cli import report
        from jkpi.config.settings import load_settings
        from jkpi.pipeline import steps
        from jkpi.pipeline.progress import Display

        measure_report = steps.measure(
            load_settings(workspace, parse_now(now)), Display(), full_refresh, rewrite_history
        )
        print_result(measure_report, report.render_measure(measure_report), as_json)


def evaluate(workspace: WorkspaceOption = None, now: NowOption = None, as_json: JsonOption = False) -> None:
    """Judge the moments of truth, tell their owners.

    Running it twice says nothing twice.

    Example: jkpi alert
    """
    with error_handling(as_json):
        from jkpi.cli import report
        from jkpi.config.settings import load_settings
        from jkpi.pipeline import steps

        outcome = steps.evaluate(load_settings(workspace, parse_now(now)))
        print_result(outcome, report.render_evaluation(outcome), as_json)
        _exit_on_failure(steps.evaluate_failure(outcome))


def publish(
    target: Annotated[str, typer.Argument(help="all, maps or dashboards.")] = "all",
    workspace: WorkspaceOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the living maps, and put the dashboards into Superset.

    One HTML page per journey that needs nothing else, the Data Docs of the checks, a copy of the tables that dashboards
    read, and the dashboards where jkpi.yml names a Superset. A second call changes nothing.

    Example: jkpi publish dashboards
    """
    with error_handling(as_json):
        from jkpi.config.settings import load_settings
        from jkpi.pipeline.publish import parse_publish_target
        from jkpi.pipeline.publish import publish as put

        publish_target = parse_publish_target(target)
        publish_report = put(load_settings(workspace, parse_now(now)), publish_target)
        print_result(publish_report, publish_report.lines(), as_json)


def digest(workspace: WorkspaceOption = None, now: NowOption = None, as_json: JsonOption = False) -> None:
    """Send each owner the week: what fires, changed, improved, went stale.

    Once a week: a second call in the same week tells nobody again.

    Example: jkpi digest
    """
    with error_handling(as_json):
        from jkpi.config.settings import load_settings
        from jkpi.pipeline import steps
        from jkpi.pipeline.digest import digest as write_digest
        from jkpi.pipeline.digest import render_digest_report

        digest_report = write_digest(load_settings(workspace, parse_now(now)))
        print_result(digest_report, render_digest_report(digest_report), as_json)
        _exit_on_failure(steps.delivery_failure(digest_report.delivered))


def run(
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Count everything anew.")] = False,
    workspace: WorkspaceOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """Do it all: load, check, measure, alert, publish.

    Example: jkpi run -w my-workspace
    """
    with error_handling(as_json):
        from jkpi.cli import report
        from jkpi.cli.init import describe_workspace
        from jkpi.config.settings import load_settings
        from jkpi.pipeline import steps
        from jkpi.pipeline.progress import Display

        settings = load_settings(workspace, parse_now(now))
        for line in describe_workspace(settings)["notes"]:
            log(f"  note: {line}")
        run_report = steps.run(settings, Display(), full_refresh)
        print_result(run_report, report.render_run(run_report), as_json)
        for step in run_report.steps:
            if step.error:
                print_error(step.error, False)
        if run_report.exit_code:
            raise typer.Exit(run_report.exit_code)


def _exit_on_failure(error: JkpiError | None) -> None:
    """The result was given; what went wrong in it is told beside it, and is the exit code."""
    if error is not None:
        print_error(error, as_json=False)
        raise typer.Exit(error.exit_code)
