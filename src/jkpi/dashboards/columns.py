"""Check the bundle against the contracts of the dbt project before import: errors of Superset are vague."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from jkpi.dashboards.assets import DashboardAssets, Dataset
from jkpi.dashboards.bundle import BuiltChart, DashboardBundle
from jkpi.dashboards.charts import columns_used, metrics_used
from jkpi.dashboards.tables import ColumnTypes, all_published_columns
from jkpi.documents.validation_errors import did_you_mean
from jkpi.errors import JkpiError


def check_bundle(bundle: DashboardBundle) -> None:
    """Check that every column and metric of a chart or filter exists, and that every metric binds to its table.

    Raises:
        JkpiError: all problems at once.
    """
    tables = all_published_columns()
    problems = [*_dataset_problems(bundle.assets, tables), *_filter_problems(bundle.assets, tables)]
    for chart in bundle.charts.values():
        problems += _chart_problems(chart, bundle.assets, tables)
    if len({chart.uuid for chart in bundle.charts.values()}) < len(bundle.charts):
        problems.append("two charts have one UUID")
    if problems:
        raise JkpiError(
            f"dashboards do not match their tables: {'; '.join(dict.fromkeys(problems))}",
            hint="this installation of jkpi is broken; please report it",
        )


def _dataset_problems(assets: DashboardAssets, tables: dict[str, ColumnTypes]) -> Iterator[str]:
    with duckdb.connect() as connection:
        for dataset in assets.datasets.values():
            if dataset.table not in tables:
                yield f"dataset {dataset.dataset}: no table {dataset.table!r} ({did_you_mean(dataset.table, tables)})"
                continue
            columns = tables[dataset.table]
            if dataset.time not in columns:
                yield f"dataset {dataset.dataset}: no column {dataset.time!r} ({did_you_mean(dataset.time, columns)})"
            column_definitions = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            connection.execute(f"create table {dataset.table} ({column_definitions})")
            yield from _metric_problems(connection, dataset)


def _metric_problems(connection: duckdb.DuckDBPyConnection, dataset: Dataset) -> Iterator[str]:
    for metric in dataset.metrics:
        try:
            connection.execute(f"select {metric.sql} from {dataset.table}").fetchall()
        except duckdb.Error as error:
            yield f"metric {dataset.dataset}.{metric.metric}: {str(error).splitlines()[0]}"


def _filter_problems(assets: DashboardAssets, tables: dict[str, ColumnTypes]) -> Iterator[str]:
    for dashboard_filter in assets.filters.values():
        if dashboard_filter.dataset is None or dashboard_filter.column is None:
            continue
        columns = tables[assets.datasets[dashboard_filter.dataset].table]
        if dashboard_filter.column not in columns:
            hint = did_you_mean(dashboard_filter.column, columns)
            yield f"filter {dashboard_filter.filter}: no column {dashboard_filter.column!r} ({hint})"


def _chart_problems(chart: BuiltChart, assets: DashboardAssets, tables: dict[str, ColumnTypes]) -> Iterator[str]:
    dataset = assets.datasets.get(chart.asset.dataset)
    if dataset is None:
        hint = did_you_mean(chart.asset.dataset, assets.datasets)
        yield f"chart {chart.asset.chart}: no dataset {chart.asset.dataset!r} ({hint})"
        return
    columns, metrics = tables[dataset.table], {metric.metric for metric in dataset.metrics}
    filter_columns = {assets.filters[name].column for name in chart.asset.filtered_by}
    for column in sorted(columns_used(chart.asset, chart.params, dataset) | {name for name in filter_columns if name}):
        if column not in columns:
            yield f"chart {chart.asset.chart}: no column {column!r} ({did_you_mean(column, columns)})"
    for metric in sorted(metrics_used(chart.params) - metrics):
        yield f"chart {chart.asset.chart}: no metric {metric!r} ({did_you_mean(metric, metrics)})"
