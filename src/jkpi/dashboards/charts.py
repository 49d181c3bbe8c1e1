"""One chart as Superset stores it: its form data, and the query that a browser would save with it.

Annotations, reports and `verify` run the saved query; without it, only a browser can draw the chart.
"""

from __future__ import annotations

import json
from typing import Any

from jkpi.dashboards.assets import ChartAsset, ColumnCondition, DashboardAssets, Dataset, ReferenceLevel

ChartParams = dict[str, Any]

_NO_TIME_FILTER = "No filter"
_COLUMN_LABELS = {
    "journey_title": "Journey", "moment_title": "Moment of truth", "state_label": "State", "since": "Since",
    "value_label": "Latest final week", "interval_label": "95 % interval", "baseline_label": "Baseline",
    "promise_label": "Promise", "sample_size": "Cases", "week_start": "Week of", "firing_segments": "Firing segments",
    "segments_below_promise": "Segments below promise",
    "owner": "Owner", "title": "Title", "onset": "Since", "freshness": "Freshness",
    "kind": "Kind", "segment_label": "Segment", "age_days": "Age (days)", "acknowledged_by": "Acknowledged by",
    "newest_row_at": "Newest row (UTC)", "count_read": "Rows read", "count_rejected": "Rejected rows",
    "gap_days_28d": "Data gap (days of 28)",
    "stage_label": "Stage", "element": "Element", "name": "Name",
    "evidence": "Coverage", "count_events": "Events", "count_events_28d": "Events in 28 days",
    "last_evidence_at": "Last event (UTC)", "next_label": "Next stage", "annotation_label": "Annotation",
    "status": "Status", "kpi_title": "KPI", "period": "Period length", "period_start": "Period",
}  # fmt: skip


def column_label(column: str) -> str | None:
    """The label of a column; None if its name is the label."""
    return _COLUMN_LABELS.get(column)


def form_data(chart: ChartAsset, assets: DashboardAssets) -> ChartParams:
    """The chart's form data without the dataset id, which Superset fills in."""
    filters = [_condition_filter(condition) for condition in chart.where]
    if "time" in chart.filtered_by:
        filters.append(_adhoc_filter(assets.datasets[chart.dataset].time, "TEMPORAL_RANGE", _NO_TIME_FILTER))
    return {
        "viz_type": chart.viz,
        **assets.chart_defaults[chart.viz],
        **chart.params,
        **(
            {"annotation_layers": [_reference_level_layer(level) for level in chart.reference_levels]}
            if chart.reference_levels
            else {}
        ),
        "adhoc_filters": filters,
        "extra_form_data": {},
    }


def chart_query(params: ChartParams, filters: list[ChartParams] = []) -> ChartParams:
    """The query of a chart's form data as a browser builds it. `filters`: those that a dashboard adds."""
    own_filters = [
        {"col": f["subject"], "op": f["operator"], **({"val": f["comparator"]} if f["comparator"] is not None else {})}
        for f in params["adhoc_filters"]
    ]
    built_query: ChartParams = {
        "filters": [*own_filters, *filters],
        "extras": {"having": "", "where": ""},
        "row_limit": params.get("row_limit", 10000),
        "orderby": [],
        "columns": [],
        "metrics": [],
        "annotation_layers": [],
        "applied_time_extras": {},
        "custom_params": {},
        "custom_form_data": {},
        "url_params": {},
        "series_columns": [],
        "series_limit": 0,
        "order_desc": params.get("order_desc", True),
    }
    grain = params.get("time_grain_sqla")
    if grain:
        built_query["extras"]["time_grain_sqla"] = grain
    if params.get("query_mode") == "raw":
        # Metrics, even none, would group the rows.
        del built_query["metrics"]
        built_query["columns"] = params["all_columns"]
        built_query["orderby"] = [json.loads(order) for order in params.get("order_by_cols", ())]
        return built_query
    group = params.get("groupby", [])
    columns: list[Any] = [group] if isinstance(group, str) else list(group)
    if "x_axis" in params:
        columns.insert(0, _x_axis_column(params["x_axis"], grain))
    built_query["columns"] = columns
    built_query["metrics"] = params["metrics"] if "metrics" in params else [params["metric"]]
    if "timeseries_limit_metric" in params:
        built_query["orderby"] = [[params["timeseries_limit_metric"], not params["order_desc"]]]
    return built_query


