"""Reports of the pipeline steps as lines of text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from jkpi.cli.output import render_table
from jkpi.formatting.numbers import pluralize

if TYPE_CHECKING:
    from jkpi.alerts.delivery.outbox import DeliveryReport
    from jkpi.dashboards.publish import DashboardReport
    from jkpi.loading.report import BatchReport
    from jkpi.measuring.report import MeasureReport
    from jkpi.pipeline.digest import DigestReport
    from jkpi.pipeline.publish import PublishReport
    from jkpi.pipeline.steps import EvaluateOutcome, RunReport, SourceLoadReport
    from jkpi.quality.report import CheckReport

_MAX_NAMED_FILES = 3
"""Largest number of files without rows that are named."""
_MAX_CHANGES_LISTED = 20


def render_load(outcomes: Sequence[SourceLoadReport]) -> list[str]:
    """One line a source with its sums, then remarks."""
    rows = []
    remarks: list[str] = []
    for outcome in outcomes:
        rows.append({"source": outcome.source, **_sum_batches(outcome.batches)})
        remarks += render_batch_remarks(outcome.source, outcome.batches)
        if outcome.error:
            remarks.append(f"{outcome.source}: {outcome.error.message}")
    columns = ("source", "batches", "read", "loaded", "rejected", "duplicates", "skipped", "unchanged")
    return [*render_table(rows, {name: name for name in columns}), *remarks]


def render_batches(source: str, batches: Sequence[BatchReport]) -> list[str]:
    """One line a batch, then remarks."""
    return [*(str(batch) for batch in batches), *render_batch_remarks(source, batches)]


def render_batch_remarks(source: str, batches: Sequence[BatchReport]) -> list[str]:
    """Warnings, refused batches, reasons of rejected rows, and new files without rows."""
    from jkpi.loading.report import count_reasons, rejected_warning

    remarks = [f"{source}: {warning}" for batch in batches for warning in batch.warnings]
    remarks += [str(batch) for batch in batches if batch.status == "refused"]
    warning = rejected_warning(batches)
    if warning:
        remarks.append(f"{source}: warning: {warning}; see jkpi rejects list --source {source}")
    reasons = count_reasons(batches)
    if reasons:
        reason_counts = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
        remarks.append(f"{source}: rejected: {reason_counts}")
    empty = [batch.origin for batch in batches if batch.status == "empty" and not batch.warnings]
    if len(empty) == 1:
        remarks.append(f"{source}: {empty[0]} has no rows")
    elif empty:
        more = f" and {len(empty) - _MAX_NAMED_FILES} more" if len(empty) > _MAX_NAMED_FILES else ""
        remarks.append(f"{source}: {len(empty)} files have no rows: {', '.join(empty[:_MAX_NAMED_FILES])}{more}")
    return remarks


def render_check(report: CheckReport) -> list[str]:
    """Failures first, then warnings and data gaps, then one line of totals."""
    from jkpi.quality.report import gap_period_text

    # At the landing checkpoint each warning is also a data gap, which says more.
    warnings = [item for item in report.warnings if report.checkpoint != "landing" or item.severity == "info"]
    subjects = pluralize(len({item.subject for item in report.results}), "subject")
    passed = sum(item.success for item in report.results)
    return [
        *(f"FAILED  {failure}" for failure in report.failures),
        *(f"{item.severity}  {item.subject}: {item.expectation}: {item.detail}" for item in warnings),
        *(f"data gap  {gap.source}: {gap_period_text(gap)}: {gap.reason}" for gap in report.data_gaps),
        f"{report.checkpoint}: {passed} of {len(report.results)} expectations passed on {subjects}",
    ]


def render_measure(report: MeasureReport) -> list[str]:
    """What dbt built and tested, and what failed."""
    refresh_note = f", full refresh: {report.refresh_reason}" if report.refresh_reason else ""
    counts = f"{pluralize(report.models, 'model')} and {pluralize(report.tests, 'test')}"
    return [f"{counts} in {report.seconds:.1f} s{refresh_note}", *(f"failed: {failure}" for failure in report.failures)]


def render_evaluation(outcome: EvaluateOutcome) -> list[str]:
    """The transitions, then the totals of evaluation and delivery."""
    evaluated = outcome.evaluated
    firing_series = {transition.series_id for transition in evaluated.opened}
    # An early warning that has become a drop is still open, as a drop.
    transitions = [
        transition
        for transition in evaluated.transitions
        if not (
            transition.kind == "early_warning"
            and transition.transition == "ended"
            and transition.series_id in firing_series
        )
    ]
    return [
        *(
            f"{transition.transition}: {transition.headline}{f' ({transition.owner})' if transition.owner else ''}"
            for transition in transitions
        ),
        f"{pluralize(evaluated.series_evaluated, 'series')} evaluated,"
        f" {pluralize(len(evaluated.transitions), 'transition')},"
        f" {pluralize(evaluated.messages_queued, 'message')} queued",
        *render_delivery(outcome.delivered),
    ]


def render_delivery(report: DeliveryReport) -> list[str]:
    """How many messages were sent, how many wait."""
    return [
        f"messages: {report.sent} sent, {report.failed} retrying, {report.dead_lettered} dead-lettered,"
        f" {report.queued} queued"
    ]


def render_digest(report: DigestReport) -> list[str]:
    """The files, then how many messages were queued and delivered."""
    earlier_note = f", {report.sent_earlier} already sent this week" if report.sent_earlier else ""
    return [
        *(str(path) for path in report.files),
        f"{pluralize(len(report.owners), 'owner')}, {pluralize(report.written, 'message')} queued{earlier_note}",
        *render_delivery(report.delivered),
    ]


def render_publish(report: PublishReport) -> list[str]:
    """The files, then the dashboards."""
    files = [*report.pages, *([report.snapshot] if report.snapshot else [])]
    return [*(str(path) for path in files), *(_render_dashboards(report.dashboards) if report.dashboards else [])]


def _render_dashboards(report: DashboardReport) -> list[str]:
    dashboards, charts = pluralize(len(report.urls), "dashboard"), pluralize(report.charts, "chart")
    return [
        *report.urls,
        f"{dashboards}, {charts}, all verified",
        *(_limited_lines("changed", [*report.changed, *report.security_changes]) or ["no changes"]),
        *_limited_lines("removed", report.removed),
        *_limited_lines("empty", report.empty),
        f"roles to assign, in addition to Gamma: {', '.join(report.roles)}",
    ]


def _limited_lines(word: str, names: Sequence[str]) -> list[str]:
    more = [f"{word}: {len(names) - _MAX_CHANGES_LISTED} more"] if len(names) > _MAX_CHANGES_LISTED else []
    return [*(f"{word}: {name}" for name in names[:_MAX_CHANGES_LISTED]), *more]


def render_run(report: RunReport) -> list[str]:
    """Each step with its status and duration, then its own report."""
    lines = []
    for step in report.steps:
        lines.append(f"{_STATUS_SYMBOLS[step.status]} {step.name:<14}{step.seconds:6.1f} s")
        if step.result is not None:
            lines += [f"    {line}" for line in _render_step(step.name, step.result)]
    return lines


_STATUS_SYMBOLS = {"ok": "✓", "failed": "✗", "skipped": "·"}


def _render_step(name: str, result: Any) -> list[str]:
    renderers: dict[str, Callable[[Any], list[str]]] = {
        "load": render_load,
        "check landing": render_check,
        "measure": render_measure,
        "check marts": render_check,
        "evaluate": render_evaluation,
        "publish": render_publish,
    }
    return renderers[name](result)


def _sum_batches(batches: Sequence[BatchReport]) -> dict[str, int]:
    names = ("read", "loaded", "rejected", "duplicates", "skipped")
    sums = {name: sum(getattr(batch, name) for batch in batches) for name in names}
    return {"batches": len(batches), **sums, "unchanged": sum(batch.status == "unchanged" for batch in batches)}
