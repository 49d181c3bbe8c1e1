"""Durations as the YAML writes them: '90m', '36h', '14d', and spans of months and years."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


_YEAR = 365 * _UNITS["d"]


_LONGEST = {"d": 365_000, "y": 1000}


_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")


def parse_duration(value: object) -> timedelta:
    """`90s`, `15m`, `4h`, `30d`, `2w` as a timedelta; zero and less are refused, and more than a thousand years."""
    if isinstance(value, timedelta):
        return _within_bounds(value, value.total_seconds(), "d")
    match = _DURATION.fullmatch(str(value).strip())
    if match is None:
        raise ValueError(f"{value!r} is not a duration: write a number and a unit, such as 90s, 15m, 4h, 30d or 2w")
    return _within_bounds(value, float(match[1]) * _UNITS[match[2]], "d")


def _within_bounds(value: object, seconds: float, unit: Literal["d", "y"]) -> timedelta:
    """The longest one is told in `unit`. What is added to or taken from today has to be a day of the calendar."""
    if seconds > _LONGEST["y"] * _YEAR:
        raise ValueError(f"{value!r} is too long: write {_LONGEST[unit]}{unit} at most")
    length = timedelta(seconds=seconds)
    if length <= timedelta(0):
        raise ValueError("a duration must be longer than zero")
    return length


def format_duration(length: timedelta) -> str:
    """The shortest spelling that `parse_duration` reads back."""
    seconds = length.total_seconds()
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


def _parse_interval(value: object) -> timedelta:
    years = re.fullmatch(r"(\d+(?:\.\d+)?)\s*y", str(value).strip())
    return parse_duration(value) if years is None else _within_bounds(value, float(years[1]) * _YEAR, "y")


Interval = Annotated[
    timedelta,
    BeforeValidator(_parse_interval),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?\s*[smhdwy]$", "examples": ["1y", "26w"]}),
]
