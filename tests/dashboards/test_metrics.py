"""What the metrics pool, and what they refuse to pool: on DuckDB, with rows that show the difference."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest

from jkpi.dashboards import value_labels
from jkpi.dashboards.assets import read_assets
from jkpi.dashboards.tables import all_published_columns


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for table, columns in all_published_columns().items():
            connection.execute(
                f"create table {table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})"
            )
        yield connection


def put(connection: duckdb.DuckDBPyConnection, table: str, **row: Any) -> None:
    names = ", ".join(row)
    connection.execute(f"insert into {table} ({names}) values ({', '.join('?' for _ in row)})", list(row.values()))


def ask(connection: duckdb.DuckDBPyConnection, dataset: str, metric: str, where: str = "true") -> Any:
    asset = read_assets().datasets[dataset]
    sql = next(measure.sql for measure in asset.metrics if measure.metric == metric)
    return connection.execute(f"select {sql} from {asset.table} where {where}").fetchall()[0][0]


def readings(connection: duckdb.DuckDBPyConnection) -> None:
    """Two weeks: 1 of 10 and 90 of 100 of all customers, the north with 9 of 10, and half of it again by tier."""
    for week, numerator, denominator in ((1, 1.0, 10.0), (2, 90.0, 100.0)):
        cells = [("all", "all", numerator, denominator), ("region", "north", 9.0, 10.0), ("tier", "gold", 4.0, 5.0)]
        for segment, value, good, n in cells:
            put(
                connection,
                "dash_readings",
                segment=segment,
                segment_value=value,
                period="week",
                period_start=f"2026-06-0{week}",
                value=good / n,
                numerator=good,
                denominator=n,
                statistic="top_box",
                status="final",
                direction="higher",
            )


def test_rates_are_pooled_by_their_denominators_never_averaged(connection: duckdb.DuckDBPyConnection) -> None:
    readings(connection)
    assert ask(connection, "readings", "rate", "segment = 'all'") == pytest.approx(91 / 110)
    assert ask(connection, "readings", "rate", "segment_value = 'north'") == pytest.approx(18 / 20)


def test_what_overlaps_is_not_counted_twice(connection: duckdb.DuckDBPyConnection) -> None:
    readings(connection)
    assert ask(connection, "readings", "rate") == pytest.approx(91 / 110), "all customers stand for all"
    assert ask(connection, "readings", "rate", "segment <> 'all'") is None, "a region and a tier share customers"
    put(connection, "dash_readings", segment="all", period="day", numerator=1.0, denominator=1.0)
    assert ask(connection, "readings", "rate") is None, "a day is part of a week"


def test_a_reading_is_shown_as_it_was_measured_or_not_at_all(connection: duckdb.DuckDBPyConnection) -> None:
    readings(connection)
    week = "period_start = date '2026-06-01'"
    for metric in ("reading", "reading__yhat"):
        assert ask(connection, "readings", metric, f"{week} and segment = 'all'") == pytest.approx(0.1)
        assert ask(connection, "readings", metric, week) is None
        assert ask(connection, "readings", metric, "segment = 'all'") is None


def test_provisional_readings_are_a_line_of_their_own(connection: duckdb.DuckDBPyConnection) -> None:
    put(connection, "dash_readings", status="provisional", value=0.4, ci_low=0.3, ci_high=0.5)
    assert ask(connection, "readings", "reading") is None
    assert ask(connection, "readings", "reading_provisional") == ask(
        connection, "readings", "reading_provisional__yhat"
    )
    assert ask(connection, "readings", "reading_provisional") == 0.4
    assert ask(connection, "readings", "reading__yhat_lower") == 0.3


def test_interval_and_n_are_those_of_the_newest_reading_in_one_segment(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    for week, interval, n in (("2026-06-08", "80.1 to 90.0 %", 99), ("2026-06-01", "81.0 to 91.1 %", 1000)):
        for segment, state in (("All customers", "ok since 1 Apr"), ("region: north", "firing since 9 Jun")):
            row = {"segment_label": segment, "period": "week", "period_start": week}
            label = f"{interval} ({segment})"
            put(connection, "dash_moment_readings", **row, interval_label=label, sample_size=n, state_label=state)
    north = "segment_label = 'region: north'"
    for where, newest_interval, cases in (
        (north, "80.1 to 90.0 % (region: north)", 99),
        (f"{north} and period_start < date '2026-06-08'", "81.0 to 91.1 % (region: north)", 1000),
    ):
        assert ask(connection, "moment_readings", "newest_interval", where) == newest_interval
        assert ask(connection, "moment_readings", "newest_cases", where) == cases, "the newest, not the largest"
        assert ask(connection, "moment_readings", "state_today", where) == "firing since 9 Jun"
    for metric in ("newest_interval", "newest_cases", "state_today"):
        assert ask(connection, "moment_readings", metric) is None, "of two segments there is no interval"
    row = {"segment_label": "region: north", "period": "month", "period_start": "2026-06-01"}
    put(connection, "dash_moment_readings", **row, interval_label="83.0 to 88.0 %", sample_size=4000)
    assert ask(connection, "moment_readings", "newest_interval", north) is None, "a week is part of a month"


def test_medians_are_never_pooled(connection: duckdb.DuckDBPyConnection) -> None:
    for day, seconds in ((1, 3600.0), (2, 7200.0)):
        place = {"period": "week", "period_start": f"2026-06-0{day}", "segment": "all"}
        put(connection, "dash_readings", **place, statistic="median", value=seconds)
        put(connection, "dash_readings", **place, statistic="p90", value=2 * seconds)
    first = "period_start = date '2026-06-01'"
    assert ask(connection, "readings", "median_hours", first) == 1.0
    assert ask(connection, "readings", "p90_hours", first) == 2.0
    assert ask(connection, "readings", "median_hours") is None
    assert ask(connection, "readings", "p90_hours") is None


@pytest.mark.parametrize(("direction", "sign"), [("higher", 1), ("lower", -1)])
def test_a_positive_change_is_better_for_either_direction(
    connection: duckdb.DuckDBPyConnection, direction: str, sign: int
) -> None:
    for days_back, numerator in ((-1, 5.0), (13, 5.0), (14, 9.0), (69, 9.0), (70, 0.0)):
        row = {"numerator": numerator, "denominator": 10.0, "days_back": days_back, "direction": direction}
        put(connection, "dash_readings", **row)
    assert ask(connection, "readings", "recent") == pytest.approx(0.5)
    assert ask(connection, "readings", "baseline") == pytest.approx(0.9)
    assert ask(connection, "readings", "change") == pytest.approx(-0.4 * sign)


@pytest.mark.parametrize(
    ("dataset", "metric", "column"),
    [
        ("funnel", "reached", "count_reached"),
        ("funnel", "open", "count_open"),
        ("transitions", "transitions", "count_transitions"),
    ],
)
def test_counts_of_overlapping_segments_are_not_added(
    connection: duckdb.DuckDBPyConnection, dataset: str, metric: str, column: str
) -> None:
    table = read_assets().datasets[dataset].table
    for segment, count in (("all", 10), ("region", 6), ("tier", 7)):
        put(connection, table, segment=segment, **{column: count})
    assert ask(connection, dataset, metric) == 10
    assert ask(connection, dataset, metric, "segment = 'tier'") == 7
    assert ask(connection, dataset, metric, "segment <> 'all'") is None


def test_the_share_that_goes_on_leaves_out_weeks_that_are_not_decided(connection: duckdb.DuckDBPyConnection) -> None:
    put(connection, "dash_passages", segment="all", count_reached=8, count_went_on=6, count_open=0)
    put(connection, "dash_passages", segment="all", count_reached=None, count_went_on=None, count_open=5)
    assert ask(connection, "funnel", "progressed") == pytest.approx(0.75)
    assert ask(connection, "funnel", "open") == 5


def test_a_recovering_moment_shows_the_day_of_its_drop() -> None:
    today = date(2026, 6, 30)
    assert value_labels.format_state_and_start("firing", date(2026, 6, 9), today) == "firing since 9 Jun"
    assert value_labels.format_state_and_start("recovering", date(2026, 6, 9), today) == "recovering, dropped on 9 Jun"
    assert value_labels.format_state_and_start("no_data", date(2025, 6, 9), today) == "no data since 9 Jun 2025"
    assert value_labels.format_state_and_start("ok", None, today) == "ok"
