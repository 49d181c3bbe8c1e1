"""The files of a bundle, as Superset's importers want them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from jkpi.dashboards.bundle import Bundle, MadeChart
from jkpi.dashboards.charts import Params, heading, query_context
from jkpi.dashboards.names import stable_uuid
from jkpi.dashboards.tables import published_columns
from jkpi.warehouse.snapshot import PUBLISHED

MANAGED: Params = {"is_managed_externally": True, "external_url": None, "version": "1.0.0"}


def files_of(bundle: Bundle) -> Iterator[tuple[str, Params]]:
    """(name, content) of each file."""
    database_uuid = stable_uuid(bundle.workspace, "database", "warehouse")
    yield "metadata.yaml", {"version": "1.0.0", "type": "assets", "timestamp": "2020-01-01T00:00:00+00:00"}
    yield bundle.database.file, bundle.database.content(bundle.signature, database_uuid)
    for name, dataset in bundle.assets.datasets.items():
        yield f"datasets/jkpi/{name}.yaml", _dataset(bundle, name, dataset.table, database_uuid)
    for made in bundle.charts.values():
        yield f"charts/{made.uuid}.yaml", _chart(bundle, made)
    for dashboard in bundle.dashboards:
        yield f"dashboards/{dashboard.slug}.yaml", dashboard.content


def _dataset(bundle: Bundle, name: str, table: str, database_uuid: str) -> Params:
    """A query, not a table: a Superset that keeps its metadata in SQLite knows a table by its name alone, and two
    workspaces have the same ones."""
    asset = bundle.assets.datasets[name]
    columns = [
        {
            "column_name": column,
            "verbose_name": heading(column),
            "is_dttm": kind in ("date", "timestamp"),
            "is_active": True,
            "type": bundle.database.type_name(kind),
            "groupby": True,
            "filterable": True,
        }
        for column, kind in published_columns()[table].items()
    ]
    metrics = [
        {
            "metric_name": metric.metric,
            "verbose_name": metric.title,
            "metric_type": None,
            "expression": metric.sql,
            "description": metric.description,
            "d3format": metric.format,
        }
        for metric in asset.metrics
    ]
    return {
        "table_name": f"{bundle.signature} {name}",
        "main_dttm_col": asset.time,
        "description": None,
        "offset": 0,
        "cache_timeout": 60,  # seconds: what was published is seen soon, whatever the server keeps by itself
        "schema": PUBLISHED,
        "catalog": None,
        "sql": f"select * from {PUBLISHED}.{table}",
        "filter_select_enabled": True,
        "normalize_columns": False,
        "always_filter_main_dttm": False,
        "uuid": bundle.dataset_uuid(name),
        "metrics": metrics,
        "columns": columns,
        "version": "1.0.0",
        "database_uuid": database_uuid,
    }


def _chart(bundle: Bundle, made: MadeChart) -> Params:
    return {
        "slice_name": made.name,
        "description": None,
        "certified_by": bundle.signature,
        "certification_details": "",
        "viz_type": made.params["viz_type"],
        "params": made.params,
        "query_context": json.dumps(query_context(made.params)),
        "cache_timeout": None,
        "uuid": made.uuid,
        "dataset_uuid": bundle.dataset_uuid(made.asset.dataset),
        **MANAGED,
    }
