"""The product's readings of the small worlds on each engine, against the recount and against lifelines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pandas as pd
import pytest

from jkpi.journeys.kpi_registry import KPI_KINDS
from jkpi.warehouse.open import open_warehouse
from tests import postgres
from tests.recount.cohorts import kpis_of
from tests.recount.compare import label_differences, number_differences, read_readings, side_by_side, unmatched
from tests.recount.durations import KEY as DURATION_KEY
from tests.recount.durations import LABELS as DURATION_LABELS
from tests.recount.durations import NUMBERS as DURATION_NUMBERS
from tests.recount.durations import duration_counts, read_durations
from tests.recount.early import KEY as EARLY_KEY
from tests.recount.early import LABELS as EARLY_LABELS
from tests.recount.early import NUMBERS as EARLY_NUMBERS
from tests.recount.early import early_readings, read_early
from tests.recount.lifelines_sets import COLUMNS, UNIT, lifelines_quantiles, spells_of, world_of
from tests.recount.random_world import random_world
from tests.recount.readings import KEY, LABELS, NUMBERS, all_readings
from tests.recount.world_workspace import measure
from tests.recount.worlds import World, names, world

pytestmark = pytest.mark.slow
ENGINES = ["duckdb", "postgres"]
SETS = [f"lifelines_{name}" for name in COLUMNS]
RANDOM_WORLDS = ["random1", "random2"]
WORLDS = [
    name for name in names() if all(kpi.kind in KPI_KINDS for one in world(name).documents for kpi in kpis_of(one))
]
"""Worlds whose KPI kinds are those of the product."""
ALL = [*WORLDS, *SETS, *RANDOM_WORLDS]


@cache
def the_world(name: str) -> World:
    if name in RANDOM_WORLDS:
        return random_world(int(name.removeprefix("random")))
    return world_of(name.removeprefix("lifelines_")) if name in SETS else world(name)


@cache
def recounted_readings(name: str) -> pd.DataFrame:
    return all_readings(the_world(name).facts())


@cache
def recounted_early_readings(name: str) -> pd.DataFrame:
    return early_readings(the_world(name).facts())


@cache
def recounted_durations(name: str) -> pd.DataFrame:
    return duration_counts(the_world(name).facts())


@pytest.fixture(scope="module")
def measured(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, dbt: None
) -> Iterator[Callable[[str], str]]:
    """Engine -> URL of a warehouse in which all worlds are measured, on first use."""
    urls: dict[str, str] = {}
    with ExitStack() as stack:

        def get(engine: str) -> str:
            if engine not in urls:
                folder = tmp_path_factory.mktemp(f"worlds_{engine}")
                url = f"duckdb:///{folder / 'warehouse.duckdb'}"
                if engine == "postgres":
                    url = stack.enter_context(postgres.database(request.getfixturevalue("postgres_server")))
                measure(folder, url, [the_world(name) for name in ALL])
                urls[engine] = url
            return urls[engine]

        yield get


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ALL)
def test_readings_equal_the_recount(measured: Callable[[str], str], name: str, engine: str) -> None:
    sides = side_by_side(recounted_readings(name), read_readings(measured(engine), name))
    assert not sides.duplicated(KEY).any()
    assert unmatched(sides).empty, unmatched(sides).to_string()
    found = {column: number_differences(sides, column) for column in NUMBERS}
    found |= {column: label_differences(sides, column) for column in [*LABELS, "matures_at", "status"]}
    assert all(frame.empty for frame in found.values()), "\n".join(
        frame.to_string() for frame in found.values() if len(frame)
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", WORLDS + RANDOM_WORLDS)
def test_early_readings_equal_the_recount(measured: Callable[[str], str], name: str, engine: str) -> None:
    sides = side_by_side(recounted_early_readings(name), read_early(measured(engine), name), EARLY_KEY)
    assert len(sides) > 100 or name not in RANDOM_WORLDS
    assert unmatched(sides).empty, unmatched(sides).to_string()
    found = {column: number_differences(sides, column) for column in EARLY_NUMBERS}
    found |= {column: label_differences(sides, column) for column in EARLY_LABELS}
    assert all(frame.empty for frame in found.values()), "\n".join(
        frame.to_string() for frame in found.values() if len(frame)
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", WORLDS + RANDOM_WORLDS)
def test_duration_histograms_equal_the_recount(measured: Callable[[str], str], name: str, engine: str) -> None:
    sides = side_by_side(recounted_durations(name), read_durations(measured(engine), name), DURATION_KEY)
    assert len(sides) > 100 or name not in RANDOM_WORLDS
    assert not sides.duplicated(DURATION_KEY).any()
    assert unmatched(sides).empty, unmatched(sides).to_string()
    found = {column: number_differences(sides, column) for column in DURATION_NUMBERS}
    found |= {column: label_differences(sides, column) for column in DURATION_LABELS}
    assert all(frame.empty for frame in found.values()), "\n".join(
        frame.to_string() for frame in found.values() if len(frame)
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", COLUMNS)
def test_lifelines_data_sets_have_the_quantiles_of_lifelines(
    measured: Callable[[str], str], name: str, engine: str
) -> None:
    expected = lifelines_quantiles(*spells_of(name))
    readings = read_readings(measured(engine), f"lifelines_{name}")
    readings = readings[(readings["period"] == "day") & (readings["segment"] == "all")].set_index("statistic")
    for statistic, numbers in expected.items():
        found = readings.loc[statistic, ["value", "ci_low", "ci_high"]].astype(float) / UNIT
        assert found.to_dict() == pytest.approx(numbers, nan_ok=True, rel=1e-9), (name, statistic)


@pytest.mark.parametrize("name", ALL)
def test_engines_agree_to_the_last_digits_of_floating_point(measured: Callable[[str], str], name: str) -> None:
    first, second = (read_readings(measured(engine), name).sort_values(KEY) for engine in ENGINES)
    pd.testing.assert_frame_equal(
        first.reset_index(drop=True), second.reset_index(drop=True), check_dtype=False, rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_rows_outside_the_viewpoint_are_marked(measured: Callable[[str], str], engine: str) -> None:
    """Readings count rows in the viewpoint only; the row-level marts hold all rows."""
    marts = {
        "fct_journey_instances": {("anna", True), ("dirk", True), ("bert", False), ("carla", False)},
        "fct_stage_visits": {("anna", True), ("dirk", True), ("bert", False), ("carla", False)},
        "fct_responses": {("anna", True), ("bert", False), ("bert", True)},
    }
    with open_warehouse(measured(engine)) as w:
        for mart, wanted in marts.items():
            rows = w.rows(
                f"select instances.customer_id, mart.is_in_viewpoint from marts.{mart} as mart"
                " inner join marts.fct_journey_instances as instances on mart.instance_id = instances.instance_id"
                " where mart.journey = 'viewpoint' and mart.journey = instances.journey"
            )
            found = {(row["customer_id"].removeprefix("viewpoint_"), row["is_in_viewpoint"]) for row in rows}
            assert found == wanted, mart


@pytest.mark.parametrize("engine", ENGINES)
def test_pairs_in_the_wrong_order_are_counted_apart(measured: Callable[[str], str], engine: str) -> None:
    columns = "kpi, from_touchpoint, to_touchpoint, count_pairs, count_wrong_order, count_pairs_28d"
    with open_warehouse(measured(engine)) as warehouse:
        rows = warehouse.rows(f"select {columns} from marts.rpt_pair_order where journey = 'wrong_order' order by kpi")
    pair = ("wrong_order_asked", "wrong_order_fixed")
    assert [tuple(row.values()) for row in rows] == [
        ("help.promises_kept", *pair, 6, 1, 0),
        ("help.time_to_resolve", *pair, 6, 1, 0),
    ]
