"""Putting the bundle into Superset: only where something differs, and what is not ours any more is taken away."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

import yaml

from jkpi.dashboards.bundle import Bundle
from jkpi.dashboards.charts import mark_layer
from jkpi.dashboards.drift import differences
from jkpi.dashboards.names import slug_start


@dataclass(frozen=True)
class There:
    """What of the bundle is in Superset, by UUID: ids of datasets, charts and dashboards."""

    datasets: dict[str, int]
    charts: dict[str, int]
    dashboards: dict[str, int]
    stale_charts: dict[int, str]
    stale_dashboards: dict[int, str]


@dataclass(frozen=True)
class Pushed:
    """What came of it: `changed` says what differed before, `removed` what was ours and is no longer asked for."""

    there: There
    is_new: bool
    changed: tuple[str, ...]
    removed: tuple[str, ...]


def look(client: Any, bundle: Bundle) -> There:
    """Find what is there already."""
    wanted = {bundle.dataset_uuid(name) for name in bundle.assets.datasets}
    named = [{"col": "table_name", "opr": "sw", "value": f"{bundle.signature} "}]
    datasets = {
        row["uuid"]: row["id"]
        for row in client.listed("dataset/", ["id", "uuid", "table_name"], named)
        if row["uuid"] in wanted
    }
    charts: dict[str, int] = {}
    stale_charts: dict[int, str] = {}
    for dataset_id in datasets.values():
        of = [{"col": "datasource_id", "opr": "eq", "value": dataset_id}]
        for row in client.listed("chart/", ["id", "uuid", "slice_name", "certified_by"], of):
            if row["uuid"] in bundle.charts:
                charts[row["uuid"]] = row["id"]
            elif row["certified_by"] == bundle.signature:
                stale_charts[row["id"]] = row["slice_name"]
    dashboards: dict[str, int] = {}
    stale_dashboards: dict[int, str] = {}
    known = {dashboard.uuid for dashboard in bundle.dashboards}
    titled = [{"col": "dashboard_title", "opr": "title_or_slug", "value": slug_start(bundle.workspace)}]
    for row in client.listed("dashboard/", ["id", "uuid", "dashboard_title", "certified_by"], titled):
        if row["uuid"] in known:
            dashboards[row["uuid"]] = row["id"]
        elif row["certified_by"] == bundle.signature:
            stale_dashboards[row["id"]] = row["dashboard_title"]
    return There(datasets, charts, dashboards, stale_charts, stale_dashboards)


def push(client: Any, bundle: Bundle) -> Pushed:
    """Bring Superset to what the bundle says. A second call changes nothing.

    Raises:
        SystemFailure: Superset refused it.
    """
    before = look(client, bundle)
    is_new = not before.dashboards
    changed = ("everything is new",) if is_new else tuple(_changes(client, bundle, before))
    there = before
    if changed:
        passwords = {bundle.database.file: bundle.database.password} if bundle.database.password else {}
        client.assets.import_bundle(bundle.zipped(), passwords)
        there = look(client, bundle)
        _draw_marks(client, bundle, there)
    removed = [*before.stale_charts.values(), *before.stale_dashboards.values()]
    for dashboard_id in before.stale_dashboards:
        client.ask("DELETE", f"dashboard/{dashboard_id}")
    for chart_id in before.stale_charts:
        client.ask("DELETE", f"chart/{chart_id}")
    return Pushed(there, is_new, () if is_new else changed, tuple(removed))


def _changes(client: Any, bundle: Bundle, there: There) -> list[str]:
    """What differs between Superset and the bundle, in words."""
    held = _exported(client, "dashboard", list(there.dashboards.values()))
    behind = {made.marks for made in bundle.charts.values()} & set(there.charts)
    held |= _exported(client, "chart", [there.charts[uuid] for uuid in behind if uuid])
    return differences(bundle, held, {chart_id: uuid for uuid, chart_id in there.charts.items()})


def _exported(client: Any, kind: str, ids: list[int]) -> dict[str, dict[str, Any]]:
    """UUID -> file, of these objects and of all that they rest on."""
    if not ids:
        return {}
    content = client.fetch(f"{kind}/export/", params={"q": json.dumps(sorted(set(ids)))})
    found = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            held = yaml.safe_load(archive.read(name))
            if isinstance(held, dict) and "uuid" in held:
                found[held["uuid"]] = held
    return found


def _draw_marks(client: Any, bundle: Bundle, there: There) -> None:
    """On import Superset drops every annotation that is no formula: they are put in afterwards."""
    for uuid, made in bundle.charts.items():
        if made.marks is None:
            continue
        held = client.ask("GET", f"chart/{there.charts[uuid]}")["result"]
        layers = [*made.params["annotation_layers"], mark_layer(there.charts[made.marks])]
        params = {**json.loads(held["params"]), "annotation_layers": layers}
        context = json.loads(held["query_context"])
        for one in context["queries"]:
            one["annotation_layers"] = layers
        context["form_data"]["annotation_layers"] = layers
        body = {"params": json.dumps(params), "query_context": json.dumps(context)}
        client.ask("PUT", f"chart/{there.charts[uuid]}", json=body)
