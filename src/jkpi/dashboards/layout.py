"""A dashboard's grid and filters as Superset holds them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jkpi.dashboards.assets import Dashboard, Filter, Line, Placed, fill
from jkpi.dashboards.scopes import Subject

Params = dict[str, Any]

COLUMNS = 12


@dataclass(frozen=True)
class Tile:
    """A chart as it stands on dashboards: `number` stands for its id, which Superset puts in its place. `short` is its
    name where its place says what it is about."""

    uuid: str
    number: int
    name: str
    short: str
    filtered_by: tuple[str, ...]


Stack = tuple[int, list[tuple[Tile, int]]]
"""How wide it is, and its tiles from above with the height of each."""


@dataclass
class Grid:
    """Superset's `position`, and the tiles that ended up on it."""

    position: Params = field(default_factory=dict)
    tiles: dict[int, Tile] = field(default_factory=dict)

    def add(self, kind: str, parents: list[str], meta: Params | None = None) -> list[str]:
        """A component below its last parent; the way to it."""
        name = f"{kind}-{len(self.position)}" if kind not in ("ROOT", "GRID", "HEADER") else f"{kind}_ID"
        component: Params = {"type": kind, "id": name, "children": [], "parents": parents}
        if meta is not None:
            component["meta"] = meta
        if kind == "HEADER":
            component = {"type": kind, "id": name, "meta": meta}
        elif parents:
            self.position[parents[-1]]["children"].append(name)
        self.position[name] = component
        return [*parents, name]


def grid(
    dashboard: Dashboard, scope: Subject, subjects: Sequence[Subject], tile_of: Callable[[str, Subject], Iterator[Tile]]
) -> Grid:
    """Tabs of rows; a row that grows wider than the page goes on in the next one.

    Args:
        tile_of: (chart, subject) -> the tiles of that chart which belong to the subject.
    """
    made = Grid({"DASHBOARD_VERSION_KEY": "v2"})
    root = made.add("ROOT", [])
    made.add("HEADER", [], {"text": fill(dashboard.title, scope.values)})
    tabs = made.add("TABS", root, {})
    for tab in dashboard.tabs:
        below = made.add("TAB", tabs, {"text": tab.tab, "defaultText": tab.tab, "placeholder": tab.tab})
        for line in tab.rows:
            for subject in _scopes(line, scope, subjects):
                stacks = [stack for placed in line.charts for stack in _stacks(placed, subject, tile_of)]
                if stacks or not line.charts:
                    _lay(made, below, line, subject, stacks)
    return made


def filters(chosen: Sequence[Filter], dataset_uuid: Callable[[str], str], made: Grid, scope: Subject) -> list[Params]:
    """The native filters of a dashboard, each with the charts that it does not reach left out."""
    found = []
    for one in chosen:
        excluded = [number for number, tile in made.tiles.items() if one.filter not in tile.filtered_by]
        found.append(
            {
                "id": f"NATIVE_FILTER-{one.filter}",
                "name": one.title,
                "type": "NATIVE_FILTER",
                "filterType": "filter_select" if one.column else "filter_time",
                "targets": _targets(one, dataset_uuid),
                "controlValues": _controls(one),
                "defaultDataMask": default_mask(one),
                "adhoc_filters": _only_of(scope) if one.column else [],
                "cascadeParentIds": [],
                "scope": {"rootPath": ["ROOT_ID"], "excluded": excluded},
                "description": "",
            }
        )
    return found


def default_mask(one: Filter) -> Params:
    """What a filter lets through before anybody touches it."""
    if one.default is None:
        return {"extraFormData": {}, "filterState": {}, "ownState": {}}
    return {
        "extraFormData": {"filters": [{"col": one.column, "op": "IN", "val": [one.default]}]},
        "filterState": {"value": [one.default], "label": one.default},
        "ownState": {},
    }


def _scopes(line: Line, scope: Subject, subjects: Sequence[Subject]) -> list[Subject]:
    if line.each is None:
        return [scope]
    return [subject for subject in subjects if subject.kind == line.each and subject.belongs_to(scope)]


def _stacks(placed: Placed, subject: Subject, tile_of: Callable[[str, Subject], Iterator[Tile]]) -> Iterator[Stack]:
    """The charts of one kind, each with the one under it: both have the same subjects, in the same order."""
    tiles = [(tile, placed.height) for tile in tile_of(placed.chart, subject)]
    if placed.under is None:
        yield from ((placed.width, [tile]) for tile in tiles)
        return
    under = [(replace(tile, name=tile.short), placed.under.height) for tile in tile_of(placed.under.chart, subject)]
    yield from ((placed.width, [*pair]) for pair in zip(tiles, under, strict=True))


def _lay(made: Grid, below: list[str], line: Line, subject: Subject, stacks: list[Stack]) -> None:
    if line.text is not None:
        row = made.add("ROW", below, {"background": "BACKGROUND_TRANSPARENT"})
        code = fill(line.text, subject.values)
        made.add("MARKDOWN", row, {"code": code, "width": COLUMNS, "height": line.height})
    room, row = 0, []
    for width, stack in stacks:
        if room < width:
            row, room = made.add("ROW", below, {"background": "BACKGROUND_TRANSPARENT"}), COLUMNS
        room -= width
        place = row
        if len(stack) > 1:
            place = made.add("COLUMN", row, {"background": "BACKGROUND_TRANSPARENT", "width": width})
        for tile, height in stack:
            made.tiles[tile.number] = tile
            meta = {
                "chartId": tile.number,
                "uuid": tile.uuid,
                "width": width,
                "height": height,
                "sliceName": tile.name,
                "sliceNameOverride": tile.name,
            }
            made.add("CHART", place, meta)


def _targets(one: Filter, dataset_uuid: Callable[[str], str]) -> list[Params]:
    if one.column is None or one.dataset is None:
        return [{}]
    return [{"column": {"name": one.column}, "datasetUuid": dataset_uuid(one.dataset)}]


def _controls(one: Filter) -> Params:
    if one.column is None:
        return {"enableEmptyFilter": False}
    return {
        "multiSelect": one.many,
        "enableEmptyFilter": one.default is not None,
        "defaultToFirstItem": False,
        "inverseSelection": False,
        "searchAllOptions": False,
    }


def _only_of(scope: Subject) -> list[Params]:
    """The choice of a filter holds only what the dashboard's journey has."""
    if scope.kind != "journey":
        return []
    return [
        {
            "expressionType": "SIMPLE",
            "subject": "journey",
            "operator": "==",
            "operatorId": "EQUALS",
            "comparator": scope.names["journey"],
            "clause": "WHERE",
            "isExtra": False,
        }
    ]
