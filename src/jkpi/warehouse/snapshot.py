"""Published copy of the marts, replaced as a whole: readers never block the writer and never see a partial copy.

DuckDB: a file behind a symlink. A new connection opens the file that the link points to; open connections keep the old
file. (Replacing the file in place would not work: a process that has it open keeps reading the old one.)
PostgreSQL: a schema that is filled in one transaction.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

from jkpi.errors import SystemFailure
from jkpi.warehouse.base import Warehouse

PUBLISHED = "published"
"""The schema for readers."""

_SNAPSHOTS_KEPT = 3
_STORAGE_VERSION = "v1.0.0"  # Superset ships an older DuckDB


def write_snapshot(warehouse: Warehouse, link: Path, tables: Mapping[str, str]) -> Path:
    """Write a DuckDB file with `tables` (name -> query) in schema `published`, and point `link` to it.

    Returns:
        The file. The two files before it are kept for readers that still have them open.

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
            hint="check the folder's permissions and free space",
        ) from error
    return final


def fill_published(warehouse: Warehouse, tables: Mapping[str, str]) -> None:
    """Replace the rows of `published.*` on PostgreSQL in one transaction. tables: name -> query."""
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
    """Flush the file to disk and make it read-only."""
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
    """Snapshots beyond the kept ones, and drafts of killed runs. Safe, because the writer has the warehouse lock."""
    written = sorted(link.parent.glob(f"{link.stem}.*{link.suffix}"))
    return [*written[:-_SNAPSHOTS_KEPT], *link.parent.glob(f"{link.stem}.*.part*")]


def _columns(warehouse: Warehouse, schema: str, table: str) -> list[tuple[str, str]]:
    columns = warehouse.rows(
        "select attname, format_type(atttypid, atttypmod) as kind from pg_attribute"
        " where attrelid = to_regclass(:name) and attnum > 0 and not attisdropped order by attnum",
        {"name": f"{schema}.{table}"},
    )
    return [(row["attname"], row["kind"]) for row in columns]
