"""From the subjects of a workspace and the assets of this package to the bundle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from jkpi.dashboards import layout
from jkpi.dashboards.assets import Assets, Chart, Dashboard, fill, read_assets
from jkpi.dashboards.bundle import Bundle, MadeChart, MadeDashboard
from jkpi.dashboards.charts import Params, form
from jkpi.dashboards.database import Database
from jkpi.dashboards.files import MANAGED, files_of
from jkpi.dashboards.names import certifier, slug_start, stable_uuid
from jkpi.dashboards.scopes import Subject


def make_bundle(workspace: str, database: Database, subjects: Sequence[Subject]) -> Bundle:
    """All charts and dashboards for these subjects."""
    assets = read_assets()
    charts = {made.uuid: made for made in _charts(workspace, assets, subjects)}
    numbers = {made_uuid: number for number, made_uuid in enumerate(charts, start=1)}

    def tiles(chart: str, scope: Subject) -> Iterator[layout.Tile]:
        for made in charts.values():
            if made.asset.chart == chart and made.subject.belongs_to(scope):
                short = made.asset.short or made.asset.title
                name = short if scope.names else made.asset.title
                yield layout.Tile(made.uuid, numbers[made.uuid], name, short, tuple(made.asset.filtered_by))

    dashboards = tuple(
        _dashboard(workspace, assets, dashboard, scope, subjects, tiles)
        for dashboard in assets.dashboards.values()
        for scope in subjects
        if scope.kind == dashboard.each
    )
    journeys = tuple(subject.names["journey"] for subject in subjects if subject.kind == "journey")
    bundle = Bundle(workspace, database, assets, charts, dashboards, journeys)
    bundle.files.update(files_of(bundle))
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
        **MANAGED,
    }
    charts = tuple(tile.uuid for tile in made.tiles.values())
    return MadeDashboard(dashboard_uuid, slug, title, scope.names.get("journey"), charts, content)
