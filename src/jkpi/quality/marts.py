"""The marts checkpoint: measured tables, before moments of truth are evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jkpi.config.settings import Settings
from jkpi.quality.report import (
    CheckReport,
    QualityFailure,
    QualityResult,
    blocking_failures,
    write_quality_results,
)
from jkpi.quality.suites import Suite, load_suite, suite_file, suite_parameters
from jkpi.quality.validate import ExpectationOutcome, unexpected_text, validate_frame
from jkpi.warehouse.base import Warehouse, as_naive_utc

if TYPE_CHECKING:
    import pandas as pd

MART_KEYS: Mapping[str, tuple[str, ...]] = {
    "fct_kpi_readings": ("journey", "kpi", "statistic", "segment", "segment_value", "period", "period_start"),
    "fct_stage_visits": ("journey", "instance_id", "stage", "visit_number"),
    "fct_journey_instances": ("journey", "instance_id"),
    "fct_responses": ("journey", "kpi", "response_id"),
}
"""The checked marts and the unique key of each."""
MART_CHUNK_ROWS = 200_000
# A proportion of 1 may exceed the upper end of its own interval by a rounding error.
_DERIVED = {
    "value_with_tolerance": ({"value"}, "value + 1e-9"),
    "ci_high_with_tolerance": ({"ci_high"}, "ci_high + 1e-9"),
    # A quantile of durations that are mostly open is unknown; every other statistic with a sample has a value.
    "is_sampled": ({"sample_size", "statistic"}, "sample_size > 0 and statistic not in ('median', 'p90')"),
}


def check_marts(settings: Settings, warehouse: Warehouse) -> CheckReport:
    """Check each mart in chunks of bounded size and store the results. A critical failure stops evaluation."""
    now = as_naive_utc(settings.now)
    results: list[QualityResult] = []
    failures: list[QualityFailure] = []
    for mart, key in MART_KEYS.items():
        suite = load_suite(suite_file(f"marts_{mart}"))
        failures += [QualityFailure(suite.name, "", fault) for fault in suite.faults]
        if not warehouse.table_exists("marts", mart):
            failures.append(
                QualityFailure(mart, "table_exists", f"the table marts.{mart} is missing; create it with: jkpi measure")
            )
            continue
        outcomes_by_chunk = (
            validate_frame(suite, frame, suite_parameters(now)) for frame in _read_frames(warehouse, mart, key, suite)
        )
        results += combine_outcomes(outcomes_by_chunk, suite, mart, now)
    write_quality_results(warehouse, settings, "marts", results)
    return CheckReport("marts", settings.now, tuple(results), (*failures, *blocking_failures(results)))


def combine_outcomes(
    outcomes_by_chunk: Iterable[Sequence[ExpectationOutcome]], suite: Suite, mart: str, now: datetime
) -> list[QualityResult]:
    """Combine the outcomes of all chunks into one result per expectation, in the order of the suite."""
    by_expectation: dict[str, list[ExpectationOutcome]] = {}
    for outcomes in outcomes_by_chunk:
        for outcome in outcomes:
            by_expectation.setdefault(outcome.expectation, []).append(outcome)
    return [_combined_result(outcomes, suite, mart, now) for outcomes in by_expectation.values()]


def _combined_result(outcomes: Sequence[ExpectationOutcome], suite: Suite, mart: str, now: datetime) -> QualityResult:
    failed = [outcome for outcome in outcomes if not outcome.success]
    representative = next(
        (outcome for outcome in failed if outcome.raised_exception), failed[0] if failed else outcomes[0]
    )
    by_row = bool(representative.positions)
    checked = sum(outcome.checked for outcome in outcomes) if by_row or not failed else representative.checked
    unexpected = sum(outcome.unexpected for outcome in outcomes) if by_row or not failed else representative.unexpected
    return QualityResult(
        checkpoint="marts",
        subject=mart,
        suite=suite.name,
        expectation=representative.expectation,
        column_name=representative.column,
        severity=representative.severity,
        success=not failed,
        raised_exception=representative.raised_exception,
        checked=checked,
        unexpected=unexpected,
        detail=unexpected_text(unexpected, checked, representative.examples) if by_row else representative.detail,
        checked_at=now,
    )


def _read_frames(warehouse: Warehouse, mart: str, key: Sequence[str], suite: Suite) -> Iterator[pd.DataFrame]:
    """The columns that the suite uses, chunk by chunk; one empty frame if the mart is empty."""
    import pandas as pd

    available = _columns(warehouse, mart)
    chosen = [column for column in available if column in suite.columns]
    derived = {
        name: sql for name, (required, sql) in _DERIVED.items() if name in suite.columns and required <= set(available)
    }
    # Counted over the whole mart, because duplicates may be in different chunks.
    if set(key) <= set(available):
        derived["key_count"] = f"count(*) over (partition by {', '.join(key)})"
    select_list = [*chosen, *(f"{sql} as {name}" for name, sql in derived.items())]
    empty = True
    for batch in warehouse.batches(f"select {', '.join(select_list)} from marts.{mart}", size=MART_CHUNK_ROWS):
        empty = False
        yield batch.to_pandas()
    if empty:
        yield pd.DataFrame(columns=[*chosen, *derived])


def _columns(warehouse: Warehouse, mart: str) -> list[str]:
    sql = (
        "select column_name from information_schema.columns"
        " where table_schema = 'marts' and table_name = :mart order by ordinal_position"
    )
    rows: list[dict[str, Any]] = warehouse.rows(sql, {"mart": mart})
    return [row["column_name"] for row in rows]
