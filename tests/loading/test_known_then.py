"""Looking back: which landed rows were known at an earlier time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from jkpi.pipeline.past import LateSource, copy_known_rows
from jkpi.protocols import ChunkValidation
from jkpi.warehouse.landing import ensure_landing
from jkpi.warehouse.open import open_warehouse
from tests.loading.conftest import HEADER, NOW, ROWS, TICKETS

LATE = HEADER + "8,ben,B,Closed,web,04/06/2026 10:00,low\n"


def known_then(each: Any, now: datetime) -> tuple[tuple[LateSource, ...], list[str], list[str]]:
    """The sources first loaded later, the events and the batches that were known."""
    with open_warehouse(f"duckdb:///{each.folder}/past.duckdb") as copy:
        ensure_landing(copy)
        late = copy_known_rows(each.warehouse, copy, now.replace(tzinfo=None))
        events = [row["event_id"] for row in copy.rows("select event_id from raw.touchpoint_events order by 1")]
        batches = [row["origin"] for row in copy.rows("select origin from raw.load_batches order by 1")]
    return late, events, batches


def test_rows_loaded_later_were_not_known(each: Any) -> None:
    each.write("data/one.csv", ROWS)
    each.load()
    each.later(now=NOW + timedelta(days=2))
    each.write("data/two.csv", LATE)
    each.load()
    late, events, batches = known_then(each, NOW + timedelta(days=1))
    assert (late, batches) == ((), ["data/one.csv"])
    assert events == ["tickets:1", "tickets:2", "tickets:3"]


def test_the_arrival_of_what_was_loaded_later_as_a_whole_is_unknown(each: Any) -> None:
    """The rows of such a source are all there: dbt takes those dated until then."""
    each.write("data/one.csv", ROWS)
    each.write("data/two.csv", LATE)
    each.load()
    late, events, batches = known_then(each, NOW - timedelta(days=20))
    assert late == (LateSource("tickets", NOW.replace(tzinfo=None)),)
    assert len(events) == 4 and len(batches) == 2


def test_a_batch_refused_later_was_not_known(each: Any) -> None:
    each.write("data/one.csv", ROWS)
    each.load()
    each.later(now=NOW + timedelta(days=2))
    each.write("data/two.csv", LATE)
    each.load(TICKETS, lambda kind, source, frame: ChunkValidation(refusal="all of it is bad"))
    assert known_then(each, NOW)[2] == ["data/one.csv"]
