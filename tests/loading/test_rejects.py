"""Rejected rows: listed, exported, corrected, and loaded again through the same checks."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from jkpi.errors import InputError
from jkpi.loading.rejects import count_rejects, export_rejects, list_rejects, mask_for, replay_rejects
from jkpi.loading.retention import delete_expired

SHOWN = mask_for((), None)
BAD = "4,dora,D,Lost,web,01/06/2026 10:00,low\n5,emil,E,New,web,31/02/2026 10:00,low\n6,fay\n"


@pytest.fixture
def rejected(each: Any, three_rows: str) -> Any:
    each.write("data/a.csv", three_rows + BAD)
    each.load()
    return each


def test_rejected_rows_are_listed_and_counted(rejected: Any) -> None:
    rows = list_rejects(rejected.warehouse, SHOWN)
    assert {row["reason"] for row in rows} == {"unknown touchpoint", "impossible date", "ragged row"}
    assert next(row["original"]["caller"] for row in rows if row["reason"] == "unknown touchpoint") == "dora"
    assert len(list_rejects(rejected.warehouse, SHOWN, "tickets", "ragged row")) == 1
    assert list_rejects(rejected.warehouse, SHOWN, "others") == []
    assert len(list_rejects(rejected.warehouse, SHOWN, limit=2)) == 2
    assert {(row["reason"], row["status"], row["rows"]) for row in count_rejects(rejected.warehouse)} == {
        ("unknown touchpoint", "open", 1),
        ("impossible date", "open", 1),
        ("ragged row", "open", 1),
    }


def test_replay_after_the_yaml_was_corrected(rejected: Any, tickets: str, adds_up: Any) -> None:
    source = rejected.source(tickets.replace("Draft: null", "Draft: null, Lost: part_lost"))
    report = adds_up(replay_rejects(source, rejected.settings, rejected.warehouse))
    assert (report.loaded, report.rejected) == (1, 2)
    event = rejected.rows(order="event_id")[3]
    assert (event["event_id"], event["touchpoint"]) == ("tickets:4", "part_lost")
    status = {row["reason"]: row["status"] for row in rejected.rows(table="rejected_rows")}
    assert status == {"unknown touchpoint": "replayed", "impossible date": "open", "ragged row": "open"}
    again = replay_rejects(source, rejected.settings, rejected.warehouse)
    assert (again.loaded, again.rejected) == (0, 2)
    assert rejected.count() == 4 and rejected.count("rejected_rows") == 3


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_replay_of_corrected_rows(rejected: Any, adds_up: Any, suffix: str) -> None:
    path = rejected.folder / f"mend{suffix}"
    assert export_rejects(rejected.warehouse, SHOWN, path, "tickets") == 3
    text = path.read_text()
    assert "31/02/2026" in text and "6,fay" in text
    text = text.replace("31/02/2026", "28/02/2026").replace("Lost", "New")
    path.write_text(text.replace("6,fay", "6,fay,F,New,web,02/06/2026 10:00,low"))
    report = adds_up(replay_rejects(rejected.source(), rejected.settings, rejected.warehouse, None, path))
    assert (report.loaded, report.rejected) == (3, 0)
    assert {row["status"] for row in rejected.rows(table="rejected_rows")} == {"replayed"}
    assert [row["event_id"] for row in rejected.rows("event_id")][3:] == ["tickets:4", "tickets:5", "tickets:6"]
    (unchanged,) = rejected.load()
    assert unchanged.status == "unchanged"


def test_ragged_row_is_corrected_by_filling_in_its_columns(rejected: Any) -> None:
    path = rejected.folder / "mend.csv"
    export_rejects(rejected.warehouse, SHOWN, path, "tickets", "ragged row")
    with path.open() as file:
        (row,) = csv.DictReader(file)
    filled = {"id": "6", "caller": "fay", "number": "F", "state": "New", "channel": "web", "at": "02/06/2026 10:00"}
    with path.open("w") as file:
        writer = csv.DictWriter(file, [*row, *filled, "priority"])
        writer.writeheader()
        writer.writerow({**row, **filled, "priority": "low"})
    assert replay_rejects(rejected.source(), rejected.settings, rejected.warehouse, None, path).loaded == 1


def named(text: str) -> str:
    """The rows with a column that no YAML maps: the customer's name."""
    head, *rows = text.splitlines()
    return "\n".join([f"{head},full name", *(f"{row},Anna Example" for row in rows), ""])


