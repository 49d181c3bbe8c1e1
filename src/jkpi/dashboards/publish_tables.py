"""The copy that dashboards read, put beside the warehouse: see `jkpi.warehouse.snapshot`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jkpi.config.settings import Settings
from jkpi.dashboards.alert_tables import told_rows
from jkpi.dashboards.names import Row
from jkpi.dashboards.tables import TOLD, measured_columns
from jkpi.errors import InputError
from jkpi.journeys.model import Journey
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.snapshot import fill_published, write_snapshot

FOLDER = "published"
FILE = "dashboards.duckdb"


def is_measured(w: Warehouse) -> bool:
    """Whether there is something to publish."""
    return all(w.table_exists("dashboards", view) for view in measured_columns())


def coarse_kpis(w: Warehouse) -> frozenset[tuple[str, str]]:
    """(journey, KPI) of those that are read by months only: of totals that came so."""
    rows = w.rows(
        "select journey, kpi from dashboards.dash_readings where is_primary and period in ('week', 'month')"
        " group by journey, kpi having max(case when period = 'week' then 1 else 0 end) = 0"
    )
    return frozenset((row["journey"], row["kpi"]) for row in rows)


def snapshot_link(settings: Settings) -> Path:
    """Where readers of a DuckDB warehouse look: a symlink to the newest snapshot."""
    return settings.workspace / FOLDER / FILE


def publish_tables(settings: Settings, w: Warehouse, journeys: Sequence[Journey]) -> Path | None:
    """Copy everything that dashboards read, as of `settings.now`.

    Returns:
        The symlink to the snapshot of a DuckDB warehouse; None for PostgreSQL, where it is the schema `published`.

    Raises:
        InputError: nothing was measured yet, or by a release that knew no dashboards.
        SystemFailure: the snapshot cannot be written.
    """
    if not is_measured(w):
        raise InputError("there is nothing to show on dashboards yet", hint="measure first: jkpi run, or jkpi measure")
    told = told_rows(settings, w, journeys)
    queries = {
        view: f"select {', '.join(columns)} from dashboards.{view}" for view, columns in measured_columns().items()
    }
    for table, columns in TOLD.items():
        _hand_over(w, table, columns, told[table])
        queries[table] = f"select {', '.join(columns)} from handed_{table}"
    try:
        if w.engine == "duckdb":
            write_snapshot(w, snapshot_link(settings), queries)
            return snapshot_link(settings)
        fill_published(w, queries)
        return None
    finally:
        for table in TOLD:
            w.execute(f"drop table handed_{table}")


def _hand_over(w: Warehouse, table: str, columns: dict[str, str], rows: list[Row]) -> None:
    """The rows as a temporary table of the connection, so that both engines copy it like any other."""
    import pyarrow as pa

    w.execute(f"drop table if exists handed_{table}")
    w.execute(
        f"create temporary table handed_{table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})"
    )
    if rows:
        w.insert(f"handed_{table}", pa.Table.from_pylist([{name: row[name] for name in columns} for row in rows]))
