"""The tables that dashboards read: counted a second time from the marts, and the same on both engines."""

from __future__ import annotations

import subprocess
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from jkpi.config.settings import load_settings
from jkpi.dashboards.publish_tables import publish_tables, snapshot_link
from jkpi.dashboards.tables import all_published_columns, view_columns
from jkpi.journeys.reader import read_journeys
from jkpi.pipeline.publish import publish
from jkpi.warehouse.open import open_warehouse

from .conftest import JKPI, PART, WHOLE

pytestmark = pytest.mark.slow

Rows = list[tuple[Any, ...]]


def published(workspace: Path, sql: str) -> Rows:
    link = snapshot_link(load_settings(workspace))
    with duckdb.connect(str(link), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def measured(workspace: Path, sql: str) -> Rows:
    with duckdb.connect(str(workspace / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_the_snapshot_holds_every_table_as_it_was_promised_and_nothing_else(two_journeys: Path) -> None:
    kinds = {"VARCHAR": "text", "DOUBLE": "double precision"}
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for table, column, kind in published(
        two_journeys, "select table_name, column_name, data_type from information_schema.columns"
    ):
        found[table][column] = kinds.get(kind, kind.lower())
    assert dict(found) == all_published_columns()
    assert not {"customer_id", "case_id", "comment"} & {column for columns in found.values() for column in columns}


def test_readings_are_those_of_the_mart_without_suppressed_ones(two_journeys: Path) -> None:
    rows = "from {} where journey = 'technician_visit' and segment <> 'all'"
    shown = published(two_journeys, "select count(*) " + rows.format("published.dash_readings"))[0][0]
    hidden = "count(*) filter (where is_suppressed), count(*) filter (where not is_suppressed)"
    suppressed, kept = measured(two_journeys, f"select {hidden} " + rows.format("marts.fct_kpi_readings"))[0]
    assert suppressed > 0, "the map of the visit shows nothing of a segment with fewer than five"
    assert shown == kept
    worst = published(
        two_journeys,
        "select max(abs(value - numerator / denominator)) from published.dash_readings"
        " where statistic not in ('median', 'p90', 'volume') and denominator > 0",
    )[0][0]
    assert worst < 1e-9, "of every kind, NPS as well, the value is numerator / denominator"


def test_withheld_numbers_are_not_published(two_journeys: Path) -> None:
    (withheld,) = measured(two_journeys, "select count(*) from marts.fct_kpi_readings where status = 'withheld'")[0]
    rows = published(
        two_journeys,
        "select count(*), count(value), count(numerator), count(ci_low), count(sample_size)"
        " from published.dash_readings where status = 'withheld'",
    )[0]
    assert withheld > 0, "the example has days with a data gap"
    assert 0 < rows[0] <= withheld and rows[1:] == (0, 0, 0, 0)


def test_the_funnel_equals_a_second_count(two_journeys: Path) -> None:
    """In Python, from the marts: the stages that each journey instance reached, by the week of its start."""
    stages = {"report": 1, "triage": 2, "repair": 3, "confirm": 4}
    furthest: dict[str, int] = defaultdict(int)
    for instance, stage in measured(
        two_journeys, f"select instance_id, stage from marts.fct_stage_visits where journey = '{WHOLE}'"
    ):
        furthest[instance] = max(furthest[instance], stages[stage])
    reached: Counter[tuple[date, str]] = Counter()
    went_on: Counter[tuple[date, str]] = Counter()
    open_here: Counter[tuple[date, str]] = Counter()
    undecided: set[date] = set()
    for instance, day, outcome in measured(
        two_journeys,
        "select instance_id, started_date, outcome from intermediate.int_named_instances"
        f" where journey = '{WHOLE}' and profile in"  # the map's viewpoint: machines of customers with a tier
        " (select profile from intermediate.int_profile_segments where journey = 'equipment_repair')",
    ):
        week, came = day - timedelta(days=day.weekday()), furthest.get(instance)
        if came is None:
            continue
        if outcome == "open":
            undecided.add(week)
            open_here[week, next(stage for stage, place in stages.items() if place == came)] += 1
        for stage, place in stages.items():
            reached[week, stage] += came >= place
            went_on[week, stage] += came > place or (came == place and outcome == "completed")
    rows = published(
        two_journeys,
        "select period_start, stage, count_reached, count_went_on, count_open from published.dash_passages"
        f" where journey = '{WHOLE}' and segment = 'all'",
    )
    assert len(rows) > 80
    assert undecided
    for week, stage, *counts in rows:
        blank = week in undecided
        wanted = [None if blank else reached[week, stage], None if blank else went_on[week, stage]]
        assert counts == [*wanted, open_here[week, stage]], (week, stage)


def test_the_segments_of_a_week_add_up_to_all(two_journeys: Path) -> None:
    rows = published(
        two_journeys,
        "select period_start, stage, sum(count_open) filter (where segment = 'all'),"
        " sum(count_open) filter (where segment = 'region')"
        f" from published.dash_passages where journey = '{WHOLE}' group by all",
    )
    assert all(whole == parts for *_, whole, parts in rows)


def test_moments_and_alerts_as_in_the_state_database(two_journeys: Path) -> None:
    moments = published(
        two_journeys,
        "select journey, moment, state_label, state_order, value_label, interval_label, promise_label, owner"
        " from published.dash_moments order by state_order, journey",
    )
    assert {(row[0], row[1]) for row in moments} == {
        (WHOLE, "technician_on_site"),
        (WHOLE, "told_once"),
        (WHOLE, "ends_well"),
        (PART, "technician_on_site"),
        (PART, "ends_well"),
    }
    assert moments[0][2] == "firing", "the injected drop"
    assert moments[0][6] == "at least 85 %"
    alerts = published(
        two_journeys,
        "select journey, moment, moment_title, onset, age_days, owner, segment_label from published.dash_alerts"
        " where status = 'open' and kind = 'drop' and segment = 'all'",
    )
    assert {(row[0], row[1]) for row in alerts} >= {(WHOLE, "technician_on_site"), (PART, "technician_on_site")}
    (shown,) = {row[2:] for row in alerts if row[1] == "technician_on_site"}
    since, age = shown[1:3]
    assert shown == ("Technician on site in time", since, age, "field-service", "All customers")
    assert age == (date(2026, 6, 30) - since).days and abs((since - date(2026, 6, 15)).days) <= 1, "the injected drop"


def test_sources_show_their_freshness_and_their_journeys(two_journeys: Path) -> None:
    rows = published(
        two_journeys, "select journey, source, freshness, count_read, count_rejected from published.dash_sources"
    )
    fed = {(journey, source) for journey, source, *_ in rows}
    assert (WHOLE, "web") in fed and (PART, "web") not in fed, "the visit knows nothing of the web site"
    assert (PART, "visits") in fed
    assert {row[2] for row in rows} == {"fresh"}
    assert all(read > 0 and rejected >= 0 for *_, read, rejected in rows)


def test_on_postgres_the_published_schema_is_filled(on_postgres: Path) -> None:
    settings = load_settings(on_postgres)
    with open_warehouse(settings) as warehouse:
        for _ in range(2):
            assert publish_tables(settings, warehouse, read_journeys(on_postgres)) is None
        for view in view_columns():
            rows = warehouse.rows(f"select * from published.{view}")
            assert rows and by_text(rows) == by_text(warehouse.rows(f"select * from dashboards.{view}")), view
        moments = warehouse.rows("select moment, state_label, owner, value_label from published.dash_moments")
        sources = warehouse.rows("select source, count_read, newest_row_at, gap_days_28d from published.dash_sources")
    assert [row["state_label"] for row in moments] == ["not evaluated yet"]
    assert {row["source"]: row["count_read"] for row in sources} == {"answers": 16, "shop": 153}


def by_text(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(map(str, rows))


def test_before_anything_was_measured_there_are_maps_only(tmp_path: Path) -> None:
    subprocess.run([JKPI, "init", tmp_path / "w"], check=True, capture_output=True)
    subprocess.run([JKPI, "load", "-w", tmp_path / "w"], check=True, capture_output=True)
    report = publish(load_settings(tmp_path / "w"))
    assert report.pages and report.snapshot is None and report.dashboards is None
    done = subprocess.run([JKPI, "publish", "dashboards", "-w", tmp_path / "w"], capture_output=True, text=True)
    assert done.returncode == 2 and "run jkpi run, or jkpi measure" in done.stderr
    assert "did you mean 'dashboards'?" in subprocess.run(
        [JKPI, "publish", "dashbords", "-w", tmp_path / "w"], capture_output=True, text=True
    ).stderr  # fmt: skip
