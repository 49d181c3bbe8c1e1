"""From a URL to an open warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jkpi.config.settings import Settings
from jkpi.errors import InputError
from jkpi.warehouse.base import Warehouse


@contextmanager
def open_warehouse(settings: Settings | str, read_only: bool = False) -> Iterator[Warehouse]:
    """The warehouse of a workspace, or of a URL, closed afterwards.

    Raises:
        SystemFailure: locked by another process, or away.
        InputError: a URL of a kind that is not known.
    """
    url = settings if isinstance(settings, str) else settings.warehouse_url
    memory_limit = None if isinstance(settings, str) else settings.memory_limit
    warehouse = _connect(url, read_only, memory_limit)
    try:
        yield warehouse
    finally:
        warehouse.close()


def _connect(url: str, read_only: bool, memory_limit: str | None) -> Warehouse:
    scheme = url.partition(":")[0].partition("+")[0]
    if scheme == "duckdb":
        from jkpi.warehouse.duckdb import DuckDBWarehouse

        place = url.removeprefix("duckdb:///")
        return DuckDBWarehouse(Path(place) if place not in ("", ":memory:") else None, read_only, memory_limit)
    if scheme in ("postgresql", "postgres"):
        from jkpi.warehouse.postgres import PostgresWarehouse

        return PostgresWarehouse(url, read_only)
    raise InputError(
        f"the warehouse URL is of an unknown kind: {scheme!r}", hint="write duckdb:///FILE or postgresql://..."
    )
