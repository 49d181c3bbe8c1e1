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

_KEPT = 3
_READABLE_BY_DUCKDB_1 = "v1.0.0"  # Superset brings a DuckDB that is older than ours


def write_snapshot(w: Warehouse, link: Path, tables: Mapping[str, str]) -> Path:
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
        _fill(w, draft, tables)
        _settle(draft)
        draft.rename(final)
        _point(link, final)
        for old in _older(link):
            old.unlink(missing_ok=True)
    except OSError as error:
        raise SystemFailure(
            f"the snapshot {link} cannot be written: {error.strerror or error}",
            hint="look at the folder's rights and free space",
        ) from error
    return final


def fill_published(w: Warehouse, tables: Mapping[str, str]) -> None:
    """Replace the rows of `published.*` on PostgreSQL; `tables` maps a name to the query it holds. One transaction:
    readers see all of the old rows until they see all of the new ones, and wait for nobody."""
    w.execute(f"create schema if not exists {PUBLISHED}")
    with w.transaction():
        for table, query in tables.items():
            place = f"{PUBLISHED}.{table}"
            w.execute(f"create temporary table incoming on commit drop as {query}")
            if _columns(w, PUBLISHED, table) != _columns(w, "pg_temp", "incoming"):
                w.execute(f"drop table if exists {place}")
                w.execute(f"create table {place} as select * from incoming")
            else:
                w.execute(f"delete from {place}")
                w.execute(f"insert into {place} select * from incoming")
            w.execute("drop table incoming")


def _fill(w: Warehouse, draft: Path, tables: Mapping[str, str]) -> None:
    quoted = str(draft).replace("'", "''")
    w.execute(f"attach '{quoted}' as snapshot (storage_version '{_READABLE_BY_DUCKDB_1}')")
    try:
        w.execute(f"create schema snapshot.{PUBLISHED}")
        for table, query in tables.items():
            w.execute(f"create table snapshot.{PUBLISHED}.{table} as {query}")
        w.execute("checkpoint snapshot")
    finally:
        w.execute("detach snapshot")


def _settle(draft: Path) -> None:
    """On the disk, and never written again."""
    handle = os.open(draft, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    draft.chmod(0o444)


def _point(link: Path, final: Path) -> None:
    beside = link.with_name(f".{link.name}.new")
    beside.unlink(missing_ok=True)
    beside.symlink_to(final.name)
    beside.replace(link)


def _older(link: Path) -> list[Path]:
    """Snapshots that nobody should need any more, and what a killed run left. Only one process writes at a time: it
    holds the warehouse."""
    written = sorted(link.parent.glob(f"{link.stem}.*{link.suffix}"))
    return [*written[:-_KEPT], *link.parent.glob(f"{link.stem}.*.part*")]


def _columns(w: Warehouse, schema: str, table: str) -> list[tuple[str, str]]:
    found = w.rows(
        "select attname, format_type(atttypid, atttypmod) as kind from pg_attribute"
        " where attrelid = to_regclass(:name) and attnum > 0 and not attisdropped order by attnum",
        {"name": f"{schema}.{table}"},
    )
    return [(row["attname"], row["kind"]) for row in found]
