"""What jkpi itself must remember: SQLite in the workspace by default, PostgreSQL for teams.

Every write happens in one serialised transaction (`writing`), so that two processes at once see each other's work whole
or not at all. Times are UTC: aware in Python, naive in the tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
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
    "MomentState",
    "OpenEarlyWarning",
    "UtcDateTime",
    "acknowledgements",
    "alert_transitions",
    "alerts",
    "deferred_watch_lists",
    "metadata",
    "migrate",
    "notification_log",
    "outbox",
    "read_transaction",
    "reading_snapshots",
    "series_states",
    "silences",
    "state_engine",
    "write_transaction",
]

HEAD = "0001"
"""The newest migration; a test holds it equal to the last file of migrations/versions."""

_LOCK_SECONDS = 30
_ADVISORY_LOCK = 0x6A6B7069  # "jkpi" in ASCII
_WRITES = "jkpi_writes"


@dataclass(frozen=True)
class OpenEarlyWarning:
    """An open early sign: cohorts since `since` lie behind and are not decided yet. `text`: "after 1 day 60 % ..."."""

    alert_id: str
    onset: date
    text: str


@dataclass(frozen=True)
class MomentState:
    """How a moment of truth stands today, over all customers. `since`: first day of the state, or of the open alert.

    falling_in: segments, such as "region = south", that have an alert of their own.
    """

    journey: str
    moment: str
    state: str
    since: date | None
    alert_id: str | None
    firing_segments: tuple[str, ...] = ()
    early_warning: OpenEarlyWarning | None = None


def state_engine(url: str) -> Engine:
    """An engine for the state database; nothing is opened before it is used.

    Raises:
        InputError: a URL of a kind that is not known. The URL itself is never told: it may hold a password.
    """
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise InputError(f"state cannot be kept in {parsed.get_backend_name()}", hint=_URL_HINT)
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
            "the state URL is of an unknown kind, or its driver is not installed", hint=_URL_HINT
        ) from None


_URL_HINT = "write sqlite:///FILE, or postgresql://... (pip install 'jkpi[postgres]')"


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # Transactions are begun by _begin_sqlite: the driver's own begin would come too late to keep readers and writers
    # apart. WAL lets readers go on while one process writes.
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "foreign_keys = ON", "synchronous = NORMAL"):
        connection.execute(f"pragma {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("begin immediate" if writes else "begin")


@contextmanager
def write_transaction(engine: Engine, serialised: bool = True) -> Iterator[Connection]:
    """One transaction: all that happens inside lands, or none of it. No other serialised one overlaps it.

    What is not serialised must guard its rows itself; on SQLite all writing is serialised.

    Raises:
        SystemFailure: locked for longer than half a minute, or away.
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
    """One consistent look.

    Raises:
        SystemFailure: the database is away.
    """
    try:
        with engine.connect() as connection, connection.begin():
            yield connection
    except OperationalError as error:
        raise _failure(error) from None


def _failure(error: OperationalError) -> SystemFailure:
    reason = str(error.orig).splitlines()[0] if error.orig else "no reason given"
    if "locked" in reason:
        return SystemFailure("the state database is locked by another process", hint="wait until it is done")
    return SystemFailure(f"the state database cannot be used: {reason}", hint="check `state` in jkpi.yml")


def migrate(engine: Engine) -> None:
    """Bring the tables to the newest form. One query when they are there already; safe from several processes at once.

    Raises:
        SystemFailure: the database is away, or was written by a newer jkpi.
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
