"""Case ids and ids of rows that become pseudonyms where the YAML asks for it."""

from __future__ import annotations

import csv
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest

from jkpi.errors import InputError, WorkspaceError
from jkpi.loading.load import load_source
from jkpi.loading.rejects import export_rejects, list_rejects, mask_for, replay_rejects
from jkpi.loading.workspace import read_sources
from tests.loading.conftest import HEADER, ROWS, TICKETS

HASHED = TICKETS + "case_ids: pseudonymise\nrow_ids: pseudonymise\n"
ANSWERS = """\
source: answers
kind: responses
from: {files: answers/*.csv}
columns: {response_id: id, case_id: number, score: score, responded_at: at}
constants: {survey: after, question: content}
scale: [1, 5]
case_ids: pseudonymise
row_ids: pseudonymise
"""


def pseudonym(text: str) -> str:
    return hmac.new(b"a key of this test", text.encode(), hashlib.sha256).hexdigest()


def test_ids_are_pseudonyms_and_cases_still_meet(each: Any) -> None:
    each.write("data/one.csv", ROWS)
    each.write("answers/one.csv", "id,number,score,at\n77,A,4,2026-06-05\n")
    each.write("sources/answers.yml", ANSWERS)
    each.write("sources/tickets.yml", HASHED)
    for source in read_sources(each.folder):
        load_source(source, each.settings, each.warehouse)
    events = each.rows("event_id, case_id, customer_id", order="occurred_at")
    assert [row["case_id"] for row in events] == [pseudonym(case) for case in "AAB"]
    assert [row["event_id"] for row in events] == [f"tickets:{pseudonym(number)}" for number in "123"]
    assert events[0]["customer_id"] == pseudonym("anna")
    (answer,) = each.rows("response_id, case_id", table="survey_responses")
    assert answer == {"response_id": f"answers:{pseudonym('77')}", "case_id": events[0]["case_id"]}


def test_the_same_rows_again_are_duplicates_and_other_content_is_rejected(each: Any) -> None:
    each.write("data/one.csv", ROWS)
    each.write("data/two.csv", ROWS.replace("phone,02/06", "web,02/06") + "4,ben,B,Closed,web,04/06/2026 10:00,low\n")
    first, second = each.load(HASHED)
    assert (first.loaded, second.loaded, second.duplicates) == (3, 1, 2)
    assert dict(second.reasons) == {"same id, other content": 1}


def test_an_id_of_several_columns_is_hashed_as_a_whole(each: Any) -> None:
    each.write("data/one.csv", ROWS)
    each.load(HASHED.replace("event_id: id", "event_id: [number, id]"))
    assert [row["event_id"] for row in each.rows("event_id", order="occurred_at")] == [
        f"tickets:{pseudonym(text)}" for text in ("A:1", "A:2", "B:3")
    ]


def test_exported_rejects_show_no_id_and_a_mask_stands_for_it(each: Any) -> None:
    each.write("data/one.csv", HEADER + "secret1,secret2,secret3,Lost,web,01/06/2026 10:00,low\nsecret4,secret5\n")
    source = each.source(HASHED)
    load_source(source, each.settings, each.warehouse)
    mask = mask_for([source], each.settings.pseudonym_key)
    for name in ("bad.csv", "bad.jsonl"):
        assert export_rejects(each.warehouse, mask, each.folder / name) == 2
        assert "secret" not in (each.folder / name).read_text()
    assert "secret" not in json.dumps(list_rejects(each.warehouse, mask), default=str)

    rows = list(csv.DictReader((each.folder / "bad.csv").read_text().splitlines()))
    lost = next(row for row in rows if row["reason"] == "unknown touchpoint")
    with (each.folder / "fixed.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(lost))
        writer.writeheader()
        writer.writerow({**lost, "state": "Closed"})
    report = replay_rejects(source, each.settings, each.warehouse, corrected=each.folder / "fixed.csv")
    assert (report.loaded, report.rejected) == (1, 0)
    (event,) = each.rows("event_id, case_id, customer_id")
    assert event == {
        "event_id": f"tickets:{pseudonym('secret1')}",
        "case_id": pseudonym("secret3"),
        "customer_id": pseudonym("secret2"),
    }


def test_a_mask_of_another_row_is_no_id(each: Any) -> None:
    each.write("data/one.csv", HEADER + "1,anna,A,Lost,web,01/06/2026 10:00,low\n")
    source = each.source(HASHED)
    load_source(source, each.settings, each.warehouse)
    path = each.folder / "bad.csv"
    export_rejects(each.warehouse, mask_for([source], each.settings.pseudonym_key), path)
    path.write_text(path.read_text().replace(pseudonym("A"), pseudonym("B")).replace("Lost", "New"))
    with pytest.raises(InputError, match="masked id of another row"):
        replay_rejects(source, each.settings, each.warehouse, corrected=path)


def test_without_a_key_nothing_is_loaded(place: Any) -> None:
    place.settings = replace(place.settings, pseudonym_key=None)
    place.write("data/one.csv", ROWS)
    with pytest.raises(InputError, match="case_ids: pseudonymise needs a key"):
        place.load(HASHED)
    assert place.count() == 0


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("row_ids: pseudonymise\n", "", None),
        ("event_id: id", "event_id: [number, id]", None),
        ("[priority]", "{nr: number}", "segments.nr would show the ids of column 'number'"),
        ("  case_id: number\n", "", "this source has no case ids"),
        ("  event_id: id\n", "", "rows of this source have no id"),
    ],
)
def test_an_id_is_not_shown_by_another_column(place: Any, old: str, new: str, problem: str | None) -> None:
    assert old in HASHED
    if problem is None:
        place.source(HASHED.replace(old, new))
        return
    with pytest.raises(WorkspaceError) as caught:
        place.source(HASHED.replace(old, new))
    assert problem in str(caught.value)


def test_a_row_id_made_of_the_case_id_must_be_hashed_too(place: Any) -> None:
    text = HASHED.replace("row_ids: pseudonymise\n", "").replace("event_id: id", "event_id: [number, id]")
    with pytest.raises(WorkspaceError, match="add row_ids: pseudonymise"):
        place.source(text)


def test_sources_agree_on_case_ids(place: Any) -> None:
    place.write("sources/answers.yml", ANSWERS.replace("case_ids: pseudonymise\n", ""))
    place.write("sources/tickets.yml", HASHED)
    with pytest.raises(WorkspaceError, match="case ids are pseudonyms in tickets, but not here"):
        read_sources(place.folder)
    place.write("sources/answers.yml", ANSWERS.replace("case_ids: pseudonymise\n", "case_ids: as_is\n"))
    assert len(read_sources(place.folder)) == 2
