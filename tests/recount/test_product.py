"""The product counts every small world, on each engine, as the second count does."""

from __future__ import annotations

import sys
from datetime import UTC
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from jkpi.journeys import write_map
from jkpi.journeys.calendars import write_calendars
from jkpi.journeys.calendars.model import Calendar
from jkpi.journeys.model import Journey
from jkpi.measuring import measure
from jkpi.settings import Settings
from jkpi.warehouse import Warehouse, ensure_landing, open_warehouse

sys.path.insert(0, str(Path(__file__).parent))
from readings import KEY, NUMBERS, WORDS, all_readings
from worlds import AS_OF, World, names, world

pytestmark = pytest.mark.slow
ENGINES = ["duckdb", "postgres"]
NOW = AS_OF.to_pydatetime().replace(tzinfo=UTC)


def make_database(server: str) -> str:
    """The URL of an empty database, gone with its server."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("create database worlds")
    return server.rsplit("/", 1)[0] + "/worlds"


class Source:
    """A source as far as the map is concerned."""

    def __init__(self, name: str, late: int) -> None:
        self.row = {
            **{"source": name, "kind": "touchpoints", "title": name, "late_seconds": late},
            **dict.fromkeys(("schedule", "owner", "data_use")),
        }

    def to_map_row(self) -> dict[str, Any]:
        return self.row


def land(warehouse: Warehouse, worlds: list[World]) -> None:
    """Maps, version after version, and all rows, as one batch a source."""
    ensure_landing(warehouse)
    sources = [
        Source(name, int(pd.Timedelta(late.replace("d", "D")).total_seconds()))
        for one in worlds
        for name, late in one.late.items()
    ]
    for number in range(max(len(one.documents) for one in worlds)):
        current = [one.documents[min(number, len(one.documents) - 1)] for one in worlds]
        write_map(warehouse, [Journey.model_validate(document) for document in current], sources, NOW)
    calendars = [Calendar.model_validate(hours) for one in worlds for hours in one.calendars.values()]
    write_calendars(warehouse, calendars, NOW)
    for one in worlds:
        for table, frame in one.tables.items():
            if len(frame):
                frame = frame.assign(batch_id="b") if table != "blind_spots" else frame
                kept = frame.dropna(axis="columns", how="all")
                warehouse.insert(f"raw.{table}", pa.Table.from_pandas(kept, preserve_index=False))
                for source in frame["source"].unique():
                    warehouse.execute(
                        "insert into raw.load_batches (source, batch_id, status, load_number)"
                        " values (cast(:source as text), 'b', 'loaded', 1)",
                        {"source": source},
                    )


@pytest.fixture(scope="module", params=ENGINES)
def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """All readings of all worlds, counted in one run."""
    workspace = tmp_path_factory.mktemp("worlds")
    url = f"duckdb:///{workspace / 'w.duckdb'}"
    if request.param == "postgres":
        url = make_database(request.getfixturevalue("postgres_server"))
    with open_warehouse(url) as warehouse:
        land(warehouse, [world(name) for name in names()])
    measure(Settings(workspace, "worlds", url, "sqlite://", workspace / "site", NOW))
    with open_warehouse(url) as warehouse:
        rows = warehouse.rows("select * from marts.fct_kpi_readings")
    return pd.DataFrame(rows).astype({"period_start": "datetime64[us]", "matures_at": "datetime64[us]"})


@pytest.mark.parametrize("name", names())
def test_the_product_counts_as_the_second_count_does(product: pd.DataFrame, name: str) -> None:
    mine = all_readings(world(name).facts())
    theirs = product[product["journey"] == name]
    if mine.empty:
        assert theirs.empty
        return
    sides = mine.merge(theirs, on=KEY, how="outer", suffixes=("", "_product"), indicator=True)
    alone = sides[sides["_merge"] != "both"]
    assert alone.empty, alone[[*KEY, "_merge"]].to_string()
    for number in NUMBERS:
        one, other = sides[number].astype(float), sides[f"{number}_product"].astype(float)
        apart = (one - other).abs() / one.abs().clip(lower=1) > 1e-9
        assert not (odd := sides[apart | (one.isna() != other.isna())]).size, show(odd, number)
    for word in [*WORDS, "matures_at", "status"]:
        one, other = sides[word], sides[f"{word}_product"]
        assert not (odd := sides[(one != other) & ~(one.isna() & other.isna())]).size, show(odd, word)


def show(odd: pd.DataFrame, column: str) -> str:
    return odd[[*KEY, column, f"{column}_product"]].head(20).to_string()
