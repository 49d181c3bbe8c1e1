"""How long something takes, in words."""

from __future__ import annotations

import pytest

from jkpi.formatting.durations import open_time, wall_time


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (24 * 3600, "24 open hours"),
        (12 * 3600, "12 open hours"),
        (40 * 3600, "40 open hours"),
        (3600, "1 open hour"),
        (90 * 60, "90 open minutes"),
        (45 * 60, "45 open minutes"),
        (60, "1 open minute"),
        (18424, "5 h 7 min of open time"),
        (18001, "5 open hours"),
        (104, "1 min 44 s of open time"),
        (45, "45 s of open time"),
        (180224, "50 h 4 min of open time"),
    ],
)
def test_what_a_calendar_counts_is_never_said_in_days(seconds: float, said: str) -> None:
    assert open_time(seconds) == said


@pytest.mark.parametrize(("seconds", "said"), [(86400, "1 day"), (180224, "2 days 2 h"), (11264, "3 h 8 min")])
def test_by_the_wall_clock_days_are_days(seconds: float, said: str) -> None:
    assert wall_time(seconds) == said
