"""The pipeline steps as verbs: a scheduler runs them one after another, `jkpi run` runs all."""

from __future__ import annotations

from typing import Annotated

import typer

from jkpi.cli.options import JsonOption, NowOption, WorkspaceOption, error_handling, parse_now
from jkpi.cli.output import print_error, print_result
from jkpi.errors import JkpiError
from jkpi.pipeline.progress import log


def load(
    source: Annotated[str | None, typer.Option("--source", "-s", help="Load only this source.")] = None,
    replace: Annotated[bool, typer.Option(help="Delete the rows of this source and load everything again.")] = False,
    workspace: WorkspaceOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """Load new data of each source.

    Each file or row is loaded once. A row that cannot be parsed is rejected, with its reason.

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
    checkpoint: Annotated[str, typer.Option(help="landing: loaded data; marts: measured KPIs.")] = "landing",
    workspace: WorkspaceOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """Validate the data at a checkpoint (Great Expectations).

    Example: jkpi check --checkpoint marts
    """
    with error_handling(as_json):
        from jkpi.cli import report
        from jkpi.config.settings import load_settings
        from jkpi.pipeline import steps

        check_report = steps.check(load_settings(workspace, parse_now(now)), steps.parse_checkpoint(checkpoint))
        print_result(check_report, report.render_check(check_report), as_json)
        _exit_on_failure(steps.check_failure(check_report))


def measure(
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Recompute everything.")] = False,
    rewrite_history: Annotated[
        bool,
        typer.Option("--rewrite-history", help="Recompute all days with the current map and drop its past versions."),
    ] = False,
    workspace: WorkspaceOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compute KPI readings from events and survey responses (dbt).

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
    """Evaluate moments of truth and notify their owners.

    Safe to run again: no notification is sent twice.

    Example: jkpi evaluate
    """
    with error_handling(as_json):
        from jkpi.cli import report
        from jkpi.config.settings import load_settings
        from jkpi.pipeline import steps

        outcome = steps.evaluate(load_settings(workspace, parse_now(now)))
        print_result(outcome, report.render_evaluation(outcome), as_json)
        _exit_on_failure(steps.delivery_failure(outcome.delivered))


def deliver(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Send what waits in the outbox.

    Example: jkpi deliver
    """
    with error_handling(as_json):
        from jkpi.alerts.delivery import outbox
        from jkpi.cli import report
        from jkpi.config.settings import load_settings
        from jkpi.pipeline import steps

        delivered = outbox.deliver(load_settings(workspace))
        print_result(delivered, report.render_delivery(delivered), as_json)
        _exit_on_failure(steps.delivery_failure(delivered))


def publish(
    target: Annotated[str, typer.Argument(help="all, maps or dashboards.")] = "all",
    workspace: WorkspaceOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the living maps and update the Superset dashboards.

    One self-contained HTML page per journey, the Data Docs of the checks, the tables for dashboards, and the dashboards
    if jkpi.yml configures Superset. Safe to run again.

    Example: jkpi publish dashboards
    """
    with error_handling(as_json):
        from jkpi.cli import report
        from jkpi.config.settings import load_settings
        from jkpi.pipeline import publish as publishing

        publish_target = publishing.parse_publish_target(target)
        publish_report = publishing.publish(load_settings(workspace, parse_now(now)), publish_target)
        print_result(publish_report, report.render_publish(publish_report), as_json)


def digest(workspace: WorkspaceOption = None, now: NowOption = None, as_json: JsonOption = False) -> None:
    """Send each owner the weekly digest: firing, watch list, worse, better, stale.

    Each receiver gets one digest per owner and week. Safe to run again.

    Example: jkpi digest
    """
    with error_handling(as_json):
        from jkpi.cli import report
        from jkpi.config.settings import load_settings
        from jkpi.pipeline import digest as digests
        from jkpi.pipeline import steps

        digest_report = digests.digest(load_settings(workspace, parse_now(now)))
        print_result(digest_report, report.render_digest(digest_report), as_json)
        _exit_on_failure(steps.delivery_failure(digest_report.delivered))


def run(
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Recompute everything.")] = False,
    despite_unread_sources: Annotated[
        bool,
        typer.Option("--despite-unread-sources", help="Measure also if a source could not be read, without its rows."),
    ] = False,
    workspace: WorkspaceOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run all steps: load, check, measure, check, evaluate, publish. If a source cannot be read, nothing is measured.

    Example: jkpi run -w my-workspace
    """
    with error_handling(as_json):
        from jkpi.cli import report
        from jkpi.cli.lint import describe_workspace
        from jkpi.config.settings import load_settings
        from jkpi.pipeline import steps
        from jkpi.pipeline.progress import Display

        settings = load_settings(workspace, parse_now(now))
        for line in describe_workspace(settings)["warnings"]:
            log(f"  warning: {line}")
        run_report = steps.run(settings, Display(), full_refresh, despite_unread_sources)
        print_result(run_report, report.render_run(run_report), as_json)
        for step in run_report.steps:
            if step.error:
                print_error(step.error, False)
        if run_report.exit_code:
            raise typer.Exit(run_report.exit_code)


def _exit_on_failure(error: JkpiError | None) -> None:
    """Print the failure of a result, if it has one, and exit with its code."""
    if error is not None:
        print_error(error, as_json=False)
        raise typer.Exit(error.exit_code)
