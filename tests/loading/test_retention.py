"""Comments of customers are deleted after a time, and stay deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from jkpi.loading.retention import delete_expired

SOURCE = """\
source: answers
kind: responses
from: {files: data/*.csv}
columns: {response_id: id, customer_id: who, score: score, comment: comment, responded_at: at}
constants: {survey: after, question: recommend, touchpoint: delivery}
scale: [0, 10]
"""
ROWS = "id,who,score,comment,at\n1,anna,9,old words,2026-04-01\n2,ben,3,new words,2026-06-20\n"


def comments(each: Any) -> list[str | None]:
    return [row["comment"] for row in each.rows("response_id, comment", "survey_responses")]


def test_comments_are_kept_unless_a_time_is_set(each: Any) -> None:
    each.write("data/one.csv", ROWS)
    each.load(SOURCE)
    delete_expired(each.warehouse, each.settings)
    assert comments(each) == ["old words", "new words"]


def test_old_comments_are_deleted_and_stay_deleted(each: Any, adds_up: Any) -> None:
    each.write("data/one.csv", ROWS)
    each.load(SOURCE)
    each.later(comments_retention=timedelta(days=30))
    delete_expired(each.warehouse, each.settings)
    assert comments(each) == [None, "new words"]
    each.write("data/one.csv", ROWS + "3,eve,8,,2026-06-21\n")
    report = adds_up(each.load(SOURCE)[0])
    assert (report.loaded, report.duplicates, report.rejected) == (1, 2, 0)
    assert comments(each) == [None, "new words", None]
