from __future__ import annotations

import json
import socket
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from jkpi.config.settings import Settings
from jkpi.errors import CheckFailed, SystemFailure
from jkpi.protocols import RowRejection
from jkpi.quality.incoming import SOURCE_KINDS, incoming_validator, load_valid_suite


def events(rows: int = 5, **columns: Any) -> pd.DataFrame:
    """Events as the loader hands them over: Arrow's types, all columns of the landing."""
    start = datetime(2026, 5, 1)
    table = {
        "event_id": [str(n) for n in range(rows)],
        "customer_id": ["c"] * rows,
        "case_id": pa.nulls(rows, pa.string()),
        "touchpoint": ["fault_reported"] * rows,
        "channel": ["phone"] * rows,
        "occurred_at": pa.array([start + timedelta(minutes=n) for n in range(rows)], pa.timestamp("us")),
        "due_at": pa.nulls(rows, pa.timestamp("us")),
        "segments": ["{}"] * rows,
        "attributes": ["{}"] * rows,
    }
    return pa.table(table).to_pandas().assign(**columns)


def answers(**columns: Any) -> pd.DataFrame:
    table = {
        "response_id": ["1", "2", "3", "4"],
        "survey": ["after_repair"] * 4,
        "score": [1.0, 5.0, 6.0, 0.0],
        "scale_min": [1.0] * 4,
        "scale_max": [5.0] * 4,
        "emotion_state": [None, "present", "sad", None],
        "responded_at": [datetime(2026, 5, 1)] * 4,
        "asked_at": [datetime(2026, 5, 2), None, None, None],
    }
    return pd.DataFrame(table).assign(**columns)


def outcome(results: Any, expectation: str) -> dict[str, Any]:
    return next(dict(row) for row in results if row["expectation"] == expectation)


def test_valid_rows_are_accepted(settings: Settings) -> None:
    found = incoming_validator(settings)("touchpoints", "tickets", events())

    assert found.refusal is None
    assert found.rejected == {}
    assert all(row["success"] and not row["raised_exception"] and row["detail"] == "" for row in found.results)
    assert {(row["checkpoint"], row["subject"], row["suite"]) for row in found.results} == {
        ("incoming", "tickets", "incoming_touchpoints")
    }


@pytest.mark.parametrize("kind", SOURCE_KINDS)
def test_what_rejects_a_row_says_why_in_words(kind: str) -> None:
    suite = load_valid_suite(kind)
    warnings = [item["meta"] for item in suite.expectations if item["severity"] == "warning"]
    assert warnings
    assert [meta["name"] for meta in warnings if " " not in meta.get("reason", "")] == []


def test_warning_rejects_rows_with_the_first_reason(settings: Settings) -> None:
    chunk = events(8)
    chunk.loc[1, "event_id"] = None
    chunk.loc[1, "touchpoint"] = None
    chunk.loc[2, "touchpoint"] = ""
    chunk.loc[3, "customer_id"] = None
    chunk.loc[4, "occurred_at"] = pd.Timestamp("1200-01-01")
    chunk.loc[5, "occurred_at"] = pd.Timestamp("2026-07-01 06:00:01")
    chunk.loc[6, "occurred_at"] = pd.Timestamp("2026-07-01 06:00:00")
    chunk.loc[7, "occurred_at"] = None
    before = chunk.copy()

    found = incoming_validator(settings)("touchpoints", "tickets", chunk)

    assert found.refusal is None
    assert {place: complaint.expectation for place, complaint in found.rejected.items()} == {
        1: "event_has_id",
        2: "touchpoint_is_a_name",
        3: "event_has_customer_or_case",
        4: "event_time_plausible",
        5: "event_time_plausible",
        7: "event_has_time",
    }
    assert set(found.rejected.values()) >= {RowRejection("missing id", "warning", "event_has_id")}
    row = outcome(found.results, "event_time_plausible")
    assert (row["success"], row["severity"], row["checked"], row["unexpected"]) == (False, "warning", 8, 2)
    assert row["detail"] == "2 of 8 rows, such as occurred_at 1200-01-01 00:00:00 | occurred_at 2026-07-01 06:00:01"
    pd.testing.assert_frame_equal(chunk, before)


def test_private_values_are_no_examples(settings: Settings) -> None:
    found = incoming_validator(settings)("customers", "crm", pd.DataFrame({"customer_id": ["c1", None]}))

    assert outcome(found.results, "customer_has_id")["detail"] == "1 of 2 rows"


def test_positions_count_from_the_start_of_the_chunk_whatever_its_index(settings: Settings) -> None:
    whole = events(7)
    whole.loc[5, "event_id"] = None
    door = incoming_validator(settings)

    parts = [door("touchpoints", "tickets", whole.iloc[start : start + 3]) for start in (0, 3, 6)]

    assert [list(part.rejected) for part in parts] == [[], [2], []]
    assert sum(outcome(part.results, "event_has_id")["checked"] for part in parts) == 7


