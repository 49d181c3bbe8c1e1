"""Business hours minute by minute: slow and simple, and correct where clocks change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAY_MINUTES = 24 * 60


def open_minutes(calendar: Mapping[str, Any], day: date) -> npt.NDArray[np.bool_]:
    """Which minutes of a local day (0 to 1439 by the wall clock) are open."""
    minutes = np.zeros(DAY_MINUTES, dtype=bool)
    for begins, ends in _hours(calendar, day):
        minutes[begins : min(ends, DAY_MINUTES)] = True
    for _, ends in _hours(calendar, day - timedelta(days=1)):
        minutes[: max(0, ends - DAY_MINUTES)] = True
    return minutes


def _hours(calendar: Mapping[str, Any], day: date) -> list[tuple[int, int]]:
    """Opening intervals that begin on the local day, in minutes from its midnight; over 1440 on the next day."""
    changed = calendar.get("changes", {})
    if day in changed:
        texts = changed[day]
    elif day in calendar.get("holidays", []):
        texts = []
    else:
        in_force = [one for one in calendar["versions"] if "from" not in one or one["from"] <= day]
        texts = _of_weekday(in_force[-1]["hours"] if in_force else {}, day.weekday())
    found = []
    for text in texts:
        begins, ends = (int(part[:2]) * 60 + int(part[3:]) for part in text.split("-"))
        found.append((begins, ends if ends > begins else ends + DAY_MINUTES))
    return found


def _of_weekday(hours: Mapping[str, list[str]], weekday: int) -> list[str]:
    found: list[str] = []
    for days, texts in hours.items():
        first, _, last = days.partition("-")
        span = range(DAYS.index(first), DAYS.index(last or first) + 1)
        if weekday in span:
            found += texts
    return found


@dataclass(frozen=True)
class BusinessClock:
    """Counts open seconds since `first`. is_open, before: by minute of UTC, is it open, and open seconds before it."""

    first: pd.Timestamp
    is_open: npt.NDArray[np.bool_]
    before: npt.NDArray[np.int64]

    @classmethod
    def of(cls, calendar: Mapping[str, Any], first: pd.Timestamp, last: pd.Timestamp) -> BusinessClock:
        """Make the clock of a calendar between two UTC timestamps."""
        first, last = first.floor("D"), last.ceil("D")
        minutes = pd.date_range(first, last, freq="min", inclusive="left", tz="UTC")
        local = minutes.tz_convert(calendar["timezone"]).tz_localize(None)
        dates = local.normalize()
        known, which = np.unique(dates.to_numpy(), return_inverse=True)
        days = np.array([open_minutes(calendar, pd.Timestamp(day).date()) for day in known])
        is_open = days[which, (local.hour * 60 + local.minute).to_numpy()]
        before = np.concatenate([[0], np.cumsum(is_open.astype(np.int64) * 60)])
        return cls(first, is_open, before)

    def read(self, at: pd.Series) -> pd.Series:
        """Open seconds before each timestamp; NaN for NaT."""
        known = at.notna().to_numpy()
        seconds = (at[known] - self.first).dt.total_seconds().to_numpy()
        minute = np.floor_divide(seconds, 60).astype(np.int64)
        found = np.full(len(at), np.nan)
        found[known] = self.before[minute] + self.is_open[minute] * (seconds - 60 * minute)
        return pd.Series(found, index=at.index)

    def late_at(self, starts: pd.Series, tolerance: float) -> pd.Series:
        """The last timestamp at which at most `tolerance` open seconds have passed."""
        target = self.read(starts).to_numpy() + tolerance
        minute = np.searchsorted(self.before, target, side="right") - 1
        seconds = 60 * minute + (target - self.before[minute])
        late = self.first + pd.to_timedelta(np.round(seconds * 1e6), unit="us")
        return pd.Series(late, index=starts.index).astype("datetime64[us]")


def open_minutes_between(calendar: Mapping[str, Any], start: datetime, stop: datetime) -> int:
    """Count open seconds between two aware timestamps second by second: the reference for `BusinessClock`."""
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(calendar["timezone"])
    count, at = 0, start
    while at < stop:
        local = at.astimezone(zone)
        count += bool(open_minutes(calendar, local.date())[local.hour * 60 + local.minute])
        at += timedelta(seconds=1)
    return count
