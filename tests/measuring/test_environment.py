"""The environment variables that dbt gets, and those that it does not get."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from jkpi.config.settings import Settings
from jkpi.errors import InputError
from jkpi.measuring.environment import dbt_environment


def given(url: str, memory_limit: str | None = None) -> Settings:
    now = datetime(2026, 6, 30, 6, tzinfo=UTC)
    return Settings(Path("/w"), "w", url, "sqlite://", Path("/w/site"), now, memory_limit=memory_limit)


def test_duckdb_gets_its_path_and_memory() -> None:
    environment = dbt_environment(given("duckdb:////w/warehouse.duckdb", "2GB"))
    assert environment["JKPI_ENGINE"] == "duckdb"
    assert environment["JKPI_DUCKDB_PATH"] == "/w/warehouse.duckdb"
    assert environment["JKPI_DUCKDB_MEMORY"] == "2GB"
    assert environment["JKPI_AS_OF"] == "2026-06-30 06:00:00"


def test_postgres_with_everything_in_its_url() -> None:
    environment = dbt_environment(given("postgresql+psycopg://me:p%40ss@db.example:5433/cx?sslmode=require"))
    assert environment["JKPI_ENGINE"] == "postgres"
    assert environment["JKPI_PG_HOST"] == "db.example"
    assert environment["JKPI_PG_PORT"] == "5433"
    assert environment["JKPI_PG_USER"] == "me"
    assert environment["DBT_ENV_SECRET_JKPI_PG_PASSWORD"] == "p@ss"
    assert environment["JKPI_PG_DATABASE"] == "cx"
    assert environment["JKPI_PG_SSLMODE"] == "require"


def test_dbt_variables_of_the_user_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_PROFILES_DIR", "/elsewhere")
    monkeypatch.setenv("JKPI_PG_HOST", "elsewhere")
    environment = dbt_environment(given("postgresql://db.example/cx"))
    assert "DBT_PROFILES_DIR" not in environment
    assert environment["JKPI_PG_HOST"] == "db.example"


def test_a_warehouse_of_another_kind_is_refused() -> None:
    with pytest.raises(InputError, match="mysql"):
        dbt_environment(given("mysql://db.example/cx"))
