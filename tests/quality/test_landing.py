from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from jkpi.cli.report import render_check
from jkpi.config.settings import Settings
from jkpi.journeys.calendars.table import write_holidays
from jkpi.quality.landing import check_landing
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.holidays import read_holidays, read_known_holidays
from jkpi.warehouse.landing import ensure_landing
from jkpi.warehouse.open import open_warehouse

Put = Callable[[Warehouse, str, list[dict[str, Any]]], None]
LOST = date(2026, 4, 15)


def visits(source: str = "visits", rows: int = 30, until: date = date(2026, 6, 29)) -> list[dict[str, Any]]:
    """Events from January on, none on Sundays and none on the lost day, and a few on the day of now."""
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range((until - date(2026, 1, 1)).days + 1)]
    open_days = [day for day in days if day != LOST and day.weekday() != 6]
    times = [datetime(day.year, day.month, day.day, 6) + timedelta(minutes=n) for day in open_days for n in range(rows)]
    return [{"event_id": f"{source}{n}", "occurred_at": time, "source": source} for n, time in enumerate(times)]


def batch(origin: str, status: str, at: datetime, **others: Any) -> dict[str, Any]:
    row = {"batch_id": f"{origin}{status}{at}", "source": "visits", "kind": "touchpoints", "origin": origin}
    times = {"started_at": at, "loaded_at": at, "first_at": None, "last_at": None}
    counted = {"rows_read": 100, "loaded": 100, "rejected": 0, "reason": None}
    return {**row, "status": status, **times, **counted, **others}


def spots(warehouse: Warehouse) -> list[tuple[str, datetime, datetime]]:
    rows = warehouse.rows("select * from raw.blind_spots order by source, starts_at")
    return [(row["source"], row["starts_at"], row["ends_at"]) for row in rows]


def test_day_without_rows_is_one_data_gap_and_a_warning(settings: Settings, warehouse: Warehouse, put: Put) -> None:
    put(warehouse, "touchpoint_events", visits())

    report = check_landing(settings, warehouse)

    assert report.passed
    assert spots(warehouse) == [("visits", datetime(2026, 4, 15), datetime(2026, 4, 16))]
    assert render_check(report) == [
        "data gap  visits: 2026-04-15 00:00 to 2026-04-16 00:00 UTC: no rows on 2026-04-15, usually 30 a day",
        "landing: 7 of 8 expectations passed on 1 subject",
    ]
    (failed,) = warehouse.rows("select * from raw.quality_results where not success")
    assert (failed["subject"], failed["expectation"], failed["severity"]) == ("visits", "daily_volume_usual", "warning")
    assert (failed["checked"], failed["unexpected"]) == (180, 1)
    assert failed["detail"] == "2026-04-15: 0 rows, usually 30"


def test_expectations_and_data_gaps_agree_by_day(settings: Settings, warehouse: Warehouse, put: Put) -> None:
    put(warehouse, "touchpoint_events", [*visits("a"), *visits("b", rows=50, until=date(2026, 6, 24))])

    report = check_landing(settings, warehouse)

    found = {
        result.subject: result.unexpected for result in report.results if result.expectation == "daily_volume_usual"
    }
    # b is silent from the 25th to the 29th, of which the 28th is a Sunday on which nothing is usual.
    assert found == {"a": 1, "b": 1 + 4}
    assert [(spot.source, spot.starts_at.date(), spot.ends_at.date()) for spot in report.data_gaps] == [
        ("a", LOST, date(2026, 4, 16)),
        ("b", LOST, date(2026, 4, 16)),
        ("b", date(2026, 6, 25), date(2026, 6, 30)),
    ]


def test_small_sources_have_no_data_gaps(settings: Settings, warehouse: Warehouse, put: Put) -> None:
    put(warehouse, "touchpoint_events", visits(rows=12))

    assert check_landing(settings, warehouse).data_gaps == ()


