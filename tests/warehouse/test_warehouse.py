"""Both engines implement the warehouse interface in the same way."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from jkpi.errors import InputError, SystemFailure
from jkpi.warehouse.base import Warehouse, used_parameters, with_placeholders
from jkpi.warehouse.landing import LANDING_TABLES, ensure_landing
from jkpi.warehouse.open import open_warehouse

NASTY = ['comma, "quote"', "line\nbreak", "", None, "ünïcode ✓", r"back\slash \N", "50 % :name"]


@pytest.fixture(params=["duckdb", "postgres"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Warehouse]:
    in_file = f"duckdb:///{tmp_path}/w.duckdb"
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else in_file
    with open_warehouse(url) as opened:
        ensure_landing(opened)
        yield opened


def test_ensure_landing_is_idempotent(warehouse: Warehouse) -> None:
    warehouse.insert("raw.map_segments", pa.table({"journey": ["j"], "version": [1]}))
    ensure_landing(warehouse)
    assert warehouse.scalar("select count(*) from raw.map_segments") == 1
    assert all(warehouse.table_exists("raw", table) for table in LANDING_TABLES)
    assert not warehouse.table_exists("raw", "nothing")


def test_texts_are_stored_unchanged(warehouse: Warehouse) -> None:
    ids = [f"{n}" for n in range(len(NASTY))]
    warehouse.insert("raw.touchpoint_events", pa.table({"event_id": ids, "touchpoint": pa.array(NASTY, pa.string())}))
    rows = warehouse.rows("select touchpoint from raw.touchpoint_events order by event_id")
    assert [row["touchpoint"] for row in rows] == NASTY


def test_values_are_returned_as_python_types(warehouse: Warehouse) -> None:
    timestamp = datetime(2026, 3, 29, 1, 30, 0, 250000)
    table = pa.table({"response_id": ["r"], "score": [1.5], "responded_at": pa.array([timestamp], pa.timestamp("us"))})
    warehouse.insert("raw.survey_responses", table)
    row = warehouse.rows(
        "select responded_at, score, cast(responded_at as date) as day, cast(2.5 as decimal(4, 1)) as tenth,"
        " 'a:b' as literal from raw.survey_responses where response_id = :id",
        {"id": "r", "unused": 1},
    )[0]
    assert row == {"responded_at": timestamp, "score": 1.5, "day": date(2026, 3, 29), "tenth": 2.5, "literal": "a:b"}
    assert isinstance(row["tenth"], float)


def test_percent_signs_and_parameters_in_one_statement(warehouse: Warehouse) -> None:
    warehouse.insert("raw.map_segments", pa.table({"segment": ["abc", "xyz"]}))
    found = warehouse.rows(
        "select segment from raw.map_segments where segment like 'a%' and segment = :s", {"s": "abc"}
    )
    assert found == [{"segment": "abc"}]
    assert warehouse.scalar("select count(*) from raw.map_segments where segment like '%z'") == 1


def test_transaction_is_atomic(warehouse: Warehouse) -> None:
    with pytest.raises(KeyError), warehouse.transaction():
        warehouse.insert("raw.map_segments", pa.table({"segment": ["a"]}))
        raise KeyError
    assert warehouse.scalar("select count(*) from raw.map_segments") == 0
    with warehouse.transaction(), warehouse.transaction():
        warehouse.insert("raw.map_segments", pa.table({"segment": ["a"]}))
    assert warehouse.execute("delete from raw.map_segments") == 1


def test_table_with_empty_first_chunk_is_inserted(warehouse: Warehouse) -> None:
    parts = [pa.table({"segment": pa.array(names, pa.string())}) for names in ([], ["a", "b"])]
    assert warehouse.insert("raw.map_segments", pa.concat_tables(parts)) == 2
    assert warehouse.rows("select segment from raw.map_segments order by 1") == [{"segment": "a"}, {"segment": "b"}]


def test_batches_have_a_bounded_size(warehouse: Warehouse) -> None:
    warehouse.insert("raw.map_segments", pa.table({"segment": [str(n) for n in range(5000)]}))
    sizes = [batch.num_rows for batch in warehouse.batches("select segment from raw.map_segments", size=2048)]
    assert sum(sizes) == 5000
    assert max(sizes) <= 2048


def test_error_of_locked_file_names_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jkpi.warehouse.duckdb.LOCK_TIMEOUT_SECONDS", 0.3)
    place = tmp_path / "w.duckdb"
    script = f"import duckdb, sys; c = duckdb.connect({str(place)!r}); print('held', flush=True); sys.stdin.read()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", script], stdin=pipe, stdout=pipe) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with (
            pytest.raises(SystemFailure, match=f"locked by process {holder.pid}"),
            open_warehouse(f"duckdb:///{place}"),
        ):
            pass
        holder.communicate()


def test_unreachable_server_and_unknown_scheme_are_errors() -> None:
    with pytest.raises(SystemFailure, match=r"127\.0\.0\.1 cannot be reached") as caught:  # noqa: SIM117
        with open_warehouse("postgresql://someone:s3cret@127.0.0.1:1/x"):
            pass
    assert "s3cret" not in str(caught.value)
    with pytest.raises(InputError, match="unknown scheme of the warehouse URL: 'mysql'"), open_warehouse("mysql://x"):
        pass


def test_placeholders_ignore_quotes_and_casts() -> None:
    sql = "select ':no', a::int, :yes, 'it''s :no' from t"
    assert with_placeholders(sql, "${name}") == "select ':no', a::int, $yes, 'it''s :no' from t"
    assert used_parameters(sql, {"yes": 1, "no": 2}) == {"yes": 1}
