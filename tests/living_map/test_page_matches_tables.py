"""The page in a browser matches its tables, and a number that is changed in a copy of them is reported."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.open import open_warehouse
from tests.reading_pages import Tables, compare
from tests.reading_pages.page import empty_page

from .conftest import JOURNEY, NOW
from .published_page import Published, publish, states

pytestmark = [pytest.mark.browser, pytest.mark.slow]

READINGS, COVERAGE, MOVES = "marts.fct_kpi_readings", "marts.rpt_map_coverage", "marts.fct_stage_transitions"
BATCHES = "raw.load_batches"
NEWEST = (
    "is_primary and period = 'week' and status = 'final' and segment = 'all' and period_start ="
    " (select max(period_start) from marts.fct_kpi_readings where period = 'week' and status = 'final')"
)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    result = publish(tmp_path_factory.mktemp("published"))
    assert result.errors == []
    return result


@pytest.fixture
def copied(published: Published, tmp_path: Path) -> Iterator[Warehouse]:
    """A copy of the tables that a test may change."""
    shutil.copy(published.file, tmp_path / "copy.duckdb")
    with open_warehouse(f"duckdb:///{tmp_path / 'copy.duckdb'}") as warehouse:
        yield warehouse


def test_everything_on_the_page_is_in_the_tables(published: Published, copied: Warehouse) -> None:
    account = compare(published.shown, Tables(copied, JOURNEY, NOW, states()))
    assert account.wrong == []
    expected = ("KPI", "moment", "volume", "count", "visits", "presence", "satisfaction", "peak of the curve", "cell")
    assert min(account.compared[topic] for topic in expected) > 0
    assert account.compared.total() > 2000


@pytest.mark.parametrize(
    ("table", "change", "where", "reported"),
    [
        (READINGS, "value = value + 0.02", f"kpi = 'report.drop_off' and {NEWEST}", "KPI of report.drop_off"),
        (
            READINGS,
            "ci_high = ci_high - 0.02",
            f"kpi = 'repair.time_to_resolve' and {NEWEST}",
            "interval of technician_on_site",
        ),
        (READINGS, "sample_size = sample_size + 1", f"kpi = 'confirm.csat' and {NEWEST}", "n of ends_well"),
        (
            READINGS,
            "numerator = numerator - 9",
            f"kpi = 'report.frustrated' and {NEWEST}",
            "presence of report.frustrated",
        ),
        (READINGS, "value = value + 3600", "statistic = 'median'", "other statistic of triage.time_in_stage median"),
        (READINGS, "value = value - 0.1", "period = 'day' and status = 'final'", "last day of told_once"),
        (READINGS, "status = 'provisional'", "kpi = 'report.ces' and status = 'final'", "KPI of report.ces"),
        (
            "marts.rpt_journey_health",
            "baseline = baseline + 0.02",
            "kpi = 'confirm.csat'",
            "baseline of confirm.csat",
        ),
        ("raw.map_moments", "promise = promise + 0.01", "moment = 'ends_well'", "goal of ends_well"),
        (COVERAGE, "count_events_28d = count_events_28d + 1", "name = 'case_opened'", "volume of case_opened"),
        (
            COVERAGE,
            "last_evidence_at = last_evidence_at - interval 3 day",
            "name = 'case_opened'",
            "last event of case_opened",
        ),
        (COVERAGE, "count_events = 38", "element = 'unmapped_touchpoint'", "touchpoints off the map of the page"),
        (
            "raw.map_touchpoints",
            "evidence = 'hypothesis'",
            "touchpoint = 'fault_reported'",
            "evidence of fault_reported",
        ),
        (MOVES, "count_transitions = count_transitions + 1", "next_stage = 'report'", "count of triage to report"),
        (MOVES, "next_stage = 'repair'", "stage = 'report' and next_stage = '(end)'", "transitions of report"),
        ("marts.fct_stage_visits", "stage = 'triage'", "instance_id = 'report7'", "visits of triage"),
        ("marts.fct_responses", "score = 1", "kpi = 'confirm.csat' and score = 4", "satisfaction of confirm"),
        (
            "marts.fct_journey_instances",
            "peak_touchpoint = 'survey_sent'",
            "peak_touchpoint = 'fault_reported'",
            "peak of the curve of confirm",
        ),
        (BATCHES, "rejected = rejected + 1", "source = 'surveys'", "rejected rows of surveys"),
        (BATCHES, "last_at = last_at - interval 4 day", "source = 'service_desk'", "freshness of service_desk"),
        ("raw.map_stages", "content = replace(content, 'be heard once', 'be heard twice')", "true", "goals of report"),
    ],
)
def test_a_number_that_differs_is_reported(
    published: Published, copied: Warehouse, table: str, change: str, where: str, reported: str
) -> None:
    copied.execute(f"update {table} set {change} where {where}")
    wrong = compare(published.shown, Tables(copied, JOURNEY, NOW, states())).wrong
    assert any(line.startswith(f"{reported}: the page says ") for line in wrong), wrong


@pytest.mark.parametrize(
    ("change", "reported"),
    [
        ({"state": "ok"}, "state of technician_on_site"),
        ({"state_since": date(2026, 6, 10)}, "since of technician_on_site"),
    ],
)
def test_a_state_that_differs_is_reported(
    published: Published, copied: Warehouse, change: Mapping[str, Any], reported: str
) -> None:
    known = states()
    wrong = compare(published.shown, Tables(copied, JOURNEY, NOW, [{**known[0], **change}, *known[1:]])).wrong
    assert {line.split(":")[0] for line in wrong} == {reported}
    wrong = compare(published.shown, Tables(copied, JOURNEY, NOW, known[:-1])).wrong
    assert {line.split(":")[0] for line in wrong} == {"firing segments of technician_on_site"}


def test_an_emotion_follows_the_slider_as_its_kpi_does(published: Published) -> None:
    with empty_page() as opened:
        opened.goto(published.page.as_uri())
        values = []
        for week in (0, 12, 25):
            opened.locator("#week-input").fill(str(week))
            felt = opened.locator(".emotion .value").inner_text()
            assert felt == opened.locator("#kpi-report-frustrated .value").inner_text()
            values.append(felt)
        assert len(set(values)) > 1
