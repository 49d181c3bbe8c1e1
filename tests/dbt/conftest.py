"""The same tests on each engine, with an empty database for a module that only reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import postgres


@pytest.fixture(scope="module")
def make_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], str]]:
    """Engine -> the URL of an empty warehouse that lives as long as the module."""
    with ExitStack() as stack:

        def make(engine: str) -> str:
            if engine == "duckdb":
                return f"duckdb:///{tmp_path_factory.mktemp('duckdb') / 'warehouse.duckdb'}"
            return stack.enter_context(postgres.database(request.getfixturevalue("postgres_server")))

        yield make


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One workspace for the session, so that dbt parses the project once for each engine."""
    return tmp_path_factory.mktemp("dbt")
