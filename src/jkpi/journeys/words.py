"""The small types of a map: names, texts, numbers, time zones. What they refuse, they refuse in plain words."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, StringConstraints, WithJsonSchema

from jkpi.documents import format_duration, nearest, parse_duration

NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
DUE = "due"


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
