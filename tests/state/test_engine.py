"""The state database on both engines: migrations, serialised writing, errors that show no password."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, select, text

import jkpi.state.engine
from jkpi.errors import InputError, SystemFailure
from jkpi.state.engine import (
    HEAD,
    alert_transitions,
    alerts,
    metadata,
    migrate,
    outbox,
    read_transaction,
    state_engine,
    state_session,
    write_transaction,
)

MESSAGE = {
    "notification_id": "a", "receiver": "r", "title": "t", "body": "b", "severity": "info", "transition_ids": [],
    "content": {}, "status": "queued", "attempts": 0,
}  # fmt: skip


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/deep/state.db"


def test_migrations_create_the_tables_of_the_code(url: str) -> None:
    engine = state_engine(url)
    migrate(engine)
    with read_transaction(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_head_is_the_last_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(jkpi.state.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_a_second_migration_is_fast(url: str) -> None:
    engine = state_engine(url)
    migrate(engine)
    started = time.perf_counter()
    migrate(engine)
    assert time.perf_counter() - started < 0.5
    engine.dispose()


@pytest.mark.slow
def test_two_processes_may_migrate_at_once(url: str) -> None:
    code = "import sys; from jkpi.state.engine import migrate, state_engine; migrate(state_engine(sys.argv[1]))"
    runs = [subprocess.Popen([sys.executable, "-c", code, url], stderr=subprocess.PIPE) for _ in range(3)]
    errors = [run.communicate()[1].decode() for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], errors
    engine = state_engine(url)
    with read_transaction(engine) as connection:
        assert connection.execute(text("select count(*) from alembic_version")).scalar() == 1
    engine.dispose()


def test_writers_wait_for_each_other(url: str) -> None:
    """Each reads a number and writes it plus one. Without serialising, additions would be lost."""
    engine = state_engine(url)
    migrate(engine)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with write_transaction(engine) as connection:
        connection.execute(insert(outbox).values(**MESSAGE, created_at=now))

    def add_one() -> None:
        with write_transaction(engine) as connection:
            attempts = connection.execute(select(outbox.c.attempts)).scalar_one()
            time.sleep(0.05)
            connection.execute(outbox.update().values(attempts=attempts + 1))

    threads = [threading.Thread(target=add_one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with read_transaction(engine) as connection:
        assert connection.execute(select(outbox.c.attempts)).scalar_one() == 6
    engine.dispose()


def test_a_failed_transaction_leaves_nothing(url: str) -> None:
    engine = state_engine(url)
    migrate(engine)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(ZeroDivisionError), write_transaction(engine) as connection:
        connection.execute(insert(outbox).values(**MESSAGE, created_at=now))
        raise ZeroDivisionError
    with read_transaction(engine) as connection:
        assert connection.execute(select(outbox)).all() == []
    engine.dispose()


def test_a_session_migrates_commits_and_rolls_back(url: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with state_session(url, write=True) as connection:
        connection.execute(insert(outbox).values(**MESSAGE, created_at=now))
    with pytest.raises(ZeroDivisionError), state_session(url, write=True) as connection:
        connection.execute(outbox.update().values(attempts=9))
        raise ZeroDivisionError
    with state_session(url) as connection:
        assert connection.execute(select(outbox.c.attempts)).scalar_one() == 0


def test_times_keep_their_instant(url: str) -> None:
    engine = state_engine(url)
    migrate(engine)
    local = datetime(2026, 1, 1, 9, 30, tzinfo=timezone(timedelta(hours=3)))
    with write_transaction(engine) as connection:
        connection.execute(insert(outbox).values(**MESSAGE, created_at=local))
        assert connection.execute(select(outbox.c.created_at)).scalar_one() == local
        stored = connection.execute(text("select cast(created_at as varchar) from outbox")).scalar_one()
        assert stored.startswith("2026-01-01 06:30:00")
    engine.dispose()


def test_foreign_keys_hold(url: str) -> None:
    from sqlalchemy.exc import IntegrityError

    engine = state_engine(url)
    migrate(engine)
    day = datetime(2026, 1, 1, tzinfo=UTC)
    orphan = {
        "transition_id": "t", "alert_id": "none", "number": 1, "transition_type": "opened", "happened_on": day.date(),
        "recorded_at": day, "payload": {},
    }  # fmt: skip
    with pytest.raises(IntegrityError), write_transaction(engine) as connection:
        connection.execute(insert(alert_transitions).values(**orphan))
    with read_transaction(engine) as connection:
        assert connection.execute(select(alerts)).all() == []
    engine.dispose()


def test_a_newer_database_is_refused(url: str) -> None:
    engine = state_engine(url)
    migrate(engine)
    with write_transaction(engine) as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(SystemFailure, match="newer version"):
        migrate(engine)
    engine.dispose()


def test_errors_show_no_password() -> None:
    with pytest.raises(SystemFailure) as caught:
        migrate(state_engine("postgresql://someone:hunter2@127.0.0.1:1/nowhere"))
    assert "hunter2" not in str(caught.value) + caught.value.hint


@pytest.mark.parametrize("url", ["mysql://u:hunter2@h/d", "nonsense", "oracle://x"])
def test_an_unknown_kind_of_url_is_refused(url: str) -> None:
    with pytest.raises(InputError) as caught:
        state_engine(url)
    assert "hunter2" not in str(caught.value)
