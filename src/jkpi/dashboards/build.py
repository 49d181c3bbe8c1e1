"""Build the bundle from the scopes of a workspace and the assets of this package."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from jkpi.dashboards import layout
from jkpi.dashboards.assets import ChartAsset, DashboardAsset, DashboardAssets, fill_placeholders, read_assets
from jkpi.dashboards.bundle import BuiltChart, BuiltDashboard, DashboardBundle
from jkpi.dashboards.charts import ChartParams, form_data
from jkpi.dashboards.database import SupersetDatabase
from jkpi.dashboards.files import MANAGED_EXTERNALLY, bundle_files
from jkpi.dashboards.names import slug_prefix, stable_uuid, workspace_certifier
from jkpi.dashboards.scopes import ChartScope


def build_bundle(workspace: str, database: SupersetDatabase, scopes: Sequence[ChartScope]) -> DashboardBundle:
    """All charts and dashboards of these scopes."""
    assets = read_assets()
    charts = {made.uuid: made for made in _build_charts(workspace, assets, scopes)}
    placeholder_ids = {chart_uuid: placeholder_id for placeholder_id, chart_uuid in enumerate(charts, start=1)}

    def tiles_of(chart: str, scope: ChartScope) -> Iterator[layout.Tile]:
        for made in charts.values():
            if made.asset.chart == chart and made.scope.matches(scope):
                short = made.asset.short_title or made.asset.title
                name = short if scope.ids else made.asset.title
                yield layout.Tile(made.uuid, placeholder_ids[made.uuid], name, short, tuple(made.asset.filtered_by))

    dashboards = tuple(
        _build_dashboard(workspace, assets, dashboard, scope, scopes, tiles_of)
        for dashboard in assets.dashboards.values()
        for scope in scopes
        if scope.kind == dashboard.scope
    )
    journeys = tuple(journey_scope.ids["journey"] for journey_scope in scopes if journey_scope.kind == "journey")
    bundle = DashboardBundle(workspace, database, assets, charts, dashboards, journeys)
    bundle.files.update(bundle_files(bundle))
    return bundle


def _build_charts(workspace: str, assets: DashboardAssets, scopes: Sequence[ChartScope]) -> Iterator[BuiltChart]:
    for chart_data in assets.charts.values():
        for scope in scopes:
            if scope.kind == chart_data["scope"]:
                asset = ChartAsset.model_validate(fill_placeholders(chart_data, scope.placeholders))
                key = f"{asset.chart}/{scope.key}"
                annotation_chart_uuid = None
                if asset.alert_annotations:
                    moment_scope = next(s for s in scopes if s.kind == "moment" and s.matches(scope))
                    annotation_chart_uuid = stable_uuid(workspace, "chart", f"alert_annotations/{moment_scope.key}")
                yield BuiltChart(
                    stable_uuid(workspace, "chart", key),
                    asset.title,
                    asset,
                    form_data(asset, assets),
                    scope,
                    annotation_chart_uuid,
                )


def _build_dashboard(
    workspace: str,
    assets: DashboardAssets,
    dashboard: DashboardAsset,
    scope: ChartScope,
    scopes: Sequence[ChartScope],
    tiles: Any,
) -> BuiltDashboard:
    dashboard_grid = layout.build_grid(dashboard, scope, scopes, tiles)
    default_values = {"period": fill_placeholders(dashboard.period, scope.placeholders)}
    dashboard_filters = [
        assets.filters[name].model_copy(update={"default": default_values.get(name, assets.filters[name].default)})
        for name in dashboard.filters
    ]
    filter_configuration = layout.native_filters(
        dashboard_filters, lambda dataset: stable_uuid(workspace, "dataset", dataset), dashboard_grid, scope
    )
    metadata = {
        "native_filter_configuration": filter_configuration,
        "cross_filters_enabled": False,
        "refresh_frequency": 0,
        "timed_refresh_immune_slices": [],
        "expanded_slices": {},
        "color_scheme": "",  # each chart has its own
        "label_colors": {},
    }
    key = f"{dashboard.dashboard}/{scope.key}"
    title = fill_placeholders(dashboard.title, scope.placeholders)
    slug = slug_prefix(workspace) + scope.ids.get("journey", dashboard.dashboard)
    dashboard_uuid = stable_uuid(workspace, "dashboard", key)
    content: ChartParams = {
        "dashboard_title": title,
        "description": "Managed by jkpi; manual changes are overwritten.",
        "css": "",
        "slug": slug,
        "certified_by": workspace_certifier(workspace),
        "certification_details": "",
        "published": True,
        "uuid": dashboard_uuid,
        "position": dashboard_grid.position,
        "metadata": metadata,
        **MANAGED_EXTERNALLY,
    }
    charts = tuple(tile.uuid for tile in dashboard_grid.tiles.values())
    return BuiltDashboard(dashboard_uuid, slug, title, scope.ids.get("journey"), charts, content)
