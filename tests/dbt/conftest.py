"""The same tests on each engine: a database of its own for every test, or for a module that only reads."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.dbt.small_world import ENGINES


@contextmanager
def database(server: str) -> Iterator[str]:
    """A database on that server, dropped afterwards."""
    import psycopg

    name = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    yield server.rsplit("/", 1)[0] + f"/{name}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty warehouse, on each engine in turn."""
    if request.param == "duckdb":
        return f"duckdb:///{tmp_path / 'warehouse.duckdb'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="module")
def make_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], str]]:
    """Engine -> the URL of an empty warehouse that lives as long as the module."""
    with ExitStack() as stack:

        def make(engine: str) -> str:
            if engine == "duckdb":
                return f"duckdb:///{tmp_path_factory.mktemp('duckdb') / 'warehouse.duckdb'}"
            return stack.enter_context(database(request.getfixturevalue("postgres_server")))

        yield make


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for dbt's target, so that the project is parsed once an engine."""
    return tmp_path_factory.mktemp("dbt")
