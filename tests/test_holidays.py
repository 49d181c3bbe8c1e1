"""Which days a calendar is closed on though it is usually open."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from jkpi.warehouse.holidays import holidays
from jkpi.warehouse.landing import ensure_landing
from jkpi.warehouse.open import open_warehouse

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


def found(closed: set[date], saturdays_from: date = LAST) -> frozenset[date]:
    """Of a year of a calendar that is open from Monday to Friday, on Saturdays too from a day on."""
    with open_warehouse("duckdb:///:memory:") as w:
        ensure_landing(w)
        days = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 60)]
        for day in days:
            if day.weekday() < 5 or (day.weekday() == 5 and day >= saturdays_from):
                opens = datetime(day.year, day.month, day.day, 8)
                w.execute(
                    "insert into raw.map_calendars (calendar, utc_date, starts_at, ends_at, is_open, seconds_before)"
                    " values ('desk', :day, :opens, :closes, :is_open, 0)",
                    {"day": day, "opens": opens, "closes": opens + timedelta(hours=8), "is_open": day not in closed},
                )
        return holidays(w, "UTC", date(2026, 3, 1), LAST)


@pytest.mark.parametrize(
    "closed",
    [
        {date(2026, 5, 1)},
        {date(2026, 5, 1), date(2026, 5, 8)},
        {date(2026, 8, 3) + timedelta(days=7 * week + day) for week in range(3) for day in range(5)},
    ],
)
def test_days_off_of_any_length_are_holidays_and_weekends_are_not(closed: set[date]) -> None:
    assert found(closed) == closed


def test_new_hours_make_no_holidays_of_the_days_before_them() -> None:
    assert found(set(), saturdays_from=date(2026, 7, 4)) == frozenset()
