"""Rows that are totals: how many of how many, of a day, a week or a month."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from jkpi.errors import WorkspaceError
from jkpi.quality.incoming import incoming_validator

TOTALS = """\
source: totals
kind: counts
from: {files: data/*.csv}
columns: {period_start: month, segments: {place: org}}
period: month
measures: {late: {numerator: late, denominator: all}, sent_on: {numerator: sent, denominator: all}}
"""
HEADER = "month,org,late,sent,all\n"


def test_each_measure_of_a_row_is_a_total_of_its_own(place: Any, adds_up: Any) -> None:
    place.write("data/a.csv", HEADER + "2026-03-01,north,3.0,,10\n2026-04-01,north,0,1,0\n2026-04-01,south,,,\n")
    report = adds_up(place.load(TOTALS)[0])
    assert (report.read, report.loaded, report.skipped) == (5, 2, 1)
    assert dict(report.reasons) == {"incomplete count": 1, "numerator above denominator": 1}
    landed = place.rows("measure, covers, period_start, numerator, denominator, segments", "period_counts", "3")
    assert landed == [
        {
            "measure": "late",
            "covers": "month",
            "period_start": datetime(2026, month, 1),
            "numerator": late,
            "denominator": of,
            "segments": '{"place":"north"}',
        }
        for month, late, of in ((3, 3.0, 10.0), (4, 0.0, 0.0))
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2026-03-02,x,1,1,2", "not the first day of a month"),
        ("2026-03-01T10:00,x,1,1,2", "not the first day of a month"),
        ("2026-02-30,x,1,1,2", "impossible date"),
        (",x,1,1,2", "missing date"),
        ("2026-12-01,x,1,1,2", "date in the future"),
        ("2026-03-01,x,many,many,2", "count is not a number"),
        ("2026-03-01,x,1.5,1.5,2", "count is not whole"),
        ("2026-03-01,x,-1,-1,2", "count below zero"),
        ("2026-03-01,x,3,3,2", "numerator above denominator"),
        ("2026-03-01,x,3,3,", "incomplete count"),
        ("2026-03-01,x,3,3,inf", "count is not a number"),
    ],
)
def test_invalid_totals_are_rejected(place: Any, adds_up: Any, row: str, reason: str) -> None:
    place.write("data/a.csv", HEADER + row + "\n")
    report = adds_up(place.load(TOTALS, inspect=incoming_validator(place.settings))[0])
    assert (report.loaded, dict(report.reasons)) == (0, {reason: 2})


@pytest.mark.parametrize(("period", "fine"), [("day", 3), ("week", 1), ("month", 1)])
def test_a_total_begins_on_the_first_day_of_its_period(place: Any, adds_up: Any, period: str, fine: int) -> None:
    """2 March 2026 is a Monday."""
    place.write("data/a.csv", HEADER + "".join(f"2026-03-0{day},x,1,1,2\n" for day in (1, 2, 3)))
    assert adds_up(place.load(TOTALS.replace("period: month", f"period: {period}"))[0]).loaded == 2 * fine


def test_repeated_total_lands_once_and_a_conflicting_one_is_rejected(place: Any, adds_up: Any) -> None:
    place.write("data/a.csv", HEADER + "2026-03-01,north,3,1,10\n2026-03-01,north,3,2,10\n")
    report = adds_up(place.load(TOTALS)[0])
    assert (report.loaded, report.duplicates, dict(report.reasons)) == (2, 1, {"same id, other content": 1})
    place.write("data/a.csv", HEADER + "2026-03-01,north,4,1,10\n")
    assert adds_up(place.load(TOTALS, replace=True)[0]).loaded == 2
    assert [row["numerator"] for row in place.rows("numerator", "period_counts")] == [1.0, 4.0]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("period: month\n", "", "the period of a row is missing"),
        ("period: month", "period: year", "'day', 'week' or 'month'"),
        ("period_start: month, ", "", "give columns.period_start"),
        (
            "measures: {late: {numerator: late, denominator: all}, sent_on: {numerator: sent, denominator: all}}",
            "",
            "no measures",
        ),
        ("period: month", "format: {timezone: Europe/Paris}\nperiod: month", "have no time zone"),
        ("period_start: month", "period_start: month, customer_id: who", "has no column 'customer_id'"),
        ("kind: counts", "kind: customers", "'measures' is only for kind: counts"),
        ("denominator: all}, s", "denominater: all}, s", "'denominater'"),
    ],
)
def test_inconsistent_keys_are_reported(place: Any, old: str, new: str, problem: str) -> None:
    assert old in TOTALS
    with pytest.raises(WorkspaceError, match=problem):
        place.source(TOTALS.replace(old, new, 1))
