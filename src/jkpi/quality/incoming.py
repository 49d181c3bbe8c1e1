"""The first door: chunks of canonical rows, before any of them lands."""

from __future__ import annotations

import functools
from datetime import datetime
from typing import TYPE_CHECKING

from jkpi.config.settings import Settings
from jkpi.errors import CheckFailed, SystemFailure
from jkpi.protocols import Complaint, Inspection, Inspector
from jkpi.quality.report import Result, naive
from jkpi.quality.suites import Suite, load_suite, parameters, suite_file
from jkpi.quality.validate import Outcome, check

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("touchpoints", "responses", "invitations", "customers", "counts")


def first_door(settings: Settings) -> Inspector:
    """Whoever inspects chunks for this workspace. Great Expectations is imported when the first chunk comes.

    The inspector raises:
        CheckFailed: the suite of the kind cannot be used as it stands; nothing is let in unseen.
    """
    now = naive(settings.now)

    @functools.cache
    def suite_of(kind: str) -> Suite:
        return sound_suite(kind)

    def inspect(kind: str, source: str, chunk: pd.DataFrame) -> Inspection:
        return inspection(suite_of(kind), source, chunk, now)

    return inspect


def sound_suite(kind: str) -> Suite:
    """The suite for a kind of source.

    Raises:
        SystemFailure: there is no such kind.
        CheckFailed: the suite has faults, all of which are told.
    """
    if kind not in KINDS:
        raise SystemFailure(f"no suite for rows of kind {kind!r}", hint=f"known: {', '.join(KINDS)}")
    suite = load_suite(suite_file(f"incoming_{kind}"))
    if suite.faults:
        raise CheckFailed(
            f"the suite {suite.file} cannot be used: {'; '.join(suite.faults)}",
            hint="mend the file; nothing is loaded unchecked",
        )
    return suite


def inspection(suite: Suite, source: str, chunk: pd.DataFrame, now: datetime) -> Inspection:
    """The verdict on one chunk at `now` (naive UTC): severity decides. The chunk is not changed, whatever its index."""
    outcomes = check(suite, _with_optional_columns(chunk, suite), parameters(now))
    return Inspection(
        refused=_refusal(outcomes, source),
        rejected=_complaints(outcomes),
        results=tuple(_result(one, suite, source, now).row() for one in outcomes),
    )


def _with_optional_columns(chunk: pd.DataFrame, suite: Suite) -> pd.DataFrame:
    """Columns a source does not give land as NULL, and are checked so; those the suite insists on stay missing."""
    insisted = {
        one.configuration.kwargs["column"]
        for one in suite.gx.expectations
        if one.expectation_type == "expect_column_to_exist"
    }
    optional = _landing_columns(suite.name) - insisted
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


def _refusal(outcomes: list[Outcome], source: str) -> str | None:
    """A sentence where the batch must not land. What could not be checked is not let in either."""
    failed = [one for one in outcomes if one.severity == "critical" and not one.success and not one.raised]
    if failed:
        return f"{source}: " + "; ".join(f"{one.expectation}: {one.detail}. {one.notes}" for one in failed)
    raised = [one for one in outcomes if one.raised]
    if raised:
        return f"{source}: " + "; ".join(f"{one.expectation} could not be run: {one.detail}" for one in raised)
    return None


def _complaints(outcomes: list[Outcome]) -> dict[int, Complaint]:
    """Rows to turn away; where one breaks several expectations, the first of the file is told."""
    complaints: dict[int, Complaint] = {}
    for one in outcomes:
        if one.severity == "warning" and not one.success and not one.raised:
            complaint = Complaint(one.expectation, one.severity)
            for position in one.positions:
                complaints.setdefault(position, complaint)
    return complaints


def _result(one: Outcome, suite: Suite, source: str, now: datetime) -> Result:
    return Result(
        door="incoming",
        subject=source,
        suite=suite.name,
        expectation=one.expectation,
        column_name=one.column,
        severity=one.severity,
        success=one.success,
        raised=one.raised,
        checked=one.checked,
        unexpected=one.unexpected,
        detail=one.detail,
        checked_at=now,
    )
