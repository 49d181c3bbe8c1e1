"""What the comparison of page and tables takes for the same number."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.reading_pages.texts import between, is_ago, says


@pytest.mark.parametrize(
    ("text", "value", "fits"),
    [
        ("78 %", 0.7849, True), ("78 %", 0.7851, False), ("9.4 %", 0.0944, True), ("> 99.9 %", 0.9996, True),
        ("> 99.9 %", 0.9, False), ("−12", -12.3, True), ("12", -12.3, False), ("1,078", 1078, True),
        ("3 days", 3.04 * 86400, True), ("3 days", 3.4 * 86400, False), ("12 days", 12.4 * 86400, True),
        ("5.4 h", 5.44 * 3600, True), ("42 min", 42 * 60, True), ("–", 0.0, False), ("", 0.0, False),
    ],
)  # fmt: skip
def test_a_text_is_a_number_to_its_last_digit(text: str, value: float, fits: bool) -> None:
    assert says(text, value) is fits


def test_intervals_and_ages_are_read() -> None:
    assert between("74–82 %", 0.744, 0.816) and not between("74–82 %", 0.744, 0.826)
    assert between("+12 to +40", 12.1, 39.8) and between("−8 to +4", -8.2, 4.0)
    assert between("3.1 h – 2 days", 3.1 * 3600, 2 * 86400)
    assert is_ago("newest row 5 h ago", timedelta(hours=5.4)) and not is_ago("5 h ago", timedelta(hours=6.2))
    assert is_ago("just now", timedelta(seconds=20)) and not is_ago("just now", timedelta(hours=1))
