"""How long a schedule may be silent by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jkpi.schedules import longest_interval


@pytest.mark.parametrize(
    ("schedule", "gap"),
    [
        ("@hourly", timedelta(hours=1)),
        ("@daily", timedelta(days=1)),
        ("0 6 * * *", timedelta(days=1)),
        ("*/10 * * * *", timedelta(hours=1)),
        ("0 8,20 * * *", timedelta(hours=12)),
        ("0 8-18/2 * * *", timedelta(hours=14)),
        ("0 6 * * 1-5", timedelta(days=3)),
        ("0 6 * * MON,THU", timedelta(days=4)),
        ("0 6 * * 0", timedelta(days=7)),
        ("0 6 * * 7", timedelta(days=7)),
        ("0 6 1 * *", timedelta(days=31)),
        ("0 6 1 1,7 *", timedelta(days=184)),
        ("0 6 1 * 1", timedelta(days=7)),  # the first of the month or a Monday
        ("0 6 L * *", None),
        ("0 6 * * 2#1", None),
        ("@once", None),
        ("@continuous", None),
        (None, None),
    ],
)
def test_the_longest_gap(schedule: str | None, gap: timedelta | None) -> None:
    assert longest_interval(schedule) == gap