def test_responses_and_invitations_are_checked(settings: Settings, warehouse: Warehouse, put: Put) -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(180)]
    rows = [datetime(d.year, d.month, d.day, 9) for d in days if d != LOST for _ in range(25)]
    put(
        warehouse, "survey_responses", [{"response_id": "r", "source": "survey", "responded_at": time} for time in rows]
    )
    put(
        warehouse,
        "survey_invitations",
        [{"invitation_id": "i", "source": "asked", "invited_at": time} for time in rows],
    )

    assert [spot.source for spot in check_landing(settings, warehouse).data_gaps] == ["asked", "survey"]


def test_days_are_cut_in_the_zone_of_the_journeys(settings: Settings, warehouse: Warehouse, put: Put) -> None:
    put(warehouse, "touchpoint_events", visits())
    maps = [("a", "Europe/Istanbul", True), ("b", "Europe/Istanbul", True), ("c", "UTC", True), ("d", "UTC", False)]
    put(
        warehouse,
        "map_journeys",
        [{"journey": name, "timezone": zone, "is_current": current} for name, zone, current in maps],
    )

    check_landing(settings, warehouse)

    assert spots(warehouse) == [("visits", datetime(2026, 4, 14, 21), datetime(2026, 4, 15, 21))]


def test_a_lost_file_of_a_utc_day_is_seen_though_it_is_half_of_two_local_days(
    settings: Settings, warehouse: Warehouse, put: Put
) -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(180)]
    times = [datetime(day.year, day.month, day.day, hour) for day in days if day != LOST for hour in range(24)]
    put(
        warehouse,
        "touchpoint_events",
        [
            {"event_id": f"e{n}", "occurred_at": time + timedelta(minutes=minute), "source": "visits"}
            for n, time in enumerate(times)
            for minute in range(3)
        ],
    )
    put(warehouse, "map_journeys", [{"journey": "a", "timezone": "Europe/Istanbul", "is_current": True}])

    report = check_landing(settings, warehouse)

    assert spots(warehouse) == [("visits", datetime(2026, 4, 15), datetime(2026, 4, 16))]
    assert {result.unexpected for result in report.results if result.expectation == "daily_volume_usual"} == {1}


def test_holiday_is_no_data_gap_but_an_open_day_is(settings: Settings, warehouse: Warehouse, put: Put) -> None:
    put(warehouse, "touchpoint_events", visits())
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(200)]
    hours = [
        {
            "calendar": "desk",
            "utc_date": day,
            "starts_at": datetime(day.year, day.month, day.day, 8),
            "ends_at": datetime(day.year, day.month, day.day, 16),
            "is_open": day != LOST,
            "seconds_before": 0,
        }
        for day in days
        if day.weekday() < 5
    ]
    put(warehouse, "map_calendars", hours)

    assert check_landing(settings, warehouse).data_gaps == ()

    warehouse.execute("update raw.map_calendars set is_open = true")
    assert [spot.starts_at.date() for spot in check_landing(settings, warehouse).data_gaps] == [LOST]


def test_a_holiday_of_the_workspace_is_no_data_gap(settings: Settings, warehouse: Warehouse, put: Put) -> None:
    put(warehouse, "touchpoint_events", visits())
    write_holidays(warehouse, [LOST], settings.now)
    assert check_landing(settings, warehouse).data_gaps == ()


def test_what_a_source_shows_as_a_holiday_is_kept_for_that_source(
    settings: Settings, warehouse: Warehouse, put: Put
) -> None:
    """Another source that is empty on that day for the first time has a data gap."""
    first = date(2024, 6, 3)
    days = [first + timedelta(days=n) for n in range((date(2026, 6, 30) - first).days)]
    rows = [
        {"event_id": f"{source}{day}{n}", "occurred_at": datetime.combine(day, time(6)), "source": source}
        for source, since in (("shop", first), ("web", date(2025, 6, 3)))
        for day in days
        if day >= since and (day.month, day.day) != (4, 21)
        for n in range(20)
    ]
    put(warehouse, "touchpoint_events", rows)

    gaps = check_landing(settings, warehouse).data_gaps

    assert [(gap.source, gap.starts_at.date()) for gap in gaps] == [
        ("shop", date(2025, 4, 21)),
        ("web", date(2026, 4, 21)),
    ]
    assert warehouse.rows("select * from raw.source_holidays") == [{"source": "shop", "day": date(2026, 4, 21)}]
    assert read_known_holidays(warehouse, "UTC", first, days[-1]) == frozenset()
    assert read_holidays(warehouse, "UTC", first, days[-1]) == {date(2026, 4, 21)}


