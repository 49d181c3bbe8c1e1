"""The warehouse as Superset connects to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

PASSWORD_MASK = "XXXXXXXXXX"
"""The placeholder that Superset writes for a password."""

_DUCKDB_TYPES = {"text": "VARCHAR", "double precision": "DOUBLE"}
# Users of Superset may write SQL: they can read this file only, and cannot change these settings.
_DUCKDB_CONFIG = {"enable_external_access": False, "lock_configuration": True, "memory_limit": "512MB", "threads": 2}


@dataclass(frozen=True)
class SupersetDatabase:
    """How Superset connects. `uri` has no password; the password is not part of the bundle."""

    engine: str
    uri: str
    password: str | None = field(default=None, repr=False)
    file: str = "databases/jkpi.yaml"

    def type_name(self, kind: str) -> str:
        """A type of the dbt contracts in the dialect of the engine."""
        return _DUCKDB_TYPES.get(kind, kind.upper()) if self.engine == "duckdb" else kind.upper()

    def content(self, name: str, uuid: str) -> dict[str, Any]:
        """The database's file of the bundle."""
        duckdb_params: dict[str, Any] = {"connect_args": {"read_only": True, "config": _DUCKDB_CONFIG}}
        engine_params = duckdb_params if self.engine == "duckdb" else {"pool_pre_ping": True}
        return {
            "database_name": name,
            "sqlalchemy_uri": self.uri,
            "cache_timeout": None,
            "expose_in_sqllab": True,
            "allow_run_async": False,
            "allow_ctas": False,
            "allow_cvas": False,
            "allow_dml": False,
            "allow_csv_upload": False,
            "extra": {
                "engine_params": engine_params,
                "metadata_params": {},
                "metadata_cache_timeout": {},
                "schemas_allowed_for_file_upload": [],
            },
            "uuid": uuid,
            "version": "1.0.0",
        }


def superset_database(warehouse_url: str, snapshot: Path, override: str | None = None) -> SupersetDatabase:
    """How Superset connects to the published tables. `override`: the address if Superset needs another one."""
    url = override or warehouse_url
    if url.startswith("duckdb"):
        return SupersetDatabase("duckdb", override or f"duckdb:///{snapshot}")
    parsed = make_url(url.replace("postgres://", "postgresql://", 1)).set(drivername="postgresql+psycopg2")
    password = None if parsed.password is None else str(parsed.password)
    masked = parsed if password is None else parsed.set(password=PASSWORD_MASK)
    return SupersetDatabase("postgresql", masked.render_as_string(hide_password=False), password)
