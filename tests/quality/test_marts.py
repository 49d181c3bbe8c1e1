from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jkpi.cli.report import render_check
from jkpi.config.settings import Settings
from jkpi.quality import marts
from jkpi.quality.marts import check_marts
from jkpi.quality.report import CheckReport
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.landing import ensure_landing
from jkpi.warehouse.open import open_warehouse

COLUMNS = {
    "fct_kpi_readings": "journey text, kpi text, kind text, statistic text, is_primary boolean, stage text,"
    " segment text, segment_value text, period text, period_start date, value double precision,"
    " numerator double precision,"
    " denominator double precision, sample_size bigint, open_count bigint, ci_low double precision,"
    " ci_high double precision, unit text, direction text, status text, matures_at timestamp, map_version integer,"
    " level text, touchpoint text, is_suppressed boolean, definition text, is_redefined boolean",
    "fct_stage_visits": "journey text, instance_id text, stage text, stage_position integer, visit_number integer,"
    " entered_at timestamp, exited_at timestamp, next_stage text, moved_on_at timestamp, matures_at timestamp,"
    " map_version integer",
    "fct_journey_instances": "journey text, instance_id text, customer_id text, case_id text, started_at timestamp,"
    " ended_at timestamp, outcome text, path text, count_events bigint, count_stages bigint, matures_at timestamp",
    "fct_responses": "journey text, kpi text, response_id text, instance_id text, survey text, question text,"
    " score double precision, emotion_state text, is_top boolean, is_bottom boolean, responded_at timestamp,"
    " responded_date date",
}
READING = {
    **{"journey": "j", "kpi": "repair.csat", "kind": "csat", "statistic": "top_box", "is_primary": True},
    **{"stage": "repair", "segment": "all", "segment_value": "all", "period": "day", "unit": "share"},
    **{"value": 0.8, "numerator": 8.0, "denominator": 10.0, "sample_size": 10, "open_count": 0},
    **{"ci_low": 0.49, "ci_high": 0.94, "direction": "higher", "status": "final", "map_version": 1},
    **{"period_start": date(2026, 5, 1), "matures_at": datetime(2026, 5, 2), "level": "stage", "touchpoint": None},
    **{"is_suppressed": False, "definition": "0123456789ab", "is_redefined": False},
}
VISIT = {
    **{"journey": "j", "instance_id": "i", "stage": "repair", "stage_position": 1, "visit_number": 1},
    **{"entered_at": datetime(2026, 5, 1), "exited_at": datetime(2026, 5, 1), "next_stage": None, "map_version": 1},
    **{"moved_on_at": None, "matures_at": datetime(2026, 5, 31)},
}
INSTANCE = {
    **{"journey": "j", "instance_id": "i", "customer_id": None, "case_id": "c", "outcome": "open", "path": "repair"},
    **{"started_at": datetime(2026, 5, 1), "ended_at": None, "matures_at": datetime(2026, 5, 31)},
    **{"count_events": 1, "count_stages": 1},
}
RESPONSE = {
    **{"journey": "j", "kpi": "repair.csat", "response_id": "r", "instance_id": "i", "survey": "s", "question": None},
    **{"score": 5.0, "is_top": True, "is_bottom": False, "responded_at": datetime(2026, 5, 1)},
    "emotion_state": None,
    "responded_date": date(2026, 5, 1),
}
SILENT = ("value", "numerator", "denominator", "sample_size", "open_count", "ci_low", "ci_high")
VALID: dict[str, list[dict[str, Any]]] = {
    "fct_kpi_readings": [
        READING,
        # All of ten: the upper end of Wilson's interval is a rounding error below 1.
        {**READING, "period": "week", "value": 1.0, "numerator": 10.0, "ci_high": 0.9999999999999999},
        {**READING, "period": "month", "value": None, "numerator": None, "denominator": None, "sample_size": 0,
         "open_count": 4, "ci_low": None, "ci_high": None, "status": "provisional", "matures_at": datetime(2026, 8, 1)},
        {**READING, "kpi": "repair.nps", "statistic": "nps", "unit": "points", "value": -30.0, "ci_low": -45.0,
         "ci_high": -15.0},
        {**READING, "kpi": "repair.time_to_resolve", "statistic": "median", "unit": "seconds", "value": 3600.0,
         "numerator": None, "ci_low": None, "ci_high": None},
        {**READING, "kpi": "repair.ces", "statistic": "mean", "unit": "points", "value": 4.1, "numerator": 41.0,
         "ci_low": 3.0, "ci_high": 5.2},
        # Most of ten are open still: the curve does not come down to a tenth.
        {**READING, "kpi": "repair.time_to_resolve", "statistic": "p90", "unit": "seconds", "value": None,
         "numerator": None, "ci_low": None, "ci_high": None},
        # Too few to be shown.
        {**READING, "segment": "tier", "segment_value": "gold", **dict.fromkeys(SILENT), "is_suppressed": True},
        {**READING, "kpi": "journey.peak_end", "statistic": "peak_end", "unit": "score"},
    ],
    "fct_stage_visits": [VISIT, {**VISIT, "visit_number": 2, "exited_at": None, "moved_on_at": datetime(2026, 5, 2)}],
    "fct_journey_instances": [INSTANCE],
    "fct_responses": [RESPONSE, {**RESPONSE, "response_id": "r2", "is_top": None, "is_bottom": None},
                      {**RESPONSE, "response_id": "r3", "score": None, "emotion_state": "absent"}],
}  # fmt: skip