def test_allowed_lateness_of_the_map_is_used(settings: Settings, warehouse: Warehouse, put: Put) -> None:
    put(
        warehouse,
        "touchpoint_events",
        [row for row in visits(until=date(2026, 6, 26)) if row["occurred_at"].date() > LOST],
    )
    assert len(check_landing(settings, warehouse).data_gaps) == 1

    put(warehouse, "map_sources", [{"source": "visits", "late_seconds": 3 * 86_400}])
    assert check_landing(settings, warehouse).data_gaps == ()


def test_day_of_the_horizon_is_evaluated_by_its_rows_so_far(settings: Settings, warehouse: Warehouse, put: Put) -> None:
    """Nothing came on two days, and the first of them is not over when late rows have had their time."""
    horizon = settings.now.replace(tzinfo=None) - timedelta(days=4)
    lost = (horizon.date(), horizon.date() + timedelta(days=1))
    assert horizon.hour
    rows = [row for row in visits(until=settings.now.date()) if row["occurred_at"].date() not in lost]
    early = [
        {**row, "event_id": f"{row['event_id']}-early", "occurred_at": datetime.combine(row["occurred_at"], time())}
        for row in rows
    ]
    put(warehouse, "touchpoint_events", [*rows, *early])
    put(warehouse, "map_sources", [{"source": "visits", "late_seconds": 4 * 86_400}])
    (spot,) = [spot for spot in check_landing(settings, warehouse).data_gaps if spot.starts_at.date() != LOST]
    assert (spot.starts_at, spot.ends_at) == (
        datetime.combine(lost[0], time()),
        settings.now.replace(tzinfo=None),
    )
    assert f"no rows on {lost[0]} until {horizon:%H:%M}" in spot.reason


def test_data_gaps_and_results_of_one_time_are_replaced(settings: Settings, warehouse: Warehouse, put: Put) -> None:
    put(warehouse, "touchpoint_events", visits())
    check_landing(settings, warehouse)
    filled = [{"event_id": f"late{n}", "occurred_at": datetime(2026, 4, 15, 9), "source": "visits"} for n in range(30)]
    put(warehouse, "touchpoint_events", filled)

    again = check_landing(settings, warehouse)
    later = check_landing(replace(settings, now=settings.now + timedelta(hours=1)), warehouse)

    assert again.data_gaps == later.data_gaps == ()
    assert spots(warehouse) == []
    assert warehouse.scalar("select count(*) from raw.quality_results") == 2 * len(again.results)


def test_refused_batch_is_a_data_gap_until_it_is_loaded(settings: Settings, warehouse: Warehouse, put: Put) -> None:
    now = settings.now.replace(tzinfo=None)
    loaded = {"first_at": datetime(2026, 1, 1, 6), "last_at": datetime(2026, 6, 27, 6)}
    put(warehouse, "touchpoint_events", visits(rows=5))
    put(warehouse, "load_batches", [batch("june.csv", "loaded", now - timedelta(days=2), **loaded)])
    put(
        warehouse,
        "load_batches",
        [batch("day28.csv", "refused", now - timedelta(days=1), reason="missing: touchpoint")],
    )

    report = check_landing(settings, warehouse)

    assert report.passed
    assert [spot.reason for spot in report.data_gaps] == ["refused: day28.csv: missing: touchpoint"]
    assert spots(warehouse) == [("visits", datetime(2026, 6, 27, 6), now)]
    assert [result.detail for result in report.results if result.expectation == "no_refused_batches"] == [
        "refused_batches 1"
    ]

    put(warehouse, "load_batches", [batch("day28.csv", "loaded", now, first_at=now, last_at=now)])
    assert check_landing(settings, warehouse).data_gaps == ()


