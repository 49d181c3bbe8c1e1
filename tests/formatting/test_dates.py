from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from jkpi.formatting.dates import (
    format_age,
    format_day,
    format_period,
    format_short_date,
    format_since,
    format_state_since,
    format_time_ago,
    format_timestamp,
)
from jkpi.formatting.numbers import NARROW_NO_BREAK_SPACE, PAGE

TODAY = date(2026, 6, 30)
NOW = datetime(2026, 6, 30, 6)


def test_days_and_periods() -> None:
    assert format_day(date(2026, 6, 3)) == "Wednesday 3 June 2026"
    assert format_period(date(2026, 6, 15), date(2026, 6, 15)) == "15 June 2026"
    assert format_period(date(2026, 6, 15), date(2026, 6, 17)) == "15 to 17 June 2026"
    assert format_period(date(2026, 6, 30), date(2026, 7, 2)) == "30 June to 2 July 2026"
    assert format_period(date(2025, 12, 30), date(2026, 1, 2)) == "30 December 2025 to 2 January 2026"
    assert format_short_date(date(2026, 6, 3), TODAY) == "3 Jun"
    assert format_short_date(date(2025, 6, 3), TODAY) == "3 Jun 2025"
    assert format_timestamp(datetime(2026, 6, 3, 7, 5)) == "3 June 2026, 07:05"


@pytest.mark.parametrize(
    ("state", "start", "text"),
    [
        ("firing", date(2026, 6, 9), "since 9 Jun, 21 days"),
        ("firing", date(2026, 6, 29), "since 29 Jun, 1 day"),
        ("firing", TODAY, "since 30 Jun"),
        ("recovering", date(2026, 6, 9), "dropped on 9 Jun, 21 days ago"),
        ("recovering", date(2026, 6, 29), "dropped on 29 Jun, 1 day ago"),
        ("recovering", TODAY, "dropped on 30 Jun"),
    ],
)
def test_since_when_a_state_holds(state: str, start: date, text: str) -> None:
    assert format_state_since(state, start, TODAY) == text
    if state == "firing":
        assert format_since(start, TODAY) == text


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(days=-1), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=89), "89 min ago"),
        (timedelta(minutes=90), "2 h ago"),
        (timedelta(hours=35), "35 h ago"),
        (timedelta(days=3, hours=1), "3 days ago"),
        (timedelta(days=89), "89 days ago"),
        (timedelta(days=90), "3 months ago"),
        (timedelta(days=800), "2.2 years ago"),
    ],
)
def test_how_long_ago(age: timedelta, text: str) -> None:
    assert format_time_ago(NOW - age, NOW) == text


def test_ages_on_the_page_keep_number_and_unit_together() -> None:
    assert format_time_ago(NOW - timedelta(hours=3), NOW, PAGE) == f"3{NARROW_NO_BREAK_SPACE}h ago"


@pytest.mark.parametrize(
    ("seconds", "text"), [(-5, "0 s"), (45, "45 s"), (5400, "90 min"), (36 * 3600, "36 h"), (25 * 86400, "25 d")]
)
def test_ages_in_tables(seconds: float, text: str) -> None:
    assert format_age(seconds) == text
