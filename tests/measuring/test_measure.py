"""Measuring a small workspace for real, and what it says when it cannot."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from jkpi import package_files
from jkpi.cli.report import render_measure
from jkpi.errors import CheckFailed, InputError, SystemFailure
from jkpi.measuring.parsed_project import parsed_project_path, read_parsed_project
from jkpi.measuring.run import _workspace_lock, measure
from jkpi.measuring.run_state import inputs_fingerprint
from jkpi.warehouse.open import open_warehouse
from tests.dbt import small_world as world

pytestmark = pytest.mark.dbt


class Counter:
    """A progress that remembers."""

    def __init__(self) -> None:
        self.total: float | None = None
        self.done = 0.0

    def start(self, description: str, total: float | None = None) -> None:
        self.total = total

    def advance(self, amount: float = 1) -> None:
        self.done += amount


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A folder with a warehouse that holds a map and two batches."""
    _land(url(tmp_path))
    return tmp_path


@pytest.fixture(params=world.ENGINES)
def landed(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a warehouse that holds a map and two batches, on each engine in turn."""
    where = url(tmp_path) if request.param == "duckdb" else str(request.getfixturevalue("postgres_url"))
    _land(where)
    return where


def _land(where: str) -> None:
    with open_warehouse(where) as warehouse:
        world.land_map(warehouse)
        for batch in world.in_batches(world.events(seed=3, instances=15), 2, seed=3):
            world.land(warehouse, "touchpoint_events", batch)


def url(workspace: Path) -> str:
    return f"duckdb:///{workspace / 'w.duckdb'}"


@pytest.mark.slow
def test_incremental_runs_and_full_refreshes(
    workspace: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first run builds everything, later ones only new rows; a changed map or an earlier time refresh all.

    dbt parses its project in the first run only.
    """
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    parsed = workspace / ".jkpi" / "dbt" / "target" / "partial_parse.msgpack"
    counter = Counter()
    first = measure(world.settings(url(workspace), workspace), progress=counter)
    assert first.passed and first.refresh_reason == ""
    assert first.models > 40 and first.tests > 20
    assert counter.total == counter.done == first.models + first.tests
    assert capfd.readouterr() == ("", "")

    assert len(list((tmp_path / "cache" / "jkpi").iterdir())) == 1
    parsed.unlink()
    second, third = (measure(world.settings(url(workspace), workspace)) for _ in range(2))
    assert second.refresh_reason == third.refresh_reason == ""
    assert second.models == first.models and third.models < second.models / 2, "views stand as they are"

    assert not parsed.exists()

    before = world.settings(url(workspace), workspace, world.AS_OF - timedelta(days=1))
    assert measure(before).refresh_reason == "time was set back"

    with open_warehouse(url(workspace)) as warehouse:
        world.land_map(warehouse, window=world.WINDOW // 2)
    assert measure(before).refresh_reason == "the map or the SQL has changed"

    with open_warehouse(url(workspace)) as warehouse:
        runs = warehouse.rows("select run_number, refreshed from raw.measure_runs order by run_number")
    assert [(row["run_number"], row["refreshed"]) for row in runs] == [
        (1, "first run"),
        (2, ""),
        (3, ""),
        (4, "time was set back"),
        (5, "the map or the SQL has changed"),
    ]


TAKEN_BACK = {
    "gone": [
        "delete from raw.touchpoint_events where batch_id = 'b1'",
        "delete from raw.load_batches where batch_id = 'b1'",
    ],
    "loaded again by other rules": [
        "update raw.load_batches set load_number = load_number + 100",
        "update raw.touchpoint_events set touchpoint = 'visited', content_hash = 'abc' || substr(content_hash, 4)"
        " where event_id = (select min(event_id) from raw.touchpoint_events where touchpoint = 'called')",
    ],
}


@pytest.mark.parametrize(
    ("landed", "statements"),
    [("postgres", TAKEN_BACK["gone"]), ("duckdb", TAKEN_BACK["loaded again by other rules"])],
    indirect=["landed"],
    ids=TAKEN_BACK,
)
def test_events_of_a_withdrawn_batch_are_no_longer_counted(landed: str, tmp_path: Path, statements: list[str]) -> None:
    """Also where it was loaded again under the same name: its rows are others."""
    settings = world.settings(landed, tmp_path)
    measure(settings)
    with open_warehouse(landed) as warehouse:
        for statement in statements:
            warehouse.execute(statement)
    report = measure(settings)
    assert report.refresh_reason == "a batch was removed"
    assert "full refresh: a batch was removed" in render_measure(report)[0]
    counts = "select touchpoint, count(*) as n from {} group by touchpoint order by touchpoint"
    placed = "intermediate.int_journey_events join intermediate.int_touchpoints using (place_number)"
    mine = world.table(landed, counts.format(placed))
    assert mine == world.table(landed, counts.format("raw.touchpoint_events"))


def test_a_moment_on_another_kpi_counts_its_past(workspace: Path) -> None:
    """What is counted for moments of truth alone was not counted before; another promise or owner changes no number."""
    project = package_files.package_folder("dbt_project")
    with open_warehouse(url(workspace)) as warehouse:
        before = inputs_fingerprint(warehouse, project)
        warehouse.execute("update raw.map_moments set promise = 0.5, owner = 'somebody else'")
        assert inputs_fingerprint(warehouse, project) == before
        warehouse.execute("update raw.map_moments set kpi = 'fix.time_to_resolve'")
        assert inputs_fingerprint(warehouse, project) != before


def test_nothing_is_written_into_the_project(workspace: Path) -> None:
    project = package_files.package_folder("dbt_project")
    before = sorted(project.rglob("*"))
    measure(world.settings(url(workspace), workspace))
    assert sorted(project.rglob("*")) == before
    assert (workspace / ".jkpi" / "dbt" / "target" / "run_results.json").exists()


def test_a_broken_promise_of_the_data_is_a_failed_check(workspace: Path) -> None:
    """The same answer twice: the loader would not let it in, the models say so all the same."""
    twice = next(row for row in world.answers(seed=1) if row["question"] == "recommend")
    with open_warehouse(url(workspace)) as warehouse:
        world.land(warehouse, "survey_responses", [twice, twice])
    with pytest.raises(CheckFailed, match="unique_grain_int_placed_sayings"):
        measure(world.settings(url(workspace), workspace))


def test_a_model_that_fails_is_named(workspace: Path) -> None:
    with open_warehouse(url(workspace)) as warehouse:
        warehouse.execute("update raw.touchpoint_events set segments = 'no json'")
    with pytest.raises(SystemFailure, match=r"int_journey_instances: .*JSON"):
        measure(world.settings(url(workspace), workspace))


def test_a_locked_warehouse_names_its_holder(workspace: Path) -> None:
    with _held(workspace / "w.duckdb") as process, pytest.raises(SystemFailure, match=rf"locked by .*{process.pid}"):
        measure(world.settings(url(workspace), workspace))


def test_one_measure_run_at_a_time(workspace: Path) -> None:
    settings = world.settings(url(workspace), workspace)
    with _workspace_lock(settings.internal_dir / "dbt"), pytest.raises(SystemFailure, match="another measure run"):
        measure(settings)


def test_a_warehouse_in_memory_cannot_be_measured(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="in memory"):
        measure(world.settings("duckdb:///:memory:", tmp_path))


@contextmanager
def _held(place: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the file open."""
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(place)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "open\n"
        yield process


def test_what_cannot_be_read_of_a_cache_is_parsed_again(tmp_path: Path) -> None:
    kept = tmp_path / "dbt-broken.msgpack"
    assert read_parsed_project(kept) is None
    kept.write_bytes(b"broken")
    assert read_parsed_project(kept) is None


def test_a_parsed_project_is_of_its_files_and_its_database(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    model = tmp_path / "models" / "m.sql"
    paths = set()
    for sql, database in (("select 1", "a"), ("select 2", "a"), ("select 2", "b")):
        model.write_text(sql)
        environment = {"JKPI_ENGINE": "duckdb", "JKPI_DUCKDB_PATH": f"/data/{database}.duckdb"}
        paths.add(parsed_project_path(tmp_path, environment))
    assert len(paths) == 3
