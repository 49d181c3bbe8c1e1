"""The intervals of a calendar, compared with a count of every minute by the local time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jkpi.journeys.calendars.hours import WEEKDAYS
from jkpi.journeys.calendars.intervals import calendar_intervals
from jkpi.journeys.calendars.model import Calendar

START = datetime(2000, 1, 1)
SMALLEST = timedelta(minutes=1)


def calendar(zone: str = "Europe/Paris", **more: Any) -> Calendar:
    usual = {"calendar": "c", "timezone": zone, "versions": [{"hours": {"mon-sun": ["00:00-24:00"]}}]}
    return Calendar.model_validate({**usual, **more})


def laid_out(tested: Calendar, until: date) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = calendar_intervals(tested, until).to_pylist()
    return rows


def clock(rows: list[dict[str, Any]], moment: datetime) -> int:
    """Open seconds from 2000-01-01 until `moment`, as SQL reads them from the piece that holds it."""
    (piece,) = [row for row in rows if row["starts_at"] <= moment < row["ends_at"]]
    return int(piece["seconds_before"] + (moment - piece["starts_at"]).total_seconds() * piece["is_open"])


def minutes_by_hand(tested: Calendar, begin: datetime, end: datetime) -> int:
    """Each minute on its own: what does the wall clock show, and does anything of today or yesterday reach it?"""
    open_minutes, moment = 0, begin
    while moment < end:
        wall = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(tested.timezone)).replace(tzinfo=None)
        for back in (0, 1):
            day = wall.date() - timedelta(days=back)
            since = (wall - datetime.combine(day, datetime.min.time())) // SMALLEST
            if any(hours.starts <= since < hours.ends for hours in by_hand(tested, day)):
                open_minutes += 1
                break
        moment += SMALLEST
    return open_minutes


def by_hand(tested: Calendar, day: date) -> list[Any]:
    """The hours that begin on a day, straight from what was written."""
    if day in tested.holidays:
        return []
    if day in tested.changes:
        return list(tested.changes[day])
    holding = [version for version in tested.versions if version.from_ is None or version.from_ <= day][-1]
    for days, hours in holding.hours.items():
        first, _, last = days.partition("-")
        if WEEKDAYS.index(first) <= day.weekday() <= WEEKDAYS.index(last or first):
            return list(hours)
    return []


CLOCKS = st.integers(0, 1439)


@st.composite
def hours_of_a_day(draw: st.DrawFn) -> list[str]:
    """Up to two stretches that do not overlap; the last may go over midnight, by at most two hours."""
    cuts = sorted(draw(st.lists(st.integers(120, 1439), min_size=2, max_size=4, unique=True)))
    stretches = [(cuts[index], cuts[index + 1]) for index in range(0, len(cuts) - 1, 2)]
    if draw(st.booleans()):
        stretches[-1] = (stretches[-1][0], draw(st.integers(0, min(119, stretches[-1][0] - 1))))
    return [f"{a // 60:02d}:{a % 60:02d}-{b // 60:02d}:{b % 60:02d}" for a, b in stretches]


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    hours = hours_of_a_day()
    days = st.dates(date(2000, 1, 1), date(2000, 12, 31))
    versions: list[dict[str, Any]] = [{"hours": {"mon-fri": draw(hours)}}]
    if draw(st.booleans()):
        versions.append({"from": draw(days), "hours": {"mon-thu": draw(hours), "sat": draw(hours)}})
    holidays = draw(st.lists(days, max_size=3, unique=True))
    changes = draw(st.dictionaries(days.filter(lambda day: day not in holidays), hours, max_size=3))
    zone = draw(st.sampled_from(["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]))
    return calendar(zone, versions=versions, holidays=holidays, changes=changes)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    tested=calendars(),
    around=st.sampled_from([date(2000, 3, 26), date(2000, 10, 29), date(2000, 4, 2), date(2000, 8, 27), None]),
    day=st.dates(date(2000, 1, 2), date(2000, 12, 26)),
    starts=CLOCKS,
    length=st.integers(1, 2 * 1440),
)
def test_as_many_minutes_as_counted_by_hand(
    tested: Calendar, around: date | None, day: date, starts: int, length: int
) -> None:
    begin = datetime.combine(around or day, datetime.min.time()) + timedelta(minutes=starts - 720)
    end = begin + timedelta(minutes=length)
    rows = laid_out(tested, date(2001, 1, 1))
    assert clock(rows, end) - clock(rows, begin) == 60 * minutes_by_hand(tested, begin, end)


@settings(max_examples=30, deadline=None)
@given(tested=calendars())
def test_the_intervals_partition_each_day(tested: Calendar) -> None:
    rows = laid_out(tested, date(2001, 1, 1))
    assert rows[0]["starts_at"] == START
    assert rows[-1]["ends_at"] == datetime(2001, 1, 1)
    before = 0
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        midnight = datetime.combine(row["utc_date"], datetime.min.time())
        assert midnight <= row["starts_at"] < row["ends_at"] <= midnight + timedelta(days=1)
        assert row["seconds_before"] == before
        before += int((row["ends_at"] - row["starts_at"]).total_seconds()) if row["is_open"] else 0
        if following is not None:
            assert following["starts_at"] == row["ends_at"]
            is_same_day = following["utc_date"] == row["utc_date"]
            assert not is_same_day or following["is_open"] != row["is_open"]


@pytest.mark.parametrize(
    ("hours", "day", "open_hours"),
    [
        ("01:00-04:00", date(2026, 3, 29), 2),  # 02:00 to 03:00 was skipped
        ("01:00-04:00", date(2026, 10, 25), 4),  # 02:00 to 03:00 came twice
        ("02:00-03:00", date(2026, 3, 29), 0),
        ("02:00-03:00", date(2026, 10, 25), 2),
        ("00:00-24:00", date(2026, 3, 29), 23),
        ("00:00-24:00", date(2026, 10, 25), 25),
        ("01:00-04:00", date(2026, 6, 1), 3),
    ],
)
def test_open_hours_on_days_of_a_clock_change(hours: str, day: date, open_hours: int) -> None:
    tested = calendar(versions=[{"hours": {"mon-sun": [hours]}}])
    midnight = datetime.combine(day, datetime.min.time(), ZoneInfo("Europe/Paris"))
    begin, end = (moment.astimezone(UTC).replace(tzinfo=None) for moment in (midnight, (midnight + timedelta(days=1))))
    rows = laid_out(tested, date(2027, 1, 1))
    assert clock(rows, end) - clock(rows, begin) == open_hours * 3600


def test_a_day_that_a_zone_left_out_does_not_exist() -> None:
    """Samoa went from 29 to 31 December 2011."""
    tested = calendar("Pacific/Apia", versions=[{"hours": {"mon-sun": ["09:00-17:00"]}}])
    rows = laid_out(tested, date(2012, 2, 1))
    week = clock(rows, datetime(2012, 1, 3)) - clock(rows, datetime(2011, 12, 27))
    # Seven days of UTC hold 28 and 29 December before the leap, and 31 December to 3 January after it.
    assert week == 60 * minutes_by_hand(tested, datetime(2011, 12, 27), datetime(2012, 1, 3))
    # The 29th closed at 17:00, 03:00 UTC; the next opening is 09:00 of the 31st, 19:00 UTC.
    assert clock(rows, datetime(2011, 12, 30, 22)) - clock(rows, datetime(2011, 12, 30, 3)) == 3 * 3600
