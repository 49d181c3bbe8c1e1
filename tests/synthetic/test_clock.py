"""Local times of arrays agree with zoneinfo, also at clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from jkpi.synthetic.clock import HOUR, NEVER, as_datetime64, floor_to_minute, make_clock, utc_text

AS_OF = datetime(2026, 6, 30, 6, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Europe/Istanbul"])
def test_the_clock_agrees_with_zoneinfo(zone: str) -> None:
    clock = make_clock(zone, date(2025, 10, 1), AS_OF)
    at = np.arange(int(datetime(2025, 10, 25, tzinfo=UTC).timestamp()), clock.as_of, 1801)
    texts = clock.text(at, "%d.%m.%Y %H:%M:%S")
    with_offset = clock.text_with_offset(at)
    days, hours = clock.day(at), clock.hour(at)
    for n in range(0, len(at), 37):
        local = datetime.fromtimestamp(int(at[n]), ZoneInfo(zone))
        assert texts[n] == local.strftime("%d.%m.%Y %H:%M:%S")
        assert with_offset[n] == local.isoformat()
        assert clock.date(days[n]) == local.date()
        assert hours[n] == local.hour


def test_repeated_and_missing_hour_of_clock_changes() -> None:
    clock = make_clock("Europe/Berlin", date(2025, 10, 1), AS_OF)
    twice = np.array([int(datetime(2025, 10, 26, hour, 30, tzinfo=UTC).timestamp()) for hour in (0, 1)])
    assert clock.text(twice, "%H:%M").tolist() == ["02:30", "02:30"]
    around = np.array([int(datetime(2026, 3, 29, hour, 30, tzinfo=UTC).timestamp()) for hour in (0, 1)])
    assert clock.text(around, "%H:%M").tolist() == ["01:30", "03:30"]


def test_to_utc_is_the_inverse_of_local() -> None:
    clock = make_clock("Europe/Berlin", date(2025, 10, 1), AS_OF)
    day = np.repeat(np.arange(clock.days), 4)
    seconds = np.tile(np.array([0, 9, 18, 23]) * HOUR, clock.days)
    at = clock.to_utc(day, seconds)
    assert (clock.day(at) == day).all()
    assert (clock.local(at) % 86400 == seconds).all()


def test_days_and_weekdays() -> None:
    clock = make_clock("Europe/Istanbul", date(2025, 10, 1), AS_OF)
    assert clock.date(clock.days - 1) == date(2026, 6, 30)
    assert clock.day_number(date(2025, 10, 6)) == 5
    assert clock.weekday(np.array([0, 5]))[:2].tolist() == [2, 0]


def test_a_missing_time_is_blank() -> None:
    at = np.array([NEVER, 0, 61])
    assert utc_text(at).tolist() == ["", "1970-01-01T00:00:00Z", "1970-01-01T00:01:01Z"]
    assert np.isnat(as_datetime64(at)).tolist() == [True, False, False]
    assert floor_to_minute(at[1:]).tolist() == [0, 60]
