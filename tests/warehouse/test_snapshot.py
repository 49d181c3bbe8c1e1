"""Published copies are replaced as a whole, and readers and the writer do not block each other."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from jkpi.errors import SystemFailure
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.open import open_warehouse
from jkpi.warehouse.snapshot import fill_published, write_snapshot


def numbers(link: Path) -> list[int]:
    with duckdb.connect(str(link), read_only=True) as connection:
        return [row[0] for row in connection.execute("select number from published.numbers order by 1").fetchall()]


def write(warehouse: Warehouse, link: Path, count: int) -> Path:
    return write_snapshot(warehouse, link, {"numbers": f"select range as number from range({count})"})


def test_open_reader_keeps_its_copy_and_the_next_sees_the_new_one(tmp_path: Path) -> None:
    link = tmp_path / "published" / "d.duckdb"
    with open_warehouse(f"duckdb:///{tmp_path / 'w.duckdb'}") as warehouse:
        write(warehouse, link, 2)
        with duckdb.connect(str(link), read_only=True) as early:
            write(warehouse, link, 5)
            assert early.execute("select count(*) from published.numbers").fetchall() == [(2,)]
            assert len(numbers(link)) == 5, "in the same process, while the old one is open"
        assert link.is_symlink()


def test_readers_and_writer_do_not_block_each_other(tmp_path: Path) -> None:
    link = tmp_path / "d.duckdb"
    with open_warehouse(f"duckdb:///{tmp_path / 'w.duckdb'}") as warehouse:
        warehouse.execute("create table mine as select 1 as number")
        write_snapshot(warehouse, link, {"numbers": "select number from mine"})
        assert numbers(link) == [1], "while the warehouse is open for writing"
        warehouse.execute("insert into mine values (2)")
        assert numbers(link) == [1], "what is not published is not seen"


def test_old_copies_and_drafts_are_deleted(tmp_path: Path) -> None:
    link = tmp_path / "d.duckdb"
    (tmp_path / "d.123.part").write_text("half")
    with open_warehouse("duckdb:///:memory:") as warehouse:
        snapshots = [write(warehouse, link, count) for count in range(1, 6)]
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {link.name, *(path.name for path in snapshots[-3:])}
    assert numbers(link) == [0, 1, 2, 3, 4]
    assert snapshots[-1].stat().st_mode & 0o222 == 0


def test_failed_query_keeps_the_old_copy(tmp_path: Path) -> None:
    link = tmp_path / "d.duckdb"
    with open_warehouse("duckdb:///:memory:") as warehouse:
        write(warehouse, link, 2)
        with pytest.raises(duckdb.Error):
            write_snapshot(warehouse, link, {"numbers": "select 1 as number", "wrong": "select nothing"})
        assert numbers(link) == [0, 1]
        write(warehouse, link, 3)
    assert numbers(link) == [0, 1, 2], "the next run is not hindered by what was left"


def test_unwritable_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "published").write_text("a file where the folder should be")
    with open_warehouse("duckdb:///:memory:") as warehouse, pytest.raises(SystemFailure, match="cannot be written"):
        write(warehouse, tmp_path / "published" / "d.duckdb", 1)


def test_postgres_rows_are_replaced_in_one_transaction(postgres_url: str) -> None:
    import psycopg

    def seen(connection: psycopg.Connection) -> list[int]:
        return [row[0] for row in connection.execute("select number from published.numbers order by 1").fetchall()]

    with open_warehouse(postgres_url) as warehouse, psycopg.connect(postgres_url, autocommit=True) as reader:
        fill_published(warehouse, {"numbers": "select 1 as number union all select 2"})
        assert seen(reader) == [1, 2]
        warehouse.execute("create table published.kept as select 7 as number")
        with warehouse.transaction():
            fill_published(warehouse, {"numbers": "select 3 as number"})
            assert seen(reader) == [1, 2], "the reader neither waits nor sees half"
        assert seen(reader) == [3]
        fill_published(warehouse, {"numbers": "select 4 as number, 'four' as word"})
        assert reader.execute("select number, word from published.numbers").fetchall() == [(4, "four")]
        assert reader.execute("select number from published.kept").fetchall() == [(7,)]