def test_scores_lie_on_their_scale_and_emotions_are_no_scores(settings: Settings) -> None:
    found = incoming_validator(settings)("responses", "survey", answers())

    assert {place: complaint.expectation for place, complaint in found.rejected.items()} == {
        2: "score_not_above_scale",
        3: "score_not_below_scale",
    }
    assert outcome(found.results, "emotion_state_known")["unexpected"] == 1
    asked = outcome(found.results, "responded_after_asked")
    assert (asked["success"], asked["severity"], asked["unexpected"]) == (False, "info", 1)
    assert 0 not in found.rejected


def test_a_missing_column_refuses_the_batch_and_rejects_no_row(settings: Settings) -> None:
    found = incoming_validator(settings)("touchpoints", "tickets", events().drop(columns=["occurred_at", "channel"]))

    assert found.refusal is not None
    assert found.refusal.startswith("tickets: has_occurred_at: missing: occurred_at")
    raised = outcome(found.results, "event_time_plausible")
    assert (raised["raised_exception"], raised["success"], raised["checked"], raised["unexpected"]) == (
        True,
        False,
        0,
        0,
    )
    # A column that lands as NULL where a source does not give it can be checked.
    assert outcome(found.results, "channel_is_a_name")["success"]


def test_a_file_whose_times_are_mostly_impossible_is_refused(settings: Settings) -> None:
    wrong = events(300, occurred_at=pd.Timestamp("1970-01-01"))

    found = incoming_validator(settings)("touchpoints", "tickets", wrong)

    assert found.refusal is not None
    assert "most_occurred_at_plausible: 300 of 300 rows, such as occurred_at 1970-01-01" in found.refusal
    assert "time format" in found.refusal


def test_few_rows_do_not_refuse_a_file(settings: Settings) -> None:
    found = incoming_validator(settings)("touchpoints", "tickets", events(3, occurred_at=pd.Timestamp("1970-01-01")))

    assert found.refusal is None
    assert len(found.rejected) == 3


def test_an_empty_chunk_is_no_reason_to_refuse(settings: Settings) -> None:
    found = incoming_validator(settings)("touchpoints", "tickets", events(0))

    assert (found.refusal, found.rejected) == (None, {})


def test_zoned_and_arrow_times_are_read_alike(settings: Settings) -> None:
    door = incoming_validator(settings)
    chunk = events(4)
    chunk.loc[2, "occurred_at"] = pd.Timestamp("2030-01-01")
    zoned = chunk.assign(occurred_at=chunk["occurred_at"].dt.tz_localize("UTC"))
    arrow = pa.Table.from_pandas(chunk).to_pandas(types_mapper=pd.ArrowDtype)

    assert [list(door("touchpoints", "t", rows).rejected) for rows in (chunk, zoned, arrow)] == [[2], [2], [2]]


def test_an_expectation_that_cannot_run_refuses_the_batch(settings: Settings, own_suites: Path) -> None:
    edit(own_suites / "incoming_touchpoints.json", "event_has_id", kwargs={"column": "evnt_id"})

    found = incoming_validator(settings)("touchpoints", "tickets", events())

    assert found.refusal is not None
    assert found.refusal.startswith("tickets: event_has_id could not run: ")
    assert "evnt_id" in found.refusal
    assert found.rejected == {}


def test_a_broken_suite_is_a_failure_that_names_file_and_expectation(settings: Settings, own_suites: Path) -> None:
    edit(own_suites / "incoming_touchpoints.json", "event_has_time", type="expect_colum_to_exist")

    with pytest.raises(CheckFailed, match=r"incoming_touchpoints\.json: expectation \d+ \(event_has_time\)"):
        incoming_validator(settings)("touchpoints", "tickets", events())


def test_the_severity_decides_between_refusal_rejection_and_remark(settings: Settings, own_suites: Path) -> None:
    chunk = events()
    chunk.loc[1, "event_id"] = None
    file = own_suites / "incoming_touchpoints.json"
    outcomes = {}
    for severity in ("critical", "warning", "info"):
        edit(file, "event_has_id", severity=severity)
        found = incoming_validator(settings)("touchpoints", "tickets", chunk)
        outcomes[severity] = (found.refusal is not None, list(found.rejected))

    assert outcomes == {"critical": (True, []), "warning": (False, [1]), "info": (False, [])}


def test_unknown_kind_is_an_error(settings: Settings) -> None:
    with pytest.raises(SystemFailure, match="letters"):
        incoming_validator(settings)("letters", "post", events())


def test_nothing_is_printed_and_nothing_leaves_the_machine(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    chunk = events()
    chunk.loc[1, "event_id"] = None

    incoming_validator(settings)("touchpoints", "tickets", chunk)

    assert capfd.readouterr() == ("", "")


def edit(file: Path, name: str, **changes: Any) -> None:
    """Change one expectation of a suite's file."""
    written = json.loads(file.read_text(encoding="utf-8"))
    for expectation in written["expectations"]:
        if expectation["meta"]["name"] == name:
            expectation.update(changes)
    file.write_text(json.dumps(written), encoding="utf-8")
