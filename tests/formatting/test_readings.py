from __future__ import annotations

import pytest

from jkpi.formatting.numbers import NARROW_NO_BREAK_SPACE, NO_VALUE, PAGE
from jkpi.formatting.readings import format_goal, format_interval, format_reading

N = NARROW_NO_BREAK_SPACE


@pytest.mark.parametrize(
    ("value", "unit", "statistic", "text"),
    [
        (None, "share", "top_box", NO_VALUE),
        (0.71, "share", "top_box", "71 %"),
        (30.2, "points", "nps", "+30"),
        (-12.0, "points", "nps", "-12"),
        (4.256, "points", "mean", "4.26"),
        (0.42, "score", "peak_end", "0.42"),
        (-0.004, "score", "peak_end", "0.00"),
        (18432.0, "seconds", "median", "5.1 h"),
        (187200.0, "seconds", "median", "2.2 days"),
        (187200.0, "open_seconds", "median", "52 h"),
        (1234.0, "count", "volume", "1,234"),
    ],
)
def test_readings_by_unit(value: float | None, unit: str, statistic: str, text: str) -> None:
    assert format_reading(value, unit, statistic) == text


@pytest.mark.parametrize(
    ("value", "unit", "statistic", "text"),
    [
        (0.925, "share", "top_box", "92.5 %"),
        (86400.0, "seconds", "median", "1 day"),
        (18000.0, "open_seconds", "median", "5 open hours"),
        (30.0, "points", "nps", "+30"),
        (4.2, "points", "mean", "4.20"),
    ],
)
def test_goals_by_unit(value: float, unit: str, statistic: str, text: str) -> None:
    assert format_goal(value, unit, statistic) == text


@pytest.mark.parametrize(
    ("low", "high", "unit", "statistic", "plain", "page"),
    [
        (0.567, 0.674, "share", "top_box", "57 to 67 %", f"57–67{N}%"),
        (0.012, 0.051, "share", "drop_off", "1.2 to 5.1 %", f"1.2–5.1{N}%"),
        (0.96, 0.99996, "share", "top_box", "96 to >99.9 %", f"96–>99.9{N}%"),
        (0.0, 0.0004, "share", "drop_off", "0 to <0.1 %", f"0–<0.1{N}%"),
        (0.9, 1.0, "share", "top_box", "90 to 100 %", f"90–100{N}%"),
        (-12.4, 31.2, "points", "nps", "-12 to +31", "−12 to +31"),
        (3.9, 4.3, "points", "mean", "3.90 to 4.30", "3.90–4.30"),
        (3600.0, 7300.0, "seconds", "median", "60 min to 2 h", f"60{N}min – 2{N}h"),
        (None, None, "seconds", "median", None, None),
    ],
)
def test_intervals_by_unit(
    low: float | None, high: float | None, unit: str, statistic: str, plain: str | None, page: str | None
) -> None:
    assert format_interval(low, high, unit, statistic) == plain
    assert format_interval(low, high, unit, statistic, style=PAGE) == page
