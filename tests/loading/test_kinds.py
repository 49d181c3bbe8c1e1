# ruff: noqa: E501 (the content of a file and its problem are on one line)
"""Each kind of source and each shape of row, read with YAML alone."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jkpi.errors import SourceError, WorkspaceError
from tests.loading.conftest import HEADER, TICKETS

WIDE = """\
source: requests
kind: touchpoints
from: {files: data/*.csv}
columns: {case_id: id, due_at: promised, segments: {area: area}}
milestones: {opened: open_dt, closed: closed_dt}
"""
ALSO = """\
source: incidents
kind: touchpoints
from: {files: data/*.csv}
columns: {event_id: [number, step], case_id: number, touchpoint: state, occurred_at: at, segments: {kind: category, part: category_2}}
additional_events:
  - {touchpoint: reassigned, where: {moves: {above: 0}}}
  - {touchpoint: promise_missed, where: {kept: {is: false}, state: {in: [Closed, Done]}}}
  - {touchpoint: opened, at: opened, where: {opened: {is_null: false}}}
"""
SURVEY = """\
source: survey
kind: responses
from: {files: data/*.csv}
columns: {response_id: id, responded_at: day}
questions: {food: Q1, overall: Q2}
missing_values: [0, 6]
scale: [1, 5]
constants: {survey: airport}
"""


def test_a_wide_table_gives_an_event_for_each_milestone(place: Any, adds_up: Any) -> None:
    place.write(
        "data/a.csv",
        "id,open_dt,closed_dt,promised,area\n1,2026-06-01,2026-06-02,2026-06-05,x\n2,2026-06-03,,,y\n3,,,,z\n4,2026-06-04,soon,,z\n",
    )
    report = adds_up(place.load(WIDE)[0])
    assert (report.read, report.loaded, dict(report.reasons)) == (6, 4, {"missing date": 1, "unreadable date": 1})
    events = place.rows("case_id, touchpoint, occurred_at, due_at", order="1, 3")
    assert [(row["case_id"], row["touchpoint"]) for row in events] == [
        ("1", "opened"),
        ("1", "closed"),
        ("2", "opened"),
        ("4", "opened"),
    ]
    assert events[1]["due_at"] == datetime(2026, 6, 5, 23, 59, 59, 999999)
    place.write("data/b.csv", "id,open_dt,closed_dt,promised,area\n2,2026-06-03,2026-06-09,,moved\n")
    report = adds_up(place.load(WIDE)[1])
    assert (report.loaded, report.duplicates) == (1, 1)


def test_wide_table_with_ids_rejects_a_changed_milestone(place: Any, adds_up: Any) -> None:
    text = WIDE.replace("{case_id: id", "{event_id: id, case_id: id")
    place.write(
        "data/a.csv", "id,open_dt,closed_dt,promised,area\n1,2026-06-01,2026-06-02,,x\n1,2026-06-01,2026-06-03,,x\n"
    )
    report = adds_up(place.load(text)[0])
    assert (report.loaded, report.duplicates, dict(report.reasons)) == (2, 1, {"same id, other content": 1})
    assert [row["event_id"] for row in place.rows("event_id")] == ["requests:1:closed", "requests:1:opened"]


def test_further_events_and_a_name_that_is_given_twice(place: Any, adds_up: Any) -> None:
    place.write(
        "data/a.csv",
        " number ,step,state,at,moves,kept,opened,category,category\n"
        "A,1,New,2026-06-01 10:00,0,true,2026-06-01 09:00,net,cable\n"
        "A,2,Active,2026-06-01 11:00,1,true,2026-06-01 09:00,net,plug\n"
        "A,3,Closed,2026-06-01 12:00,1,false,2026-06-01 09:00,net,plug\n",
    )
    report = adds_up(place.load(ALSO)[0])
    assert (report.read, report.loaded, report.duplicates) == (9, 7, 2)
    found = [
        (row["touchpoint"], row["occurred_at"].hour) for row in place.rows("touchpoint, occurred_at", order="2, 1")
    ]
    assert found == [
        ("opened", 9),
        ("New", 10),
        ("Active", 11),
        ("reassigned", 11),
        ("Closed", 12),
        ("promise_missed", 12),
        ("reassigned", 12),
    ]
    (new,) = place.rows("event_id, segments", "touchpoint_events where touchpoint = 'New'")
    assert new["event_id"] == "incidents:A:1"
    assert json.loads(new["segments"]) == {"kind": "net", "part": "cable"}


def test_a_wide_survey_gives_a_response_for_each_question(place: Any, adds_up: Any) -> None:
    place.write("data/a.csv", "id,day,Q1,Q2\n1,2026-06-01,4,5\n2,2026-06-01,0,6\n3,2026-06-02,,3\n4,2026-06-02,9,1\n")
    report = adds_up(place.load(SURVEY)[0])
    assert (report.read, report.loaded, report.skipped, dict(report.reasons)) == (
        6,
        4,
        1,
        {"score outside its scale": 1},
    )
    answers = place.rows("response_id, survey, question, score, scale_min, scale_max", "survey_responses")
    assert answers[0] == {
        "response_id": "survey:1:food",
        "survey": "airport",
        "question": "food",
        "score": 4.0,
        "scale_min": 1.0,
        "scale_max": 5.0,
    }


def test_a_wave_whose_rows_name_no_day(place: Any, adds_up: Any) -> None:
    """The day is local: in summer Los Angeles is seven hours behind, though no column tells a time."""
    wave = SURVEY.replace(", responded_at: day", "").replace("airport}", "airport, responded_at: 2026-06-01}")
    place.write("data/a.csv", "id,Q1,Q2\n1,4,5\n")
    adds_up(place.load(wave + "format: {timezone: America/Los_Angeles}\n")[0])
    answered = place.rows("responded_at", "survey_responses")
    assert [row["responded_at"] for row in answered] == [datetime(2026, 6, 1, 7)] * 2


def test_emotions_invitations_and_customers(each: Any, adds_up: Any) -> None:
    each.write(
        "data/e.csv", "id,who,at,felt,text\n1,a,2026-06-01,Present,so angry\n2,a,2026-06-01,3,\n3,b,2026-06-01,,\n"
    )
    report = adds_up(
        each.load(
            "source: feelings\nkind: responses\nfrom: {files: data/e.csv}\nconstants: {survey: s, emotion: frustrated}\n"
            "columns: {response_id: id, customer_id: who, responded_at: at, emotion_state: felt, comment: text}\n"
        )[0]
    )
    assert (report.loaded, dict(report.reasons)) == (2, {"unknown emotion state": 1})
    felt = each.rows("emotion, emotion_state, comment, score", "survey_responses", "response_id")
    assert felt[0] == {"emotion": "frustrated", "emotion_state": "present", "comment": "so angry", "score": None}
    assert felt[1]["emotion_state"] == "unknown"
    each.write("data/i.csv", "who,at,ok\na,2026-06-01,yes\nb,2026-06-01,no\nc,2026-06-01,perhaps\nd,2026-06-01,\n")
    report = adds_up(
        each.load(
            "source: asked\nkind: invitations\nfrom: {files: data/i.csv}\nconstants: {survey: s}\n"
            "columns: {customer_id: who, invited_at: at, eligible: ok}\n"
        )[0]
    )
    assert (report.loaded, dict(report.reasons)) == (3, {"not a boolean": 1})
    assert sum(row["eligible"] for row in each.rows("eligible", "survey_invitations")) == 2
    customers = "source: people\nkind: customers\nfrom: {files: data/c*.csv}\ncolumns: {customer_id: who, consent: ok, segments: [tier]}\n"
    each.write("data/c1.csv", "who,ok,tier\na,yes,gold\nb,no,gold\na,yes,gold\n,yes,gold\n")
    report = adds_up(each.load(customers)[0])
    assert (report.loaded, report.duplicates, dict(report.reasons)) == (2, 1, {"missing id": 1})
    each.write("data/c2.csv", "who,ok,tier\na,yes,gold\nb,no,silver\n")
    report = adds_up(each.load(customers)[1])
    assert (report.loaded, report.duplicates) == (1, 1)
    # What is first said of a customer holds for all history; a change holds from the day it was loaded.
    held = [row["valid_from"].year for row in each.rows("valid_from", "customers", "valid_from")]
    assert held == [1970, 1970, 2026]
    dated = customers.replace("people", "dated").replace("consent: ok", "valid_from: since").replace("c*", "d")
    each.write(
        "data/d.csv",
        "who,since,tier\na,2026-01-01,gold\na,2026-02-01,silver\na,2026-02-01,bronze\nb,,gold\nc,later,gold\n",
    )
    report = adds_up(each.load(dated)[0])
    assert (report.loaded, dict(report.reasons)) == (3, {"same id, other content": 1, "unreadable date": 1})


def test_json_lines_are_loaded(place: Any, adds_up: Any, tickets: str) -> None:
    text = (
        tickets.replace("*.csv", "*.jsonl")
        .replace("caller", "/who/id")
        .replace("[priority]", '{priority: "/fields/x~1y"}')
    )
    good = {
        "id": 1,
        "who": {"id": "anna"},
        "number": "A",
        "state": "New",
        "at": "01/06/2026 10:00",
        "fields": {"x/y": [1]},
    }
    lines = [
        json.dumps(good),
        "",
        json.dumps({**good, "id": 2, "who": {}}),
        "{broken",
        "[1]",
        json.dumps({**good, "id": 3, "channel": None}),
    ]
    place.write("data/a.jsonl", "\n".join(lines))
    report = adds_up(place.load(text)[0])
    assert (report.read, report.loaded, dict(report.reasons)) == (5, 3, {"not a JSON object": 2})
    rows = place.rows("event_id, customer_id, segments")
    assert rows[1]["customer_id"] is None and json.loads(rows[0]["segments"]) == {"priority": "[1]"}
    with pytest.raises(SourceError, match=r"has no column 'nummer'.*did you mean 'number'"):
        place.load(text.replace("case_id: number", "case_id: nummer"), replace=True)
    warned = place.load(text.replace("channel: channel", "channel: chanel"), replace=True)[0]
    assert warned.warnings == ("data/a.jsonl: no row has 'chanel'",)


def test_parquet_keeps_its_own_times(place: Any, adds_up: Any, tickets: str) -> None:
    (place.folder / "data").mkdir()
    moment = datetime(2026, 6, 1, 10, 0)
    table = pa.table(
        {
            "id": [1, 2],
            "caller": pa.array(["anna", None]).dictionary_encode(),
            "number": ["A", "B"],
            "state": ["New", "Closed"],
            "channel": [True, False],
            "at": pa.array([moment, moment], pa.timestamp("us", "UTC")),
            "priority": pa.array([{"level": 1}, None]),
        }
    )
    pq.write_table(table, place.folder / "data" / "a.parquet")
    assert adds_up(place.load(tickets.replace("*.csv", "*.parquet"))[0]).loaded == 2
    first = place.rows(order="event_id")[0]
    assert (first["occurred_at"], first["channel"], json.loads(first["segments"])) == (
        moment,
        "true",
        {"priority": '{"level": 1}'},
    )
    naive = table.set_column(5, "at", pa.array([moment, moment], pa.timestamp("ms")))
    pq.write_table(naive, place.folder / "data" / "a.parquet")
    place.load(tickets.replace("*.csv", "*.parquet"), replace=True)
    assert place.rows("occurred_at")[0]["occurred_at"] == datetime(2026, 6, 1, 8, 0)
    place.write("data/a.parquet", "no parquet")
    with pytest.raises(SourceError, match=r"data/a\.parquet cannot be read as Parquet"):
        place.load(tickets.replace("*.csv", "*.parquet"))


def test_compressed_files_are_read_in_the_order_of_their_names(
    place: Any, three_rows: str, header: str, tickets: str
) -> None:
    (place.folder / "data").mkdir()
    text = tickets.replace("data/*.csv", "data/**/t*.csv*")
    place.write("data/t2.csv.gz", gzip.compress(three_rows[:100].encode()) + gzip.compress(three_rows[100:].encode()))
    with pa.output_stream(place.folder / "data" / "t1.csv.zst", compression="zstd") as out:
        out.write((header + "9,x,X,New,web,01/06/2026 10:00,low\n").encode())
    reports = place.load(text)
    assert [(report.origin, report.loaded) for report in reports] == [("data/t1.csv.zst", 1), ("data/t2.csv.gz", 3)]


def test_unusual_csv(place: Any, tickets: str, adds_up: Any) -> None:
    text = tickets.replace("{timestamps", '{delimiter: ";", timestamps')
    place.write(
        "data/a.csv",
        '\ufeff\n"id" ; caller;number;state;"chan""nel";at;priority;;\r\n'
        '1;anna;A; New ;"a ""b"";\nc";01/06/2026 10:00;high;x;y\r\n\r\n2;ben;B;New;;01/06/2026 10:00;low;;\r\n',
    )
    report = adds_up(place.load(text.replace("channel: channel", "channel: 'chan\"nel'"))[0])
    assert report.loaded == 2
    assert place.rows(order="event_id")[0]["channel"] == 'a "b";\nc'


def test_value_maps_translate_values(place: Any, three_rows: str, tickets: str) -> None:
    place.write("data/a.csv", three_rows)
    place.load(tickets + "values: {channel: {phone: call}}\n")
    assert [row["channel"] for row in place.rows("channel, event_id", order="event_id")] == ["call", "call", "web"]


SEGMENTS = TICKETS.replace(
    "segments: [priority]",
    "segments:\n    urgency: {column: priority, values: {high: urgent}, otherwise: usual}\n"
    "    age: {column: age, bands: [18, 65]}\n    team: channel",
)
AGES = ["17.9", "18", "64", "65", "old", ""]


def test_segments_are_renamed_or_put_into_bands(each: Any, adds_up: Any) -> None:
    rows = [
        f"{number},anna,A,New,phone,01/06/2026 10:00,{'high' if number else 'low'},{age}\n"
        for number, age in enumerate(AGES)
    ]
    each.write("data/one.csv", HEADER.replace("priority\n", "priority,age\n") + "".join(rows))
    assert adds_up(each.load(SEGMENTS)[0]).loaded == len(AGES)
    found = [json.loads(row["segments"]) for row in each.rows("event_id, segments")]
    assert [segments["age"] for segments in found] == [
        *("under 18", "18 to under 65", "18 to under 65", "65 or more", None, None)
    ]
    assert [segments["urgency"] for segments in found] == ["usual"] + 5 * ["urgent"]
    assert {segments["team"] for segments in found} == {"phone"}


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("{column: age, bands: [65, 18]}", "bands must ascend"),
        ("{column: age, bands: [18], values: {a: b}}", "give either values or bands"),
        ("{column: age, otherwise: other}", "otherwise needs values"),
        ("{columns: age}", "column"),
    ],
)
def test_a_segment_that_cannot_be_read_is_refused(each: Any, mapping: str, message: str) -> None:
    with pytest.raises(WorkspaceError) as raised:
        each.source(TICKETS.replace("segments: [priority]", f"segments: {{age: {mapping}}}"))
    assert message in str(raised.value)


