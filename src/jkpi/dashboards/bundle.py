"""Everything of a workspace in Superset, as the files of one import: databases, datasets, charts, dashboards.

Each has a UUID that follows from the workspace and from what it is, so that the same thing is the same object in every
run; each name begins with `jkpi`, because Superset takes over what has the same name.
"""

from __future__ import annotations

import io
import json
import re
import uuid
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from jkpi.dashboards import layout
from jkpi.dashboards.assets import Assets, Chart, Dashboard, fill, read_assets
from jkpi.dashboards.charts import Params, form, heading, query_context
from jkpi.dashboards.database import Database
from jkpi.dashboards.subjects import Subject
from jkpi.dashboards.tables import published_columns
from jkpi.warehouse.snapshot import PUBLISHED

_NAMESPACE = uuid.UUID("0b3a0e52-6a4f-5d0c-9a55-6d6b70690001")
_MANAGED = {"is_managed_externally": True, "external_url": None, "version": "1.0.0"}


@dataclass(frozen=True)
class MadeChart:
    """A chart of the bundle. `marks`: the uuid of the chart whose rows are drawn into it."""

    uuid: str
    name: str
    asset: Chart
    params: Params
    subject: Subject
    marks: str | None = None


@dataclass(frozen=True)
class MadeDashboard:
    """A dashboard of the bundle, and the charts on it, by UUID. `journey` is None for the overview."""

    uuid: str
    slug: str
    title: str
    journey: str | None
    charts: tuple[str, ...]
    content: Params


@dataclass(frozen=True)
class Bundle:
    """What is put into Superset for one workspace."""

    workspace: str
    database: Database
    assets: Assets
    charts: dict[str, MadeChart]
    dashboards: tuple[MadeDashboard, ...]
    journeys: tuple[str, ...] = ()
    files: dict[str, Params] = field(default_factory=dict)

    def dataset_uuid(self, dataset: str) -> str:
        """The UUID of a dataset."""
        return stable_uuid(self.workspace, "dataset", dataset)

    @property
    def signature(self) -> str:
        """What stands as the certifier of everything of this workspace, so that it is known again."""
        return certifier(self.workspace)

    def zipped(self) -> bytes:
        """The files as Superset imports them; the same bytes for the same content."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in sorted(self.files.items()):
                text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
                archive.writestr(zipfile.ZipInfo(f"jkpi/{name}", (2020, 1, 1, 0, 0, 0)), text)
        return out.getvalue()


def certifier(workspace: str) -> str:
    """See `Bundle.signature`."""
    return f"jkpi {workspace}"


def slug_start(workspace: str) -> str:
    """What the addresses of a workspace's dashboards begin with: its name, and where that is no plain word a few digits
    that tell it from others, for Superset takes over what has the same address."""
    plain = re.sub(r"[^a-z0-9_]+", "-", workspace.lower()).strip("-")
    return f"jkpi-{plain}-" if plain == workspace else f"jkpi-{plain}-{stable_uuid(workspace, 'slug', '')[:6]}-"


def stable_uuid(workspace: str, kind: str, key: str) -> str:
    """The UUID of a thing of a workspace (RFC 9562, version 5)."""
    return str(uuid.uuid5(_NAMESPACE, f"{workspace}/{kind}/{key}"))


def make_bundle(workspace: str, database: Database, subjects: Sequence[Subject]) -> Bundle:
    """All charts and dashboards for these subjects."""
    assets = read_assets()
    charts = {made.uuid: made for made in _charts(workspace, assets, subjects)}
    numbers = {made_uuid: number for number, made_uuid in enumerate(charts, start=1)}

    def tiles(chart: str, scope: Subject) -> Iterator[layout.Tile]:
        for made in charts.values():
            if made.asset.chart == chart and made.subject.belongs_to(scope):
                name = made.asset.short if made.asset.short and scope.names else made.asset.title
                yield layout.Tile(made.uuid, numbers[made.uuid], name, tuple(made.asset.filtered_by))

    dashboards = tuple(
        _dashboard(workspace, assets, dashboard, scope, subjects, tiles)
        for dashboard in assets.dashboards.values()
        for scope in subjects
        if scope.kind == dashboard.each
    )
    journeys = tuple(subject.names["journey"] for subject in subjects if subject.kind == "journey")
    bundle = Bundle(workspace, database, assets, charts, dashboards, journeys)
    bundle.files.update(_files(bundle))
    return bundle


def _charts(workspace: str, assets: Assets, subjects: Sequence[Subject]) -> Iterator[MadeChart]:
    for raw in assets.charts.values():
        for subject in subjects:
            if subject.kind == raw["each"]:
                asset = Chart.model_validate(fill(raw, subject.values))
                key = f"{asset.chart}/{subject.key}"
                marks = None
                if asset.marks:
                    moment = next(s for s in subjects if s.kind == "moment" and s.belongs_to(subject))
                    marks = stable_uuid(workspace, "chart", f"alert_marks/{moment.key}")
                yield MadeChart(
                    stable_uuid(workspace, "chart", key), asset.title, asset, form(asset, assets), subject, marks
                )


def _dashboard(
    workspace: str, assets: Assets, dashboard: Dashboard, scope: Subject, subjects: Sequence[Subject], tiles: Any
) -> MadeDashboard:
    made = layout.grid(dashboard, scope, subjects, tiles)
    first = {"period": fill(dashboard.period, scope.values)}
    chosen = [
        assets.filters[name].model_copy(update={"default": first.get(name, assets.filters[name].default)})
        for name in dashboard.filters
    ]
    native = layout.filters(chosen, lambda dataset: stable_uuid(workspace, "dataset", dataset), made, scope)
    metadata = {
        "native_filter_configuration": native,
        "cross_filters_enabled": False,
        "refresh_frequency": 0,
        "timed_refresh_immune_slices": [],
        "expanded_slices": {},
        "color_scheme": "",  # that of each chart
        "label_colors": {},
    }
    key = f"{dashboard.dashboard}/{scope.key}"
    title = fill(dashboard.title, scope.values)
    slug = slug_start(workspace) + scope.names.get("journey", dashboard.dashboard)
    dashboard_uuid = stable_uuid(workspace, "dashboard", key)
    content: Params = {
        "dashboard_title": title,
        "description": "Made by jkpi; changes by hand are undone.",
        "css": "",
        "slug": slug,
        "certified_by": certifier(workspace),
        "certification_details": "",
        "published": True,
        "uuid": dashboard_uuid,
        "position": made.position,
        "metadata": metadata,
        **_MANAGED,
    }
    charts = tuple(tile.uuid for tile in made.tiles.values())
    return MadeDashboard(dashboard_uuid, slug, title, scope.names.get("journey"), charts, content)


def _files(bundle: Bundle) -> Iterator[tuple[str, Params]]:
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
        **_MANAGED,
    }
