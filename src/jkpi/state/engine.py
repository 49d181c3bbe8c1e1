"""The state database: SQLite in the workspace by default, PostgreSQL for teams.

It stores alerts, notifications, acknowledgements and silences. Each evaluation writes in one serialised transaction
(`write_transaction`), so that of two processes at once the second sees all the work of the first. Times are UTC: aware
in Python, naive in the tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

from jkpi.errors import InputError, SystemFailure
from jkpi.state.tables import (
    UtcDateTime,
    acknowledgements,
    alert_transitions,
    alerts,
    deferred_watch_lists,
    metadata,
    notification_log,
    outbox,
    reading_snapshots,
    series_states,
    silences,
)

__all__ = [
    "HEAD",
    "UtcDateTime",
    "acknowledgements",
    "alert_transitions",
    "alerts",
    "deferred_watch_lists",
    "metadata",
    "migrate",
    "migrated_engine",
    "notification_log",
    "outbox",
    "read_transaction",
    "reading_snapshots",
    "series_states",
    "silences",
    "state_engine",
    "state_session",
    "write_transaction",
]

HEAD = "0001"
"""The newest migration; a test compares it with the last file of migrations/versions."""

_LOCK_SECONDS = 30
_ADVISORY_LOCK = 0x6A6B7069  # "jkpi" in ASCII
_WRITES = "jkpi_writes"


@contextmanager
def migrated_engine(url: str) -> Iterator[Engine]:
    """The engine of the state database, with its tables up to date; closed at the end.

    Raises:
        InputError: the URL is of an unknown kind.
        SystemFailure: the database cannot be reached, or was written by a newer jkpi.
    """
    engine = state_engine(url)
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()


@contextmanager
def state_session(url: str, *, write: bool = False) -> Iterator[Connection]:
    """One transaction on the state database: open it, bring its tables up to date, and close it afterwards.

    write: serialised with all other writers, as in `write_transaction`; otherwise one consistent read.

    Raises:
        InputError: the URL is of an unknown kind.
        SystemFailure: the database cannot be reached, is locked, or was written by a newer jkpi.
    """
    with migrated_engine(url) as engine:
        transaction = write_transaction(engine) if write else read_transaction(engine)
        with transaction as connection:
            yield connection


def state_engine(url: str) -> Engine:
    """An engine for the state database. It opens no connection before its first use.

    Raises:
        InputError: the URL is of an unknown kind. The message never shows the URL, which may contain a password.
    """
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise InputError(f"the state database cannot be {parsed.get_backend_name()}", hint=_URL_HINT)
        if parsed.get_backend_name() == "sqlite":
            if parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            engine = create_engine(parsed, connect_args={"timeout": _LOCK_SECONDS})
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            return engine
        return create_engine(parsed, pool_pre_ping=True, hide_parameters=True)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError):
        raise InputError(
            "the URL of the state database is of an unknown kind, or its driver is not installed", hint=_URL_HINT
        ) from None


_URL_HINT = "write sqlite:///FILE, or postgresql://... (pip install 'jkpi[postgres]')"


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # _begin_sqlite begins each transaction: the driver's own begin would come too late to separate readers and writers.
    # WAL lets readers continue while one process writes.
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "foreign_keys = ON", "synchronous = NORMAL"):
        connection.execute(f"pragma {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("begin immediate" if writes else "begin")


@contextmanager
def write_transaction(engine: Engine, serialised: bool = True) -> Iterator[Connection]:
    """One transaction: everything inside is committed, or nothing. No other serialised transaction overlaps it.

    A transaction that is not serialised must guard its own rows. On SQLite all writing is serialised.

    Raises:
        SystemFailure: the database is locked for longer than half a minute, or cannot be reached.
    """
    try:
        with engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
            if serialised and engine.dialect.name == "postgresql":
                connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            yield connection
    except OperationalError as error:
        raise _failure(error) from None


@contextmanager
def read_transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction for reading: all queries inside see the same data.

    Raises:
        SystemFailure: the database cannot be reached.
    """
    try:
        with engine.connect() as connection, connection.begin():
            yield connection
    except OperationalError as error:
        raise _failure(error) from None


def _failure(error: OperationalError) -> SystemFailure:
    reason = str(error.orig).splitlines()[0] if error.orig else "no reason given"
    if "locked" in reason:
        return SystemFailure("the state database is locked by another process", hint="wait until it has finished")
    return SystemFailure(f"the state database cannot be used: {reason}", hint="check `state` in jkpi.yml")


def migrate(engine: Engine) -> None:
    """Bring the tables up to date. One query if they already are; safe with several processes at once.

    Raises:
        SystemFailure: the database cannot be reached, or was written by a newer jkpi.
    """
    with read_transaction(engine) as connection:
        if _revision(connection) == HEAD:
            return
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    try:
        with write_transaction(engine) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError:
        raise SystemFailure(
            "the state database was written by a newer version of jkpi", hint="upgrade jkpi, or name another `state`"
        ) from None


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("select version_num from alembic_version")).scalar()