def test_a_month_or_a_year_is_its_first_day(each: Any, adds_up: Any) -> None:
    formats = {"%Y-%m": "2026-05", "%m/%Y": "05/2026", "%Y": "2026"}
    for number, (time_format, text) in enumerate(formats.items()):
        source = TICKETS.replace('"%d/%m/%Y %H:%M", timezone: Europe/Paris', f'"{time_format}"')
        each.write(f"data/{number}.csv", f"{HEADER}{number},anna,A,New,phone,{text},high\n")
        (each.folder / f"data/{number - 1}.csv").unlink(missing_ok=True)
        assert adds_up(each.load(source)[0]).loaded == 1
    days = [str(row["occurred_at"])[:10] for row in each.rows("occurred_at", order="event_id")]
    assert days == ["2026-05-01", "2026-05-01", "2026-01-01"]


COMMENTED = """\
source: survey
kind: responses
from: {files: data/*.csv}
columns: {response_id: ID, customer_id: who, score: mark, comment: words, responded_at: day}
constants: {survey: after, question: content}
scale: [1, 5]
"""


@pytest.mark.parametrize(
    ("row", "reasons"),
    [
        (",anna,,never again,2026-06-01", {"no score": 1}),
        (",anna,4,never again,2026-06-01", {"missing id": 1}),
        ("7,anna,,never again,2026-06-01", {}),
        (",anna,,,2026-06-01", {}),
    ],
)
@pytest.mark.parametrize("has_id", [True, False])
def test_a_survey_row_without_score_and_id_has_no_score(
    place: Any, adds_up: Any, row: str, reasons: dict[str, int], has_id: bool
) -> None:
    """A comment with an id is a response without a score; without answer and comment, nothing was answered."""
    place.write("data/a.csv", f"ID,who,mark,words,day\n{row}\n")
    report = adds_up(place.load(COMMENTED if has_id else COMMENTED.replace("response_id: ID, ", ""))[0])
    assert dict(report.reasons) == (reasons if has_id else {})
