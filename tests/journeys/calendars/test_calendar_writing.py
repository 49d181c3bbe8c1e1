"""Calendars in the warehouse: written where they changed, left alone where they did not, on both engines."""

from __future__ import annotations

import time
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from jkpi.journeys.calendars.intervals import open_intervals_on
from jkpi.journeys.calendars.model import Calendar
from jkpi.journeys.calendars.reader import read_calendars
from jkpi.journeys.calendars.table import write_calendars
from jkpi.journeys.map_tables import write_map
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.landing import ensure_landing
from jkpi.warehouse.open import open_warehouse
from tests.journeys.small_map import OPENING_HOURS, journey, spoiled, write_calendar

NOW = datetime(2026, 6, 1, tzinfo=UTC)
A_YEAR_LATER = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["duckdb", "postgres"])
def warehouse(request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else "duckdb:///:memory:"
    with open_warehouse(url) as opened:
        ensure_landing(opened)
        yield opened


def calendar(workspace: Path, text: str = OPENING_HOURS) -> Calendar:
    write_calendar(workspace, text)
    (read,) = read_calendars(workspace)
    return read


def test_a_public_holiday_is_closed_unless_it_has_hours_of_its_own(tmp_path: Path) -> None:
    text = OPENING_HOURS.replace("holidays: [2026-01-01, 2026-05-01]", "holidays: FR")
    french = calendar(tmp_path, text.replace("{2026-12-24:", "{2026-05-08:"))
    whitsun, victory, monday = date(2026, 5, 25), date(2026, 5, 8), date(2026, 5, 18)
    assert open_intervals_on(french, whitsun) == []
    assert [str(hours) for hours in open_intervals_on(french, victory)] == ["09:00-12:00"]
    assert open_intervals_on(french, monday) != []


def open_seconds(warehouse: Warehouse, begin: str, end: str) -> int:
    """As SQL counts them."""
    clock = """(
        select
            seconds_before
            + case when is_open then 1 else 0 end
            * cast(extract(epoch from (cast('{0}' as timestamp) - starts_at)) as bigint)
        from raw.map_calendars
        where calendar = 'opening_hours' and utc_date = cast('{0}' as date) and starts_at <= '{0}' and ends_at > '{0}'
    )"""
    return int(warehouse.scalar(f"select {clock.format(end)} - {clock.format(begin)}"))


def test_sql_reads_business_seconds(warehouse: Warehouse, tmp_path: Path) -> None:
    assert write_calendars(warehouse, [calendar(tmp_path)], NOW) is True
    # 2026-03-30 is the last Monday of the first version, in summer time: 07:00 to 10:30 and 11:30 to 16:00 UTC.
    assert open_seconds(warehouse, "2026-03-30 00:00:00", "2026-03-31 00:00:00") == 8 * 3600
    assert open_seconds(warehouse, "2026-03-30 10:00:00", "2026-03-30 12:00:00") == 3600
    assert open_seconds(warehouse, "2026-04-02 00:00:00", "2026-04-03 00:00:00") == 10 * 3600
    assert open_seconds(warehouse, "2026-05-01 00:00:00", "2026-05-02 00:00:00") == 0
    assert open_seconds(warehouse, "2026-12-24 00:00:00", "2026-12-26 00:00:00") == 13 * 3600
    days = (
        "select count(distinct utc_date) as days, min(utc_date) as first, max(utc_date) as last from raw.map_calendars"
    )
    (found,) = warehouse.rows(days)
    assert (found["first"], found["last"]) == (date(2000, 1, 1), date(2028, 12, 31))
    assert found["days"] == (date(2029, 1, 1) - date(2000, 1, 1)).days


def test_written_only_where_something_changed(warehouse: Warehouse, tmp_path: Path) -> None:
    opening_hours = calendar(tmp_path)
    assert write_calendars(warehouse, [opening_hours], NOW) is True
    assert write_calendars(warehouse, [opening_hours], NOW) is False
    assert write_calendars(warehouse, [opening_hours], datetime(2024, 1, 1, tzinfo=UTC)) is False
    assert warehouse.scalar("select max(utc_date) from raw.map_calendars") == date(2028, 12, 31)
    assert write_calendars(warehouse, [opening_hours], A_YEAR_LATER) is True
    assert warehouse.scalar("select max(utc_date) from raw.map_calendars") == date(2029, 12, 31)
    rows = warehouse.scalar("select count(*) from raw.map_calendars")
    changed = calendar(tmp_path, OPENING_HOURS.replace("holidays: [2026-01-01, 2026-05-01]", "holidays: []"))
    assert write_calendars(warehouse, [changed], A_YEAR_LATER) is True
    assert warehouse.scalar("select count(*) from raw.map_calendars") > rows
    assert warehouse.scalar("select count(*) from raw.map_calendar_prints") == 1


def test_calendar_is_written_again_when_zone_rules_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_warehouse("duckdb:///:memory:") as opened:
        ensure_landing(opened)
        opening_hours = calendar(tmp_path)
        write_calendars(opened, [opening_hours], NOW)
        monkeypatch.setattr(zoneinfo, "TZPATH", (str(tmp_path),))
        write_calendars(opened, [opening_hours], NOW)  # now from the tzdata package, whose file may differ
        assert write_calendars(opened, [opening_hours], NOW) is False
        (tmp_path / "Europe").mkdir()
        (tmp_path / "Europe" / "Paris").write_bytes(b"new rules")
        assert write_calendars(opened, [opening_hours], NOW) is True


def test_removed_calendar_is_kept_while_a_map_version_uses_it(warehouse: Warehouse, tmp_path: Path) -> None:
    opening_hours = calendar(tmp_path)
    text, _ = spoiled(("tolerance: 4h}", "tolerance: 4h, calendar: opening_hours}"))
    write_map(warehouse, [journey(tmp_path, text)], [], NOW, [opening_hours])
    second = journey(tmp_path, spoiled(("version: 1", "version: 2"))[0])
    assert write_map(warehouse, [second], [], NOW) is True
    assert warehouse.scalar("select count(*) from raw.map_calendar_prints") == 1
    warehouse.execute("delete from raw.map_kpis where version = 1")
    assert write_map(warehouse, [second], [], NOW) is True
    assert warehouse.scalar("select count(*) from raw.map_calendars") == 0


def test_an_unchanged_calendar_takes_a_tenth_of_the_time(tmp_path: Path) -> None:
    with open_warehouse(f"duckdb:///{tmp_path / 'w.duckdb'}") as opened:
        ensure_landing(opened)
        opening_hours = calendar(tmp_path)
        started = time.perf_counter()
        write_calendars(opened, [opening_hours], NOW)
        first_write = time.perf_counter() - started
        times = []
        for _ in range(5):
            started = time.perf_counter()
            assert write_calendars(opened, [opening_hours], NOW) is False
            times.append(time.perf_counter() - started)
        assert min(times) < first_write / 10
