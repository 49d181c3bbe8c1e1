"""The bundle against the contracts of the dbt project, before anything is sent: Superset's own errors say little."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from jkpi.dashboards.assets import Assets, Dataset
from jkpi.dashboards.bundle import Bundle, MadeChart
from jkpi.dashboards.charts import columns_used, metrics_used
from jkpi.dashboards.tables import Columns, published_columns
from jkpi.documents.documents import nearest
from jkpi.errors import JkpiError


def check_bundle(bundle: Bundle) -> None:
    """Every column and metric that a chart or filter names is there, and every metric binds to its table.

    Raises:
        JkpiError: all that is wrong, at once.
    """
    tables = published_columns()
    wrong = [*_datasets(bundle.assets, tables), *_filters(bundle.assets, tables)]
    for made in bundle.charts.values():
        wrong += _chart(made, bundle.assets, tables)
    if len({made.uuid for made in bundle.charts.values()}) < len(bundle.charts):
        wrong.append("two charts have one UUID")
    if wrong:
        raise JkpiError(
            f"the dashboards do not fit the tables that they read: {'; '.join(dict.fromkeys(wrong))}",
            hint="this installation of jkpi is broken; please report it",
        )


def _datasets(assets: Assets, tables: dict[str, Columns]) -> Iterator[str]:
    with duckdb.connect() as connection:
        for dataset in assets.datasets.values():
            if dataset.table not in tables:
                yield f"dataset {dataset.dataset}: no table {dataset.table!r} ({nearest(dataset.table, tables)})"
                continue
            columns = tables[dataset.table]
            if dataset.time not in columns:
                yield f"dataset {dataset.dataset}: no column {dataset.time!r} ({nearest(dataset.time, columns)})"
            declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            connection.execute(f"create table {dataset.table} ({declared})")
            yield from _metrics(connection, dataset)


def _metrics(connection: duckdb.DuckDBPyConnection, dataset: Dataset) -> Iterator[str]:
    for metric in dataset.metrics:
        try:
            connection.execute(f"select {metric.sql} from {dataset.table}").fetchall()
        except duckdb.Error as error:
            yield f"metric {dataset.dataset}.{metric.metric}: {str(error).splitlines()[0]}"


def _filters(assets: Assets, tables: dict[str, Columns]) -> Iterator[str]:
    for one in assets.filters.values():
        if one.dataset is None or one.column is None:
            continue
        columns = tables[assets.datasets[one.dataset].table]
        if one.column not in columns:
            yield f"filter {one.filter}: no column {one.column!r} ({nearest(one.column, columns)})"


def _chart(made: MadeChart, assets: Assets, tables: dict[str, Columns]) -> Iterator[str]:
    dataset = assets.datasets.get(made.asset.dataset)
    if dataset is None:
        hint = nearest(made.asset.dataset, assets.datasets)
        yield f"chart {made.asset.chart}: no dataset {made.asset.dataset!r} ({hint})"
        return
    columns, metrics = tables[dataset.table], {metric.metric for metric in dataset.metrics}
    reached = {assets.filters[name].column for name in made.asset.filtered_by}
    for column in sorted(columns_used(made.asset, made.params, dataset) | {name for name in reached if name}):
        if column not in columns:
            yield f"chart {made.asset.chart}: no column {column!r} ({nearest(column, columns)})"
    for metric in sorted(metrics_used(made.params) - metrics):
        yield f"chart {made.asset.chart}: no metric {metric!r} ({nearest(metric, metrics)})"
