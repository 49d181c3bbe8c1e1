"""Run the query of each chart as a browser does when the dashboard is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jkpi.dashboards.bundle import BuiltChart, DashboardBundle
from jkpi.dashboards.charts import ChartParams, query_context
from jkpi.dashboards.layout import default_data_mask
from jkpi.dashboards.push import RemoteObjects
from jkpi.errors import SystemFailure


@dataclass(frozen=True)
class VerificationResult:
    """Result of the verification. `empty`: charts without data that should have some; `broken`: name and reason."""

    charts: int
    empty: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]


def verify_charts(client: Any, bundle: DashboardBundle, remote: RemoteObjects) -> VerificationResult:
    """Run the query of every chart; a failed one does not stop the others."""
    empty, failed = [], []
    for chart in bundle.charts.values():
        try:
            rows = chart_rows(client, bundle, remote, chart)
        except SystemFailure as error:
            failed.append((chart.name, error.message))
            continue
        if not chart.asset.may_be_empty and not _has_values(chart, rows):
            empty.append(chart.name)
    return VerificationResult(len(bundle.charts), tuple(empty), tuple(failed))


def chart_rows(client: Any, bundle: DashboardBundle, remote: RemoteObjects, chart: BuiltChart) -> list[dict[str, Any]]:
    """The rows of a chart with the default filters of its dashboard.

    Raises:
        SystemFailure: the query fails.
    """
    dataset_id = remote.datasets[bundle.dataset_uuid(chart.asset.dataset)]
    request = query_context(chart.params, dataset_id, default_filters(bundle, chart))
    result = client.ask("POST", "chart/data", json=request)["result"][0]
    if result.get("error"):
        raise SystemFailure(str(result["error"]))
    rows: list[dict[str, Any]] = result["data"]
    return rows


def default_filters(bundle: DashboardBundle, chart: BuiltChart) -> list[ChartParams]:
    """The conditions that the default filters of a dashboard add to a chart."""
    default_filter_params: list[ChartParams] = []
    for name in chart.asset.filtered_by:
        dashboard_filter = bundle.assets.filters[name]
        if name == "period":
            dashboard_filter = dashboard_filter.model_copy(
                update={"default": chart.scope.placeholders.get("period", "week")}
            )
        default_filter_params += default_data_mask(dashboard_filter)["extraFormData"].get("filters", [])
    return default_filter_params


def _has_values(chart: BuiltChart, rows: list[dict[str, Any]]) -> bool:
    metrics = chart.params.get("metrics") or [chart.params[key] for key in ("metric",) if key in chart.params]
    if not metrics:
        return bool(rows)
    return any(row.get(metric) is not None for row in rows for metric in metrics)
