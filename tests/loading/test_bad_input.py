"""Whatever is wrong with what comes in gets a clear error or a rejected row, and nothing is lost."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from jkpi.cli.report import render_batch_remarks
from jkpi.errors import SourceError
from jkpi.loading.files import CountingFile
from jkpi.loading.report import rejected_warning


def one(place: Any, text: str, adds_up: Any, source: str | None = None) -> Any:
    place.write("data/a.csv", text)
    return adds_up(place.load(*([source] if source else []))[0])


@pytest.mark.parametrize(
    ("row", "reason", "detail"),
    [
        ("4,dora,D,New,web,31/02/2026 10:00,low", "impossible date", "occurred_at: 31/02/2026 10:00"),
        ("4,dora,D,New,web,yesterday,low", "unreadable date", "occurred_at: yesterday"),
        ("4,dora,D,New,web,2026-06-01 10:00,low", "unreadable date", "occurred_at: 2026-06-01 10:00"),
        ("4,dora,D,New,web,?,low", "missing date", "occurred_at"),
        ("4,dora,D,New,web,02/07/2026 10:00,low", "date in the future", "occurred_at: 02/07/2026 10:00"),
        ("4,dora,D,New,web,01/01/1900 10:00,low", "date before 1970", "occurred_at: 01/01/1900 10:00"),
        (",dora,D,New,web,01/06/2026 10:00,low", "missing id", "event_id"),
        ("4,,?,New,web,01/06/2026 10:00,low", "no customer and no case", None),
        ("4,dora,D,Lost,web,01/06/2026 10:00,low", "unknown touchpoint", "Lost"),
        ("4,dora,D,,web,01/06/2026 10:00,low", "missing touchpoint", None),
    ],
)
def test_an_invalid_row_is_rejected_with_its_reason(
    place: Any, three_rows: str, adds_up: Any, row: str, reason: str, detail: str | None
) -> None:
    report = one(place, three_rows + row + "\n", adds_up)
    assert (report.loaded, dict(report.reasons)) == (3, {reason: 1})
    reject = place.rows(table="rejected_rows")[0]
    assert (reject["reason"], reject["detail"], reject["row_number"]) == (reason, detail, 4)
    assert list(json.loads(reject["original"]).values()) == row.split(",")
    assert (reject["status"], reject["origin"], reject["source"]) == ("open", "data/a.csv", "tickets")


def test_the_next_day_is_not_yet_the_future(place: Any, three_rows: str, adds_up: Any) -> None:
    assert one(place, three_rows + "4,dora,D,New,web,01/07/2026 13:59,low\n", adds_up).loaded == 4


def test_a_missing_file_is_an_error(place: Any, tickets: str) -> None:
    place.write("data/tickets_2026.csv", "x")
    with pytest.raises(SourceError, match=r"tickets: no file data/ticket_2026\.csv") as caught:
        place.load(tickets.replace("data/*.csv", "data/ticket_2026.csv"))
    assert "tickets_2026.csv" in caught.value.hint
    with pytest.raises(SourceError, match="no file nowhere/"):
        place.load(tickets.replace("data/*.csv", "nowhere/*.csv"))


def test_a_file_that_cannot_be_read_is_refused_in_the_ledger_until_it_can_be(place: Any, three_rows: str) -> None:
    place.write("data/a.csv", three_rows)
    place.write("data/b.csv", "<html>503</html>\n")
    for day in (0, 1):
        place.settings = replace(place.settings, now=place.settings.now + timedelta(days=day))
        with pytest.raises(SourceError, match=r"data/b\.csv"):
            place.load()
    ledger = "select origin, status, reason, started_at from raw.load_batches order by origin"
    _, refused = place.warehouse.rows(ledger)
    assert (refused["origin"], refused["status"]) == ("data/b.csv", "refused")
    assert "data/b.csv" in refused["reason"] and "\n" not in refused["reason"]
    assert refused["started_at"].day == 30  # the day of the first refusal, not of each run
    assert place.count() == 3

    place.write("data/b.csv", three_rows.replace("1,anna", "9,anna"))
    place.load()
    assert [(row["origin"], row["status"]) for row in place.warehouse.rows(ledger)][-1] == ("data/b.csv", "loaded")


@pytest.mark.parametrize("content", ["", "\n\n", "id,caller,number,state,channel,at,priority\n"])
def test_empty_file(place: Any, content: str) -> None:
    place.write("data/a.csv", content)
    (report,) = place.load()
    assert (report.status, report.warnings) == ("empty", ())
    assert place.count() == 0


def test_empty_file_is_reported_once_and_loaded_when_it_has_rows(place: Any, header: str, three_rows: str) -> None:
    for day in ("0103", "0104"):
        place.write(f"data/{day}.csv", header)
    place.write("data/0105.csv", three_rows)
    assert [report.status for report in place.load()] == ["empty", "empty", "loaded"]
    place.write("data/0110.csv", header)
    assert [report.status for report in place.load()] == ["unchanged", "unchanged", "unchanged", "empty"]
    assert [report.status for report in place.load(replace=True)] == ["empty", "empty", "loaded", "empty"]
    place.write("data/0104.csv", three_rows.replace("anna", "zoe").replace("\n1,", "\n7,").replace("\n2,", "\n8,"))
    assert [report.status for report in place.load()] == ["unchanged", "loaded", "unchanged", "unchanged"]
    assert place.count() == 5


def test_ragged_rows(place: Any, three_rows: str, adds_up: Any) -> None:
    report = one(place, three_rows + "4,dora\n5,e,E,New,web,01/06/2026 10:00,low,more,and more\n", adds_up)
    assert (report.loaded, dict(report.reasons)) == (3, {"ragged row": 2})
    first, second = place.rows(table="rejected_rows", order="row_number")
    assert (first["row_number"], first["detail"]) == (4, "2 fields, the header has 7")
    assert json.loads(first["original"])["(line)"] == "4,dora"
    assert second["row_number"] == 5


def test_only_ragged_rows(place: Any, header: str, adds_up: Any) -> None:
    report = one(place, header + "1,2\n3\n", adds_up)
    assert (report.read, report.loaded, dict(report.reasons)) == (2, 0, {"ragged row": 2})


def test_a_byte_that_is_not_utf8_costs_its_row_only(place: Any, three_rows: str, adds_up: Any) -> None:
    report = one(place, three_rows.encode() + b"4,Zo\xeb,D,New,web,01/06/2026 10:00,low\n", adds_up)  # type: ignore[arg-type]
    assert (report.loaded, dict(report.reasons)) == (3, {"not UTF-8": 1})
    assert "Zo\\xeb" in json.loads(place.rows(table="rejected_rows")[0]["original"])["(line)"]


def test_given_encoding_is_used(place: Any, three_rows: str, tickets: str, adds_up: Any) -> None:
    for encoding in ("latin-1", "utf-16", "cp1252"):
        text = (three_rows + "4,Zoë,D,New,wëb,01/06/2026 10:00,low\n").encode(encoding)
        place.write("data/a.csv", text)
        report = adds_up(
            place.load(tickets.replace("{timestamps", f"{{encoding: {encoding}, timestamps"), replace=True)[0]
        )
        assert report.loaded == 4
        assert place.rows(order="event_id")[3]["channel"] == "wëb"


def test_wrong_encoding_is_an_error(place: Any, three_rows: str, tickets: str) -> None:
    place.write("data/a.csv", three_rows.encode("utf-16"))
    with pytest.raises(SourceError, match="is UTF-16, not utf-8"):
        place.load()
    place.write("data/a.csv", (three_rows + "4,\u00eb").encode("latin-1"))
    with pytest.raises(SourceError, match="is not utf-16"):
        place.load(tickets.replace("{timestamps", "{encoding: utf-16, timestamps"))
    assert place.count() == 0 and {row["status"] for row in place.rows("status", "load_batches")} == {"refused"}


def test_missing_column(place: Any, three_rows: str) -> None:
    place.write("data/a.csv", three_rows.replace("number", "nummer", 1))
    with pytest.raises(SourceError, match=r"data/a\.csv has no column 'number' \(did you mean 'nummer'\?\)") as caught:
        place.load()
    assert caught.value.hint == "it has: id, caller, nummer, state, channel, at, priority"


def test_the_order_of_columns_does_not_matter(place: Any, three_rows: str) -> None:
    place.write("data/a.csv", three_rows)
    place.load()
    before = place.rows("event_id, customer_id, occurred_at, content_hash")
    turned = "\n".join(",".join(reversed(line.split(","))) for line in three_rows.splitlines())
    place.write("data/b.csv", turned)
    assert place.load()[1].duplicates == 3
    assert place.rows("event_id, customer_id, occurred_at, content_hash") == before


def test_a_damaged_archive(place: Any, three_rows: str, tickets: str) -> None:
    whole = gzip.compress((three_rows * 2000).encode())
    place.write("data/a.csv.gz", whole[: len(whole) // 2])
    with pytest.raises(SourceError, match=r"a\.csv\.gz"):
        place.load(tickets.replace("*.csv", "*.gz"))
    assert place.count() == 0 and {row["status"] for row in place.rows("status", "load_batches")} == {"refused"}


def test_unreadable_file_does_not_stop_the_others(place: Any, three_rows: str) -> None:
    place.write("data/a.csv", "not,the,header\n1,2,3\n")
    place.write("data/b.csv", three_rows)
    with pytest.raises(SourceError, match=r"data/a\.csv has no columns .*; 1 other files were loaded"):
        place.load()
    assert place.count() == 3


def test_unknown_file_type_is_an_error(place: Any, three_rows: str, tickets: str) -> None:
    place.write("data/export", three_rows)
    text = tickets.replace("data/*.csv", "data/export")
    with pytest.raises(SourceError, match="the file type is unknown"):
        place.load(text)
    assert place.load(text.replace("{timestamps", "{type: csv, timestamps"))[0].loaded == 3


@pytest.mark.parametrize("row", ["1,anna,7,5", "2,anna,0,5", "3,anna,many,5", "4,anna,nan,5", "5,anna,inf,5"])
def test_an_invalid_score_is_rejected(place: Any, adds_up: Any, row: str) -> None:
    text = """\
