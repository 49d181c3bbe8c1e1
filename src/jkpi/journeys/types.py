"""Field types of the map: names, texts, numbers, time zones, with plain error messages. Pure."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, StringConstraints, WithJsonSchema

from jkpi.documents.validation_errors import did_you_mean

NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
STAFFED_CHANNELS = frozenset({"phone", "field", "store", "chat"})
SEGMENT_SEPARATOR = "+"
"""Joins the parts of a combination of segments, in its name and in its values: `tier+region`, `gold+south`."""
NO_SEGMENT_VALUE = "(none)"
"""The value of customers who have none."""


def _check_name(value: str) -> str:
    if re.fullmatch(NAME_PATTERN, value) is None:
        raise ValueError(f"{value!r} is not a name: use lower-case letters, digits and _, and begin with a letter")
    return value


def _check_timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (LookupError, ValueError, OSError):
        hint = did_you_mean(value, available_timezones())
        raise ValueError(f"{value!r} is not an IANA time zone; {hint or 'write one such as Europe/Paris'}") from None
    return value


def _parse_date(value: object) -> date:
    """A date, or its ISO text. Numbers are refused, because pydantic would take them for seconds since 1970."""
    try:
        return value if type(value) is date else date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"{value!r} is not a day: write year, month and day, such as 2026-05-01") from None


def _parse_segment(value: object) -> tuple[str, ...]:
    """The names of a segment: one, or the parts of a combination."""
    parts: list[Any] = list(value) if isinstance(value, list | tuple) else [value]
    for part in parts:
        if not isinstance(part, str):
            raise ValueError(f"{part!r} is not a name: a segment is a name, or a list of names to combine")
        _check_name(part)
    if isinstance(value, list) and len(parts) < 2:
        raise ValueError("a combination needs at least two segments; write a single one without brackets")
    repeated = next((part for part in parts if parts.count(part) > 1), None)
    if repeated:
        raise ValueError(f"{repeated!r} is in this combination twice")
    return tuple(parts)


def _check_segment_name(value: str) -> str:
    for part in value.split(SEGMENT_SEPARATOR):
        _check_name(part)
    return value


def _check_feeling(value: object) -> object:
    """Refuse a feeling with a number, because emotions are never scored."""
    parts = list(value.values()) if isinstance(value, dict) else [value]
    if any(isinstance(part, int | float) for part in parts):
        raise ValueError(
            "a feeling cannot be scored: an emotion is present or absent."
            " Write it as text, such as: worried about the standstill"
        )
    return value


Identifier = Annotated[
    str,
    AfterValidator(_check_name),
    WithJsonSchema({"type": "string", "pattern": NAME_PATTERN}),
]
"""A name that other parts refer to: `time_to_resolve`."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""A text for people."""

SegmentParts = Annotated[
    tuple[str, ...],
    BeforeValidator(_parse_segment),
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
"""A segment as the names of its columns: one, or several combined."""

SegmentName = Annotated[
    str,
    AfterValidator(_check_segment_name),
    WithJsonSchema({"type": "string", "pattern": r"^[a-z][a-z0-9_]*(\+[a-z][a-z0-9_]*)*$"}),
]
"""A reference to a segment: `tier`, or `tier+region` for a combination."""

IsoDate = Annotated[date, BeforeValidator(_parse_date), WithJsonSchema({"type": "string", "format": "date"})]
"""A day, such as 2026-05-01."""

SegmentValue = Annotated[Text, Field(coerce_numbers_to_str=True)]
"""A value of a segment; a number is read as text."""

Feeling = Annotated[Text, BeforeValidator(_check_feeling)]

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]

WholeNumber = Annotated[int, Field(strict=True)]

Timezone = Annotated[Text, AfterValidator(_check_timezone)]


def title_from_name(name: Any) -> str:
    """A name as a title: `part_not_found` -> `Part not found`."""
    return str(name).replace("_", " ").strip().capitalize()
