"""Incremental runs give the same tables as a full refresh, whatever arrives in whatever order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jkpi.config.settings import load_settings
from jkpi.pipeline.workspace import open_with_map
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.open import open_warehouse
from tests.incremental.drawn import (
    AT_FIRST,
    CASES_ON_A_MAP,
    LITTLE_ELSE,
    MAPS,
    ORDERS,
    STEPS,
    Case,
    Steps,
    clocks,
    together,
    with_corrections,
)
from tests.incremental.in_memory import Program, clear, contents, count, land, land_latest, models_of, prepare
from tests.recount import world_workspace as bench
from tests.recount.random_world import random_world

pytestmark = [pytest.mark.dbt, pytest.mark.slow]
CASES = 300
A_CASE = st.builds(
    Case,
    seed=st.integers(5, 10**6),
    instances=st.integers(6, 12),
    order=st.sampled_from(ORDERS),
    again=st.sampled_from([0.0, 0.1]),
)
TOGETHER = len(MAPS) * CASES_ON_A_MAP
"""Cases measured together in one Hypothesis example."""
FIRST = [Case(seed=map, instances=12, order="scattered", again=0.1) for map in MAPS]
AT = clocks((STEPS[3], STEPS[2]))
"""Times at which FIRST is measured, by the product and by its compiled SQL."""


@pytest.fixture(scope="module")
def counted(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Program, Path, dict[str, list[tuple[Any, ...]]]]]:
    """dbt's SQL, the warehouse in which the product measured two batches of FIRST, and the contents of its tables."""
    folder = tmp_path_factory.mktemp("incremental")
    place = folder / "w.duckdb"
    worlds = [random_world(map, 6) for map in MAPS]
    compiled = []
    for run, (batch, as_of) in enumerate(zip(together(FIRST)[:2], AT[:2], strict=True)):
        bench.workspace(folder, f"duckdb:///{place}", worlds, pd.Timestamp(as_of))
        for number in range(2):
            bench.draw_maps(folder, worlds, number)
            with open_with_map(load_settings(folder)) as warehouse:
                pass
        with open_warehouse(f"duckdb:///{place}") as warehouse:
            land(warehouse, batch, f"batch {run}")
        bench.run_jkpi("measure", *(["--full-refresh"] if run == 0 else []), "-w", folder)
        compiled.append(models_of(folder / ".jkpi" / "dbt" / "target", "w"))
    program = Program(*compiled)
    with open_warehouse(f"duckdb:///{place}", read_only=True) as warehouse:
        reasons = [row["refreshed"] for row in warehouse.rows("select * from raw.measure_runs order by run_number")]
        assert reasons == ["it was requested", ""]
        yield program, place, contents(warehouse, program)


@pytest.fixture(scope="module")
def bench_in_memory(counted: tuple[Program, Path, dict[str, list[tuple[Any, ...]]]]) -> Iterator[Warehouse]:
    program, place, _ = counted
    with open_warehouse("duckdb:///:memory:") as warehouse:
        warehouse.execute("set threads = 1")
        prepare(warehouse, program, place)
        yield warehouse


def test_the_compiled_sql_gives_the_tables_of_the_product(
    counted: tuple[Program, Path, dict[str, list[tuple[Any, ...]]]], bench_in_memory: Warehouse
) -> None:
    program, _, expected = counted
    clear(bench_in_memory)
    for run, (batch, as_of) in enumerate(zip(together(FIRST)[:2], AT[:2], strict=True)):
        land(bench_in_memory, batch, f"batch {run}")
        count(bench_in_memory, program, as_of, full_refresh=run == 0)
    found = contents(bench_in_memory, program)
    assert all(expected.values())
    for name, rows in expected.items():
        assert found[name] == rows, name


def test_a_late_segment_of_a_customer_without_an_instance_reaches_their_response(
    counted: tuple[Program, Path, dict[str, list[tuple[Any, ...]]]], bench_in_memory: Warehouse
) -> None:
    """The response belongs to a case without a customer; the segments of who gave it arrive one run later."""
    program, _, _ = counted
    event = {"event_id": "e", "case_id": "k", "touchpoint": "random1_asked", "source": "random1_desk"}
    answer: dict[str, Any] = {
        "response_id": "r",
        "case_id": "k",
        "customer_id": "c",
        "survey": "random1_after",
        "question": "content",
    }
    answer |= {"score": 5.0, "scale_min": 1.0, "scale_max": 5.0, "source": "random1_survey"}
    late_customer = {"customer_id": "c", "segments": '{"tier": "gold", "region": "north"}', "source": "random1_desk"}
    batches = [
        {
            "touchpoint_events": _row(event, occurred_at="2026-11-10T10:00"),
            "survey_responses": _row(answer, responded_at="2026-11-11T10:00"),
        },
        {"customers": _row(late_customer, valid_from="2026-10-10T10:00")},
    ]
    clear(bench_in_memory)
    for run, batch in enumerate(batches):
        land(bench_in_memory, batch, f"batch {run}")
        count(bench_in_memory, program, AT[-1], full_refresh=run == 0)
    profiles = bench_in_memory.rows("select profile from intermediate.int_placed_sayings")
    assert profiles == [{"profile": "north\x1fgold"}]
    arrived = contents(bench_in_memory, program)
    count(bench_in_memory, program, AT[-1], full_refresh=True)
    assert arrived == contents(bench_in_memory, program)


