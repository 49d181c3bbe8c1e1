from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

import pytest

from jkpi.quality.volume import (
    easter_sunday,
    evaluate_days,
    find_volume_gaps,
    is_silent,
    max_silence,
    recurring_holidays,
)

FIRST = date(2026, 1, 5)  # a Monday


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def counts(days: int, rows: Callable[[int, date], int]) -> dict[date, int]:
    """Rows by day, as a query gives them: days without rows are not there."""
    return {day(n): found for n in range(days) if (found := rows(n, day(n)))}


def gap_days(found: dict[date, int], until: int) -> list[date]:
    return [volume.day for volume in evaluate_days(found, day(until)) if volume.is_gap]


@pytest.mark.parametrize(
    ("description", "rows", "expected"),
    [
        ("steady", lambda n, d: 100, []),
        ("one empty day", lambda n, d: 0 if n == 60 else 100, [60]),
        ("a day with 4 % of usual", lambda n, d: 4 if n == 60 else 100, [60]),
        ("a day with 5 % of usual", lambda n, d: 5 if n == 60 else 100, []),
        ("an empty day where 20 are usual", lambda n, d: 0 if n == 60 else 20, [60]),
        ("an empty day where 19 are usual", lambda n, d: 0 if n == 60 else 19, []),
        ("an empty day before four weeks are known", lambda n, d: 0 if n == 27 else 100, []),
        ("an empty day when four weeks are known", lambda n, d: 0 if n == 28 else 100, [28]),
        ("closed on Sundays", lambda n, d: 0 if d.weekday() == 6 else 100, []),
        (
            "closed on weekends, thin on Fridays",
            lambda n, d: 0 if d.weekday() > 4 else 100 - 80 * (d.weekday() == 4),
            [],
        ),
        ("one bad week moves nothing", lambda n, d: 0 if 50 <= n < 57 else 100, list(range(50, 57))),
        ("halved for good", lambda n, d: 100 if n < 60 else 50, []),
        ("fading by a fifth each day", lambda n, d: int(2000 * 0.8 ** max(0, n - 50)), []),
        ("three rows every tenth day", lambda n, d: 3 if n % 10 == 0 else 0, []),
        ("a large file once a month", lambda n, d: 5000 if n % 30 == 0 else 0, []),
    ],
)
def test_day_without_its_usual_rows_is_a_gap(
    description: str, rows: Callable[[int, date], int], expected: list[int]
) -> None:
    assert gap_days(counts(80, rows), 80) == [day(n) for n in expected]


def test_an_outage_is_one_gap_over_closed_days() -> None:
    def rows(n: int, d: date) -> int:
        return 0 if d.weekday() == 6 or 57 <= n < 68 else 100

    found = find_volume_gaps(evaluate_days(counts(90, rows), day(90)))

    assert [d.weekday() for d in (day(57), day(67))] == [1, 4]
    assert [(gap.first, gap.last, gap.rows, gap.usual) for gap in found] == [(day(57), day(67), 0, 100.0)]


def test_an_outage_is_one_gap_however_long() -> None:
    found = find_volume_gaps(evaluate_days(counts(300, lambda n, d: 0 if 60 <= n < 260 else 100), day(300)))

    assert [(gap.first, gap.last) for gap in found] == [(day(60), day(259))]


def test_two_outages_are_two_gaps() -> None:
    found = find_volume_gaps(evaluate_days(counts(90, lambda n, d: 0 if n in (60, 62) else 100), day(90)))

    assert [(gap.first, gap.last) for gap in found] == [(day(60), day(60)), (day(62), day(62))]


def test_days_after_an_outage_are_compared_with_days_before_it() -> None:
    found = evaluate_days(counts(100, lambda n, d: 0 if 60 <= n < 74 or n == 80 else 100), day(100))

    assert [volume.day for volume in found if volume.is_gap] == [day(n) for n in [*range(60, 74), 80]]
    assert found[79].usual == 100


def test_unfinished_days_are_not_evaluated() -> None:
    assert gap_days(counts(60, lambda n, d: 100), 60) == []
    assert gap_days(counts(60, lambda n, d: 100), 61) == [day(60)]


def test_no_rows_no_days() -> None:
    assert evaluate_days({}, FIRST) == []
    assert find_volume_gaps([]) == []


@pytest.mark.parametrize(
    ("event_days", "silent_for", "expected"),
    [
        ([0, 1, 2, 3, 4, 7, 8, 9], 5, False),  # twice the weekend is allowed
        ([0, 1, 2, 3, 4, 7, 8, 9], 7, True),
        ([0, 1, 2, 3, 4, 5, 6], 2, False),  # three days are always allowed
        ([0, 1, 2, 3, 4, 5, 6], 4, True),
        ([0, 30, 60, 90, 120, 150, 180], 50, False),
        ([0, 30, 60, 90, 120, 150, 180], 61, True),
        ([0], 900, False),  # one file, once: nothing is usual
        ([0, 1, 2, 3, 4, 5], 900, False),
    ],
)
def test_silence_is_measured_by_the_longest_pause_before(
    event_days: list[int], silent_for: int, expected: bool
) -> None:
    days = [day(n) for n in event_days]
    last = datetime.combine(days[-1], datetime.min.time())

    assert is_silent(days, last, last + timedelta(days=silent_for), timedelta(0)) is expected
    assert not is_silent(days, last, last + timedelta(days=silent_for), timedelta(days=900))


