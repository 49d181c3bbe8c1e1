from __future__ import annotations

import pytest

from jkpi.formatting.numbers import (
    NARROW_NO_BREAK_SPACE,
    PAGE,
    PLAIN,
    format_exact_percent,
    format_fixed,
    format_odds,
    format_percent,
    format_signed,
    join_names,
    pluralize,
    sanitize,
)

N = NARROW_NO_BREAK_SPACE


@pytest.mark.parametrize(
    ("value", "digits", "against", "text"),
    [
        (0.623, None, None, "62 %"),
        (0.043, None, None, "4.3 %"),
        (0.0954, None, None, "9.5 %"),
        (0.0954, 0, None, "10 %"),
        (0.0954, 1, None, "9.5 %"),
        (0.09951, None, None, "10 %"),
        (0.5, 1, None, "50.0 %"),
        (-0.031, 1, None, "-3.1 %"),
        # exactly 0 and 1 are written as such, with any digits
        (0.0, None, None, "0 %"),
        (0.0, 1, None, "0 %"),
        (-0.0, None, None, "0 %"),
        (1.0, None, None, "100 %"),
        (1.0, 1, None, "100 %"),
        (0.1 + 0.2 + 0.7, None, None, "100 %"),
        # everything else is not
        (0.996, None, None, "99.6 %"),
        (0.995, 0, None, "99.5 %"),
        (0.9994, None, None, "99.9 %"),
        (0.9996, 0, None, "> 99.9 %"),
        (0.99996, 1, None, "> 99.9 %"),
        (0.004, 0, None, "0.4 %"),
        (0.0004, None, None, "< 0.1 %"),
        (0.00004, 1, None, "< 0.1 %"),
        (-0.00004, 0, None, "> -0.1 %"),
        # beside a goal
        (0.8963, None, 0.90, "89.6 %"),
        (0.90, None, 0.90, "90 %"),
        (0.71, None, 0.90, "71 %"),
        (1.0, None, 0.9996, "100 %"),
        (0.9996, None, 0.9996, "> 99.9 %"),
    ],
)
def test_percent(value: float, digits: int | None, against: float | None, text: str) -> None:
    assert format_percent(value, digits, against=against) == text
    assert format_percent(value, digits, against=against, style=PAGE) == text.replace(" ", N).replace("-", "−")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.9, "90 %"), (0.925, "92.5 %"), (0.0954, "9.54 %"), (0.99996, "99.996 %"), (0.00004, "0.004 %"), (1.0, "100 %")],
)
def test_a_goal_stays_as_it_was_written(value: float, text: str) -> None:
    assert format_exact_percent(value) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (31.25, 0, "+31"),
        (31.25, 1, "+31.2"),
        (-4.0, 0, "-4"),
        (0.4, 0, "0"),
        (-0.4, 0, "0"),
        (-0.04, 1, "0"),
        (0.0, 1, "0"),
    ],
)
def test_signed(value: float, digits: int, text: str) -> None:
    assert format_signed(value, digits) == text
    assert format_signed(value, digits, PAGE) == text.replace("-", "−")


def test_fixed_digits_never_write_minus_zero() -> None:
    assert [format_fixed(value, 2) for value in (4.256, -0.004, -1.5)] == ["4.26", "0.00", "-1.50"]
    assert format_fixed(-1.5, 1, PAGE) == "−1.5"
    assert format_fixed(-1.5, 1, PLAIN) == "-1.5"


def test_odds() -> None:
    assert [format_odds(value) for value in (1 / 814, 1 / 21000, 1e-7)] == [
        "one in 810",
        "one in 21,000",
        "less than one in a million",
    ]


def test_plurals_and_lists() -> None:
    assert [pluralize(number, "day") for number in (0, 1, 2, 1200)] == ["0 days", "1 day", "2 days", "1,200 days"]
    assert [pluralize(number, "series") for number in (1, 2)] == ["1 series", "2 series"]
    assert [join_names(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_text_from_data_becomes_one_safe_line() -> None:
    assert sanitize(" two\nlines\x00 ") == "two lines"
    assert sanitize("x" * 90) == "x" * 79 + "…"
