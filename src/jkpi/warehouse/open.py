"""Open the warehouse of a workspace or a URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jkpi.config.settings import Settings
from jkpi.errors import InputError
from jkpi.warehouse.base import Warehouse


@contextmanager
def open_warehouse(settings: Settings | str, read_only: bool = False) -> Iterator[Warehouse]:
    """Open the warehouse of a workspace or of a URL; it is closed afterwards.

    Raises:
        SystemFailure: it is locked by another process, or cannot be reached.
        InputError: the URL scheme is unknown.
    """
    url = settings if isinstance(settings, str) else settings.warehouse_url
    memory_limit = None if isinstance(settings, str) else settings.memory_limit
    warehouse = _open(url, read_only, memory_limit)
    try:
        yield warehouse
    finally:
        warehouse.close()


def _open(url: str, read_only: bool, memory_limit: str | None) -> Warehouse:
    scheme = url.partition(":")[0].partition("+")[0]
    if scheme == "duckdb":
        from jkpi.warehouse.duckdb import DuckDBWarehouse

        path = url.removeprefix("duckdb:///")
        return DuckDBWarehouse(Path(path) if path not in ("", ":memory:") else None, read_only, memory_limit)
    if scheme in ("postgresql", "postgres"):
        from jkpi.warehouse.postgres import PostgresWarehouse

        return PostgresWarehouse(url, read_only)
    raise InputError(
        f"unknown scheme of the warehouse URL: {scheme!r}", hint="write duckdb:///FILE or postgresql://..."
    )
