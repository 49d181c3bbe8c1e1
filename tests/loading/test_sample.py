"""The first rows of a source, read before a load: each planted mistake is found, and a clean source has none."""

from __future__ import annotations

from typing import Any

import pytest

from jkpi.loading.sample import sample_source
from tests.loading.conftest import HEADER, ROWS, TICKETS

RESPONSES = """\
source: answers
kind: responses
from: {files: data/*.csv}
columns:
  response_id: id
  customer_id: who
  touchpoint: place
  question: question
  score: score
  responded_at: at
constants: {survey: after}
scale: [0, 10]
"""
ANSWERS = (
    "id,who,place,question,score,at\n1,anna,delivery,recommend,9,2026-06-01\n2,ben,delivery,recommend,3,2026-06-02\n"
)
COUNTS = """\
source: totals
kind: counts
from: {files: data/*.csv}
columns: {period_start: month}
period: month
measures: {on_time: {numerator: good, denominator: all}}
"""
TOTALS = "month,good,all\n2026-05-01,70,100\n"


def findings(each: Any, source: str, rows: str | bytes) -> tuple[str, ...]:
    each.write("data/one.csv", rows)
    report = sample_source(each.source(source), each.settings)
    return (*report.errors, *report.warnings)


@pytest.mark.parametrize(("source", "rows"), [(TICKETS, ROWS), (RESPONSES, ANSWERS), (COUNTS, TOTALS)])
def test_a_clean_source_has_no_finding(each: Any, source: str, rows: str) -> None:
    assert findings(each, source, rows) == ()


def in_tickets(old: str, new: str) -> tuple[str, str]:
    assert old in ROWS
    return TICKETS, ROWS.replace(old, new)


def in_answers(old: str, new: str) -> tuple[str, str]:
    assert old in ANSWERS
    return RESPONSES, ANSWERS.replace(old, new)


def in_totals(old: str, new: str) -> tuple[str, str]:
    assert old in TOTALS
    return COUNTS, TOTALS.replace(old, new)


PLANTED: dict[str, tuple[str, str | bytes, str]] = {
    "a column under another name": (*in_tickets("caller,", "calller,"), "'caller' (did you mean 'calller'?)"),
    "two missing columns": (*in_tickets("number,state", "nr,status"), "has no columns 'number'"),
    "another delimiter": (TICKETS, ROWS.replace(",", ";"), "has no columns"),
    "another encoding": (TICKETS, ROWS.replace("anna", "Åsa").encode("latin-1"), "not UTF-8"),
    "a header of blanks": (TICKETS, "\n" + ROWS.removeprefix(HEADER), "has no columns"),
    "ISO dates where others are declared": (*in_tickets("01/06/2026 10:00", "2026-06-01 10:00"), "unreadable date"),
    "months and days exchanged": (*in_tickets("03/06/2026", "06/23/2026"), "impossible date"),
    "milliseconds read as seconds": (
        TICKETS.replace('"%d/%m/%Y %H:%M"', "unix"),
        ROWS.replace("01/06/2026 10:00", "1780300800000"),
        "date",
    ),
    "a date in the future": (*in_tickets("03/06/2026", "03/06/2027"), "date in the future"),
    "a missing date": (*in_tickets("03/06/2026 10:00", ""), "missing date"),
    "an unknown state": (*in_tickets("Closed", "Close"), "'Close' (1) did you mean 'Closed'?"),
    "a state in lower case": (*in_tickets("New", "new"), "'new' (2)"),
    "a ragged row": (
        *in_tickets("3,ben,B,New,web,03/06/2026 10:00,?", "3,ben,B,New,web,03/06/2026 10:00"),
        "ragged row",
    ),
    "an empty segment": (
        TICKETS,
        ROWS.replace(",high\n", ",\n"),
        "column 'priority' of the segment 'priority' is empty",
    ),
    "an id that is missing": (*in_tickets("3,ben", ",ben"), "missing id"),
    "a score beyond its scale": (*in_answers(",9,", ",90,"), "score outside its scale"),
    "a score with a decimal comma": (*in_answers(",9,", ',"9,5",'), "a decimal comma?"),
    "a score in words": (*in_answers(",3,", ",three,"), "score is not a number"),
    "a month that does not begin": (*in_totals("2026-05-01", "2026-05-03"), "not the first day of a month"),
    "a numerator above its denominator": (*in_totals("70,100", "100,70"), "numerator above denominator"),
    "shares for counts": (*in_totals("70,100", "0.7,1"), "count is not whole"),
}


@pytest.mark.parametrize("mistake", PLANTED)
def test_each_planted_mistake_is_found_and_none_is_invented(each: Any, mistake: str) -> None:
    source, rows, text = PLANTED[mistake]
    found = findings(each, source, rows)
    assert len(found) == 1, found
    assert text in found[0]


def test_nothing_is_loaded(each: Any) -> None:
    findings(each, TICKETS, ROWS)
    assert each.count() == each.count("load_batches") == 0


def test_only_the_first_rows_of_the_first_and_last_file_are_read(each: Any) -> None:
    lines = "".join(f"{number},anna,A,New,phone,01/06/2026 10:00,high\n" for number in range(5000))
    each.write("data/one.csv", HEADER + lines)
    each.write("data/two.csv", HEADER + "7,anna,A,What,phone,01/06/2026 10:00,high\n")
    each.write("data/zzz.csv", ROWS)
    report = sample_source(each.source(TICKETS), each.settings)
    assert (report.rows, report.errors, report.warnings) == (1003, (), ())


def test_a_source_that_is_not_here_is_a_warning(each: Any) -> None:
    report = sample_source(each.source(TICKETS), each.settings)
    assert not report.errors
    assert report.warnings[0].startswith("source tickets: no file data/*.csv")


def test_a_database_whose_secret_is_not_set_is_a_warning(each: Any) -> None:
    source = TICKETS.replace("{files: data/*.csv}", '{sql: env:JKPI_NOT_SET_ANYWHERE, query: "select * from tickets"}')
    report = sample_source(each.source(source), each.settings)
    assert not report.errors
    assert "JKPI_NOT_SET_ANYWHERE is not set" in report.warnings[0]
