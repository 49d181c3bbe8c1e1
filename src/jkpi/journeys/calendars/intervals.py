"""Expand a calendar into open and closed intervals of each UTC day, with the open seconds before each interval.

Local time decides: an open hour that daylight saving skips does not exist, and one that it repeats counts twice. Pure.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from jkpi.journeys.calendars.hours import OpenInterval
from jkpi.journeys.calendars.model import Calendar

if TYPE_CHECKING:
    import pyarrow as pa

CALENDAR_START = date(2000, 1, 1)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_DAY = 86400
# No zone is further from UTC than this; whole days, because hours are expanded by day.
_MAX_UTC_OFFSET = timedelta(days=1)


def calendar_intervals(calendar: Calendar, until: date) -> pa.Table:
    """Half-open intervals, in order, that partition every UTC day from 2000-01-01 up to, but without, `until`.

    Columns as in `raw.map_calendars`: calendar, utc_date, starts_at, ends_at (naive UTC), is_open, seconds_before (open
    seconds from 2000-01-01 until the interval starts).
    """
    import pyarrow as pa

    end = (until - CALENDAR_START).days * _DAY
    opens, closes = _in_utc(*_local_open_hours(calendar, until), _offsets(ZoneInfo(calendar.timezone), end), end)
    boundaries = np.unique(np.concatenate([opens, closes, np.arange(0, end, _DAY)]))
    boundaries = boundaries[(boundaries >= 0) & (boundaries < end)]
    is_open = np.searchsorted(opens, boundaries, side="right") > np.searchsorted(closes, boundaries, side="right")
    # Adjacent open intervals are merged: a boundary is where it opens, closes, or a new day starts.
    is_boundary = (boundaries % _DAY == 0) | np.concatenate([[True], is_open[1:] != is_open[:-1]])
    boundaries, is_open = boundaries[is_boundary], is_open[is_boundary]
    ends = np.append(boundaries[1:], end)
    open_seconds_before = np.cumsum(np.concatenate([[0], np.where(is_open, ends - boundaries, 0)[:-1]]))
    starts_at = np.datetime64(CALENDAR_START, "us") + boundaries * np.timedelta64(1, "s")
    ends_at = np.datetime64(CALENDAR_START, "us") + ends * np.timedelta64(1, "s")
    return pa.table(
        {
            "calendar": pa.array([calendar.calendar] * len(boundaries), pa.string()),
            "utc_date": pa.array(starts_at.astype("datetime64[D]"), pa.date32()),
            "starts_at": pa.array(starts_at, pa.timestamp("us")),
            "ends_at": pa.array(ends_at, pa.timestamp("us")),
            "is_open": pa.array(is_open, pa.bool_()),
            "seconds_before": pa.array(open_seconds_before, pa.int64()),
        }
    )


def open_intervals_on(calendar: Calendar, day: date) -> list[OpenInterval]:
    """Open intervals that start on a local day."""
    if calendar.is_closed_holiday(day):
        return []
    if day in calendar.changes:
        return calendar.changes[day]
    version = next(
        candidate for candidate in reversed(calendar.versions) if candidate.from_ is None or candidate.from_ <= day
    )
    return version.intervals_on(day.weekday())


def _local_open_hours(calendar: Calendar, until: date) -> tuple[Any, Any]:
    """Starts and ends of open hours in local seconds from 2000-01-01, with a margin of one day on either side."""
    starts, ends = [], []
    day, last = CALENDAR_START - 2 * _MAX_UTC_OFFSET, until + _MAX_UTC_OFFSET
    while day <= last:
        midnight = (day - CALENDAR_START).days * _DAY
        for hours in open_intervals_on(calendar, day):
            starts.append(midnight + 60 * hours.starts)
            ends.append(midnight + 60 * hours.ends)
        day += timedelta(days=1)
    return np.array(starts, np.int64), np.array(ends, np.int64)


def _in_utc(starts: Any, ends: Any, offsets: list[tuple[int, int]], end: int) -> tuple[Any, Any]:
    """Starts and ends in UTC seconds from 2000-01-01, sorted: clipped to the validity of each offset and shifted."""
    opens, closes = [], []
    for number, (since, offset) in enumerate(offsets):
        until = offsets[number + 1][0] if number + 1 < len(offsets) else end
        from_, to = np.clip(starts - offset, since, until), np.clip(ends - offset, since, until)
        opens.append(from_[to > from_])
        closes.append(to[to > from_])
    return np.sort(np.concatenate(opens)), np.sort(np.concatenate(closes))


def _offsets(zone: ZoneInfo, end: int) -> list[tuple[int, int]]:
    """(UTC second from which the offset is valid, offset in seconds), from 2000-01-01 until `end`.

    Checked once per day, because no zone has changed its clocks twice between two UTC midnights since then.
    """
    changes = [(0, _offset(zone, 0))]
    for midnight in range(_DAY, end + 1, _DAY):
        offset = _offset(zone, midnight)
        if offset != changes[-1][1]:
            low, high = midnight - _DAY, midnight
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(zone, middle) == changes[-1][1] else (low, middle)
            changes.append((high, offset))
    return changes


def _offset(zone: ZoneInfo, second: int) -> int:
    ahead = (_EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()
    assert ahead is not None
    return int(ahead.total_seconds())
