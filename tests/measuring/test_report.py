"""dbt's results, read."""

from __future__ import annotations

import json
from pathlib import Path

from jkpi.measuring.report import DbtFailure, read_report


def results(folder: Path) -> Path:
    nodes = [
        {"unique_id": "model.jkpi.int_journey_events", "status": "success", "message": "OK"},
        {
            "unique_id": "model.jkpi.fct_responses",
            "status": "error",
            "message": "Runtime Error in model fct_responses (fct_responses.sql)\n  Binder Error: no such column\n",
        },
        {"unique_id": "model.jkpi.rpt_journey_health", "status": "skipped", "message": None},
        {"unique_id": "test.jkpi.unique_grain_x.0a1b", "status": "fail", "message": "Got 2 results"},
        {"unique_id": "test.jkpi.holds_x.0a1b", "status": "pass", "message": None},
    ]
    place = folder / "run_results.json"
    place.write_text(json.dumps({"results": nodes}))
    return place


def test_failure_is_one_line(tmp_path: Path) -> None:
    report = read_report(results(tmp_path), 1.23, "it was requested")
    assert (report.models, report.tests, report.passed) == (2, 2, False)
    assert report.failures == (
        DbtFailure("fct_responses", "model", "Binder Error: no such column"),
        DbtFailure("unique_grain_x", "test", "Got 2 results"),
    )
    assert report.lines() == [
        "2 models and 2 tests in 1.2 s, full refresh: it was requested",
        "failed: fct_responses: Binder Error: no such column",
        "failed: unique_grain_x: Got 2 results",
    ]
