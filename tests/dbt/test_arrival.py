"""Readings do not depend on the order in which rows arrive, and without data there are none.

On PostgreSQL: tests/recount and tests/incremental show the same on DuckDB, in more cases.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from jkpi.warehouse.open import open_warehouse
from tests.dbt import small_world as world
from tests.incremental.in_memory import land_latest

pytestmark = pytest.mark.dbt
INSTANCE_EVENTS = (
    "select actor_key, passage, event_number, place_number, moment, is_entry"
    " from intermediate.int_journey_events order by actor_key, event_number"
)
DELETED = 3
READINGS = "select * from marts.fct_kpi_readings order by kpi, statistic, segment, segment_value, period, period_start"


def shuffled_batches(seed: int) -> list[list[world.Row]]:
    """Three batches in an order of that seed. Its ids begin with the seed: several seeds share a warehouse."""
    events = [
        row | {name: f"{seed}{row[name]}" for name in ("event_id", "customer_id", "case_id") if row[name]}
        for row in world.events(seed=seed)
    ]
    batches = [
        [row | {"batch_id": f"{seed}{row['batch_id']}"} for row in batch] for batch in world.in_batches(events, 3, seed)
    ]
    random.Random(seed).shuffle(batches)
    return batches


def corrections_of(batch: list[world.Row]) -> pd.DataFrame:
    """Of rows that were measured, the first are deleted, and some others happened a day earlier, in another case."""
    rows = [row for row in batch if row["case_id"]]
    moved = [
        row | {"occurred_at": row["occurred_at"] - timedelta(days=1), "case_id": other["case_id"]}
        for row, other in zip(rows[DELETED:10], rows[20:], strict=False)
    ]
    frame = pd.DataFrame([*rows[:DELETED], *moved]).assign(revision=1)
    return frame.assign(gone=[number < DELETED for number in range(len(frame))])


@pytest.mark.slow
def test_any_order_of_arrival_gives_the_numbers_of_a_full_refresh(postgres_url: str, workspace: Path) -> None:
    batches = [first + second for first, second in zip(shuffled_batches(1), shuffled_batches(2), strict=True)]
    # Time passes while the batches arrive: events after `as_of` come into sight although their batch is known.
    clocks = [world.AS_OF - timedelta(days=15), world.AS_OF - timedelta(days=3), world.AS_OF]
    with open_warehouse(postgres_url) as warehouse:
        world.land_map(warehouse)
    for batch, as_of in zip(batches, clocks, strict=True):
        with open_warehouse(postgres_url) as warehouse:
            world.land(warehouse, "touchpoint_events", batch)
            if as_of == world.AS_OF:
                land_latest(warehouse, {"touchpoint_events": corrections_of(batches[0])}, "corrections")
        world.build(postgres_url, workspace, as_of)
    arrived, read = world.table(postgres_url, INSTANCE_EVENTS), world.table(postgres_url, READINGS)
    world.build(postgres_url, workspace, world.AS_OF, full_refresh=True)
    assert arrived == world.table(postgres_url, INSTANCE_EVENTS)
    assert read == world.table(postgres_url, READINGS)
    assert len(arrived) == sum(map(len, batches)) - DELETED
    with open_warehouse(postgres_url) as warehouse:
        last_run = warehouse.rows("select refreshed from raw.measure_runs order by run_number")[-2]
        assert last_run["refreshed"] == "", "the corrections were measured incrementally"
        assert warehouse.scalar("select count(*) from raw.corrected_rows") == 0


def test_an_empty_warehouse_has_no_readings(postgres_url: str, workspace: Path) -> None:
    from jkpi.warehouse.landing import ensure_landing

    with open_warehouse(postgres_url) as warehouse:
        ensure_landing(warehouse)
    world.build(postgres_url, workspace)
    assert world.table(postgres_url, "select * from marts.fct_kpi_readings") == []


def test_a_map_without_data_has_kpis_without_values(postgres_url: str, workspace: Path) -> None:
    with open_warehouse(postgres_url) as warehouse:
        world.land_map(warehouse)
    world.build(postgres_url, workspace)
    assert world.table(postgres_url, "select * from marts.fct_kpi_readings") == []
    health = world.table(postgres_url, "select * from marts.rpt_journey_health")
    assert {row["kpi"] for row in health} == {row["kpi"] for row in world.KPIS}
    assert {(row["status"], row["value_week"]) for row in health} == {("no_data", None)}
    coverage = world.table(postgres_url, "select * from marts.rpt_map_coverage")
    assert {row["has_evidence"] for row in coverage} == {False}


def test_open_cases_have_no_value(postgres_url: str, workspace: Path) -> None:
    """All cases began a minute ago, at the same time: all open, all tied."""
    just_now = world.AS_OF - timedelta(minutes=1)
    begun = {"touchpoint": "asked", "occurred_at": just_now, "source": "desk", "batch_id": "b"}
    rows = [{**begun, "event_id": f"e{n}", "customer_id": f"c{n}", "case_id": f"k{n}"} for n in range(5)]
    stray = {**begun, "event_id": "stray", "customer_id": "c1", "touchpoint": "unheard_of"}
    with open_warehouse(postgres_url) as warehouse:
        world.land_map(warehouse)
        world.land(warehouse, "touchpoint_events", [*rows, stray])
    world.build(postgres_url, workspace)
    found = world.table(postgres_url, "select * from marts.fct_kpi_readings where unit <> 'count'")
    # Of durations what is open is in the sample, as far as it has come.
    times = {"median", "p90"}
    shares, curves = ([r for r in found if (r["statistic"] in times) is of_times] for of_times in (False, True))
    for rows_of, sample_size in ((shares, 0), (curves, 5)):
        numbers = {(r["value"], r["ci_low"], r["sample_size"], r["open_count"]) for r in rows_of}
        assert numbers == {(None, None, sample_size, 5)}
    assert {row["status"] for row in found} == {"provisional"}
    volumes = world.table(postgres_url, "select * from marts.fct_kpi_readings where unit = 'count' and segment = 'all'")
    counts = {(row["kpi"], row["statistic"], row["value"]) for row in volumes}
    assert counts == {
        ("ask.volume", "volume", 5.0),
        ("journey.volume", "volume", 5.0),
        ("help.due", "without_promise", 5.0),
    }
    strays = world.table(postgres_url, "select * from marts.rpt_map_coverage where element = 'unmapped_touchpoint'")
    assert [(row["journey"], row["name"], row["count_events"]) for row in strays] == [("(none)", "unheard_of", 1)]


def test_a_data_gap_withholds_the_readings_of_its_source(postgres_url: str, workspace: Path) -> None:
    rows = [row | {"batch_id": "b", "source": "desk"} for row in world.events(seed=5, instances=20)]
    starts_at = world.AS_OF - timedelta(days=10)
    ends_at = starts_at + timedelta(hours=1)
    gap = {"source": "desk", "starts_at": starts_at, "ends_at": ends_at, "reason": "silence"}
    with open_warehouse(postgres_url) as warehouse:
        world.land_map(warehouse)
        world.land(warehouse, "touchpoint_events", rows)
        world.land(warehouse, "survey_responses", [row | {"source": "web"} for row in world.answers(seed=6)])
        world.land(warehouse, "blind_spots", [gap])
    world.build(postgres_url, workspace)
    days = world.table(
        postgres_url, "select * from marts.fct_kpi_readings where kpi = 'ask.drop_off' and period = 'day'"
    )
    for row in days:
        midnight = datetime.combine(row["period_start"], time(), ZoneInfo(world.ZONE))
        begins = midnight.astimezone(UTC).replace(tzinfo=None)
        touched = begins < ends_at and row["matures_at"] > starts_at
        assert touched or row["status"] != "withheld", row
        if begins <= starts_at < begins + timedelta(days=1):
            assert row["status"] == "withheld", row
    assert {row["status"] for row in days} >= {"withheld", "final"}
    surveys = world.table(postgres_url, "select distinct status from marts.fct_kpi_readings where kpi = 'ask.csat'")
    assert {row["status"] for row in surveys} <= {"final", "provisional"}
