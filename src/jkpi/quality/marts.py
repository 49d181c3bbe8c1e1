"""The second door: what was measured, before anybody is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jkpi.config.settings import Settings
from jkpi.quality.report import CheckReport, Failure, Result, failures_of, naive, write_results
from jkpi.quality.suites import Suite, load_suite, parameters, suite_file
from jkpi.quality.validate import Outcome, check, in_words
from jkpi.warehouse.base import Warehouse

if TYPE_CHECKING:
    import pandas as pd

KEYS: Mapping[str, tuple[str, ...]] = {
    "fct_kpi_readings": ("journey", "kpi", "statistic", "segment", "segment_value", "period", "period_start"),
    "fct_stage_visits": ("journey", "instance_id", "stage", "visit_number"),
    "fct_journey_instances": ("journey", "instance_id"),
    "fct_responses": ("journey", "kpi", "response_id"),
}
"""The marts that are checked, and what makes one row of each."""
CHUNK_ROWS = 200_000
# A proportion of 1 may lie a rounding error above the upper end of its own interval.
_DERIVED = {
    "value_and_a_hair": ({"value"}, "value + 1e-9"),
    "ci_high_and_a_hair": ({"ci_high"}, "ci_high + 1e-9"),
    # A quantile of spells that are mostly open still is not known; every other sample has a value.
    "is_sampled": ({"sample_size", "statistic"}, "sample_size > 0 and statistic not in ('median', 'p90')"),
}


def check_marts(settings: Settings, w: Warehouse) -> CheckReport:
    """Check each mart in chunks of bounded size and keep the results. A critical failure means: say nothing from it."""
    now = naive(settings.now)
    results: list[Result] = []
    failures: list[Failure] = []
    for mart, key in KEYS.items():
        suite = load_suite(suite_file(f"marts_{mart}"))
        failures += [Failure(suite.name, "", fault) for fault in suite.faults]
        if not w.table_exists("marts", mart):
            failures.append(Failure(mart, "is_there", f"the table marts.{mart} is missing; make it with: jkpi measure"))
            continue
        parts = (check(suite, frame, parameters(now)) for frame in _frames(w, mart, key, suite))
        results += summed(parts, suite, mart, now)
    write_results(w, settings, "marts", results)
    return CheckReport("marts", settings.now, tuple(results), (*failures, *failures_of(results)))


def summed(parts: Iterable[Sequence[Outcome]], suite: Suite, mart: str, now: datetime) -> list[Result]:
    """The outcomes of all chunks as one result for each expectation, in the order of the suite."""
    every: dict[str, list[Outcome]] = {}
    for outcomes in parts:
        for one in outcomes:
            every.setdefault(one.expectation, []).append(one)
    return [_joined(outcomes, suite, mart, now) for outcomes in every.values()]


def _joined(outcomes: Sequence[Outcome], suite: Suite, mart: str, now: datetime) -> Result:
    failed = [one for one in outcomes if not one.success]
    worst = next((one for one in failed if one.raised), failed[0] if failed else outcomes[0])
    by_row = bool(worst.positions)
    checked = sum(one.checked for one in outcomes) if by_row or not failed else worst.checked
    unexpected = sum(one.unexpected for one in outcomes) if by_row or not failed else worst.unexpected
    return Result(
        door="marts",
        subject=mart,
        suite=suite.name,
        expectation=worst.expectation,
        column_name=worst.column,
        severity=worst.severity,
        success=not failed,
        raised=worst.raised,
        checked=checked,
        unexpected=unexpected,
        detail=in_words(unexpected, checked, worst.examples) if by_row else worst.detail,
        checked_at=now,
    )


def _frames(w: Warehouse, mart: str, key: Sequence[str], suite: Suite) -> Iterator[pd.DataFrame]:
    """The columns that the suite speaks of, chunk by chunk; one empty frame where the mart is empty."""
    import pandas as pd

    there = _columns(w, mart)
    chosen = [column for column in there if column in suite.columns]
    derived = {name: sql for name, (needs, sql) in _DERIVED.items() if name in suite.columns and needs <= set(there)}
    # Counted by the engine over the whole mart, so that no border of a chunk hides a double.
    if set(key) <= set(there):
        derived["key_count"] = f"count(*) over (partition by {', '.join(key)})"
    named = [*chosen, *(f"{sql} as {name}" for name, sql in derived.items())]
    empty = True
    for batch in w.batches(f"select {', '.join(named)} from marts.{mart}", size=CHUNK_ROWS):
        empty = False
        yield batch.to_pandas()
    if empty:
        yield pd.DataFrame(columns=[*chosen, *derived])


def _columns(w: Warehouse, mart: str) -> list[str]:
    sql = (
        "select column_name from information_schema.columns"
        " where table_schema = 'marts' and table_name = :mart order by ordinal_position"
    )
    rows: list[dict[str, Any]] = w.rows(sql, {"mart": mart})
    return [row["column_name"] for row in rows]
