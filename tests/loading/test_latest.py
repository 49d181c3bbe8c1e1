"""`on_conflict: latest`: a later row corrects an earlier one, in whatever order they arrive."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from jkpi.errors import InputError

EVENTS = """\
source: tickets
kind: touchpoints
from: {files: data/*.csv, cursor: changed}
on_conflict: latest
deleted: gone
columns: {event_id: id, case_id: number, touchpoint: state, occurred_at: at}
touchpoints: {New: opened, Done: closed, Draft: null}
"""
HEADER = "id,number,state,at,changed,gone\n"
ORIGINAL = "1,A,New,2026-06-01T10:00,2026-06-01T10:00,\n"
MOVED = "1,B,Done,2026-06-03T10:00,2026-06-04,false\n"
DELETED = "1,,,,2026-06-05T08:00,2026-06-05T08:00\n"
IGNORED = "1,A,Draft,2026-06-01T10:00,2026-06-05T08:00,\n"
RESTORED = "1,C,New,2026-06-02T10:00,2026-06-06,\n"
ANSWERS = """\
source: answers
kind: responses
from: {files: data/*.csv, cursor: revision}
on_conflict: latest
deleted: gone
scale: [1, 5]
constants: {survey: after}
columns: {response_id: id, customer_id: who, score: score, responded_at: at}
"""
INVITATIONS = """\
source: asked
kind: invitations
from: {files: data/*.csv, cursor: revision}
on_conflict: latest
deleted: gone
constants: {survey: after}
columns: {invitation_id: id, customer_id: who, invited_at: at}
"""
CUSTOMERS = """\
source: people
kind: customers
from: {files: data/*.csv, cursor: revision}
on_conflict: latest
deleted: gone
columns: {customer_id: who, segments: [tier]}
"""


def landed(each: Any) -> list[tuple[str, str]]:
    return [(row["case_id"], row["touchpoint"]) for row in each.rows("case_id, touchpoint")]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([ORIGINAL, MOVED], [("B", "closed")]),
        ([ORIGINAL, MOVED, DELETED], []),
        ([ORIGINAL, MOVED, IGNORED], []),
        ([ORIGINAL, DELETED, RESTORED], [("C", "opened")]),
        # The same content again at a later time: what lies between them is out of date.
        ([ORIGINAL, MOVED, ORIGINAL.replace("10:00,2026-06-01T10:00", "10:00,2026-06-07")], [("A", "opened")]),
    ],
)
def test_the_order_of_arrival_makes_no_difference(
    each: Any, rows: list[str], expected: list[tuple[str, str]], adds_up: Callable[[Any], Any]
) -> None:
    for order in itertools.permutations(rows):
        for table in ("touchpoint_events", "deleted_rows", "corrected_rows", "load_batches"):
            each.warehouse.execute(f"delete from raw.{table}")
        for old in (each.folder / "data").glob("*.csv"):
            old.unlink()
        for name, row in zip("abc", order, strict=False):
            each.write(f"data/{name}.csv", HEADER + row)
            for report in each.load(EVENTS):
                adds_up(report)
        assert landed(each) == expected, order
        assert {report.status for report in each.load(EVENTS)} == {"unchanged"}


@pytest.mark.parametrize("rows", list(itertools.permutations([ORIGINAL, MOVED, RESTORED])))
def test_rows_of_one_file_correct_each_other(each: Any, rows: tuple[str, ...]) -> None:
    each.write("data/a.csv", HEADER + "".join(rows))
    (report,) = each.load(EVENTS)
    assert (report.read, report.loaded, report.duplicates, report.rejected) == (3, 1, 2, 0)
    assert landed(each) == [("C", "opened")]


def test_of_equal_cursors_the_last_arrival_wins_and_a_deletion_always(each: Any) -> None:
    at = "2026-06-01T10:00"
    each.write("data/a.csv", HEADER + f"1,A,New,{at},5,\n1,B,New,{at},5,\n2,A,New,{at},7,\n3,A,New,{at},10,\n")
    each.load(EVENTS)
    assert landed(each) == [("A", "opened"), ("A", "opened"), ("B", "opened")]
    # 9 is earlier than 10: numbers are compared as numbers.
    each.write("data/b.csv", HEADER + f"1,C,New,{at},5,\n2,,,,7,true\n3,Z,New,{at},9,\n")
    each.load(EVENTS)
    assert landed(each) == [("A", "opened"), ("C", "opened")]
    each.write("data/c.csv", HEADER + f"2,A,New,{at},7,\n")
    (*_, report) = each.load(EVENTS)
    assert (report.loaded, report.duplicates) == (0, 1)
    assert landed(each) == [("A", "opened"), ("C", "opened")]


def test_rows_that_cannot_be_ordered_are_rejected(each: Any) -> None:
    each.write("data/a.csv", HEADER + "1,A,New,2026-06-01,,\n2,A,New,2026-06-01,soon,\n,A,New,2026-06-01,1,true\n")
    each.load(EVENTS)
    assert each.reasons() == {"cursor is neither a time nor a number": 1, "missing cursor": 1, "missing id": 1}
    assert landed(each) == []


@pytest.mark.parametrize(
    ("text", "columns", "table"),
    [
        (ANSWERS, "score as value", "survey_responses"),
        (INVITATIONS, "extract(day from invited_at) as value", "survey_invitations"),
        (CUSTOMERS, "segments as value", "customers"),
    ],
)
def test_responses_invitations_and_customers_are_corrected(each: Any, text: str, columns: str, table: str) -> None:
    header = "id,who,score,at,tier,revision,gone\n"
    each.write("data/a.csv", header + "1,anna,2,2026-06-02,low,1,\n2,ben,3,2026-06-03,low,1,\n")
    each.load(text)
    each.write("data/b.csv", header + "1,anna,5,2026-06-05,high,3,\n2,ben,,,,2,true\n")
    each.load(text)
    each.write("data/c.csv", header + "1,anna,4,2026-06-04,none,2,\n")
    each.load(text)
    (row,) = each.rows(columns, table)
    assert row["value"] in (5, '{"tier":"high"}')
    corrected = each.rows("landing_table, customer_id", "corrected_rows")
    assert [row["landing_table"] for row in corrected] == [table, table]
    if table == "customers":
        # Exactly as if only the latest row had ever been loaded: it holds from the beginning.
        assert str(each.rows("valid_from", table)[0]["valid_from"]) == "1970-01-01 00:00:00"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (", cursor: changed", "", "needs from.cursor"),
        ("event_id: id, ", "", "needs columns.event_id"),
        ("on_conflict: latest\n", "", "deleted needs on_conflict: latest"),
        (
            "touchpoints: {",
            "additional_events: [{touchpoint: paid, where: {paid: {is: 1}}}]\ntouchpoints: {",
            "several",
        ),
        ("on_conflict: latest", "on_conflict: newest", "on_conflict"),
    ],
)
def test_what_cannot_work_is_refused(each: Any, old: str, new: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        each.source(EVENTS.replace(old, new))
