"""Durations as written in YAML, such as 90m, 36h, 14d and 2y. Pure."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


_YEAR = 365 * _UNITS["d"]


_MAX_LENGTH = {"d": 365_000, "y": 1000}


_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")


def parse_duration(value: object) -> timedelta:
    """Parse `90s`, `15m`, `4h`, `30d` or `2w`. Zero and more than a thousand years are refused."""
    if isinstance(value, timedelta):
        return _check_bounds(value, value.total_seconds(), "d")
    match = _DURATION.fullmatch(str(value).strip())
    if match is None:
        raise ValueError(f"{value!r} is not a duration: write a number and a unit, such as 90s, 15m, 4h, 30d or 2w")
    return _check_bounds(value, float(match[1]) * _UNITS[match[2]], "d")


def _check_bounds(value: object, seconds: float, unit: Literal["d", "y"]) -> timedelta:
    """Refuse zero and what exceeds the maximum, named in `unit`: today plus or minus it must be a valid date."""
    if seconds > _MAX_LENGTH["y"] * _YEAR:
        raise ValueError(f"{value!r} is too long: write {_MAX_LENGTH[unit]}{unit} at most")
    duration = timedelta(seconds=seconds)
    if duration <= timedelta(0):
        raise ValueError("a duration must be longer than zero")
    return duration


def format_duration(duration: timedelta) -> str:
    """The shortest spelling that `parse_duration` reads back."""
    seconds = duration.total_seconds()
    for unit, size in sorted(_UNITS.items(), key=lambda item: -item[1]):
        if seconds >= size and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:g}s"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?\s*[smhdw]$", "examples": ["4h", "2d"]}),
]


def _parse_long_duration(value: object) -> timedelta:
    years = re.fullmatch(r"(\d+(?:\.\d+)?)\s*y", str(value).strip())
    return parse_duration(value) if years is None else _check_bounds(value, float(years[1]) * _YEAR, "y")


LongDuration = Annotated[
    timedelta,
    BeforeValidator(_parse_long_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?\s*[smhdwy]$", "examples": ["1y", "26w"]}),
]