Fill = Callable[..., None]


@pytest.fixture
def fill() -> Fill:
    """Make the marts by hand: valid rows, and the rows that a test adds."""

    def make(warehouse: Warehouse, **further: list[dict[str, Any]]) -> None:
        warehouse.execute("create schema marts")
        for mart, columns in COLUMNS.items():
            warehouse.execute(f"create table marts.{mart} ({columns})")
            rows = [*VALID[mart], *further.get(mart, [])]
            warehouse.insert(f"marts.{mart}", pa.Table.from_pylist(rows))

    return make


def failed(report: CheckReport) -> list[tuple[str, str]]:
    return [(failure.subject, failure.expectation) for failure in report.failures]


def test_valid_marts_pass_and_every_result_is_stored(settings: Settings, warehouse: Warehouse, fill: Fill) -> None:
    fill(warehouse)

    report = check_marts(settings, warehouse)

    assert report.failures == ()
    assert render_check(report) == ["marts: 64 of 64 expectations passed on 4 subjects"]
    assert warehouse.scalar("select count(*) from raw.quality_results where checkpoint = 'marts' and success") == 64


WRONG_ROWS: list[tuple[str, dict[str, Any], str]] = [
    ("fct_kpi_readings", {**READING, "segment": "s", "value": 1.2, "ci_high": 1.3}, "share_within_0_and_1"),
    ("fct_kpi_readings", {**READING, "segment": "s", "numerator": 11.0}, "numerator_within_denominator"),
    ("fct_kpi_readings", {**READING, "statistic": "peak_end", "unit": "score", "value": 1.2, "ci_high": 1.3},
     "score_within_0_and_1"),
    ("fct_kpi_readings", {**READING, "segment": "s", "is_suppressed": True}, "suppressed_has_no_value"),
    ("fct_kpi_readings", {**READING, "segment": "s", **dict.fromkeys(SILENT)}, "has_sample_size"),
    ("fct_kpi_readings", {**READING, "segment": "s", "ci_low": 0.81}, "value_above_ci_low"),
    ("fct_kpi_readings", {**READING, "segment": "s", "ci_high": 0.79}, "value_below_ci_high"),
    ("fct_kpi_readings", {**READING, "segment": "s", "value": None}, "measured_where_sampled"),
    ("fct_kpi_readings", {**READING, "segment": "s", "sample_size": -1, "value": None}, "sample_not_negative"),
    ("fct_kpi_readings", {**READING, "segment": "s", "status": "done"}, "status_known"),
    ("fct_kpi_readings", {**READING, "segment": "s", "matures_at": datetime(2026, 7, 1)}, "final_is_mature"),
    ("fct_kpi_readings", READING, "key_is_unique"),
    (
        "fct_kpi_readings",
        {**READING, "statistic": "nps", "unit": "points", "value": -101.0, "ci_low": -101.0},
        "nps_within_100",
    ),
    ("fct_stage_visits", {**VISIT, "stage": "x", "exited_at": datetime(2026, 4, 1)}, "exit_after_entry"),
    ("fct_stage_visits", {**VISIT, "stage": "y", "entered_at": datetime(2026, 7, 1), "exited_at": None,
                          "matures_at": datetime(2026, 8, 1)}, "entered_before_now"),
    ("fct_journey_instances", {**INSTANCE, "instance_id": "x", "outcome": "won"}, "outcome_known"),
    ("fct_journey_instances", {**INSTANCE, "instance_id": "y", "matures_at": None}, "has_matures_at"),
    ("fct_responses", {**RESPONSE, "response_id": "x", "is_bottom": True}, "not_top_and_bottom"),
    ("fct_responses", {**RESPONSE, "response_id": "y", "score": None}, "has_score"),
]  # fmt: skip


