from datetime import date, datetime

import pytest

from jkpi.formatting import page_text

N = page_text.NARROW


@pytest.mark.parametrize(
    ("value", "beside", "said"),
    [
        (0.623, None, f"62{N}%"),
        (0.043, None, f"4.3{N}%"),
        (0.0, None, f"0{N}%"),
        (1.0, None, f"100{N}%"),
        (0.9994, None, f"99.9{N}%"),
        (0.99999, None, f">{N}99.9{N}%"),
        (0.0003, None, f"<{N}0.1{N}%"),
        (0.8963, 0.90, f"89.6{N}%"),
        (0.90, 0.90, f"90{N}%"),
        (0.71, 0.90, f"71{N}%"),
    ],
)
def test_a_share_never_rounds_away_what_matters(value: float, beside: float | None, said: str) -> None:
    assert page_text.share(value, beside) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (45, f"45{N}s"),
        (42 * 60, f"42{N}min"),
        (5.4 * 3600, f"5.4{N}h"),
        (3600 * 12, f"12{N}h"),
        (3.2 * 86400, f"3.2{N}days"),
        (48 * 3600, f"2{N}days"),
    ],
)
def test_a_duration_is_told_in_the_unit_a_person_would_choose(seconds: float, said: str) -> None:
    assert page_text.duration(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(4 * 3600, f"4{N}h"), (86400, f"1{N}day"), (30 * 86400, f"30{N}days"), (5400, f"90{N}min")]
)
def test_a_declared_duration_stays_what_it_is(seconds: float, said: str) -> None:
    assert page_text.span(seconds) == said


def test_nps_carries_its_sign() -> None:
    assert [page_text.points(value) for value in (30.2, -12.0, 0.0)] == ["+30", "−12", "0"]


def test_intervals_by_unit() -> None:
    assert page_text.interval(0.567, 0.674, "share", "top_box") == f"57–67{N}%"
    assert page_text.interval(0.012, 0.051, "share", "drop_off") == f"1.2–5.1{N}%"
    assert page_text.interval(14.7, 45.3, "points", "nps") == "+15 to +45"
    assert page_text.interval(None, None, "seconds", "median") is None


def test_days_and_ages() -> None:
    today = date(2026, 6, 30)
    assert page_text.day(date(2026, 6, 3), today) == "3 Jun"
    assert page_text.day(date(2025, 6, 3), today) == "3 Jun 2025"
    assert page_text.days_since(date(2026, 6, 9), today) == "since 9 Jun, 21 days"
    assert page_text.days_since(today, today) == "since 30 Jun"
    assert page_text.standing_since("firing", date(2026, 6, 9), today) == "since 9 Jun, 21 days"
    assert page_text.standing_since("recovering", date(2026, 6, 9), today) == "fell on 9 Jun, 21 days ago"
    assert page_text.standing_since("recovering", date(2026, 6, 29), today) == "fell on 29 Jun, 1 day ago"
    assert page_text.standing_since("recovering", today, today) == "fell on 30 Jun"
    now = datetime(2026, 6, 30, 6)
    assert page_text.ago(datetime(2026, 6, 30, 3), now) == f"3{N}h ago"
    assert page_text.ago(datetime(2026, 6, 27, 5), now) == "3 days ago"
    assert page_text.ago(datetime(2026, 7, 1), now) == "just now"


def test_lists_read_as_people_write_them() -> None:
    assert [page_text.listed(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
