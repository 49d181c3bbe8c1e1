"""The map's tables follow the workspace, on both engines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jkpi.errors import InputError
from jkpi.journeys.map_tables import delete_past_versions, write_map
from jkpi.journeys.rows import MAP_TABLES
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.landing import ensure_landing
from jkpi.warehouse.open import open_warehouse
from tests.journeys.small_map import SMALL, journey

FIRST = datetime(2026, 6, 1, tzinfo=UTC)
LATER = datetime(2026, 6, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Source:
    title: str = "Tickets"

    def to_map_row(self) -> Mapping[str, Any]:
        card = '{"purpose": "measure"}'
        return {
            "source": "tickets",
            "kind": "touchpoints",
            "title": self.title,
            "late_seconds": 172800,
            "wave_closes_seconds": 1209600,
            "schedule": "@daily",
            "owner": None,
            "data_use": card,
        }


@pytest.fixture(params=["duckdb", "postgres"])
def warehouse(request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else "duckdb:///:memory:"
    with open_warehouse(url) as opened:
        ensure_landing(opened)
        yield opened


def versions(warehouse: Warehouse, table: str) -> list[tuple[str, int, bool]]:
    rows = warehouse.rows(f"select distinct journey, version, is_current from raw.{table} order by 1, 2")
    return [(row["journey"], row["version"], row["is_current"]) for row in rows]


def test_written_once_and_then_left_alone(warehouse: Warehouse, tmp_path: Path) -> None:
    journey_map = journey(tmp_path)
    assert write_map(warehouse, [journey_map], [Source()], FIRST) is True
    assert write_map(warehouse, [journey_map], [Source()], LATER) is False
    assert warehouse.scalar("select count(*) from raw.map_kpis") == 9
    assert warehouse.scalar("select valid_from from raw.map_journeys") == datetime(2026, 6, 1)
    assert warehouse.scalar("select late_seconds from raw.map_sources") == 172800


def test_a_version_that_changed_is_replaced(warehouse: Warehouse, tmp_path: Path) -> None:
    write_map(warehouse, [journey(tmp_path)], [], FIRST)
    text = SMALL.replace("tolerance: 4h", "tolerance: 6h").replace("      - {kpi: volume}\n", "")
    assert write_map(warehouse, [journey(tmp_path, text)], [], LATER) is True
    assert warehouse.scalar("select count(*) from raw.map_kpis") == 8
    assert warehouse.scalar("select tolerance_seconds from raw.map_kpis where kind = 'time_to_resolve'") == 6 * 3600
    assert warehouse.scalar("select valid_from from raw.map_journeys") == datetime(2026, 6, 1)


def test_new_version_is_current_and_the_old_one_is_kept(warehouse: Warehouse, tmp_path: Path) -> None:
    write_map(warehouse, [journey(tmp_path)], [], FIRST)
    second = journey(tmp_path, SMALL.replace("version: 1", "version: 2"))
    assert write_map(warehouse, [second], [], LATER) is True
    for table in (
        "map_journeys",
        "map_stages",
        "map_touchpoints",
        "map_kpis",
        "map_moments",
        "map_segments",
        "map_viewpoints",
    ):
        assert versions(warehouse, table) == [("repair", 1, False), ("repair", 2, True)], table
    assert write_map(warehouse, [second], [], LATER) is False
    assert write_map(warehouse, [journey(tmp_path)], [], LATER) is True
    assert versions(warehouse, "map_kpis") == [("repair", 1, True), ("repair", 2, False)]


def test_removed_journey_is_not_current(warehouse: Warehouse, tmp_path: Path) -> None:
    other = journey(tmp_path, SMALL.replace("journey: repair", "journey: other"))
    write_map(warehouse, [journey(tmp_path), other], [], FIRST)
    assert write_map(warehouse, [other], [], LATER) is True
    assert versions(warehouse, "map_journeys") == [("other", 1, True), ("repair", 1, False)]
    assert write_map(warehouse, [other], [], LATER) is False


def test_rows_of_a_replaced_version_are_deleted(warehouse: Warehouse, tmp_path: Path) -> None:
    """A table of which nothing is wanted any more is emptied of that version too."""
    write_map(warehouse, [journey(tmp_path)], [], FIRST)
    text = SMALL[: SMALL.index("moments_of_truth:")]
    assert write_map(warehouse, [journey(tmp_path, text)], [], LATER) is True
    assert warehouse.scalar("select count(*) from raw.map_moments") == 0


def test_sources_are_replaced_as_a_whole(warehouse: Warehouse, tmp_path: Path) -> None:
    journey_map = journey(tmp_path)
    write_map(warehouse, [journey_map], [Source()], FIRST)
    assert write_map(warehouse, [journey_map], [Source("Service desk")], LATER) is True
    assert warehouse.rows("select title from raw.map_sources") == [{"title": "Service desk"}]
    assert write_map(warehouse, [journey_map], [], LATER) is True
    assert warehouse.scalar("select count(*) from raw.map_sources") == 0


def test_valid_from_of_the_map_is_used(warehouse: Warehouse, tmp_path: Path) -> None:
    journey_map = journey(tmp_path)
    write_map(warehouse, [journey_map], [], FIRST)
    with_valid_from = journey(tmp_path, SMALL.replace("version: 1", "version: 1\nvalid_from: 2026-05-01"))
    assert write_map(warehouse, [with_valid_from], [], LATER) is True
    assert warehouse.scalar("select valid_from from raw.map_journeys") == datetime(2026, 4, 30, 22)
    assert write_map(warehouse, [with_valid_from], [], LATER) is False
    write_map(warehouse, [journey_map], [], LATER)  # without a day in the map the known one stays
    assert warehouse.scalar("select valid_from from raw.map_journeys") == datetime(2026, 4, 30, 22)


def test_a_version_of_tomorrow_is_refused(warehouse: Warehouse, tmp_path: Path) -> None:
    write_map(warehouse, [journey(tmp_path)], [], FIRST)
    ahead = journey(tmp_path, SMALL.replace("version: 1", "version: 2\nvalid_from: 2026-06-03"))
    with pytest.raises(InputError, match=r"version 2: valid_from is later than 2026-06-02") as refused:
        write_map(warehouse, [ahead], [], LATER)
    assert "until then the version before it is valid" in refused.value.hint
    assert warehouse.scalar("select max(version) from raw.map_journeys") == 1
    assert write_map(warehouse, [ahead], [], datetime(2026, 6, 2, 22, tzinfo=UTC)) is True  # midnight in Paris


def test_history_is_rewritten_for_the_journeys_of_today(warehouse: Warehouse, tmp_path: Path) -> None:
    gone = journey(tmp_path, SMALL.replace("journey: repair", "journey: gone"))
    write_map(warehouse, [journey(tmp_path), gone], [], FIRST)
    assert delete_past_versions(warehouse) is False
    second = journey(tmp_path, SMALL.replace("version: 1", "version: 2"))
    write_map(warehouse, [second], [], LATER)
    assert delete_past_versions(warehouse) is True
    for table in MAP_TABLES:
        assert versions(warehouse, table) == [("gone", 1, False), ("repair", 2, True)], table
    assert delete_past_versions(warehouse) is False
    assert write_map(warehouse, [second], [], LATER) is False


def test_a_warehouse_of_an_earlier_release_gets_the_new_columns(warehouse: Warehouse, tmp_path: Path) -> None:
    for column in ("calendar", "definition", "emotion", "on_touchpoint"):
        warehouse.execute(f"alter table raw.map_kpis drop column {column}")
    warehouse.execute("drop table raw.map_viewpoints")
    ensure_landing(warehouse)
    assert write_map(warehouse, [journey(tmp_path)], [], FIRST) is True
    assert warehouse.scalar("select count(distinct definition) from raw.map_kpis") == 9


def test_the_map_tables_are_written_in_one_transaction(warehouse: Warehouse, tmp_path: Path) -> None:
    class Broken(Source):
        def to_map_row(self) -> Mapping[str, Any]:
            return {**super().to_map_row(), "late_seconds": "not a number"}

    with pytest.raises(Exception, match="not a number"):
        write_map(warehouse, [journey(tmp_path)], [Broken()], FIRST)
    assert warehouse.scalar("select count(*) from raw.map_journeys") == 0
