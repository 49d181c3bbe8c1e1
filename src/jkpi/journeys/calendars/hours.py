"""Parse open hours and weekdays: `09:00-12:30`, `22:00-02:00`, `mon-fri`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

from jkpi.documents.validation_errors import did_you_mean

MINUTES_PER_DAY = 24 * 60
"""Minutes of a day."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d|24:00"
_HOURS = rf"^({_CLOCK})\s*-\s*({_CLOCK})$"
_DAYS = rf"^({'|'.join(WEEKDAYS)})(-({'|'.join(WEEKDAYS)}))?$"


class OpenInterval(NamedTuple):
    """One interval of open hours in minutes from midnight, half-open. `ends` is above 1440 if it goes past midnight."""

    starts: int
    ends: int

    def __str__(self) -> str:
        ends = self.ends if self.ends <= MINUTES_PER_DAY else self.ends - MINUTES_PER_DAY
        return f"{self.starts // 60:02d}:{self.starts % 60:02d}-{ends // 60:02d}:{ends % 60:02d}"


def parse_hours(value: object) -> OpenInterval:
    """Parse `09:00-12:30`; an end before the start is on the next day."""
    if isinstance(value, OpenInterval):
        return value
    match = re.fullmatch(_HOURS, str(value).strip())
    if match is None:
        raise ValueError(f"{value!r} is not an interval of hours: write it as 09:00-12:30, from 00:00 to 24:00")
    starts, ends = _minutes(match[1]), _minutes(match[2])
    if starts in (ends, MINUTES_PER_DAY):
        raise ValueError(f"{value} is empty: write 00:00-24:00 for the whole day, and leave closed days out")
    return OpenInterval(starts, ends if ends > starts else ends + MINUTES_PER_DAY)


def check_day_range(value: str) -> str:
    """Check `mon` or `mon-fri`, in lower case; `fri-mon` goes over the weekend."""
    if re.fullmatch(_DAYS, value) is None:
        hint = did_you_mean(value, WEEKDAYS)
        raise ValueError(f"{value!r} is not a weekday: write mon or mon-fri{f'; {hint}' if hint else ''}")
    return value


def weekday_numbers(days: str) -> list[int]:
    """Numbers of the days of `mon-fri`, 0 for Monday."""
    first, _, last = days.partition("-")
    begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
    return [day % 7 for day in range(begin, end + 1 + (7 if end < begin else 0))]


def check_no_overlap(intervals: list[OpenInterval]) -> list[OpenInterval]:
    """Check that the hours of one day do not overlap."""
    overlap = first_overlap(intervals)
    if overlap:
        raise ValueError(f"{overlap[0]} and {overlap[1]} overlap")
    return intervals


def first_overlap(intervals: Iterable[OpenInterval]) -> tuple[OpenInterval, OpenInterval] | None:
    """The first two intervals that overlap; None if there are none."""
    return next(((a, b) for a, b in pairwise(sorted(intervals)) if b.starts < a.ends), None)


def _minutes(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute)


DayRange = Annotated[str, AfterValidator(check_day_range), WithJsonSchema({"type": "string", "pattern": _DAYS})]
"""A weekday, or a range of them."""

OpenHours = Annotated[
    OpenInterval,
    BeforeValidator(parse_hours),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _HOURS, "examples": ["09:00-12:30", "22:00-02:00", "00:00-24:00"]}),
]
"""One interval of open hours."""
