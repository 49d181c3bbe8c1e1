from __future__ import annotations

import pytest

from jkpi.formatting.durations import (
    approximate_duration,
    format_declared_duration,
    format_open_time,
    format_rounded_duration,
    format_wall_time,
)
from jkpi.formatting.numbers import NARROW_NO_BREAK_SPACE, PAGE


@pytest.mark.parametrize(
    ("seconds", "rounded", "rounded_open", "declared", "declared_open"),
    [
        (0, "0 s", "0 s", "0 s", "0 s of open time"),
        (45, "45 s", "45 s", "45 s", "45 s of open time"),
        (90, "2 min", "2 min", "2 min", "1 min 30 s of open time"),
        (42 * 60, "42 min", "42 min", "42 min", "42 open minutes"),
        (3600, "60 min", "60 min", "1 h", "1 open hour"),
        (5400, "1.5 h", "1.5 h", "90 min", "90 open minutes"),
        (4 * 3600, "4 h", "4 h", "4 h", "4 open hours"),
        (18432, "5.1 h", "5.1 h", "5.1 h", "5 h 7 min of open time"),
        (86400, "24 h", "24 h", "1 day", "24 open hours"),
        (172800, "2 days", "48 h", "2 days", "48 open hours"),
        (187200, "2.2 days", "52 h", "52 h", "52 open hours"),
        (30 * 86400, "30 days", "720 h", "30 days", "720 open hours"),
    ],
)
def test_durations_in_one_unit(
    seconds: float, rounded: str, rounded_open: str, declared: str, declared_open: str
) -> None:
    assert format_rounded_duration(seconds) == rounded
    assert format_rounded_duration(seconds, open_hours=True) == rounded_open
    assert format_declared_duration(seconds) == declared
    assert format_declared_duration(seconds, open_hours=True) == declared_open
    assert format_rounded_duration(seconds, style=PAGE) == rounded.replace(" ", NARROW_NO_BREAK_SPACE)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (45, "45 s"),
        (90, "1 min 30 s"),
        (11264, "3 h 8 min"),
        (86400, "1 day"),
        (180224, "2 days 2 h"),
        (187200, "2 days 4 h"),
    ],
)
def test_wall_time(seconds: float, text: str) -> None:
    assert format_wall_time(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (24 * 3600, "24 open hours"),
        (40 * 3600, "40 open hours"),
        (3600, "1 open hour"),
        (90 * 60, "90 open minutes"),
        (60, "1 open minute"),
        (18424, "5 h 7 min of open time"),
        (18001, "5 open hours"),
        (104, "1 min 44 s of open time"),
        (180224, "50 h 4 min of open time"),
    ],
)
def test_open_time_is_never_in_days(seconds: float, text: str) -> None:
    assert format_open_time(seconds) == text


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (1, "1 day"),
        (44.9, "45 days"),
        (45, "45 days"),
        (60, "2 months"),
        (300, "10 months"),
        (349, "11 months"),
        (350, "a year"),
        (400, "1.1 years"),
        (3506, "9.6 years"),
    ],
)
def test_approximate_durations(days: float, text: str) -> None:
    assert approximate_duration(days) == text
