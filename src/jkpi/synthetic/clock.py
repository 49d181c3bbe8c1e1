"""Local time for whole arrays: instants are UTC seconds since 1970 (int64); `NEVER` means that it does not happen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

TimeArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
TextArray = NDArray[np.str_]

MINUTE, HOUR, DAY = 60, 3600, 86400
NEVER = 2**61  # later than every other instant; adding a delay to it does not overflow

_FIELDS = {"%Y": (0, 4), "%m": (5, 7), "%d": (8, 10), "%H": (11, 13), "%M": (14, 16), "%S": (17, 19)}


@dataclass(frozen=True)
class ZoneClock:
    """The days of an example in its zone: day 0 is `first_day`, the last one contains `as_of`."""

    zone: str
    first_day: date
    as_of: int
    origin: int
    offsets: TimeArray  # seconds east of UTC, one for each hour from `origin`

    @property
    def days(self) -> int:
        """The number of local days; the last one ends at `as_of`."""
        return int(self.day(np.array([self.as_of]))[0]) + 1

    def offset(self, instants: TimeArray) -> TimeArray:
        """Seconds east of UTC at each instant."""
        hour = np.clip((instants - self.origin) // HOUR, 0, len(self.offsets) - 1)
        return self.offsets[hour]

    def local(self, instants: TimeArray) -> TimeArray:
        """Instants as seconds of local time."""
        return instants + self.offset(instants)

    def to_utc(self, day: TimeArray, seconds: TimeArray) -> TimeArray:
        """The instants at which the local clock of that day shows that many seconds after midnight."""
        local_seconds = self._midnight + day * DAY + seconds
        return local_seconds - self.offset(local_seconds - self.offset(local_seconds))

    def day(self, instants: TimeArray) -> TimeArray:
        """The number of the local day."""
        return (self.local(instants) - self._midnight) // DAY

    def hour(self, instants: TimeArray) -> TimeArray:
        """The hour of the local day, 0-23."""
        return self.local(instants) % DAY // HOUR

    def weekday(self, day: TimeArray) -> TimeArray:
        """0 is Monday."""
        return (day + self.first_day.weekday()) % 7

    def day_number(self, day: date) -> int:
        """The number of a calendar day."""
        return (day - self.first_day).days

    def date(self, number: int) -> date:
        """The calendar day of a number."""
        return self.first_day + timedelta(days=int(number))

    def months(self, instants: TimeArray) -> TextArray:
        """The local month, such as 2026-03."""
        return self.text(instants, "%Y-%m")

    def text(self, instants: TimeArray, pattern: str) -> TextArray:
        """Local times by a pattern of %Y %m %d %H %M %S; blank where NEVER."""
        return _format_times(self.local(instants), instants, pattern)

    def text_with_offset(self, instants: TimeArray) -> TextArray:
        """ISO 8601 with the zone's offset; blank where NEVER."""
        offset = self.offset(instants)
        local_text = np.char.add(self.text(instants, "%Y-%m-%dT%H:%M:%S"), "+")
        hours = np.char.zfill((offset // HOUR).astype(str), 2)
        with_offset = np.char.add(np.char.add(local_text, hours), ":00")
        return np.where(instants >= NEVER, "", with_offset)

    @property
    def _midnight(self) -> int:
        return (self.first_day - date(1970, 1, 1)).days * DAY


def make_clock(zone: str, first_day: date, as_of: datetime) -> ZoneClock:
    """The clock of a zone, good from a week before `first_day` until three months after `as_of`."""
    start = datetime.combine(first_day - timedelta(days=7), datetime.min.time(), UTC)
    hours = int((as_of + timedelta(days=92) - start) / timedelta(hours=1))
    zone_info = ZoneInfo(zone)
    offsets = [(start + timedelta(hours=n)).astimezone(zone_info).utcoffset() or timedelta(0) for n in range(hours)]
    seconds = np.array([int(offset.total_seconds()) for offset in offsets], dtype=np.int64)
    return ZoneClock(zone, first_day, int(as_of.timestamp()), int(start.timestamp()), seconds)


def utc_text(instants: TimeArray, pattern: str = "%Y-%m-%dT%H:%M:%SZ") -> TextArray:
    """UTC times by a pattern; blank where NEVER."""
    return _format_times(instants, instants, pattern)


def floor_to_minute(instants: TimeArray) -> TimeArray:
    """Instants in whole minutes, as some systems store them."""
    return instants // MINUTE * MINUTE


def as_datetime64(instants: TimeArray) -> NDArray[np.datetime64]:
    """Instants as datetime64, NaT where NEVER: for formats that have a type for time."""
    return np.where(
        instants >= NEVER, np.datetime64("NaT"), np.minimum(instants, NEVER // 2**20).astype("datetime64[s]")
    )


def _format_times(local_seconds: TimeArray, instants: TimeArray, pattern: str) -> TextArray:
    never = instants >= NEVER
    iso = np.datetime_as_string(np.where(never, 0, local_seconds).astype("datetime64[s]"))
    letters = np.ascontiguousarray(iso).view("U1").reshape(len(iso), -1)
    pieces: list[NDArray[np.str_]] = []
    position = 0
    while position < len(pattern):
        field = _FIELDS.get(pattern[position : position + 2])
        if field is None:
            pieces.append(np.full((len(iso), 1), pattern[position]))
            position += 1
        else:
            pieces.append(letters[:, slice(*field)])
            position += 2
    joined = np.ascontiguousarray(np.concatenate(pieces, axis=1))
    texts: TextArray = joined.view(f"U{joined.shape[1]}").reshape(len(iso))
    return np.where(never, "", texts)
