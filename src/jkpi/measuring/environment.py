"""The variables from which the dbt project's profile is filled, and nothing of the user's own dbt."""

from __future__ import annotations

import os
from datetime import UTC
from importlib.util import find_spec

from jkpi.config.settings import Settings
from jkpi.errors import InputError


def dbt_environment(settings: Settings) -> dict[str, str]:
    """The environment of the child process. A password is in a variable that dbt keeps out of its logs.

    Raises:
        InputError: a warehouse that dbt cannot open from another process, or whose adapter is not installed.
    """
    mine = {
        "JKPI_AS_OF": settings.now.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" "),
        "DO_NOT_TRACK": "1",
    }
    # DBT_* of the user's shell would steer this run to another project, profile or target.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("DBT_", "JKPI_PG_"))}
    return {**inherited, **mine, **_engine(settings)}


def _engine(settings: Settings) -> dict[str, str]:
    scheme = settings.warehouse_url.partition(":")[0].partition("+")[0]
    if scheme == "duckdb":
        return _duckdb(settings)
    if scheme in ("postgresql", "postgres"):
        return _postgres(settings.warehouse_url)
    raise InputError(f"nothing can be measured in a warehouse of kind {scheme!r}")


def _duckdb(settings: Settings) -> dict[str, str]:
    place = settings.warehouse_url.removeprefix("duckdb:///")
    if place in ("", ":memory:"):
        raise InputError("a warehouse in memory cannot be measured", hint="write warehouse: duckdb:///FILE")
    limit = {"JKPI_DUCKDB_MEMORY": settings.memory_limit} if settings.memory_limit else {}
    return {"JKPI_ENGINE": "duckdb", "JKPI_DUCKDB_PATH": place, **limit}


def _postgres(url: str) -> dict[str, str]:
    if find_spec("dbt.adapters.postgres") is None:
        raise InputError("PostgreSQL needs dbt's adapter for it", hint="pip install 'jkpi[postgres]'")
    from sqlalchemy import make_url

    made = make_url(url.replace("postgres://", "postgresql://", 1))
    sslmode = made.query.get("sslmode")
    given = {
        "JKPI_PG_HOST": made.host,
        "JKPI_PG_PORT": made.port,
        "JKPI_PG_USER": made.username,
        "DBT_ENV_SECRET_JKPI_PG_PASSWORD": made.password,
        "JKPI_PG_DATABASE": made.database,
        "JKPI_PG_SSLMODE": sslmode if isinstance(sslmode, str) else None,
    }
    return {"JKPI_ENGINE": "postgres", **{name: str(value) for name, value in given.items() if value is not None}}
