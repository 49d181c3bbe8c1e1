"""A batch lands whole, once, and every row is accounted for; on both engines."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from jkpi.loading.rejects import replay_rejects
from jkpi.protocols import ChunkValidation, RowRejection


def test_rows_land_with_their_mapped_values(each: Any, three_rows: str) -> None:
    each.write("data/a.csv", three_rows)
    (report,) = each.load()
    assert (report.status, report.read, report.loaded) == ("loaded", 3, 3)
    first = each.rows(order="event_id")[0]
    pseudonym = hmac.new(b"a key of this test", b"anna", hashlib.sha256).hexdigest()
    assert first["event_id"] == "tickets:1"
    assert first["customer_id"] == pseudonym
    assert (first["case_id"], first["touchpoint"], first["channel"]) == ("A", "fault_reported", "phone")
    assert first["occurred_at"] == datetime(2026, 6, 1, 8, 0)
    assert json.loads(first["segments"]) == {"priority": "high"}
    assert json.loads(each.rows(order="event_id")[2]["segments"])["priority"] is None
    assert first["source"] == "tickets" and first["batch_id"] == report.batch_id
    ledger = each.rows(table="load_batches")[0]
    assert (ledger["rows_read"], ledger["loaded"], ledger["status"], ledger["origin"]) == (3, 3, "loaded", "data/a.csv")
    assert (ledger["first_at"], ledger["last_at"]) == (datetime(2026, 6, 1, 8, 0), datetime(2026, 6, 3, 8, 0))


def test_a_file_is_loaded_once_whatever_its_name(each: Any, three_rows: str) -> None:
    each.write("data/a.csv", three_rows)
    each.load()
    each.write("data/copy.csv", three_rows)
    assert [report.status for report in each.load()] == ["unchanged", "unchanged"]
    assert each.count() == 3


def test_of_a_file_that_grew_only_the_new_rows_land(each: Any, three_rows: str, adds_up: Any) -> None:
    bad = "9,carl,C,New,phone,never,low\n"
    each.write("data/a.csv", three_rows + bad)
    each.load()
    each.write("data/a.csv", three_rows + bad + "4,ben,B,Closed,web,05/06/2026 10:00,low\n")
    report = adds_up(each.load()[0])
    assert (report.loaded, report.duplicates, report.rejected) == (1, 4, 0)
    assert each.count() == 4 and each.count("rejected_rows") == 1


def test_repeated_row_is_a_duplicate_and_other_content_is_rejected(each: Any, three_rows: str, adds_up: Any) -> None:
    twice = "1,anna,A,New,phone,01/06/2026 10:00,high\n"
    other = "2,anna,A,Closed,phone,02/06/2026 11:00,high\n"
    each.write("data/a.csv", three_rows + twice + other)
    report = adds_up(each.load()[0])
    assert (report.loaded, report.duplicates, dict(report.reasons)) == (3, 1, {"same id, other content": 1})
    assert json.loads(each.rows(table="rejected_rows")[0]["original"])["at"] == "02/06/2026 11:00"
    each.write("data/b.csv", three_rows.replace("web", "phone"))
    report = adds_up(each.load()[1])
    assert (report.loaded, report.duplicates, dict(report.reasons)) == (0, 2, {"same id, other content": 1})
    assert each.warehouse.scalar("select channel from raw.touchpoint_events where event_id = 'tickets:3'") == "web"


def test_a_corrected_row_wins_where_it_stands_or_from_a_file_that_comes_before(each: Any, three_rows: str) -> None:
    """As the README says it."""
    corrected = three_rows.replace("02/06/2026 10:00", "02/06/2026 12:30")

    def stays() -> bool:
        (row,) = each.rows("occurred_at", "touchpoint_events where event_id = 'tickets:2'")
        return bool(row["occurred_at"] == datetime(2026, 6, 2, 8, 0))

    each.write("data/june.csv", three_rows)
    each.load()
    late = each.write("data/later.csv", corrected)
    each.load()
    (reject,) = each.rows("reason, detail", "rejected_rows")
    assert tuple(reject.values()) == ("same id, other content", "the first row was kept")
    replay_rejects(each.source(), each.settings, each.warehouse)
    assert stays()
    each.load(replace=True)
    assert stays()
    late.rename(late.with_name("0_corrected.csv"))
    each.load()
    assert stays(), "what was loaded stays"
    each.load(replace=True)
    assert not stays()
    late.with_name("0_corrected.csv").unlink()
    each.load(replace=True)
    assert stays()
    each.write("data/june.csv", corrected)
    each.load()
    assert stays()
    each.load(replace=True)
    assert not stays() and each.count("rejected_rows") == 0


def test_ignored_touchpoint_is_skipped(each: Any, three_rows: str, adds_up: Any) -> None:
    each.write("data/a.csv", three_rows + "4,ben,B,Draft,web,05/06/2026 10:00,low\n")
    report = adds_up(each.load()[0])
    assert (report.read, report.loaded, report.skipped) == (4, 3, 1)


def test_replace_loads_a_source_again_and_leaves_the_others(each: Any, three_rows: str, tickets: str) -> None:
    each.write("data/a.csv", three_rows)
    each.load()
    each.load(tickets.replace("source: tickets", "source: others"))
    (report,) = each.load(tickets.replace("fault_reported", "fault_noticed"), replace=True)
    assert report.loaded == 3 and each.count() == 6
    landed = each.rows("source, touchpoint, count(*) as many", order="1, 2", table="touchpoint_events group by 1, 2")
    assert [row["touchpoint"] for row in landed] == [
        "fault_reported",
        "repair_confirmed",
        "fault_noticed",
        "repair_confirmed",
    ]
    assert each.count("load_batches") == 2


def test_refused_batch_does_not_land(each: Any, three_rows: str) -> None:
    result = {"suite": "s", "expectation": "e", "success": False, "raised": False, "checked": 3, "unexpected": 3}

    def refuse(kind: str, source: str, frame: pd.DataFrame) -> ChunkValidation:
        return ChunkValidation(refusal=f"{kind} of {source}: all {len(frame)} look wrong", results=(result,))

    each.write("data/a.csv", three_rows)
    (report,) = each.load(inspect=refuse)
    assert (report.status, report.reason) == ("refused", "touchpoints of tickets: all 3 look wrong")
    assert each.count() == 0 and each.count("rejected_rows") == 0
    ledger = each.rows(table="load_batches")
    assert [(row["status"], row["reason"]) for row in ledger] == [("refused", report.reason)]
    assert each.rows(table="quality_results")[0]["unexpected"] == 3
    (again,) = each.load()
    assert again.loaded == 3
    assert [row["status"] for row in each.rows(table="load_batches")] == ["loaded"]


def test_rows_rejected_by_the_validator_keep_its_reason(each: Any, three_rows: str, adds_up: Any) -> None:
    seen: list[list[str]] = []

    def turn_away(kind: str, source: str, frame: pd.DataFrame) -> ChunkValidation:
        seen.append(list(frame.columns))
        web = [place for place, channel in enumerate(frame["channel"]) if channel == "web"]
        return ChunkValidation(rejected=dict.fromkeys(web, RowRejection("channel_is_phone", "warning")))

    each.write("data/a.csv", three_rows)
    report = adds_up(each.load(inspect=turn_away)[0])
    assert (report.loaded, dict(report.reasons)) == (2, {"channel_is_phone": 1})
    assert {"event_id", "customer_id", "occurred_at", "segments"} <= set(seen[0])
    reject = each.rows(table="rejected_rows")[0]
    assert (reject["severity"], reject["row_number"], json.loads(reject["original"])["id"]) == ("warning", 3, "3")


def test_many_chunks_are_one_batch(each: Any, header: str, monkeypatch: pytest.MonkeyPatch, adds_up: Any) -> None:
    monkeypatch.setattr("jkpi.loading.csv_files.CHUNK_ROWS", 400)
    monkeypatch.setattr("jkpi.loading.csv_files._BLOCK", 8 << 10)
    start = datetime(2026, 1, 1)
    rows = [
        f"{n % 1900},c{n % 90},k{n},New,web,{start + timedelta(minutes=n):%d/%m/%Y %H:%M},low\n" for n in range(2000)
    ]
    rows[700] = "ragged\n"
    rows[1500] = "1500,c,k,Strange,web,01/01/2026 00:00,low\n"
    each.write("data/a.csv", header + "".join(rows))
    report = adds_up(each.load()[0])
    assert report.read == 2000
    assert dict(report.reasons) == {"ragged row": 1, "same id, other content": 100, "unknown touchpoint": 1}
    rejects = {
        row["reason"]: row for row in each.rows("reason, row_number, original", "rejected_rows", "row_number desc")
    }
    assert (rejects["ragged row"]["row_number"], rejects["unknown touchpoint"]["row_number"]) == (701, 1501)
    assert json.loads(rejects["same id, other content"]["original"])["number"] == "k1900"


def test_both_engines_land_the_same_rows(tmp_path: Any, postgres_url: str, three_rows: str, tickets: str) -> None:
    from jkpi.config.settings import Settings
    from jkpi.loading.load import load_source
    from jkpi.loading.workspace import read_sources
    from jkpi.warehouse.landing import ensure_landing
    from jkpi.warehouse.open import open_warehouse

    (tmp_path / "sources").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "sources" / "one.yml").write_text(tickets)
    (tmp_path / "data" / "a.csv").write_text(three_rows + '8,ünï \\N ,x,New,"a, ""b""",04/06/2026 10:00,\n9,,,,,,\n')
    landed = []
    for url in (f"duckdb:///{tmp_path}/w.duckdb", postgres_url):
        now = datetime.fromisoformat("2026-06-30T12:00:00+00:00")
        settings = Settings(tmp_path, "t", url, "sqlite://", tmp_path, now, pseudonym_key=b"k")
        (source,) = read_sources(tmp_path)
        with open_warehouse(url) as warehouse:
            ensure_landing(warehouse)
            load_source(source, settings, warehouse)
            tables = ("touchpoint_events", "rejected_rows", "load_batches")
            landed.append([warehouse.rows(f"select * from raw.{table} order by 1") for table in tables])
    assert landed[0] == landed[1]
    assert len(landed[0][0]) == 4 and len(landed[0][1]) == 1
