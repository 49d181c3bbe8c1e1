"""Tables for readers: a copy that is swapped in whole, so that no reader blocks a writer or meets half of one.

DuckDB gets a file behind a symlink: each connection opens the file that the link names then, and whoever still reads an
older one keeps it. Replacing a file under the same path would not do: a process that has it open is served the old one.
PostgreSQL gets a schema that is filled in one transaction.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

from jkpi.errors import SystemFailure
from jkpi.warehouse.base import Warehouse

PUBLISHED = "published"
"""The schema that readers look into."""

_SNAPSHOTS_KEPT = 3
_STORAGE_VERSION = "v1.0.0"  # Superset brings a DuckDB that is older than ours


def write_snapshot(warehouse: Warehouse, link: Path, tables: Mapping[str, str]) -> Path:
    """Write a DuckDB file with `tables` (name -> query) in schema `published`, and let `link` name it.

    Returns:
        The file itself; the two before it are kept for those who still read them.

    Raises:
        SystemFailure: the folder cannot be written.
    """
    final = link.with_name(f"{link.stem}.{time.time_ns()}{link.suffix}")
    draft = final.with_suffix(".part")
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        _write_tables(warehouse, draft, tables)
        _finalize(draft)
        draft.rename(final)
        _swap_link(link, final)
        for old in _stale_snapshots(link):
            old.unlink(missing_ok=True)
    except OSError as error:
        raise SystemFailure(
            f"the snapshot {link} cannot be written: {error.strerror or error}",
            hint="look at the folder's rights and free space",
        ) from error
    return final


def fill_published(warehouse: Warehouse, tables: Mapping[str, str]) -> None:
    """Replace the rows of `published.*` on PostgreSQL; `tables` maps a name to the query it holds. One transaction:
    readers see all of the old rows until they see all of the new ones, and wait for nobody."""
    warehouse.execute(f"create schema if not exists {PUBLISHED}")
    with warehouse.transaction():
        for table, query in tables.items():
            target = f"{PUBLISHED}.{table}"
            warehouse.execute(f"create temporary table incoming on commit drop as {query}")
            if _columns(warehouse, PUBLISHED, table) != _columns(warehouse, "pg_temp", "incoming"):
                warehouse.execute(f"drop table if exists {target}")
                warehouse.execute(f"create table {target} as select * from incoming")
            else:
                warehouse.execute(f"delete from {target}")
                warehouse.execute(f"insert into {target} select * from incoming")
            warehouse.execute("drop table incoming")


def _write_tables(warehouse: Warehouse, draft: Path, tables: Mapping[str, str]) -> None:
    quoted = str(draft).replace("'", "''")
    warehouse.execute(f"attach '{quoted}' as snapshot (storage_version '{_STORAGE_VERSION}')")
    try:
        warehouse.execute(f"create schema snapshot.{PUBLISHED}")
        for table, query in tables.items():
            warehouse.execute(f"create table snapshot.{PUBLISHED}.{table} as {query}")
        warehouse.execute("checkpoint snapshot")
    finally:
        warehouse.execute("detach snapshot")


def _finalize(draft: Path) -> None:
    """On the disk, and never written again."""
    handle = os.open(draft, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    draft.chmod(0o444)


def _swap_link(link: Path, final: Path) -> None:
    new_link = link.with_name(f".{link.name}.new")
    new_link.unlink(missing_ok=True)
    new_link.symlink_to(final.name)
    new_link.replace(link)


def _stale_snapshots(link: Path) -> list[Path]:
    """Snapshots that nobody should need any more, and what a killed run left. Only one process writes at a time: it
    holds the warehouse."""
    written = sorted(link.parent.glob(f"{link.stem}.*{link.suffix}"))
    return [*written[:-_SNAPSHOTS_KEPT], *link.parent.glob(f"{link.stem}.*.part*")]


def _columns(warehouse: Warehouse, schema: str, table: str) -> list[tuple[str, str]]:
    columns = warehouse.rows(
        "select attname, format_type(atttypid, atttypmod) as kind from pg_attribute"
        " where attrelid = to_regclass(:name) and attnum > 0 and not attisdropped order by attnum",
        {"name": f"{schema}.{table}"},
    )
    return [(row["attname"], row["kind"]) for row in columns]
