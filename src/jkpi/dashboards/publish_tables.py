"""Write the copy of the tables that dashboards read, next to the warehouse: see `jkpi.warehouse.snapshot`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jkpi.config.settings import Settings
from jkpi.dashboards.alert_tables import exported_rows
from jkpi.dashboards.names import TableRow
from jkpi.dashboards.tables import EXPORTED_TABLES, view_columns
from jkpi.errors import InputError
from jkpi.journeys.model import Journey
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.snapshot import fill_published, write_snapshot

SNAPSHOT_FOLDER = "published"
SNAPSHOT_FILE = "dashboards.duckdb"


def is_measured(warehouse: Warehouse) -> bool:
    """Whether the warehouse has tables to publish."""
    return all(warehouse.table_exists("dashboards", view) for view in view_columns())


def monthly_only_kpis(warehouse: Warehouse) -> frozenset[tuple[str, str]]:
    """(journey, KPI) of KPIs with monthly readings only: their data arrives as monthly totals."""
    rows = warehouse.rows(
        "select journey, kpi from dashboards.dash_readings where is_primary and period in ('week', 'month')"
        " group by journey, kpi having max(case when period = 'week' then 1 else 0 end) = 0"
    )
    return frozenset((row["journey"], row["kpi"]) for row in rows)


def snapshot_link(settings: Settings) -> Path:
    """The symlink to the newest snapshot of a DuckDB warehouse."""
    return settings.workspace / SNAPSHOT_FOLDER / SNAPSHOT_FILE


def publish_tables(settings: Settings, warehouse: Warehouse, journeys: Sequence[Journey]) -> Path | None:
    """Copy all tables that dashboards read, as of `settings.now`.

    Returns:
        The symlink to the snapshot of a DuckDB warehouse; None for PostgreSQL, where it is the schema `published`.

    Raises:
        InputError: nothing has been measured yet.
        SystemFailure: the snapshot cannot be written.
    """
    if not is_measured(warehouse):
        raise InputError("nothing has been measured yet", hint="run jkpi run, or jkpi measure")
    rows_by_table = exported_rows(settings, warehouse, journeys)
    queries = {view: f"select {', '.join(columns)} from dashboards.{view}" for view, columns in view_columns().items()}
    for table, columns in EXPORTED_TABLES.items():
        _as_temp_table(warehouse, table, columns, rows_by_table[table])
        queries[table] = f"select {', '.join(columns)} from export_{table}"
    try:
        if warehouse.engine == "duckdb":
            write_snapshot(warehouse, snapshot_link(settings), queries)
            return snapshot_link(settings)
        fill_published(warehouse, queries)
        return None
    finally:
        for table in EXPORTED_TABLES:
            warehouse.execute(f"drop table export_{table}")


def _as_temp_table(warehouse: Warehouse, table: str, columns: dict[str, str], rows: list[TableRow]) -> None:
    """Write the rows to a temporary table, so that both engines copy it like any other table."""
    import pyarrow as pa

    warehouse.execute(f"drop table if exists export_{table}")
    warehouse.execute(
        f"create temporary table export_{table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})"
    )
    if rows:
        warehouse.insert(
            f"export_{table}", pa.Table.from_pylist([{name: row[name] for name in columns} for row in rows])
        )
