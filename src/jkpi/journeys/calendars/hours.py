"""Open hours and days of the week as people write them: `09:00-12:30`, `22:00-02:00`, `mon-fri`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

from jkpi.documents.documents import nearest

DAY = 24 * 60
"""Minutes of a day."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d|24:00"
_HOURS = rf"^({_CLOCK})\s*-\s*({_CLOCK})$"
_DAYS = rf"^({'|'.join(WEEKDAYS)})(-({'|'.join(WEEKDAYS)}))?$"


class Hours(NamedTuple):
    """One stretch of open hours: minutes from the midnight at which its day begins, half-open.

    `ends` is beyond 1440 where it goes over midnight; such hours belong to the day on which they begin.
    """

    starts: int
    ends: int

    def __str__(self) -> str:
        ends = self.ends if self.ends <= DAY else self.ends - DAY
        return f"{self.starts // 60:02d}:{self.starts % 60:02d}-{ends // 60:02d}:{ends % 60:02d}"


def parse_hours(value: object) -> Hours:
    """`09:00-12:30` as hours; an end before its start is on the next day."""
    if isinstance(value, Hours):
        return value
    match = re.fullmatch(_HOURS, str(value).strip())
    if match is None:
        raise ValueError(f"{value!r} is not a stretch of hours: write it as 09:00-12:30, from 00:00 to 24:00")
    starts, ends = _minutes(match[1]), _minutes(match[2])
    if starts in (ends, DAY):
        raise ValueError(f"{value} holds no time: all day is 00:00-24:00, and a day that is closed is left out")
    return Hours(starts, ends if ends > starts else ends + DAY)


def check_days(value: str) -> str:
    """`mon` or `mon-fri`, in lower case; `fri-mon` goes over the week's end."""
    if re.fullmatch(_DAYS, value) is None:
        hint = nearest(value, WEEKDAYS)
        raise ValueError(f"{value!r} is no day of the week: write mon, or mon-fri{f'; {hint}' if hint else ''}")
    return value


def weekdays(days: str) -> list[int]:
    """The days of `mon-fri`, 0 for Monday."""
    first, _, last = days.partition("-")
    begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
    return [day % 7 for day in range(begin, end + 1 + (7 if end < begin else 0))]


def check_list(stretches: list[Hours]) -> list[Hours]:
    """The hours of one day, none of them twice."""
    overlap = overlapping(stretches)
    if overlap:
        raise ValueError(f"{overlap[0]} and {overlap[1]} overlap")
    return stretches


def overlapping(stretches: Iterable[Hours]) -> tuple[Hours, Hours] | None:
    """The first two that share a minute."""
    return next(((a, b) for a, b in pairwise(sorted(stretches)) if b.starts < a.ends), None)


def _minutes(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute)


Days = Annotated[str, AfterValidator(check_days), WithJsonSchema({"type": "string", "pattern": _DAYS})]
"""One day of the week, or a row of them."""

OpenHours = Annotated[
    Hours,
    BeforeValidator(parse_hours),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _HOURS, "examples": ["09:00-12:30", "22:00-02:00", "00:00-24:00"]}),
]
"""One stretch of open hours."""
