"""What dbt is told, and what it is not."""

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


def test_duckdb() -> None:
    made = dbt_environment(given("duckdb:////w/warehouse.duckdb", "2GB"))
    assert made["JKPI_ENGINE"] == "duckdb"
    assert made["JKPI_DUCKDB_PATH"] == "/w/warehouse.duckdb"
    assert made["JKPI_DUCKDB_MEMORY"] == "2GB"
    assert made["JKPI_AS_OF"] == "2026-06-30 06:00:00"


def test_postgres_with_everything_in_its_url() -> None:
    made = dbt_environment(given("postgresql+psycopg://me:p%40ss@db.example:5433/cx?sslmode=require"))
    assert made["JKPI_ENGINE"] == "postgres"
    assert made["JKPI_PG_HOST"] == "db.example"
    assert made["JKPI_PG_PORT"] == "5433"
    assert made["JKPI_PG_USER"] == "me"
    assert made["DBT_ENV_SECRET_JKPI_PG_PASSWORD"] == "p@ss"
    assert made["JKPI_PG_DATABASE"] == "cx"
    assert made["JKPI_PG_SSLMODE"] == "require"


def test_the_users_own_dbt_steers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_PROFILES_DIR", "/elsewhere")
    monkeypatch.setenv("JKPI_PG_HOST", "elsewhere")
    made = dbt_environment(given("postgresql://db.example/cx"))
    assert "DBT_PROFILES_DIR" not in made
    assert made["JKPI_PG_HOST"] == "db.example"


def test_a_warehouse_of_another_kind_is_refused() -> None:
    with pytest.raises(InputError, match="mysql"):
        dbt_environment(given("mysql://db.example/cx"))
