"""Differences between the bundle and Superset, for the keys that the bundle sets. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jkpi.dashboards.bundle import DashboardBundle
from jkpi.dashboards.charts import alert_annotation_layer

RemoteContent = Mapping[str, Any]

_MAX_DIFFERENCES = 3
# Keys that Superset fills in by itself, or writes differently on export.
_SERVER_FIELDS = {"version", "query_context", "external_url", "is_managed_externally", "allow_csv_upload"}


def bundle_drift(
    bundle: DashboardBundle, remote: Mapping[str, RemoteContent], uuid_by_chart_id: Mapping[int, str]
) -> list[str]:
    """The differences as text, at most three of each object.

    Args:
        remote: UUID -> what Superset exports for it.
        uuid_by_chart_id: id of a chart in Superset -> its UUID.
    """
    differences: list[str] = []
    uuid_by_placeholder_id = dict(enumerate(bundle.charts, start=1))
    for content in bundle.files.values():
        if "uuid" not in content:
            continue
        name = _display_name(content)
        remote_content = remote.get(content["uuid"])
        if remote_content is None:
            differences.append(f"missing: {name}")
            continue
        wanted = _normalized(content, uuid_by_placeholder_id)
        chart = bundle.charts.get(content["uuid"])
        if chart is not None and chart.annotation_chart_uuid is not None:
            chart_id = next(
                (chart_id for chart_id, uuid in uuid_by_chart_id.items() if uuid == chart.annotation_chart_uuid), 0
            )
            wanted["params"]["annotation_layers"].append(alert_annotation_layer(chart_id))
        paths = list(_differing_paths(wanted, _normalized(remote_content, uuid_by_chart_id)))
        differences += [f"{name}: {path}" for path in paths[:_MAX_DIFFERENCES]]
        differences += [f"{name}: {len(paths) - _MAX_DIFFERENCES} more"] if len(paths) > _MAX_DIFFERENCES else []
    return differences


def _display_name(content: RemoteContent) -> str:
    keys = ("slice_name", "dashboard_title", "table_name", "database_name")
    return next(str(content[key]) for key in keys if key in content)


def _normalized(content: RemoteContent, uuid_by_chart_id: Mapping[int, str]) -> dict[str, Any]:
    """`position` with the UUIDs of charts instead of their ids."""
    copied: dict[str, Any] = json.loads(json.dumps(content, default=str))
    for component in copied.get("position", {}).values():
        if isinstance(component, dict) and component.get("type") == "CHART":
            component["meta"].pop("chartId", None)
    for native_filter in copied.get("metadata", {}).get("native_filter_configuration", ()):
        scope = native_filter.get("scope", {})
        scope["excluded"] = sorted(uuid_by_chart_id.get(chart_id, "?") for chart_id in scope.get("excluded", ()))
        native_filter.pop("chartsInScope", None)
    for list_of, key in (("columns", "column_name"), ("metrics", "metric_name")):
        if list_of in copied:
            copied[list_of] = {item[key]: item for item in copied[list_of]}
    return copied


def _differing_paths(wanted: Any, actual: Any, path: str = "") -> Iterator[str]:
    if isinstance(wanted, dict) and isinstance(actual, dict):
        for key, value in wanted.items():
            if key not in _SERVER_FIELDS:
                yield from _differing_paths(value, actual.get(key), f"{path}.{key}" if path else key)
        if path in ("columns", "metrics", "position"):
            yield from (f"{path}.{key} is not managed by jkpi" for key in actual if key not in wanted)
    elif isinstance(wanted, list) and isinstance(actual, list) and len(wanted) == len(actual):
        for index, (wanted_item, actual_item) in enumerate(zip(wanted, actual, strict=True)):
            yield from _differing_paths(wanted_item, actual_item, f"{path}.{index}")
    elif wanted != actual and not (wanted in (None, "", [], {}) and actual in (None, "", [], {})):
        yield path
