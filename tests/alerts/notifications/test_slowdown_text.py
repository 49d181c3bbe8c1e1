"""Durations as a notification shows them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jkpi.alerts.notifications.slowdown_text import format_time_limit
from jkpi.alerts.series.watched import WatchedMoment


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (45, "45 s"),
        (104, "1 min 44 s"),
        (720, "12 min"),
        (11264, "3 h 8 min"),
        (86400, "1 day"),
        (180224, "2 days 2 h"),
        (172799, "2 days"),
        (3599, "59 min 59 s"),
    ],
)
def test_a_time_limit_has_two_units(seconds: float, text: str) -> None:
    watched = WatchedMoment(
        "j", "J", "m", "M", "k", "K", None, "share_within", "share", "higher", 0.9, 0.05, "o", (), ()
    )
    assert format_time_limit(seconds, watched) == text
    assert format_time_limit(180224, replace(watched, calendar="hours")) == "50 h 4 min of open time"
