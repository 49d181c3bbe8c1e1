"""The files of a bundle, in the format of Superset's importers."""

from __future__ import annotations

import json
from collections.abc import Iterator

from jkpi.dashboards.bundle import BuiltChart, DashboardBundle
from jkpi.dashboards.charts import ChartParams, column_label, query_context
from jkpi.dashboards.names import stable_uuid
from jkpi.dashboards.tables import all_published_columns
from jkpi.warehouse.snapshot import PUBLISHED

MANAGED_EXTERNALLY: ChartParams = {"is_managed_externally": True, "external_url": None, "version": "1.0.0"}


def bundle_files(bundle: DashboardBundle) -> Iterator[tuple[str, ChartParams]]:
    """(name, content) of each file."""
    database_uuid = stable_uuid(bundle.workspace, "database", "warehouse")
    yield "metadata.yaml", {"version": "1.0.0", "type": "assets", "timestamp": "2020-01-01T00:00:00+00:00"}
    yield bundle.database.file, bundle.database.content(bundle.certifier, database_uuid)
    for name, dataset in bundle.assets.datasets.items():
        yield f"datasets/jkpi/{name}.yaml", _dataset_file(bundle, name, dataset.table, database_uuid)
    for chart in bundle.charts.values():
        yield f"charts/{chart.uuid}.yaml", _chart_file(bundle, chart)
    for dashboard in bundle.dashboards:
        yield f"dashboards/{dashboard.slug}.yaml", dashboard.content


def _dataset_file(bundle: DashboardBundle, name: str, table: str, database_uuid: str) -> ChartParams:
    """A query instead of a table: Superset with SQLite metadata identifies a table by its name alone, and the names are
    the same in every workspace."""
    asset = bundle.assets.datasets[name]
    columns = [
        {
            "column_name": column,
            "verbose_name": column_label(column),
            "is_dttm": kind in ("date", "timestamp"),
            "is_active": True,
            "type": bundle.database.type_name(kind),
            "groupby": True,
            "filterable": True,
        }
        for column, kind in all_published_columns()[table].items()
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
        "table_name": f"{bundle.certifier} {name}",
        "main_dttm_col": asset.time,
        "description": None,
        "offset": 0,
        "cache_timeout": 60,  # seconds: new data is shown soon, even if the server caches for longer
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


def _chart_file(bundle: DashboardBundle, chart: BuiltChart) -> ChartParams:
    return {
        "slice_name": chart.name,
        "description": None,
        "certified_by": bundle.certifier,
        "certification_details": "",
        "viz_type": chart.params["viz_type"],
        "params": chart.params,
        "query_context": json.dumps(query_context(chart.params)),
        "cache_timeout": None,
        "uuid": chart.uuid,
        "dataset_uuid": bundle.dataset_uuid(chart.asset.dataset),
        **MANAGED_EXTERNALLY,
    }