def test_wrong_rows_fail_their_expectations(settings: Settings, warehouse: Warehouse, fill: Fill) -> None:
    wrong: dict[str, list[dict[str, Any]]] = {}
    for mart, row, _ in WRONG_ROWS:
        wrong.setdefault(mart, []).append(row)
    fill(warehouse, **wrong)

    report = check_marts(settings, warehouse)

    assert set(failed(report)) == {(mart, expectation) for mart, _, expectation in WRONG_ROWS}


@pytest.mark.slow
@pytest.mark.parametrize(("mart", "row", "expectation"), WRONG_ROWS)
def test_wrong_row_fails_only_its_expectation(
    settings: Settings,
    warehouse: Warehouse,
    fill: Fill,
    monkeypatch: pytest.MonkeyPatch,
    mart: str,
    row: dict[str, Any],
    expectation: str,
) -> None:
    monkeypatch.setattr(marts, "MART_KEYS", {mart: marts.MART_KEYS[mart]})
    fill(warehouse, **{mart: [row]})

    report = check_marts(settings, warehouse)

    assert not report.passed
    assert failed(report) == [(mart, expectation)]


def test_a_warning_does_not_stop_anything(settings: Settings, warehouse: Warehouse, fill: Fill) -> None:
    fill(warehouse, fct_journey_instances=[{**INSTANCE, "instance_id": "x", "case_id": None}])

    report = check_marts(settings, warehouse)

    assert report.passed
    assert "warning  fct_journey_instances: has_customer_or_case: 1 of 1 row" in render_check(report)


def test_duplicate_is_found_across_chunks_and_counts_are_summed(
    settings: Settings, warehouse: Warehouse, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [{**INSTANCE, "instance_id": str(n)} for n in range(2100)]
    fill(warehouse)
    warehouse.insert("marts.fct_journey_instances", pa.Table.from_pylist([*others, others[0]]))
    monkeypatch.setattr(marts, "MART_CHUNK_ROWS", 1000)

    report = check_marts(settings, warehouse)

    assert failed(report) == [("fct_journey_instances", "key_is_unique")]
    (unique,) = [result for result in report.results if not result.success]
    assert (unique.checked, unique.unexpected) == (2102, 2)
    assert unique.detail == "2 of 2,102 rows, such as key_count 2"


def test_missing_column_is_reported_apart(settings: Settings, warehouse: Warehouse, fill: Fill) -> None:
    fill(warehouse)
    warehouse.execute("alter table marts.fct_stage_visits drop column exited_at")

    report = check_marts(settings, warehouse)

    assert str(report.failures[0]) == ("fct_stage_visits: columns_exist: missing: exited_at")
    assert [result.expectation for result in report.results if result.raised_exception] == ["exit_after_entry"]


def test_missing_mart_has_a_hint(settings: Settings, warehouse: Warehouse) -> None:
    report = check_marts(settings, warehouse)

    assert [failure.subject for failure in report.failures] == list(marts.MART_KEYS)
    assert "jkpi measure" in str(report.failures[0])


def test_empty_marts_pass(settings: Settings, warehouse: Warehouse, fill: Fill) -> None:
    fill(warehouse)
    for mart in COLUMNS:
        warehouse.execute(f"delete from marts.{mart}")

    report = check_marts(settings, warehouse)

    assert report.passed
    assert len(report.results) == 64


def test_invalid_suite_fails_the_check_and_the_rest_is_checked(
    settings: Settings, warehouse: Warehouse, fill: Fill, own_suites: Path
) -> None:
    file = own_suites / "marts_fct_responses.json"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("expect_column_values_to_be_in_set", "expect_the_best"), encoding="utf-8")
    fill(warehouse)

    report = check_marts(settings, warehouse)

    (failure,) = report.failures
    assert "marts_fct_responses.json: expectation 9 (not_top_and_bottom): expect_the_best not found" in str(failure)
    assert len(report.results) == 63


def test_postgresql_gives_the_same_report(
    settings: Settings, warehouse: Warehouse, fill: Fill, postgres_url: str
) -> None:
    wrong = {"fct_kpi_readings": [{**READING, "segment": "s", "numerator": 11.0}]}
    server = replace(settings, warehouse_url=postgres_url)
    fill(warehouse, **wrong)
    here = check_marts(settings, warehouse)
    with open_warehouse(server) as other:
        ensure_landing(other)
        fill(other, **wrong)
        there = check_marts(server, other)

    assert here == there
    assert failed(here) == [("fct_kpi_readings", "numerator_within_denominator")]
