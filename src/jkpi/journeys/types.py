"""The small types of a map: names, texts, numbers, time zones. What they refuse, they refuse in plain words."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, StringConstraints, WithJsonSchema

from jkpi.documents.documents import nearest
from jkpi.documents.durations import format_duration, parse_duration

NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
DUE = "due"
STAFFED_CHANNELS = frozenset({"phone", "field", "store", "chat"})
JOINED_BY = "+"
"""Between the parts of a combination of segments, in its name and in its values: `tier+region`, `gold+south`."""


def _name(value: str) -> str:
    if re.fullmatch(NAME_PATTERN, value) is None:
        raise ValueError(f"{value!r} is not a name: write lower-case letters, digits and _, beginning with a letter")
    return value


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (LookupError, ValueError, OSError):
        hint = nearest(value, available_timezones())
        raise ValueError(f"{value!r} is not an IANA time zone; {hint or 'write one such as Europe/Paris'}") from None
    return value


def _day(value: object) -> date:
    """A day as text, or one already: never a number, which pydantic would take for seconds since 1970."""
    try:
        return value if type(value) is date else date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"{value!r} is not a day: write year, month and day, such as 2026-05-01") from None


def _segment(value: object) -> tuple[str, ...]:
    """A column's name, or a list of two and more whose values are combined, as the tuple of the names."""
    parts = list(value) if isinstance(value, list | tuple) else [value]
    for part in parts:
        if not isinstance(part, str):
            raise ValueError(f"{part!r} is not a name: a segment is a name, or a list of names to combine")
        _name(part)
    if isinstance(value, list) and len(parts) < 2:
        raise ValueError("a combination has two segments or more: write the one without brackets")
    twice = next((part for part in parts if parts.count(part) > 1), None)
    if twice:
        raise ValueError(f"{twice!r} is in this combination twice")
    return tuple(parts)


def _segment_name(value: str) -> str:
    for part in value.split(JOINED_BY):
        _name(part)
    return value


def _tolerance(value: object) -> object:
    return value if value == DUE else parse_duration(value)


def _feeling(value: object) -> object:
    """Emotions are there or not: a map that puts a number on one is told so."""
    parts = list(value.values()) if isinstance(value, dict) else [value]
    if any(isinstance(part, int | float) for part in parts):
        raise ValueError(
            "a feeling is not scored: an emotion is present or absent, and a number on it would be"
            " made up; write it as text, such as: worried about the standstill"
        )
    return value


def _spell(tolerance: timedelta | str) -> str:
    return format_duration(tolerance) if isinstance(tolerance, timedelta) else tolerance


Name = Annotated[
    str,
    AfterValidator(_name),
    WithJsonSchema({"type": "string", "pattern": NAME_PATTERN}),
]
"""What other parts refer to: `time_to_resolve`."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""What people read."""

Segment = Annotated[
    tuple[str, ...],
    BeforeValidator(_segment),
    PlainSerializer(lambda parts: parts[0] if len(parts) == 1 else list(parts)),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": NAME_PATTERN},
                {"type": "array", "items": {"type": "string", "pattern": NAME_PATTERN}, "minItems": 2},
            ]
        }
    ),
]
"""A segment as the names of the columns that make it: one, or several combined."""

SegmentName = Annotated[
    str,
    AfterValidator(_segment_name),
    WithJsonSchema({"type": "string", "pattern": r"^[a-z][a-z0-9_]*(\+[a-z][a-z0-9_]*)*$"}),
]
"""What refers to a segment: `tier`, or `tier+region` for a combination."""

Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
"""A day, such as 2026-05-01."""

Value = Annotated[Text, Field(coerce_numbers_to_str=True)]
"""A segment's value: text, or a number taken as text."""

Feeling = Annotated[Text, BeforeValidator(_feeling)]

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]

Whole = Annotated[int, Field(strict=True)]

Timezone = Annotated[Text, AfterValidator(_timezone)]

Tolerance = Annotated[
    timedelta | Literal["due"],
    BeforeValidator(_tolerance),
    PlainSerializer(_spell, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^(due|\d+(\.\d+)?\s*[smhdw])$", "examples": ["4h", "due"]}),
]
"""How long a customer bears it: a duration, or `due`, the date that was promised to each."""


def humanised(name: Any) -> str:
    """A name as a title: `part_not_found` -> `Part not found`."""
    return str(name).replace("_", " ").strip().capitalize()
