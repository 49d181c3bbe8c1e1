"""The steps from a source to a notification: load, check, measure, check, evaluate, publish.

Each step is one function. The command line calls one or all of them, and Airflow calls the command line.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from jkpi.config.settings import Settings
from jkpi.errors import CheckFailed, InputError, JkpiError, SystemFailure
from jkpi.formatting.numbers import pluralize
from jkpi.pipeline.workspace import check_pseudonym_key, open_with_landing, open_with_map, read_map, select_sources
from jkpi.warehouse.open import open_warehouse

if TYPE_CHECKING:
    from jkpi.alerts.delivery.outbox import DeliveryReport
    from jkpi.alerts.dispatch.evaluate_and_dispatch import AlertReport
    from jkpi.loading.report import BatchReport
    from jkpi.measuring.report import MeasureReport
    from jkpi.pipeline.progress import Display
    from jkpi.quality.report import CheckReport, TableCheckpoint


MIN_BAD_ROWS = 20
_NOT_MEASURED = (
    "nothing was measured, and the readings stay as they were;"
    " to measure what there is: jkpi run --despite-unread-sources"
)


@dataclass(frozen=True)
class SourceLoadReport:
    """Result of loading one source: its batches, or why it could not be read. `warning`: many rows were rejected."""

    source: str
    batches: tuple[BatchReport, ...] = ()
    error: JkpiError | None = None
    warning: str | None = None


@dataclass(frozen=True)
class EvaluateOutcome:
    """Results of evaluation and delivery."""

    evaluated: AlertReport
    delivered: DeliveryReport


@dataclass
class PipelineStep:
    """One step of a run with its status, duration in seconds and result."""

    name: str
    status: Literal["ok", "failed", "skipped"] = "ok"
    seconds: float = 0.0
    result: Any = None
    error: JkpiError | None = None


@dataclass
class RunReport:
    """All steps of one run, in order."""

    steps: list[PipelineStep] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 if all steps succeeded, else the highest exit code of the errors."""
        return max((step.error.exit_code for step in self.steps if step.error), default=0)


def load(
    settings: Settings, display: Display, source_name: str | None = None, replace: bool = False
) -> list[SourceLoadReport]:
    """Load new data of each source. A source that cannot be read does not stop the others."""
    from jkpi.loading.load import load_source
    from jkpi.loading.report import rejected_warning
    from jkpi.loading.retention import delete_expired
    from jkpi.quality.incoming import incoming_validator

    settings = settings.not_before_workspace_time()
    sources = select_sources(read_map(settings)[1], source_name)
    validator = incoming_validator(settings)
    reports = []
    with open_with_landing(settings) as warehouse, display.progress() as progress:
        check_pseudonym_key(settings, warehouse)
        delete_expired(warehouse, settings)
        for source in sources:
            try:
                batches = load_source(source, settings, warehouse, validator, progress, replace=replace)
                reports.append(SourceLoadReport(source.source, tuple(batches), warning=rejected_warning(batches)))
            except InputError as error:
                reports.append(SourceLoadReport(source.source, error=error))
    return reports


def parse_checkpoint(text: str) -> TableCheckpoint:
    """The checkpoint of that name.

    Raises:
        InputError: unknown checkpoint.
    """
    from jkpi.quality.report import TableCheckpoint

    checkpoints: tuple[TableCheckpoint, ...] = get_args(TableCheckpoint)
    for checkpoint in checkpoints:
        if checkpoint == text:
            return checkpoint
    raise InputError(f"--checkpoint: unknown checkpoint {text!r}", hint=f"known: {', '.join(checkpoints)}")


def check(settings: Settings, checkpoint: TableCheckpoint) -> CheckReport:
    """Run Great Expectations on the landed data or on the marts."""
    from jkpi.quality.landing import check_landing
    from jkpi.quality.marts import check_marts

    with open_with_map(settings) as warehouse:
        run_checks = check_landing if checkpoint == "landing" else check_marts
        return run_checks(settings, warehouse)


def measure(
    settings: Settings, display: Display, full_refresh: bool = False, rewrite_history: bool = False
) -> MeasureReport:
    """Write the map to the warehouse, then run dbt.

    `rewrite_history` deletes past versions of the maps, so that all days are measured with the current ones.
    """
    from jkpi.journeys.map_tables import delete_past_versions
    from jkpi.measuring import run as measuring

    # dbt runs in a process of its own, so the warehouse is closed before.
    with open_with_map(settings, rewrite_history) as warehouse:
        if rewrite_history:
            delete_past_versions(warehouse)
    with display.progress() as progress:
        return measuring.measure(settings, full_refresh=full_refresh, progress=progress)