def query_context(params: ChartParams, dataset_id: int = 0, filters: list[ChartParams] = []) -> ChartParams:
    """The body of `POST /api/v1/chart/data`. Superset inserts the dataset id on import."""
    return {
        "datasource": {"id": dataset_id, "type": "table"},
        "force": bool(dataset_id),
        "queries": [chart_query(params, filters)],
        "form_data": {**params, "datasource": f"{dataset_id}__table"},
        "result_format": "json",
        "result_type": "full",
    }


def columns_used(chart: ChartAsset, params: ChartParams, dataset: Dataset) -> set[str]:
    """All columns that the chart names outside its metrics."""
    used = {condition.column for condition in chart.where} | set(params.get("all_columns", ()))
    group = params.get("groupby", [])
    used |= {group} if isinstance(group, str) else set(group)
    used |= {json.loads(order)[0] for order in params.get("order_by_cols", ())}
    if "time" in chart.filtered_by:
        used.add(dataset.time)
    return used | ({params["x_axis"]} if "x_axis" in params else set())


def metrics_used(params: ChartParams) -> set[str]:
    """All metrics that the chart names."""
    used = set(params.get("metrics", ())) | {
        params[key] for key in ("metric", "timeseries_limit_metric") if key in params
    }
    return {str(name) for name in used}


def alert_annotation_layer(chart_id: int) -> ChartParams:
    """Alerts as vertical lines. They are rows of another chart, so row-level security applies: users who may not see an
    alert see no line. A native annotation layer of Superset would be visible to everyone."""
    return {
        **_ANNOTATION_DEFAULTS,
        "name": "Alert",
        "annotationType": "EVENT",
        "sourceType": "table",
        "value": chart_id,
        "timeColumn": "onset",
        "titleColumn": "annotation_label",
        "descriptionColumns": [],
        "intervalEndColumn": "",
        "color": "#d62728",
        "width": 2,
        "overrides": {"time_range": None},
    }


_ANNOTATION_DEFAULTS: ChartParams = {
    "show": True,
    "showLabel": False,
    "showMarkers": False,
    "hideLine": False,
    "style": "dashed",
    "opacity": "",
}


def _reference_level_layer(level: ReferenceLevel) -> ChartParams:
    """A level as a formula annotation, because the colour of a chart's series cannot be set."""
    return {
        **_ANNOTATION_DEFAULTS,
        "name": level.name,
        "annotationType": "FORMULA",
        "sourceType": "",
        "value": f"{level.value:.6g}",
        "color": level.color,
        "width": 1.5,
    }


def _condition_filter(condition: ColumnCondition) -> ChartParams:
    if condition.equals is not None:
        return _adhoc_filter(condition.column, "==", condition.equals)
    if condition.one_of is not None:
        return _adhoc_filter(condition.column, "IN", condition.one_of)
    if condition.below is not None:
        return _adhoc_filter(condition.column, "<", condition.below)
    operators = {"given": "IS NOT NULL", "missing": "IS NULL", "true": "IS TRUE"}
    return _adhoc_filter(condition.column, operators[condition.is_ or "given"], None)


_OPERATOR_IDS = {
    "==": "EQUALS", "IN": "IN", "<": "LESS_THAN", "IS NOT NULL": "IS_NOT_NULL", "IS NULL": "IS_NULL",
    "IS TRUE": "IS_TRUE", "TEMPORAL_RANGE": "TEMPORAL_RANGE",
}  # fmt: skip


def _adhoc_filter(column: str, operator: str, value: Any) -> ChartParams:
    return {
        "expressionType": "SIMPLE",
        "subject": column,
        "operator": operator,
        "operatorId": _OPERATOR_IDS[operator],
        "comparator": value,
        "clause": "WHERE",
        "isExtra": False,
    }


def _x_axis_column(column: str, grain: str | None) -> ChartParams | str:
    if not grain:
        return column
    return {
        "timeGrain": grain,
        "columnType": "BASE_AXIS",
        "sqlExpression": column,
        "label": column,
        "expressionType": "SQL",
    }
