"""Import the bundle into Superset: only what differs. Objects of the workspace that are no longer in the bundle are
removed."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

import yaml

from jkpi.dashboards.bundle import DashboardBundle
from jkpi.dashboards.charts import alert_annotation_layer
from jkpi.dashboards.drift import bundle_drift
from jkpi.dashboards.names import slug_prefix


@dataclass(frozen=True)
class RemoteObjects:
    """Ids in Superset by UUID, of the datasets, charts and dashboards of the bundle."""

    datasets: dict[str, int]
    charts: dict[str, int]
    dashboards: dict[str, int]
    stale_charts: dict[int, str]
    stale_dashboards: dict[int, str]


@dataclass(frozen=True)
class SyncResult:
    """Result of a synchronization. `changed`: the differences found; `removed`: objects no longer in the bundle."""

    remote: RemoteObjects
    is_new: bool
    changed: tuple[str, ...]
    removed: tuple[str, ...]


def fetch_existing(client: Any, bundle: DashboardBundle) -> RemoteObjects:
    """Find the objects that already exist."""
    wanted = {bundle.dataset_uuid(name) for name in bundle.assets.datasets}
    name_filter = [{"col": "table_name", "opr": "sw", "value": f"{bundle.certifier} "}]
    datasets = {
        row["uuid"]: row["id"]
        for row in client.listed("dataset/", ["id", "uuid", "table_name"], name_filter)
        if row["uuid"] in wanted
    }
    charts: dict[str, int] = {}
    stale_charts: dict[int, str] = {}
    for dataset_id in datasets.values():
        dataset_filter = [{"col": "datasource_id", "opr": "eq", "value": dataset_id}]
        for row in client.listed("chart/", ["id", "uuid", "slice_name", "certified_by"], dataset_filter):
            if row["uuid"] in bundle.charts:
                charts[row["uuid"]] = row["id"]
            elif row["certified_by"] == bundle.certifier:
                stale_charts[row["id"]] = row["slice_name"]
    dashboards: dict[str, int] = {}
    stale_dashboards: dict[int, str] = {}
    dashboard_uuids = {dashboard.uuid for dashboard in bundle.dashboards}
    title_filter = [{"col": "dashboard_title", "opr": "title_or_slug", "value": slug_prefix(bundle.workspace)}]
    for row in client.listed("dashboard/", ["id", "uuid", "dashboard_title", "certified_by"], title_filter):
        if row["uuid"] in dashboard_uuids:
            dashboards[row["uuid"]] = row["id"]
        elif row["certified_by"] == bundle.certifier:
            stale_dashboards[row["id"]] = row["dashboard_title"]
    return RemoteObjects(datasets, charts, dashboards, stale_charts, stale_dashboards)


def sync_bundle(client: Any, bundle: DashboardBundle) -> SyncResult:
    """Update Superset to match the bundle. A second call changes nothing.

    Raises:
        SystemFailure: Superset refused it.
    """
    before = fetch_existing(client, bundle)
    is_new = not before.dashboards
    changed = ("everything is new",) if is_new else tuple(_remote_differences(client, bundle, before))
    remote = before
    if changed:
        passwords = {bundle.database.file: bundle.database.password} if bundle.database.password else {}
        client.assets.import_bundle(bundle.to_zip(), passwords)
        remote = fetch_existing(client, bundle)
        _add_alert_annotations(client, bundle, remote)
    removed = [*before.stale_charts.values(), *before.stale_dashboards.values()]
    for dashboard_id in before.stale_dashboards:
        client.ask("DELETE", f"dashboard/{dashboard_id}")
    for chart_id in before.stale_charts:
        client.ask("DELETE", f"chart/{chart_id}")
    return SyncResult(remote, is_new, () if is_new else changed, tuple(removed))


def _remote_differences(client: Any, bundle: DashboardBundle, remote: RemoteObjects) -> list[str]:
    """The differences between Superset and the bundle, as text."""
    remote_content = _exported_files(client, "dashboard", list(remote.dashboards.values()))
    annotation_chart_uuids = {made.annotation_chart_uuid for made in bundle.charts.values()} & set(remote.charts)
    remote_content |= _exported_files(client, "chart", [remote.charts[uuid] for uuid in annotation_chart_uuids if uuid])
    return bundle_drift(bundle, remote_content, {chart_id: uuid for uuid, chart_id in remote.charts.items()})


def _exported_files(client: Any, kind: str, ids: list[int]) -> dict[str, dict[str, Any]]:
    """UUID -> file, of these objects and of all that they depend on."""
    if not ids:
        return {}
    content = client.fetch(f"{kind}/export/", params={"q": json.dumps(sorted(set(ids)))})
    files_by_uuid = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            file_content = yaml.safe_load(archive.read(name))
            if isinstance(file_content, dict) and "uuid" in file_content:
                files_by_uuid[file_content["uuid"]] = file_content
    return files_by_uuid


def _add_alert_annotations(client: Any, bundle: DashboardBundle, remote: RemoteObjects) -> None:
    """Add the alert annotations after the import, because Superset drops all but formula annotations on import."""
    for uuid, chart in bundle.charts.items():
        if chart.annotation_chart_uuid is None:
            continue
        remote_chart = client.ask("GET", f"chart/{remote.charts[uuid]}")["result"]
        layers = [
            *chart.params["annotation_layers"],
            alert_annotation_layer(remote.charts[chart.annotation_chart_uuid]),
        ]
        params = {**json.loads(remote_chart["params"]), "annotation_layers": layers}
        context = json.loads(remote_chart["query_context"])
        for chart_query in context["queries"]:
            chart_query["annotation_layers"] = layers
        context["form_data"]["annotation_layers"] = layers
        body = {"params": json.dumps(params), "query_context": json.dumps(context)}
        client.ask("PUT", f"chart/{remote.charts[uuid]}", json=body)
