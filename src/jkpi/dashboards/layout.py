"""The grid and filters of a dashboard as Superset stores them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jkpi.dashboards.assets import DashboardAsset, DashboardFilter, TabRow, TilePlacement, fill_placeholders
from jkpi.dashboards.scopes import ChartScope

LayoutParams = dict[str, Any]

GRID_COLUMNS = 12


@dataclass(frozen=True)
class Tile:
    """A chart on a dashboard. `number`: a placeholder for its id, which Superset replaces. `short_title`: its name
    where the position already says what it is about."""

    uuid: str
    placeholder_id: int
    name: str
    short_title: str
    filtered_by: tuple[str, ...]


TileStack = tuple[int, list[tuple[Tile, int]]]
"""Its width, and its tiles from the top with their heights."""


@dataclass
class DashboardGrid:
    """The `position` of Superset, and the tiles on it."""

    position: LayoutParams = field(default_factory=dict)
    tiles: dict[int, Tile] = field(default_factory=dict)

    def add(self, kind: str, parents: list[str], meta: LayoutParams | None = None) -> list[str]:
        """Add a component below its last parent. Returns the path to it."""
        name = f"{kind}-{len(self.position)}" if kind not in ("ROOT", "GRID", "HEADER") else f"{kind}_ID"
        component: LayoutParams = {"type": kind, "id": name, "children": [], "parents": parents}
        if meta is not None:
            component["meta"] = meta
        if kind == "HEADER":
            component = {"type": kind, "id": name, "meta": meta}
        elif parents:
            self.position[parents[-1]]["children"].append(name)
        self.position[name] = component
        return [*parents, name]


def build_grid(
    dashboard: DashboardAsset,
    scope: ChartScope,
    scopes: Sequence[ChartScope],
    tile_of: Callable[[str, ChartScope], Iterator[Tile]],
) -> DashboardGrid:
    """Tabs of rows; a row wider than the page continues in the next one.

    Args:
        tile_of: (chart, subject) -> the tiles of that chart which belong to the subject.
    """
    dashboard_grid = DashboardGrid({"DASHBOARD_VERSION_KEY": "v2"})
    root = dashboard_grid.add("ROOT", [])
    dashboard_grid.add("HEADER", [], {"text": fill_placeholders(dashboard.title, scope.placeholders)})
    tabs = dashboard_grid.add("TABS", root, {})
    for tab in dashboard.tabs:
        tab_path = dashboard_grid.add("TAB", tabs, {"text": tab.tab, "defaultText": tab.tab, "placeholder": tab.tab})
        for tab_row in tab.rows:
            for row_scope in _scopes_of_row(tab_row, scope, scopes):
                stacks = [
                    stack for placement in tab_row.charts for stack in _tile_stacks(placement, row_scope, tile_of)
                ]
                if stacks or not tab_row.charts:
                    _add_row(dashboard_grid, tab_path, tab_row, row_scope, stacks)
    return dashboard_grid


def native_filters(
    dashboard_filters: Sequence[DashboardFilter],
    dataset_uuid: Callable[[str], str],
    dashboard_grid: DashboardGrid,
    scope: ChartScope,
) -> list[LayoutParams]:
    """The native filters of a dashboard, each excluding the charts that it does not apply to."""
    native = []
    for dashboard_filter in dashboard_filters:
        excluded = [
            placeholder_id
            for placeholder_id, tile in dashboard_grid.tiles.items()
            if dashboard_filter.filter not in tile.filtered_by
        ]
        native.append(
            {
                "id": f"NATIVE_FILTER-{dashboard_filter.filter}",
                "name": dashboard_filter.title,
                "type": "NATIVE_FILTER",
                "filterType": "filter_select" if dashboard_filter.column else "filter_time",
                "targets": _filter_targets(dashboard_filter, dataset_uuid),
                "controlValues": _filter_controls(dashboard_filter),
                "defaultDataMask": default_data_mask(dashboard_filter),
                "adhoc_filters": _limit_to_journey(scope) if dashboard_filter.column else [],
                "cascadeParentIds": [],
                "scope": {"rootPath": ["ROOT_ID"], "excluded": excluded},
                "description": "",
            }
        )
    return native


def default_data_mask(dashboard_filter: DashboardFilter) -> LayoutParams:
    """The default selection of a filter."""
    if dashboard_filter.default is None:
        return {"extraFormData": {}, "filterState": {}, "ownState": {}}
    return {
        "extraFormData": {"filters": [{"col": dashboard_filter.column, "op": "IN", "val": [dashboard_filter.default]}]},
        "filterState": {"value": [dashboard_filter.default], "label": dashboard_filter.default},
        "ownState": {},
    }


def _scopes_of_row(tab_row: TabRow, scope: ChartScope, scopes: Sequence[ChartScope]) -> list[ChartScope]:
    if tab_row.scope is None:
        return [scope]
    return [candidate for candidate in scopes if candidate.kind == tab_row.scope and candidate.matches(scope)]


def _tile_stacks(
    placement: TilePlacement, scope: ChartScope, tile_of: Callable[[str, ChartScope], Iterator[Tile]]
) -> Iterator[TileStack]:
    """The charts of one kind, each with the one stacked below it: both have the same scopes in the same order."""
    tiles = [(tile, placement.height) for tile in tile_of(placement.chart, scope)]
    if placement.stacked is None:
        yield from ((placement.width, [tile]) for tile in tiles)
        return
    stacked_tiles = [
        (replace(tile, name=tile.short_title), placement.stacked.height)
        for tile in tile_of(placement.stacked.chart, scope)
    ]
    yield from ((placement.width, [*pair]) for pair in zip(tiles, stacked_tiles, strict=True))


def _add_row(
    dashboard_grid: DashboardGrid, tab_path: list[str], tab_row: TabRow, scope: ChartScope, stacks: list[TileStack]
) -> None:
    if tab_row.text is not None:
        row = dashboard_grid.add("ROW", tab_path, {"background": "BACKGROUND_TRANSPARENT"})
        code = fill_placeholders(tab_row.text, scope.placeholders)
        dashboard_grid.add("MARKDOWN", row, {"code": code, "width": GRID_COLUMNS, "height": tab_row.height})
    columns_left, row = 0, []
    for width, stack in stacks:
        if columns_left < width:
            row, columns_left = (
                dashboard_grid.add("ROW", tab_path, {"background": "BACKGROUND_TRANSPARENT"}),
                GRID_COLUMNS,
            )
        columns_left -= width
        parent = row
        if len(stack) > 1:
            parent = dashboard_grid.add("COLUMN", row, {"background": "BACKGROUND_TRANSPARENT", "width": width})
        for tile, height in stack:
            dashboard_grid.tiles[tile.placeholder_id] = tile
            meta = {
                "chartId": tile.placeholder_id,
                "uuid": tile.uuid,
                "width": width,
                "height": height,
                "sliceName": tile.name,
                "sliceNameOverride": tile.name,
            }
            dashboard_grid.add("CHART", parent, meta)


def _filter_targets(dashboard_filter: DashboardFilter, dataset_uuid: Callable[[str], str]) -> list[LayoutParams]:
    if dashboard_filter.column is None or dashboard_filter.dataset is None:
        return [{}]
    return [{"column": {"name": dashboard_filter.column}, "datasetUuid": dataset_uuid(dashboard_filter.dataset)}]


def _filter_controls(dashboard_filter: DashboardFilter) -> LayoutParams:
    if dashboard_filter.column is None:
        return {"enableEmptyFilter": False}
    return {
        "multiSelect": dashboard_filter.multi_select,
        "enableEmptyFilter": dashboard_filter.default is not None,
        "defaultToFirstItem": False,
        "inverseSelection": False,
        "searchAllOptions": False,
    }


def _limit_to_journey(scope: ChartScope) -> list[LayoutParams]:
    """Limit the values of a filter to those of the dashboard's journey."""
    if scope.kind != "journey":
        return []
    return [
        {
            "expressionType": "SIMPLE",
            "subject": "journey",
            "operator": "==",
            "operatorId": "EQUALS",
            "comparator": scope.ids["journey"],
            "clause": "WHERE",
            "isExtra": False,
        }
    ]
