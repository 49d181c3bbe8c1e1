"""What the verbs did, as lines for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jkpi.cli.output import table

if TYPE_CHECKING:
    from jkpi.loading.report import BatchReport
    from jkpi.measuring.report import MeasureReport
    from jkpi.pipeline.steps import Alerted, RunReport, SourceLoaded

_NAMED = 3
"""So many files without rows are told by name."""


def load_lines(outcomes: Sequence[SourceLoaded]) -> list[str]:
    """One line a source with its sums, then what needs a look."""
    rows = []
    remarks: list[str] = []
    for outcome in outcomes:
        rows.append({"source": outcome.source, **_sums(outcome.batches)})
        remarks += batch_remarks(outcome.source, outcome.batches)
        if outcome.error:
            remarks.append(f"{outcome.source}: {outcome.error.message}")
    columns = ("source", "batches", "read", "loaded", "rejected", "duplicates", "skipped", "unchanged")
    return [*table(rows, {name: name for name in columns}), *remarks]


def batch_lines(source: str, batches: Sequence[BatchReport]) -> list[str]:
    """Each batch on a line, then what needs a look."""
    return [*(str(batch) for batch in batches), *batch_remarks(source, batches)]


def batch_remarks(source: str, batches: Sequence[BatchReport]) -> list[str]:
    """Warnings, refusals, why rows were set aside, and files without rows that were not known."""
    from jkpi.loading.report import reasons_of, set_aside

    remarks = [f"{source}: {warning}" for batch in batches for warning in batch.warnings]
    remarks += [str(batch) for batch in batches if batch.status == "refused"]
    warning = set_aside(batches)
    if warning:
        remarks.append(f"{source}: warning: {warning}; why: jkpi rejects list --source {source}")
    reasons = reasons_of(batches)
    if reasons:
        told = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
        remarks.append(f"{source}: set aside: {told}")
    empty = [batch.origin for batch in batches if batch.status == "empty" and not batch.warnings]
    if len(empty) == 1:
        remarks.append(f"{source}: {empty[0]} holds no rows")
    elif empty:
        more = f" and {len(empty) - _NAMED} more" if len(empty) > _NAMED else ""
        remarks.append(f"{source}: {len(empty)} files hold no rows: {', '.join(empty[:_NAMED])}{more}")
    return remarks


def measure_lines(report: MeasureReport) -> list[str]:
    """What dbt built and tested."""
    return report.lines()


def alert_lines(alerted: Alerted) -> list[str]:
    """What was found, what was said."""
    judged, sent = alerted.judged, alerted.delivered
    fell = {told.series_id for told in judged.opened}
    # An early sign that has become a fall is not "no longer so".
    told = [
        one
        for one in judged.told
        if not (one.kind == "early" and one.transition == "cleared" and one.series_id in fell)
    ]
    lines = [f"{one.transition}: {one.headline}{f' ({one.owner})' if one.owner else ''}" for one in told]
    lines.append(f"{judged.series} series judged, {len(judged.told)} changed, {judged.messages} messages written")
    lines.append(f"messages: {sent.sent} sent, {sent.waiting} waiting, {sent.failed} failed, {sent.dead} given up")
    return lines


def run_lines(report: RunReport) -> list[str]:
    """One clear summary: each step, how it went, and what it has to say."""
    lines = []
    for step in report.steps:
        lines.append(f"{_SIGNS[step.status]} {step.name:<14}{step.seconds:6.1f} s")
        if step.result is not None:
            lines += [f"    {line}" for line in _step_lines(step.name, step.result)]
    return lines


_SIGNS = {"ok": "✓", "failed": "✗", "skipped": "·"}


def _step_lines(name: str, result: Any) -> list[str]:
    if name == "load":
        return load_lines(result)
    if name.startswith("check"):
        return list(result.lines())
    if name == "measure":
        return measure_lines(result)
    if name == "alert":
        return alert_lines(result)
    return list(result.lines())


def _sums(batches: Sequence[BatchReport]) -> dict[str, int]:
    names = ("read", "loaded", "rejected", "duplicates", "skipped")
    sums = {name: sum(getattr(batch, name) for batch in batches) for name in names}
    return {"batches": len(batches), **sums, "unchanged": sum(batch.status == "unchanged" for batch in batches)}
