"""The incoming checkpoint: chunks of canonical rows, before they land."""

from __future__ import annotations

import functools
from datetime import datetime
from typing import TYPE_CHECKING

from jkpi.config.settings import Settings
from jkpi.errors import CheckFailed, SystemFailure
from jkpi.protocols import ChunkValidation, ChunkValidator, RowRejection
from jkpi.quality.report import QualityResult
from jkpi.quality.suites import Suite, load_suite, suite_file, suite_parameters
from jkpi.quality.validate import ExpectationOutcome, validate_frame
from jkpi.warehouse.base import as_naive_utc

if TYPE_CHECKING:
    import pandas as pd

SOURCE_KINDS = ("touchpoints", "responses", "invitations", "customers", "counts")


def incoming_validator(settings: Settings) -> ChunkValidator:
    """The validator of chunks for this workspace. Great Expectations is imported with the first chunk.

    The validator raises:
        CheckFailed: the suite of the kind is invalid; nothing is loaded unchecked.
    """
    now, latest = as_naive_utc(settings.now), as_naive_utc(settings.latest_row_time)

    @functools.cache
    def suite_for(kind: str) -> Suite:
        return load_valid_suite(kind)

    def validate(kind: str, source: str, chunk: pd.DataFrame) -> ChunkValidation:
        return validate_chunk(suite_for(kind), source, chunk, now, latest)

    return validate


def load_valid_suite(kind: str) -> Suite:
    """The suite for a kind of source.

    Raises:
        SystemFailure: the kind is unknown.
        CheckFailed: the suite is invalid; the message lists all its faults.
    """
    if kind not in SOURCE_KINDS:
        raise SystemFailure(f"no suite for rows of kind {kind!r}", hint=f"known: {', '.join(SOURCE_KINDS)}")
    suite = load_suite(suite_file(f"incoming_{kind}"))
    if suite.faults:
        raise CheckFailed(
            f"the suite {suite.file} cannot be used: {'; '.join(suite.faults)}",
            hint="fix the file; nothing is loaded unchecked",
        )
    return suite


def validate_chunk(suite: Suite, source: str, chunk: pd.DataFrame, now: datetime, latest: datetime) -> ChunkValidation:
    """Validate one chunk as of `now`: critical failures refuse the batch, warnings reject rows. latest: the latest time
    that a row can have. Times are naive UTC."""
    outcomes = validate_frame(suite, _with_optional_columns(chunk, suite), suite_parameters(now, latest))
    return ChunkValidation(
        refusal=_refusal(outcomes, source),
        rejected=_row_rejections(outcomes, suite),
        results=tuple(_quality_result(outcome, suite, source, now).to_row() for outcome in outcomes),
    )


def _with_optional_columns(chunk: pd.DataFrame, suite: Suite) -> pd.DataFrame:
    """Add columns the source does not have as NULL, as they would land; columns the suite requires stay missing."""
    required = {
        expectation.configuration.kwargs["column"]
        for expectation in suite.gx.expectations
        if expectation.expectation_type == "expect_column_to_exist"
    }
    optional = _landing_columns(suite.name) - required
    absent = [column for column in sorted(suite.columns & optional) if column not in chunk.columns]
    return chunk.assign(**dict.fromkeys(absent)) if absent else chunk


@functools.cache
def _landing_columns(suite: str) -> frozenset[str]:
    from jkpi.warehouse.landing import LANDING_TABLES

    tables = {
        "incoming_touchpoints": "touchpoint_events",
        "incoming_responses": "survey_responses",
        "incoming_invitations": "survey_invitations",
        "incoming_customers": "customers",
        "incoming_counts": "period_counts",
    }
    return frozenset(column.split()[0] for column in LANDING_TABLES[tables[suite]].split(", "))


def _refusal(outcomes: list[ExpectationOutcome], source: str) -> str | None:
    """Why the batch must not land; None if it may. An expectation that could not run refuses it too."""
    failed = [
        outcome
        for outcome in outcomes
        if outcome.severity == "critical" and not outcome.success and not outcome.raised_exception
    ]
    if failed:
        return f"{source}: " + "; ".join(
            f"{outcome.expectation}: {outcome.detail}. {outcome.notes}" for outcome in failed
        )
    raised = [outcome for outcome in outcomes if outcome.raised_exception]
    if raised:
        return f"{source}: " + "; ".join(f"{outcome.expectation} could not run: {outcome.detail}" for outcome in raised)
    return None


def _row_rejections(outcomes: list[ExpectationOutcome], suite: Suite) -> dict[int, RowRejection]:
    """Rejected rows by position; a row that fails several expectations is rejected by the first."""
    reasons = {item["meta"]["name"]: item["meta"].get("reason") for item in suite.expectations}
    rejections: dict[int, RowRejection] = {}
    for outcome in outcomes:
        if outcome.severity == "warning" and not outcome.success and not outcome.raised_exception:
            reason = reasons[outcome.expectation] or outcome.expectation
            rejection = RowRejection(reason, outcome.severity, outcome.expectation)
            for position in outcome.positions:
                rejections.setdefault(position, rejection)
    return rejections


def _quality_result(outcome: ExpectationOutcome, suite: Suite, source: str, now: datetime) -> QualityResult:
    return QualityResult(
        checkpoint="incoming",
        subject=source,
        suite=suite.name,
        expectation=outcome.expectation,
        column_name=outcome.column,
        severity=outcome.severity,
        success=outcome.success,
        raised_exception=outcome.raised_exception,
        checked=outcome.checked,
        unexpected=outcome.unexpected,
        detail=outcome.detail,
        checked_at=now,
    )