def _row(row: dict[str, Any], **at: str) -> pd.DataFrame:
    ((column, moment),) = at.items()
    record = {"segments": "{}", **row, column: pd.Timestamp(moment)}
    return pd.DataFrame([record]).astype({column: "datetime64[us]"})


@given(
    cases=st.lists(A_CASE, min_size=TOGETHER, max_size=TOGETHER, unique_by=lambda case: case.seed),
    order=st.sampled_from([None, None, AT_FIRST, *LITTLE_ELSE]),
    steps=st.tuples(st.sampled_from(STEPS), st.sampled_from(STEPS)),
)
@settings(
    max_examples=CASES // TOGETHER,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
def test_any_order_of_arrival_gives_the_tables_of_a_full_refresh(
    counted: tuple[Program, Path, dict[str, list[tuple[Any, ...]]]],
    bench_in_memory: Warehouse,
    cases: list[Case],
    order: str | None,
    steps: Steps,
) -> None:
    """Each case in an order of its own, or all of them with few new rows, as on most days."""
    program, _, _ = counted
    cases = [replace(case, order=order or case.order) for case in cases]
    clear(bench_in_memory)
    for run, (batch, as_of) in enumerate(zip(together(cases), clocks(steps), strict=True)):
        land(bench_in_memory, batch, f"batch {run}")
        count(bench_in_memory, program, as_of, full_refresh=run == 0)
    arrived = contents(bench_in_memory, program)
    count(bench_in_memory, program, clocks(steps)[-1], full_refresh=True)
    full_refresh = contents(bench_in_memory, program)
    for name, rows in full_refresh.items():
        assert arrived[name] == rows, name


@pytest.mark.parametrize("seed", range(3))
def test_corrections_give_the_tables_of_the_latest_rows_alone(
    counted: tuple[Program, Path, dict[str, list[tuple[Any, ...]]]], bench_in_memory: Warehouse, seed: int
) -> None:
    """Originals, corrections and deletions in random batches and order, measured in three runs."""
    program, _, _ = counted
    cases = [Case(seed=1000 * (seed + 1) + number, instances=8, order="scattered", again=0.0) for number in range(8)]
    rows = together(cases)
    everything = {
        table: pd.concat([one[table] for one in rows if table in one], ignore_index=True) for table in rows[0]
    }
    runs, latest = with_corrections(everything, seed)
    assert sum(len(frame) for run in runs for frame in run.values()) >= 300
    gaps = {"blind_spots": everything["blind_spots"]}
    clear(bench_in_memory)
    land(bench_in_memory, gaps, "gaps")
    for run, (arrivals, as_of) in enumerate(zip(runs, AT, strict=True)):
        land_latest(bench_in_memory, arrivals, f"batch {run}")
        count(bench_in_memory, program, as_of, full_refresh=run == 0)
    arrived = contents(bench_in_memory, program)
    landed = {table: _landed(bench_in_memory, table) for table in latest}
    clear(bench_in_memory)
    land(bench_in_memory, {**gaps, **latest}, "latest")
    for table, rows_landed in landed.items():
        assert rows_landed == _landed(bench_in_memory, table), table
    count(bench_in_memory, program, AT[-1], full_refresh=True)
    for name, expected in contents(bench_in_memory, program).items():
        # A text of segments that nobody has any more may stay in its dictionary.
        found = set(arrived[name]) & set(expected) if name == "int_segment_texts" else arrived[name]
        assert sorted(found, key=repr) == sorted(expected, key=repr), name


def _landed(warehouse: Warehouse, table: str) -> list[tuple[Any, ...]]:
    except_for = "content_hash, batch_id, loaded_at, cursor_position"
    rows = warehouse.rows(f"select * exclude ({except_for}) from raw.{table} order by all")
    return [tuple(row.values()) for row in rows]