def evaluate(settings: Settings) -> EvaluateOutcome:
    """Evaluate each moment of truth, write the notifications to the outbox and deliver them."""
    from jkpi.alerts.delivery.outbox import deliver
    from jkpi.alerts.dispatch.evaluate_and_dispatch import evaluate_and_dispatch

    journeys, _, _ = read_map(settings)
    with open_warehouse(settings) as warehouse:
        evaluated = evaluate_and_dispatch(settings, warehouse, journeys)
    return EvaluateOutcome(evaluated, deliver(settings))


def run(
    settings: Settings, display: Display, full_refresh: bool = False, despite_unread_sources: bool = False
) -> RunReport:
    """Run all steps. An error skips the remaining steps; of the checks only a failed one of the marts does.

    If a source could not be read, nothing is measured, because cases without its rows would count as lost. The readings
    stay as they were; evaluation still reports what is silent, and delivers. despite_unread_sources: measure anyway.
    """
    from jkpi.pipeline.publish import publish

    steps: list[tuple[str, Callable[[], Any]]] = [
        ("load", lambda: load(settings, display)),
        ("check landing", lambda: check(settings, "landing")),
        ("measure", lambda: measure(settings, display, full_refresh)),
        ("check marts", lambda: check(settings, "marts")),
        ("evaluate", lambda: evaluate(settings)),
        ("publish", lambda: publish(settings)),
    ]
    report = RunReport()
    stopped = is_incomplete = False
    for name, call in steps:
        step = PipelineStep(name)
        report.steps.append(step)
        if stopped or (name in ("measure", "check marts") and is_incomplete):
            step.status = "skipped"
            continue
        started = time.monotonic()
        with display.step(name):
            try:
                step.result = call()
                step.error = step_failure(step)
            except JkpiError as error:
                step.error = error
                stopped = True
        step.seconds = time.monotonic() - started
        step.status = "failed" if step.error else "ok"
        if name == "load" and not stopped:
            is_incomplete = not despite_unread_sources and any(report.error for report in step.result)
            if is_incomplete and step.error is not None:
                step.error.hint = "; ".join(filter(None, (step.error.hint, _NOT_MEASURED)))
        # Data gaps withhold readings and the run continues; readings of wrong marts are not published.
        stopped = stopped or (name == "check marts" and step.error is not None)
    return report


def step_failure(step: PipelineStep) -> JkpiError | None:
    """The error of a failed step whose result reports it instead of raising it."""
    if step.name == "load":
        return load_failure(step.result)
    if step.name.startswith("check"):
        return check_failure(step.result)
    if step.name == "evaluate":
        return delivery_failure(step.result.delivered)
    return None


def load_failure(reports: list[SourceLoadReport]) -> JkpiError | None:
    """The most severe of: a source that could not be read, a batch with mostly rejected rows, a refused batch."""
    unread = [report for report in reports if report.error]
    if unread:
        return _unread_sources(unread)
    mostly_rejected = [
        f"{load_report.source}: {batch.origin}: {batch.rejected} of {batch.read}"
        for load_report in reports
        for batch in load_report.batches
        if batch.status == "loaded" and batch.rejected >= MIN_BAD_ROWS and batch.rejected > batch.loaded
    ]
    if mostly_rejected:
        return CheckFailed(
            "most rows were rejected: " + "; ".join(mostly_rejected),
            hint="after fixing the rows: jkpi rejects replay; after fixing the YAML: jkpi load --source NAME --replace",
        )
    refused = [
        f"{load_report.source}: {batch.origin}: {batch.reason}"
        for load_report in reports
        for batch in load_report.batches
        if batch.status == "refused"
    ]
    if refused:
        return CheckFailed("batches were refused: " + "; ".join(refused), hint="fix the file and load again")
    return None


def _unread_sources(reports: Sequence[SourceLoadReport]) -> InputError:
    """All sources that could not be read, as one error."""
    errors = [report.error for report in reports if report.error]
    return InputError(
        "\n".join(error.message for error in errors),
        "; ".join(dict.fromkeys(error.hint for error in errors if error.hint)),
    )


def check_failure(report: CheckReport) -> JkpiError | None:
    """A failed check as an error."""
    if report.passed:
        return None
    return CheckFailed("; ".join(str(failure) for failure in report.failures) or "the check failed")


def delivery_failure(delivery: DeliveryReport) -> JkpiError | None:
    """Undelivered messages as an error; its exit code lets a scheduler try again. They stay in the outbox."""
    if not delivery.failed and not delivery.dead_lettered:
        return None
    undelivered = pluralize(delivery.failed + delivery.dead_lettered, "message")
    return SystemFailure(
        f"{undelivered} not delivered: {'; '.join(delivery.problems)}",
        hint="jkpi evaluate and jkpi deliver try again, after one minute first, then with growing pauses",
    )
