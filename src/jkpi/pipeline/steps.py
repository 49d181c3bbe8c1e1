"""The line from a source to a message: load, check, measure, check, alert, publish.

The only place that knows all rooms. Each step is one function; the command line calls them one by one or all in a row,
and Airflow calls the command line.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from jkpi.config.settings import Settings
from jkpi.errors import CheckFailed, InputError, JkpiError, SystemFailure
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


@dataclass(frozen=True)
class SourceLoadReport:
    """What became of one source: its batches, or why it could not be read. `warning`: many rows were set aside."""

    source: str
    batches: tuple[BatchReport, ...] = ()
    error: JkpiError | None = None
    warning: str | None = None


@dataclass(frozen=True)
class EvaluateOutcome:
    """What was judged, and what was delivered."""

    evaluated: AlertReport
    delivered: DeliveryReport


@dataclass
class PipelineStep:
    """One step of a run: how it went, how long it took (seconds), and what to say of it."""

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
        """0 where all went well, else the gravest code of the errors met."""
        return max((step.error.exit_code for step in self.steps if step.error), default=0)


def load(
    settings: Settings, display: Display, source_name: str | None = None, replace: bool = False
) -> list[SourceLoadReport]:
    """Land what is new of each source. A source that cannot be read does not stop the others."""
    from jkpi.loading.load import load_source
    from jkpi.loading.rejects import expire_rejects
    from jkpi.loading.report import rejected_warning
    from jkpi.quality.incoming import incoming_validator

    settings = settings.not_before_workspace_time()
    sources = select_sources(read_map(settings)[1], source_name)
    validator = incoming_validator(settings)
    reports = []
    with open_with_landing(settings) as warehouse, display.progress() as progress:
        check_pseudonym_key(settings, warehouse)
        expire_rejects(warehouse, settings)
        for source in sources:
            try:
                batches = load_source(source, settings, warehouse, validator, progress, replace=replace)
                reports.append(SourceLoadReport(source.source, tuple(batches), warning=rejected_warning(batches)))
            except InputError as error:
                reports.append(SourceLoadReport(source.source, error=error))
    return reports


def check(settings: Settings, checkpoint: TableCheckpoint) -> CheckReport:
    """Great Expectations on what has landed, or on what was measured."""
    from jkpi.quality.landing import check_landing
    from jkpi.quality.marts import check_marts

    with open_with_map(settings) as warehouse:
        run_checks = check_landing if checkpoint == "landing" else check_marts
        return run_checks(settings, warehouse)


def measure(
    settings: Settings, display: Display, full_refresh: bool = False, rewrite_history: bool = False
) -> MeasureReport:
    """Put the map into the warehouse, then count.

    `rewrite_history` forgets the past versions of the maps, so that all days are counted by the current ones.
    """
    from jkpi.journeys.map_tables import delete_past_versions
    from jkpi.measuring.run import measure as count

    # dbt runs in a process of its own: the map is put in, and the warehouse let go.
    with open_with_map(settings, rewrite_history) as warehouse:
        if rewrite_history:
            delete_past_versions(warehouse)
    with display.progress() as progress:
        return count(settings, full_refresh=full_refresh, progress=progress)


def evaluate(settings: Settings) -> EvaluateOutcome:
    """Judge each moment of truth, write what is to be said, and say it."""
    from jkpi.alerts.delivery.outbox import deliver
    from jkpi.alerts.dispatch.evaluate_and_dispatch import evaluate_and_dispatch

    journeys, _, _ = read_map(settings)
    with open_warehouse(settings) as warehouse:
        evaluated = evaluate_and_dispatch(settings, warehouse, journeys)
    return EvaluateOutcome(evaluated, deliver(settings))


def run(settings: Settings, display: Display, full_refresh: bool = False) -> RunReport:
    """The whole line. A failed step stops the ones that would speak from what it left unproven."""
    from jkpi.pipeline.publish import publish

    steps: list[tuple[str, Callable[[], Any]]] = [
        ("load", lambda: load(settings, display)),
        ("check landing", lambda: check(settings, "landing")),
        ("measure", lambda: measure(settings, display, full_refresh)),
        ("check marts", lambda: check(settings, "marts")),
        ("alert", lambda: evaluate(settings)),
        ("publish", lambda: publish(settings)),
    ]
    report = RunReport()
    stopped = False
    for name, call in steps:
        step = PipelineStep(name)
        report.steps.append(step)
        if stopped:
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
        # Blind sources withhold their readings and the line goes on; wrong marts are not spoken from.
        stopped = stopped or (name == "check marts" and step.error is not None)
    return report


def step_failure(step: PipelineStep) -> JkpiError | None:
    """The error that a step's result stands for, though nothing was raised."""
    if step.name == "load":
        return load_failure(step.result)
    if step.name.startswith("check"):
        return check_failure(step.result)
    if step.name == "alert":
        return evaluate_failure(step.result)
    return None


def load_failure(reports: list[SourceLoadReport]) -> JkpiError | None:
    """The gravest of: a source that could not be read, a batch that was refused."""
    errors = [report.error for report in reports if report.error]
    if errors:
        return max(errors, key=lambda error: error.exit_code)
    mostly_rejected = [
        f"{load_report.source}: {batch.origin}: {batch.rejected} of {batch.read}"
        for load_report in reports
        for batch in load_report.batches
        if batch.status == "loaded" and batch.rejected >= MIN_BAD_ROWS and batch.rejected > batch.loaded
    ]
    if mostly_rejected:
        return CheckFailed(
            "most rows were set aside: " + "; ".join(mostly_rejected),
            hint="see jkpi rejects list; mend the YAML or the rows, then: jkpi rejects replay",
        )
    refused = [
        f"{load_report.source}: {batch.origin}: {batch.reason}"
        for load_report in reports
        for batch in load_report.batches
        if batch.status == "refused"
    ]
    if refused:
        return CheckFailed("batches were refused: " + "; ".join(refused), hint="mend the file and load again")
    return None


def check_failure(report: CheckReport) -> JkpiError | None:
    """A check that did not pass, as an error."""
    if report.passed:
        return None
    return CheckFailed("; ".join(str(failure) for failure in report.failures) or "the check failed")


def evaluate_failure(outcome: EvaluateOutcome) -> JkpiError | None:
    """What an alert's messages came to."""
    return delivery_failure(outcome.delivered)


def delivery_failure(delivery: DeliveryReport) -> JkpiError | None:
    """Messages that did not get through. They are safe in the outbox; the exit code lets a scheduler try again."""
    if not delivery.failed and not delivery.dead_lettered:
        return None
    return SystemFailure(
        f"{delivery.failed + delivery.dead_lettered} messages were not delivered: {'; '.join(delivery.problems)}",
        hint="they stay in the outbox; jkpi alert tries again, after a minute at first, then with growing pauses",
    )