source: survey
kind: responses
from: {files: data/*.csv}
columns: {response_id: id, customer_id: who, score: score, responded_at: at, touchpoint: about}
constants: {survey: after_repair}
scale: [1, 5]
"""
    place.write(
        "data/a.csv", f"id,who,score,about,at\n{row},2026-06-01\n9,ben,5,visit,2026-06-01\n8,ben,5,,2026-06-01\n"
    )
    report = adds_up(place.load(text)[0])
    score = row.split(",")[2]
    reason = "score outside its scale" if score in ("7", "0") else "score is not a number"
    assert (report.loaded, dict(report.reasons)) == (1, {reason: 1, "response without touchpoint": 1})


SURVEY = """\
source: survey
kind: responses
from: {files: data/*.csv}
format: {delimiter: ";", FORMAT}
columns: {response_id: id, customer_id: who, score: score, responded_at: at}
constants: {survey: after_repair, touchpoint: visit}
scale: [0, 2000]
"""


@pytest.mark.parametrize(
    ("decimal", "text", "score"),
    [
        (",", "9,0", 9.0), (",", "1.234,5", 1234.5), (",", "+9", 9.0), (",", ",5", 0.5), (",", "9.0", None),
        (",", "1.23,5", None), (",", "1,234,5", None), (",", "1e3", None),
        (".", "9.0", 9.0), (".", "1,234.5", 1234.5), (".", "9,0", None),
        (None, "9.0", 9.0), (None, "9,0", None), (None, "1e3", 1000.0),
    ],
)  # fmt: skip
def test_numbers_are_read_by_their_decimal_sign(
    place: Any, adds_up: Any, decimal: str | None, text: str, score: float | None
) -> None:
    place.write("data/a.csv", f"id;who;score;at\n1;anna;{text};2026-06-01\n")
    form = f"decimal: '{decimal}'" if decimal else "quote: '\"'"
    report = adds_up(place.load(SURVEY.replace("FORMAT", form))[0])
    if score is None:
        assert dict(report.reasons) == {"score is not a number": 1}
    else:
        assert [row["score"] for row in place.rows(table="survey_responses")] == [score]


def test_undeclared_decimal_comma_has_a_hint(place: Any) -> None:
    place.write("data/a.csv", "id;who;score;at\n1;anna;9,0;2026-06-01\n2;ben;many;2026-06-01\n")
    place.load(SURVEY.replace(", FORMAT", ""))
    detail_of_row = {row["row_number"]: row["detail"] for row in place.rows(table="rejected_rows")}
    assert detail_of_row == {1: "9,0 (a decimal comma? write format: {decimal: ','} in the source)", 2: "many"}


def test_totals_and_conditions_are_read_by_the_decimal_sign_as_well(place: Any, adds_up: Any) -> None:
    place.write("data/a.csv", "day;open;within\n2026-06-01;1.200;900,0\n")
    totals = """\
source: totals
kind: counts
from: {files: data/*.csv}
format: {delimiter: ";", decimal: ","}
columns: {period_start: day}
period: day
measures: {kept: {numerator: within, denominator: open}}
"""
    assert adds_up(place.load(totals)[0]).loaded == 1
    place.write("data/a.csv", "who;at;waited\nanna;2026-06-01;1.200,5\nben;2026-06-01;90,5\n")
    waits = """\
source: waits
kind: touchpoints
from: {files: data/*.csv}
format: {delimiter: ";", decimal: ","}
columns: {case_id: who, occurred_at: at}
constants: {touchpoint: called}
additional_events: [{touchpoint: waited_long, where: {waited: {above: 100.5}}}]
"""
    place.load(waits)
    assert [row["case_id"] for row in place.rows() if row["touchpoint"] == "waited_long"] == ["anna"]


def test_load_warns_if_more_than_5_percent_are_rejected(place: Any, header: str) -> None:
    def rows(first: int, many: int, at: str) -> str:
        return "".join(f"{n},anna,A,New,web,{at},low\n" for n in range(first, first + many))

    place.write("data/a.csv", header + rows(0, 57, "01/06/2026 10:00") + rows(57, 3, "yesterday"))
    assert rejected_warning(place.load()) is None
    place.write("data/b.csv", header + rows(100, 9, "01/06/2026 10:00") + rows(109, 1, "yesterday"))
    result = place.load()
    assert rejected_warning(result) == "10.0 % of the rows were rejected (1 of 10)"
    assert render_batch_remarks("tickets", result)[0].startswith("tickets: warning: 10.0 % of the rows")


def test_a_row_with_an_open_quote_is_rejected(place: Any, three_rows: str) -> None:
    place.write(
        "data/a.csv", three_rows + '4,"dora,D,New,web,01/06/2026 10:00,low\n5,e,E,New,web,01/06/2026 10:00,low\n'
    )
    (report,) = place.load()
    assert dict(report.reasons) == {"ragged row": 1}
    assert "5,e,E" in json.loads(place.rows(table="rejected_rows")[0]["original"])["(line)"]


def test_a_file_that_changes_while_it_is_read_does_not_land(
    place: Any, three_rows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = place.write("data/a.csv", three_rows)
    original = CountingFile.read
    grown: list[int] = []

    def read(self: CountingFile, size: int = -1) -> bytes:
        if not grown:
            with path.open("a") as file:
                grown.append(file.write("4,dora,D,New,web,01/06/2026 10:00,low\n"))
        return original(self, size)

    monkeypatch.setattr(CountingFile, "read", read)
    with pytest.raises(SourceError, match="changed while it was read"):
        place.load()
    assert place.count() == 0 and place.count("load_batches") == 0
    assert place.load()[0].loaded == 4
