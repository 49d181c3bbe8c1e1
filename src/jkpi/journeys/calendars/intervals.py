"""A calendar laid out in time: which stretches of each UTC day are open, and how much was open before.

The zone's clocks decide: a moment is open where the clock on the wall shows an open hour. So an open hour that daylight
saving skips does not exist, and one that it repeats counts twice.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from jkpi.journeys.calendars.hours import Hours
from jkpi.journeys.calendars.model import Calendar

if TYPE_CHECKING:
    import pyarrow as pa

FIRST_DAY = date(2000, 1, 1)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_DAY = 86400
# The clocks of no zone are further from UTC than this; whole days, since hours are laid out by the day.
_FURTHEST = timedelta(days=1)


def pieces(calendar: Calendar, until: date) -> pa.Table:
    """Pieces, half-open and in order, that partition every UTC day from 2000-01-01 until `until` (not in it).

    Columns as in `raw.map_calendars`: calendar, utc_date, starts_at, ends_at (naive UTC), is_open, seconds_before (open
    seconds from 2000-01-01 until the piece starts).
    """
    import pyarrow as pa

    end = (until - FIRST_DAY).days * _DAY
    opens, closes = _in_utc(*_on_the_wall(calendar, until), _offsets(ZoneInfo(calendar.timezone), end), end)
    cuts = np.unique(np.concatenate([opens, closes, np.arange(0, end, _DAY)]))
    cuts = cuts[(cuts >= 0) & (cuts < end)]
    is_open = np.searchsorted(opens, cuts, side="right") > np.searchsorted(closes, cuts, side="right")
    # Hours that only touch are one piece: a cut is where it opens, closes, or becomes another day.
    turns = (cuts % _DAY == 0) | np.concatenate([[True], is_open[1:] != is_open[:-1]])
    cuts, is_open = cuts[turns], is_open[turns]
    ends = np.append(cuts[1:], end)
    before = np.cumsum(np.concatenate([[0], np.where(is_open, ends - cuts, 0)[:-1]]))
    starts_at = np.datetime64(FIRST_DAY, "us") + cuts * np.timedelta64(1, "s")
    return pa.table(
        {
            "calendar": pa.array([calendar.calendar] * len(cuts), pa.string()),
            "utc_date": pa.array(starts_at.astype("datetime64[D]"), pa.date32()),
            "starts_at": pa.array(starts_at, pa.timestamp("us")),
            "ends_at": pa.array(np.datetime64(FIRST_DAY, "us") + ends * np.timedelta64(1, "s"), pa.timestamp("us")),
            "is_open": pa.array(is_open, pa.bool_()),
            "seconds_before": pa.array(before, pa.int64()),
        }
    )


def hours_of(calendar: Calendar, day: date) -> list[Hours]:
    """What begins on a day of the calendar's zone."""
    if day in calendar.holidays:
        return []
    if day in calendar.changes:
        return calendar.changes[day]
    version = next(one for one in reversed(calendar.versions) if one.from_ is None or one.from_ <= day)
    return version.on(day.weekday())


def _on_the_wall(calendar: Calendar, until: date) -> tuple[Any, Any]:
    """Where open hours start and end on the wall clock, in seconds from its 2000-01-01; with a day on either side."""
    starts, ends = [], []
    day, last = FIRST_DAY - 2 * _FURTHEST, until + _FURTHEST
    while day <= last:
        midnight = (day - FIRST_DAY).days * _DAY
        for hours in hours_of(calendar, day):
            starts.append(midnight + 60 * hours.starts)
            ends.append(midnight + 60 * hours.ends)
        day += timedelta(days=1)
    return np.array(starts, np.int64), np.array(ends, np.int64)


def _in_utc(starts: Any, ends: Any, offsets: list[tuple[int, int]], end: int) -> tuple[Any, Any]:
    """Those hours in seconds from 2000-01-01 UTC, each list sorted: cut to where each offset holds, and moved by it."""
    opens, closes = [], []
    for number, (since, offset) in enumerate(offsets):
        until = offsets[number + 1][0] if number + 1 < len(offsets) else end
        from_, to = np.clip(starts - offset, since, until), np.clip(ends - offset, since, until)
        opens.append(from_[to > from_])
        closes.append(to[to > from_])
    return np.sort(np.concatenate(opens)), np.sort(np.concatenate(closes))


def _offsets(zone: ZoneInfo, end: int) -> list[tuple[int, int]]:
    """(UTC second from which it holds, seconds that the zone's clocks are ahead), from 2000-01-01 until `end`.

    Looked at once a day: no zone has changed its clocks twice between two UTC midnights since then.
    """
    found = [(0, _offset(zone, 0))]
    for midnight in range(_DAY, end + 1, _DAY):
        offset = _offset(zone, midnight)
        if offset != found[-1][1]:
            low, high = midnight - _DAY, midnight
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(zone, middle) == found[-1][1] else (low, middle)
            found.append((high, offset))
    return found


def _offset(zone: ZoneInfo, second: int) -> int:
    ahead = (_EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()
    assert ahead is not None
    return int(ahead.total_seconds())