def test_only_mapped_columns_of_a_row_are_stored(each: Any, three_rows: str, tickets: str, adds_up: Any) -> None:
    taken = "1,other,A,New,phone,01/06/2026 10:00,high\n"  # its id is taken by other content
    each.write("data/a.csv", named(three_rows + BAD.replace("6,fay\n", "") + taken))
    each.load()
    kept = [json.loads(row["original"]) for row in each.rows(table="rejected_rows")]
    mapped = ["id", "caller", "number", "state", "channel", "at", "priority"]
    assert len(kept) == 3
    assert all(list(original) == mapped for original in kept)
    assert {original["caller"] for original in kept} == {"dora", "emil", "other"}
    corrected = each.source(tickets.replace("Draft: null", "Draft: null, Lost: part_lost"))
    assert adds_up(replay_rejects(corrected, each.settings, each.warehouse)).loaded == 1


def test_only_mapped_fields_of_json_lines_are_stored(each: Any, tickets: str, adds_up: Any) -> None:
    text = tickets.replace("*.csv", "*.jsonl").replace("customer_id: caller", "customer_id: /who/id")
    row = {"id": 4, "who": {"id": "dora", "name": "Dora Example"}, "number": "D", "state": "Lost", "channel": "web",
           "at": "01/06/2026 10:00", "priority": "low", "phone": "0123"}  # fmt: skip
    each.write("data/a.jsonl", json.dumps(row) + "\n" + '{"id": 5, "who": {"id": "emil"}, "number": "E",')
    each.load(text)
    kept = {reject["reason"]: reject["original"] for reject in list_rejects(each.warehouse, SHOWN)}
    assert kept["unknown touchpoint"] == {
        "id": "4", "/who/id": "dora", "number": "D", "state": "Lost", "channel": "web", "at": "01/06/2026 10:00",
        "priority": "low",
    }  # fmt: skip
    path = each.folder / "mend.jsonl"
    export_rejects(each.warehouse, SHOWN, path)
    path.write_text(
        path.read_text()
        .replace(
            '\\"number\\": \\"E\\",', '\\"number\\": \\"E\\", \\"state\\": \\"New\\", \\"at\\": \\"02/06/2026 10:00\\"}'
        )
        .replace("Lost", "New")
    )
    assert adds_up(replay_rejects(each.source(text), each.settings, each.warehouse, None, path)).loaded == 2
    assert len({event["customer_id"] for event in each.rows()}) == 2


def test_a_replayed_row_is_not_stored_twice(rejected: Any, tickets: str) -> None:
    source = rejected.source(tickets.replace("Draft: null", "Draft: null, Lost: part_lost"))
    replay_rejects(source, rejected.settings, rejected.warehouse)
    kept = {row["status"]: row["original"] is not None for row in rejected.rows(table="rejected_rows")}
    assert kept == {"replayed": False, "open": True}


def test_originals_are_kept_for_a_time_and_then_deleted(rejected: Any, three_rows: str, adds_up: Any) -> None:
    later = replace(rejected.settings, now=rejected.settings.now + timedelta(days=89))
    delete_expired(rejected.warehouse, later)
    assert len(list_rejects(rejected.warehouse, SHOWN)) == 3
    later = replace(rejected.settings, now=rejected.settings.now + timedelta(days=91))
    delete_expired(rejected.warehouse, later)
    assert list_rejects(rejected.warehouse, SHOWN) == []
    assert {(row["status"], row["original"]) for row in rejected.rows(table="rejected_rows")} == {("expired", None)}
    assert {(row["status"], row["rows"]) for row in count_rejects(rejected.warehouse)} == {("expired", 1)}
    # The file grew and is read again: rows that are known stay what they are.
    rejected.write("data/a.csv", three_rows + BAD + "7,gus,G,New,web,03/06/2026 10:00,low\n")
    assert adds_up(rejected.load()[0]).loaded == 1
    assert rejected.count("rejected_rows") == 3


def test_files_that_are_no_reject_exports(rejected: Any) -> None:
    with pytest.raises(InputError, match=r"exported as \.csv or \.jsonl"):
        export_rejects(rejected.warehouse, SHOWN, rejected.folder / "mend.xlsx")
    other = rejected.write("other.csv", "a,b\n1,2\n")
    with pytest.raises(InputError, match="not an export of rejects"):
        replay_rejects(rejected.source(), rejected.settings, rejected.warehouse, None, other)
    stranger = rejected.write("stranger.jsonl", json.dumps({"reject_id": "x", "original": {}}))
    with pytest.raises(InputError, match="1 of 1 corrected rows are no open"):
        replay_rejects(rejected.source(), rejected.settings, rejected.warehouse, None, stranger)
