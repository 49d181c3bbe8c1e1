"""A version that was counted is not counted otherwise, unless that is asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from jkpi.errors import InputError
from jkpi.journeys.map_tables import write_map
from jkpi.journeys.version_guard import check_measured_versions
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.landing import ensure_landing
from jkpi.warehouse.open import open_warehouse
from tests.journeys.small_map import SMALL, journey

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def counted(warehouse: Warehouse, *kpis: str) -> None:
    warehouse.execute("create schema if not exists marts")
    warehouse.execute("create table marts.fct_kpi_readings (journey text, map_version integer, kpi text, value double)")
    for kpi in kpis:
        warehouse.execute(
            "insert into marts.fct_kpi_readings select distinct journey, version, cast(:kpi as text), 0.5"
            " from raw.map_kpis",
            {"kpi": kpi},
        )


@pytest.mark.parametrize(
    ("old", "new", "refused"),
    [
        ("tolerance: 4h", "tolerance: 6h", "has already been measured"),
        ("      - {kpi: volume}\n", "", None),
        ("title: ", "title: The ", None),
        ("window: ", "window: 1", "scope"),
        ("version: 1", "version: 2", None),
    ],
)
def test_only_an_edit_that_changes_a_number_needs_a_new_version(
    tmp_path: Path, old: str, new: str, refused: str | None
) -> None:
    assert old in SMALL
    with open_warehouse("duckdb:///:memory:") as warehouse:
        ensure_landing(warehouse)
        drawn = journey(tmp_path)
        write_map(warehouse, [drawn], [], NOW)
        check_measured_versions(warehouse, [journey(tmp_path, SMALL.replace(old, new, 1))], NOW)
        counted(warehouse, *(kpi_id for kpi_id, *_ in drawn.all_kpis()))
        edited = journey(tmp_path, SMALL.replace(old, new, 1))
        if refused is None:
            check_measured_versions(warehouse, [edited], NOW)
            return
        with pytest.raises(InputError, match=refused) as caught:
            check_measured_versions(warehouse, [edited], NOW)
        assert "version: 2" in caught.value.hint


def test_a_kpi_without_readings_may_change_without_a_new_version(tmp_path: Path) -> None:
    """A correction of a scale that no answer has needs no new version."""
    with open_warehouse("duckdb:///:memory:") as warehouse:
        ensure_landing(warehouse)
        write_map(warehouse, [journey(tmp_path)], [], NOW)
        counted(warehouse, "somewhere.else")
        check_measured_versions(warehouse, [journey(tmp_path, SMALL.replace("tolerance: 4h", "tolerance: 6h"))], NOW)