def test_later_file_ends_the_gap_of_a_refused_one(settings: Settings, warehouse: Warehouse, put: Put) -> None:
    now = settings.now.replace(tzinfo=None)
    put(
        warehouse,
        "load_batches",
        [
            batch(
                "1.csv", "loaded", now - timedelta(days=3), first_at=datetime(2026, 6, 1), last_at=datetime(2026, 6, 26)
            ),
            batch("2.csv", "refused", now - timedelta(days=2), reason="missing: touchpoint"),
            batch(
                "3.csv",
                "loaded",
                now - timedelta(days=1),
                first_at=datetime(2026, 6, 28),
                last_at=datetime(2026, 6, 29),
            ),
        ],
    )

    check_landing(settings, warehouse)

    assert spots(warehouse) == [("visits", datetime(2026, 6, 26), datetime(2026, 6, 28))]


def test_many_rejected_rows_are_noted(settings: Settings, warehouse: Warehouse, put: Put) -> None:
    now = settings.now.replace(tzinfo=None)
    put(warehouse, "load_batches", [batch("1.csv", "loaded", now, rejected=6, loaded=94)])

    report = check_landing(settings, warehouse)

    assert report.passed
    assert "info  visits: few_rejected_rows: reject_proportion 0.06" in render_check(report)


def test_an_empty_landing_passes(settings: Settings, warehouse: Warehouse) -> None:
    report = check_landing(settings, warehouse)

    assert (report.passed, report.results, report.data_gaps) == (True, (), ())


def test_a_suite_that_cannot_run_fails_the_check(
    settings: Settings, warehouse: Warehouse, put: Put, own_suites: Path
) -> None:
    file = own_suites / "landing_sources.json"
    written = json.loads(file.read_text(encoding="utf-8"))
    written["expectations"][1]["kwargs"]["column"] = "days_quiet"
    written["expectations"][3]["type"] = "expect_nothing"
    file.write_text(json.dumps(written), encoding="utf-8")
    put(warehouse, "touchpoint_events", visits())

    report = check_landing(settings, warehouse)

    assert not report.passed
    broken, raised = report.failures
    assert str(broken).startswith("landing_sources.json: expectation 4 (no_refused_batches): ")
    assert str(raised).startswith("all sources: source_is_not_silent: could not run: ")
    assert warehouse.scalar("select count(*) from raw.quality_results where raised_exception") == 1


def test_postgresql_gives_the_same_report(
    settings: Settings, warehouse: Warehouse, put: Put, postgres_url: str
) -> None:
    now = settings.now.replace(tzinfo=None)
    reports = []
    server = replace(settings, warehouse_url=postgres_url)
    with open_warehouse(server) as other:
        ensure_landing(other)
        for each, place in ((settings, warehouse), (server, other)):
            put(place, "touchpoint_events", visits())
            put(place, "map_journeys", [{"journey": "a", "timezone": "Europe/Istanbul", "is_current": True}])
            loaded = {"first_at": datetime(2026, 1, 1, 6), "last_at": datetime(2026, 6, 27, 6)}
            put(place, "load_batches", [batch("june.csv", "loaded", now - timedelta(days=2), **loaded)])
            put(place, "load_batches", [batch("day28.csv", "refused", now - timedelta(days=1), reason="why")])
            report = check_landing(each, place)
            stored = "select * from raw.quality_results order by subject, expectation"
            reports.append((report, spots(place), place.rows(stored)))

    assert reports[0] == reports[1]
    assert len(reports[0][1]) == 2


@pytest.mark.slow
def test_volume_of_a_million_events_is_checked_in_seconds(settings: Settings, warehouse: Warehouse) -> None:
    warehouse.execute(
        "insert into raw.touchpoint_events (event_id, source, occurred_at)"
        " select range::text, 's' || range % 10, timestamp '2025-01-01' + to_minutes(range // 2) from range(1000000)"
    )

    assert check_landing(settings, warehouse).passed