def test_no_pause_is_usual_before_seven_days_with_rows() -> None:
    assert max_silence([day(n) for n in range(6)]) is None
    assert max_silence([day(n) for n in range(7)]) == timedelta(days=3)


def test_holiday_is_neither_evaluated_nor_part_of_the_baseline() -> None:
    found = counts(90, lambda n, d: 3 if n in (60, 67, 74, 81) else 0 if n == 88 else 100)
    holidays = {day(n) for n in (60, 67, 74, 81)}
    assert [volume.day for volume in evaluate_days(found, day(90), holidays) if volume.is_gap] == [day(88)]
    assert [volume.day for volume in evaluate_days(found, day(90)) if volume.is_gap] == [
        day(n) for n in (60, 67, 74, 81, 88)
    ]


def test_an_outage_goes_on_through_a_holiday() -> None:
    found = counts(90, lambda n, d: 0 if 60 <= n < 63 else 100)
    assert [volume.day for volume in evaluate_days(found, day(90), {day(61)}) if volume.is_gap] == [
        day(60),
        day(61),
        day(62),
    ]


THREE_YEARS = (date(2023, 1, 2), date(2026, 1, 1))


def of_years(closed: Callable[[date], bool], also: Mapping[date, int] = {}) -> dict[date, int]:
    """100 rows a day over three years, but none on closed days."""
    first, until = THREE_YEARS
    every_day = (first + timedelta(days=n) for n in range((until - first).days))
    return {d: also.get(d, 0 if closed(d) else 100) for d in every_day}


def is_third_monday_of_may(d: date) -> bool:
    return (d.month, d.weekday()) == (5, 0) and 15 <= d.day <= 21


def is_last_monday_of_august(d: date) -> bool:
    return (d.month, d.weekday()) == (8, 0) and d.day > 24


def is_good_friday(d: date) -> bool:
    return d == easter_sunday(d.year) - timedelta(days=2)


@pytest.mark.parametrize(
    ("description", "closed", "also", "gaps", "holidays"),
    [
        (
            "a fixed date",
            lambda d: (d.month, d.day) == (9, 7),
            {},
            [date(2023, 9, 7)],
            [date(2024, 9, 7), date(2025, 9, 7)],
        ),
        (
            "the third Monday of May",
            is_third_monday_of_may,
            {},
            [date(2023, 5, 15)],
            [date(2024, 5, 20), date(2025, 5, 19)],
        ),
        (
            "the last Monday of August",
            is_last_monday_of_august,
            {},
            [date(2023, 8, 28)],
            [date(2024, 8, 26), date(2025, 8, 25)],
        ),
        ("Good Friday", is_good_friday, {}, [date(2023, 4, 7)], [date(2024, 3, 29), date(2025, 4, 18)]),
        (
            "a day of one year that was normal in another",
            lambda d: d in (date(2023, 6, 14), date(2025, 6, 14)),
            {},
            [date(2023, 6, 14), date(2025, 6, 14)],
            [],
        ),
        (
            "an outage of ten days shows no holiday",
            lambda d: date(2024, 9, 1) <= d <= date(2024, 9, 10) or d == date(2025, 9, 5),
            {date(2023, 9, 5): 0},
            [date(2023, 9, 5), *[date(2024, 9, n) for n in range(1, 11)], date(2025, 9, 5)],
            [],
        ),
        (
            "an outage that begins on a holiday is found the next day",
            lambda d: (d.month, d.day) == (9, 7) or d == date(2025, 9, 8),
            {},
            [date(2023, 9, 7), date(2025, 9, 8)],
            [date(2024, 9, 7), date(2025, 9, 7)],
        ),
        (
            "an outage over a holiday is one",
            lambda d: (d.month, d.day) == (9, 7) or date(2025, 9, 5) <= d <= date(2025, 9, 8),
            {},
            [date(2023, 9, 7), *[date(2025, 9, n) for n in range(5, 9)]],
            [date(2024, 9, 7)],
        ),
    ],
)
def test_a_day_that_was_nearly_empty_in_earlier_years_is_a_holiday(
    description: str,
    closed: Callable[[date], bool],
    also: Mapping[date, int],
    gaps: list[date],
    holidays: list[date],
) -> None:
    found = evaluate_days(of_years(closed, also), THREE_YEARS[1])
    assert [volume.day for volume in found if volume.is_gap] == gaps
    assert sorted(recurring_holidays(found)) == holidays
