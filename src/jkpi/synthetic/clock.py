"""Local time for whole arrays: instants are UTC seconds since 1970 (int64), `NEVER` stands for what does not happen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]
Mask = NDArray[np.bool_]
Texts = NDArray[np.str_]

MINUTE, HOUR, DAY = 60, 3600, 86400
NEVER = 2**61  # later than every cut, and adding a delay to it does not overflow

_FIELDS = {"%Y": (0, 4), "%m": (5, 7), "%d": (8, 10), "%H": (11, 13), "%M": (14, 16), "%S": (17, 19)}


@dataclass(frozen=True)
class Clock:
    """The days of an example in its zone: day 0 is `first_day`, the last one holds `as_of`."""

    zone: str
    first_day: date
    as_of: int
    origin: int
    offsets: Times  # seconds east of UTC, one for each hour from `origin`

    @property
    def days(self) -> int:
        """How many local days there are, the last one cut short by `as_of`."""
        return int(self.day(np.array([self.as_of]))[0]) + 1

    def offset(self, at: Times) -> Times:
        """Seconds east of UTC at each instant."""
        hour = np.clip((at - self.origin) // HOUR, 0, len(self.offsets) - 1)
        return self.offsets[hour]

    def local(self, at: Times) -> Times:
        """Instants as seconds on the local clock's face."""
        return at + self.offset(at)

    def instants(self, day: Times, seconds: Times) -> Times:
        """The instants at which the local clock of that day shows that many seconds after midnight."""
        face = self._midnight + day * DAY + seconds
        return face - self.offset(face - self.offset(face))

    def day(self, at: Times) -> Times:
        """The number of the local day."""
        return (self.local(at) - self._midnight) // DAY

    def hour(self, at: Times) -> Times:
        """The hour of the local day, 0-23."""
        return self.local(at) % DAY // HOUR

    def weekday(self, day: Times) -> Times:
        """0 is Monday."""
        return (day + self.first_day.weekday()) % 7

    def number(self, day: date) -> int:
        """The number of a calendar day."""
        return (day - self.first_day).days

    def date(self, number: int) -> date:
        """The calendar day of a number."""
        return self.first_day + timedelta(days=int(number))

    def months(self, at: Times) -> Texts:
        """The local month, such as 2026-03."""
        return self.text(at, "%Y-%m")

    def text(self, at: Times, pattern: str) -> Texts:
        """Local times by a pattern of %Y %m %d %H %M %S; blank where NEVER."""
        return _text(self.local(at), at, pattern)

    def text_with_offset(self, at: Times) -> Texts:
        """ISO 8601 with the zone's offset; blank where NEVER."""
        offset = self.offset(at)
        stamped = np.char.add(self.text(at, "%Y-%m-%dT%H:%M:%S"), "+")
        hours = np.char.zfill((offset // HOUR).astype(str), 2)
        full = np.char.add(np.char.add(stamped, hours), ":00")
        return np.where(at >= NEVER, "", full)

    @property
    def _midnight(self) -> int:
        return (self.first_day - date(1970, 1, 1)).days * DAY


def clock(zone: str, first_day: date, as_of: datetime) -> Clock:
    """The clock of a zone, good from a week before `first_day` until three months after `as_of`."""
    start = datetime.combine(first_day - timedelta(days=7), datetime.min.time(), UTC)
    hours = int((as_of + timedelta(days=92) - start) / timedelta(hours=1))
    info = ZoneInfo(zone)
    offsets = [(start + timedelta(hours=n)).astimezone(info).utcoffset() or timedelta(0) for n in range(hours)]
    seconds = np.array([int(offset.total_seconds()) for offset in offsets], dtype=np.int64)
    return Clock(zone, first_day, int(as_of.timestamp()), int(start.timestamp()), seconds)


def utc_text(at: Times, pattern: str = "%Y-%m-%dT%H:%M:%SZ") -> Texts:
    """UTC times by a pattern; blank where NEVER."""
    return _text(at, at, pattern)


def whole_minutes(at: Times) -> Times:
    """Instants as a system keeps them that knows no seconds."""
    return at // MINUTE * MINUTE


def stamps(at: Times) -> NDArray[np.datetime64]:
    """Instants as datetime64, NaT where NEVER: for formats that have a type for time."""
    return np.where(at >= NEVER, np.datetime64("NaT"), np.minimum(at, NEVER // 2**20).astype("datetime64[s]"))


def _text(face: Times, at: Times, pattern: str) -> Texts:
    never = at >= NEVER
    iso = np.datetime_as_string(np.where(never, 0, face).astype("datetime64[s]"))
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
    texts: Texts = joined.view(f"U{joined.shape[1]}").reshape(len(iso))
    return np.where(never, "", texts)
