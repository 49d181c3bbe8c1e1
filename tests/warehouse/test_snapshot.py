"""What readers see: all of the old copy until they see all of the new one, and nobody waits for anybody."""

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


def write(w: Warehouse, link: Path, count: int) -> Path:
    return write_snapshot(w, link, {"numbers": f"select range as number from range({count})"})


def test_a_reader_keeps_what_it_opened_and_the_next_one_sees_the_new(tmp_path: Path) -> None:
    link = tmp_path / "published" / "d.duckdb"
    with open_warehouse(f"duckdb:///{tmp_path / 'w.duckdb'}") as w:
        write(w, link, 2)
        with duckdb.connect(str(link), read_only=True) as early:
            write(w, link, 5)
            assert early.execute("select count(*) from published.numbers").fetchall() == [(2,)]
            assert len(numbers(link)) == 5, "in the same process, while the old one is open"
        assert link.is_symlink()


def test_the_writer_is_not_held_up_by_readers_nor_they_by_it(tmp_path: Path) -> None:
    link = tmp_path / "d.duckdb"
    with open_warehouse(f"duckdb:///{tmp_path / 'w.duckdb'}") as w:
        w.execute("create table mine as select 1 as number")
        write_snapshot(w, link, {"numbers": "select number from mine"})
        assert numbers(link) == [1], "while the warehouse is open for writing"
        w.execute("insert into mine values (2)")
        assert numbers(link) == [1], "what is not published is not seen"


def test_old_copies_and_what_a_killed_run_left_are_cleared_away(tmp_path: Path) -> None:
    link = tmp_path / "d.duckdb"
    (tmp_path / "d.123.part").write_text("half")
    with open_warehouse("duckdb:///:memory:") as w:
        made = [write(w, link, count) for count in range(1, 6)]
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {link.name, *(path.name for path in made[-3:])}
    assert numbers(link) == [0, 1, 2, 3, 4]
    assert made[-1].stat().st_mode & 0o222 == 0


def test_a_query_that_fails_leaves_the_old_copy(tmp_path: Path) -> None:
    link = tmp_path / "d.duckdb"
    with open_warehouse("duckdb:///:memory:") as w:
        write(w, link, 2)
        with pytest.raises(duckdb.Error):
            write_snapshot(w, link, {"numbers": "select 1 as number", "wrong": "select nothing"})
        assert numbers(link) == [0, 1]
        write(w, link, 3)
    assert numbers(link) == [0, 1, 2], "the next run is not hindered by what was left"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "published").write_text("a file where the folder should be")
    with open_warehouse("duckdb:///:memory:") as w, pytest.raises(SystemFailure, match="cannot be written"):
        write(w, tmp_path / "published" / "d.duckdb", 1)


def test_on_postgres_rows_are_replaced_in_one_step(postgres_url: str) -> None:
    import psycopg

    def seen(connection: psycopg.Connection) -> list[int]:
        return [row[0] for row in connection.execute("select number from published.numbers order by 1").fetchall()]

    with open_warehouse(postgres_url) as w, psycopg.connect(postgres_url, autocommit=True) as reader:
        fill_published(w, {"numbers": "select 1 as number union all select 2"})
        assert seen(reader) == [1, 2]
        w.execute("create table published.kept as select 7 as number")
        with w.transaction():
            fill_published(w, {"numbers": "select 3 as number"})
            assert seen(reader) == [1, 2], "the reader neither waits nor sees half"
        assert seen(reader) == [3]
        fill_published(w, {"numbers": "select 4 as number, 'four' as word"})
        assert reader.execute("select number, word from published.numbers").fetchall() == [(4, "four")]
        assert reader.execute("select number from published.kept").fetchall() == [(7,)]
