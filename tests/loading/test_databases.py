"""SQL sources: a watermark, rows that share it, and URLs that are wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from jkpi.errors import InputError, SourceError

SQL = """\
source: tickets
kind: touchpoints
from: {sql: env:TICKETS_URL, query: "select id, who, state, at from events where state <> ':none'", cursor: at}
format: {timezone: Europe/Paris}
columns: {event_id: id, customer_id: who, touchpoint: state, occurred_at: at}
"""


@contextmanager
def tickets(folder: Path) -> Iterator[sqlite3.Connection]:
    """A database of tickets; what is written is kept, and the file is closed."""
    with closing(sqlite3.connect(folder / "tickets.db")) as database, database:
        yield database


def test_only_what_is_new_is_fetched(each: Any, monkeypatch: pytest.MonkeyPatch, adds_up: Any) -> None:
    monkeypatch.setenv("TICKETS_URL", "sqlite:///tickets.db")
    with tickets(each.folder) as database:
        database.execute("create table events (id integer, who text, state text, at text)")
        rows = [
            (1, "a", "opened", "2026-06-01 10:00"),
            (2, "b", "opened", "2026-06-02 10:00"),
            (3, "c", "opened", None),
        ]
        database.executemany("insert into events values (?, ?, ?, ?)", rows)
    report = adds_up(each.load(SQL)[0])
    assert (report.loaded, dict(report.reasons)) == (2, {"missing date": 1})
    assert each.rows(table="load_batches")[0]["cursor_value"] == "text 2026-06-02 10:00"
    assert each.load(SQL)[0].status == "unchanged"
    with tickets(each.folder) as database:
        # The first of them shares the watermark: it must not be lost.
        rows = [(4, "d", "opened", "2026-06-02 10:00"), (5, "e", "opened", "2026-06-03 10:00")]
        database.executemany("insert into events values (?, ?, ?, ?)", rows)
        database.execute("update events set state = 'closed' where id = 2")
    report = adds_up(each.load(SQL)[0])
    assert (report.loaded, dict(report.reasons)) == (2, {"same id, other content": 1})
    assert each.count() == 4
    assert (
        '"state":"closed"'
        in each.rows("original", "rejected_rows where reason = 'same id, other content'")[0]["original"]
    )


def test_native_types_from_postgres(
    place: Any, postgres_url: str, monkeypatch: pytest.MonkeyPatch, adds_up: Any
) -> None:
    monkeypatch.setenv("TICKETS_URL", postgres_url)
    engine = sa.create_engine(postgres_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.exec_driver_sql("create table events (id int, who text, state text, at timestamptz)")
        connection.exec_driver_sql(
            "insert into events select n, 'w', 'opened', timestamptz '2026-06-01 10:00+02' + n * interval '1 s'"
            " from generate_series(0, 4999) n"
        )
    text = SQL.replace("format: {timezone", 'format: {timestamps: "%d/%m/%Y", timezone')
    report = adds_up(place.load(text)[0])
    assert report.loaded == 5000
    assert str(report.first_at) == "2026-06-01 08:00:00"
    assert place.load(text)[0].status == "unchanged"
    with engine.begin() as connection:
        connection.exec_driver_sql("insert into events values (9000, 'w', 'opened', '2026-06-05 10:00+02')")
    report = adds_up(place.load(text)[0])
    assert (report.read, report.loaded, report.duplicates) == (2, 1, 1)
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("nonsense", "is not a database URL"),
        ("oracel://u:secret@host/db", "names an unknown database"),
        ("sqlite:///missing.db", r"there is no database missing\.db"),
        ("postgresql://u:secret@127.0.0.1:1/db", "the database reports"),
    ],
)
def test_a_wrong_url_is_reported(place: Any, monkeypatch: pytest.MonkeyPatch, url: str, problem: str) -> None:
    monkeypatch.setenv("TICKETS_URL", url)
    with pytest.raises(SourceError, match=problem) as caught:
        place.load(SQL)
    assert "secret" not in str(caught.value) + caught.value.hint
    assert place.count("load_batches") == 0


def test_a_wrong_query_or_cursor(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TICKETS_URL", raising=False)
    with pytest.raises(InputError, match="TICKETS_URL is not set"):
        place.load(SQL)
    monkeypatch.setenv("TICKETS_URL", "sqlite:///tickets.db")
    with tickets(place.folder) as database:
        database.execute("create table events (id integer, who text, state text, at text)")
    with pytest.raises(SourceError, match="no such table: evnts"):
        place.load(SQL.replace("from events", "from evnts"))
    with pytest.raises(SourceError, match="no column 'updated' for its cursor"):
        place.load(SQL.replace("cursor: at", "cursor: updated"))
    with pytest.raises(SourceError, match=r"has no column 'whom'.*did you mean 'who'"):
        place.load(SQL.replace("customer_id: who", "customer_id: whom"))
