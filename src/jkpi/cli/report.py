"""What the verbs did, as lines for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jkpi.cli.output import render_table

if TYPE_CHECKING:
    from jkpi.loading.report import BatchReport
    from jkpi.measuring.report import MeasureReport
    from jkpi.pipeline.steps import EvaluateOutcome, RunReport, SourceLoadReport

_MAX_NAMED_FILES = 3
"""So many files without rows are told by name."""


def render_load(outcomes: Sequence[SourceLoadReport]) -> list[str]:
    """One line a source with its sums, then what needs a look."""
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
    """Each batch on a line, then what needs a look."""
    return [*(str(batch) for batch in batches), *render_batch_remarks(source, batches)]


def render_batch_remarks(source: str, batches: Sequence[BatchReport]) -> list[str]:
    """Warnings, refusals, why rows were set aside, and files without rows that were not known."""
    from jkpi.loading.report import count_reasons, rejected_warning

    remarks = [f"{source}: {warning}" for batch in batches for warning in batch.warnings]
    remarks += [str(batch) for batch in batches if batch.status == "refused"]
    warning = rejected_warning(batches)
    if warning:
        remarks.append(f"{source}: warning: {warning}; why: jkpi rejects list --source {source}")
    reasons = count_reasons(batches)
    if reasons:
        reason_counts = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
        remarks.append(f"{source}: set aside: {reason_counts}")
    empty = [batch.origin for batch in batches if batch.status == "empty" and not batch.warnings]
    if len(empty) == 1:
        remarks.append(f"{source}: {empty[0]} holds no rows")
    elif empty:
        more = f" and {len(empty) - _MAX_NAMED_FILES} more" if len(empty) > _MAX_NAMED_FILES else ""
        remarks.append(f"{source}: {len(empty)} files hold no rows: {', '.join(empty[:_MAX_NAMED_FILES])}{more}")
    return remarks


def render_measure(report: MeasureReport) -> list[str]:
    """What dbt built and tested."""
    return report.lines()


def render_evaluation(outcome: EvaluateOutcome) -> list[str]:
    """What was found, what was said."""
    evaluated, delivery = outcome.evaluated, outcome.delivered
    firing_series = {transitions.series_id for transitions in evaluated.opened}
    # An early sign that has become a fall is not "no longer so".
    transitions = [
        transition
        for transition in evaluated.transitions
        if not (
            transition.kind == "early_warning"
            and transition.transition == "ended"
            and transition.series_id in firing_series
        )
    ]
    lines = [
        f"{transition.transition}: {transition.headline}{f' ({transition.owner})' if transition.owner else ''}"
        for transition in transitions
    ]
    lines.append(
        f"{evaluated.series_evaluated} series judged, {len(evaluated.transitions)} changed, {evaluated.messages_queued} messages written"
    )
    lines.append(
        f"messages: {delivery.sent} sent, {delivery.queued} waiting, {delivery.failed} failed, {delivery.dead_lettered} given up"
    )
    return lines


def render_run(report: RunReport) -> list[str]:
    """One clear summary: each step, how it went, and what it has to say."""
    lines = []
    for step in report.steps:
        lines.append(f"{_STATUS_SYMBOLS[step.status]} {step.name:<14}{step.seconds:6.1f} s")
        if step.result is not None:
            lines += [f"    {line}" for line in _render_step(step.name, step.result)]
    return lines


_STATUS_SYMBOLS = {"ok": "✓", "failed": "✗", "skipped": "·"}


def _render_step(name: str, result: Any) -> list[str]:
    if name == "load":
        return render_load(result)
    if name.startswith("check"):
        return list(result.lines())
    if name == "measure":
        return render_measure(result)
    if name == "alert":
        return render_evaluation(result)
    return list(result.lines())


def _sum_batches(batches: Sequence[BatchReport]) -> dict[str, int]:
    names = ("read", "loaded", "rejected", "duplicates", "skipped")
    sums = {name: sum(getattr(batch, name) for batch in batches) for name in names}
    return {"batches": len(batches), **sums, "unchanged": sum(batch.status == "unchanged" for batch in batches)}
