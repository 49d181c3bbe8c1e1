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
from jkpi.pipeline.workspace import chosen, landing, mapped, read_map, same_key
from jkpi.warehouse.open import open_warehouse

if TYPE_CHECKING:
    from jkpi.alerts.delivery.outbox import DeliveryReport
    from jkpi.alerts.dispatch.evaluate_and_dispatch import AlertReport
    from jkpi.loading.report import BatchReport
    from jkpi.measuring.report import MeasureReport
    from jkpi.pipeline.progress import Display
    from jkpi.quality.report import CheckReport


Door = Literal["landing", "marts"]
SPOILT_AT_LEAST = 20


@dataclass(frozen=True)
class SourceLoaded:
    """What became of one source: its batches, or why it could not be read. `warning`: many rows were set aside."""

    source: str
    batches: tuple[BatchReport, ...] = ()
    error: JkpiError | None = None
    warning: str | None = None


@dataclass(frozen=True)
class Alerted:
    """What was judged, and what was delivered."""

    judged: AlertReport
    delivered: DeliveryReport


@dataclass
class Step:
    """One step of a run: how it went, how long it took (seconds), and what to say of it."""

    name: str
    status: Literal["ok", "failed", "skipped"] = "ok"
    seconds: float = 0.0
    result: Any = None
    error: JkpiError | None = None


@dataclass
class RunReport:
    """All steps of one run, in order."""

    steps: list[Step] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 where all went well, else the gravest code of the errors met."""
        return max((step.error.exit_code for step in self.steps if step.error), default=0)


def load(settings: Settings, display: Display, only: str | None = None, replace: bool = False) -> list[SourceLoaded]:
    """Land what is new of each source. A source that cannot be read does not stop the others."""
    from jkpi.loading.load import load_source
    from jkpi.loading.rejects import expire_rejects
    from jkpi.loading.report import set_aside
    from jkpi.quality.incoming import first_door

    settings = settings.at_present()
    sources = chosen(read_map(settings)[1], only)
    inspector = first_door(settings)
    outcomes = []
    with landing(settings) as warehouse, display.progress() as progress:
        same_key(settings, warehouse)
        expire_rejects(warehouse, settings)
        for source in sources:
            try:
                batches = load_source(source, settings, warehouse, inspector, progress, replace=replace)
                outcomes.append(SourceLoaded(source.source, tuple(batches), warning=set_aside(batches)))
            except InputError as error:
                outcomes.append(SourceLoaded(source.source, error=error))
    return outcomes


def check(settings: Settings, door: Door) -> CheckReport:
    """Great Expectations on what has landed, or on what was measured."""
    from jkpi.quality.landing import check_landing
    from jkpi.quality.marts import check_marts

    with mapped(settings) as warehouse:
        judge = check_landing if door == "landing" else check_marts
        return judge(settings, warehouse)


def measure(
    settings: Settings, display: Display, full_refresh: bool = False, rewrite_history: bool = False
) -> MeasureReport:
    """Put the map into the warehouse, then count.

    `rewrite_history` forgets the past versions of the maps, so that all days are counted by the current ones.
    """
    from jkpi.journeys.map_tables import forget_past_versions
    from jkpi.measuring.run import measure as count

    # dbt runs in a process of its own: the map is put in, and the warehouse let go.
    with mapped(settings, rewrite_history) as warehouse:
        if rewrite_history:
            forget_past_versions(warehouse)
    with display.progress() as progress:
        return count(settings, full_refresh=full_refresh, progress=progress)


def alert(settings: Settings) -> Alerted:
    """Judge each moment of truth, write what is to be said, and say it."""
    from jkpi.alerts.delivery.outbox import deliver
    from jkpi.alerts.dispatch.evaluate_and_dispatch import judge_and_announce

    journeys, _, _ = read_map(settings)
    with open_warehouse(settings) as warehouse:
        judged = judge_and_announce(settings, warehouse, journeys)
    return Alerted(judged, deliver(settings))


def run(settings: Settings, display: Display, full_refresh: bool = False) -> RunReport:
    """The whole line. A failed step stops the ones that would speak from what it left unproven."""
    from jkpi.pipeline.publish import publish

    steps: list[tuple[str, Callable[[], Any]]] = [
        ("load", lambda: load(settings, display)),
        ("check landing", lambda: check(settings, "landing")),
        ("measure", lambda: measure(settings, display, full_refresh)),
        ("check marts", lambda: check(settings, "marts")),
        ("alert", lambda: alert(settings)),
        ("publish", lambda: publish(settings)),
    ]
    report = RunReport()
    stopped = False
    for name, call in steps:
        step = Step(name)
        report.steps.append(step)
        if stopped:
            step.status = "skipped"
            continue
        started = time.monotonic()
        with display.step(name):
            try:
                step.result = call()
                step.error = failure_of(step)
            except JkpiError as error:
                step.error = error
                stopped = True
        step.seconds = time.monotonic() - started
        step.status = "failed" if step.error else "ok"
        # Blind sources withhold their readings and the line goes on; wrong marts are not spoken from.
        stopped = stopped or (name == "check marts" and step.error is not None)
    return report


def failure_of(step: Step) -> JkpiError | None:
    """The error that a step's result stands for, though nothing was raised."""
    if step.name == "load":
        return load_failure(step.result)
    if step.name.startswith("check"):
        return check_failure(step.result)
    if step.name == "alert":
        return delivery_failure(step.result)
    return None


def load_failure(outcomes: list[SourceLoaded]) -> JkpiError | None:
    """The gravest of: a source that could not be read, a batch that was refused."""
    errors = [outcome.error for outcome in outcomes if outcome.error]
    if errors:
        return max(errors, key=lambda error: error.exit_code)
    spoilt = [
        f"{o.source}: {b.origin}: {b.rejected} of {b.read}"
        for o in outcomes
        for b in o.batches
        if b.status == "loaded" and b.rejected >= SPOILT_AT_LEAST and b.rejected > b.loaded
    ]
    if spoilt:
        return CheckFailed(
            "most rows were set aside: " + "; ".join(spoilt),
            hint="see jkpi rejects list; mend the YAML or the rows, then: jkpi rejects replay",
        )
    refused = [f"{o.source}: {b.origin}: {b.reason}" for o in outcomes for b in o.batches if b.status == "refused"]
    if refused:
        return CheckFailed("batches were refused: " + "; ".join(refused), hint="mend the file and load again")
    return None


def check_failure(report: CheckReport) -> JkpiError | None:
    """A check that did not pass, as an error."""
    if report.passed:
        return None
    return CheckFailed("; ".join(str(failure) for failure in report.failures) or "the check failed")


def delivery_failure(alerted: Alerted) -> JkpiError | None:
    """What an alert's messages came to."""
    return undelivered(alerted.delivered)


def undelivered(sent: DeliveryReport) -> JkpiError | None:
    """Messages that did not get through. They are safe in the outbox; the exit code lets a scheduler try again."""
    if not sent.failed and not sent.dead:
        return None
    return SystemFailure(
        f"{sent.failed + sent.dead} messages were not delivered: {'; '.join(sent.problems)}",
        hint="they stay in the outbox; jkpi alert tries again, after a minute at first, then with growing pauses",
    )
