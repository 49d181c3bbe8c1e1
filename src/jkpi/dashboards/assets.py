"""Dashboards as code: the YAML files of `assets/`, read and validated. `${name}` is filled in for each scope."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template
from typing import Any, Literal, TypeVar

import yaml
from pydantic import Field, model_validator

from jkpi.documents.models import StrictModel

ScopeKind = Literal["workspace", "journey", "stage", "kpi", "duration", "moment"]
FilterName = Literal["journey", "segment", "period", "time"]


class DatasetMetric(StrictModel):
    """One metric of a dataset. `format` is a d3 format."""

    metric: str
    title: str
    sql: str
    format: str | None = None
    description: str | None = None


class Dataset(StrictModel):
    """A published table with its time column and metrics."""

    dataset: str
    table: str
    time: str
    metrics: list[DatasetMetric]


class ColumnCondition(StrictModel):
    """One condition on a column; exactly one of the other fields is set."""

    column: str
    equals: str | None = None
    one_of: list[str] | None = None
    below: int | None = None
    is_: Literal["given", "missing", "true"] | None = Field(None, alias="is")

    @model_validator(mode="after")
    def _check_one_operator(self) -> ColumnCondition:
        if sum(operand is not None for operand in (self.equals, self.one_of, self.below, self.is_)) != 1:
            raise ValueError(f"the condition on {self.column} needs exactly one operator")
        return self


class ReferenceLevel(StrictModel):
    """A horizontal line in a chart, such as a target."""

    name: str
    value: float
    color: str


class ChartAsset(StrictModel):
    """A chart for each scope. `short_title`: its name on a dashboard; `alert_annotations`: whether it shows the alerts
    of its KPI."""

    chart: str
    scope: ScopeKind
    title: str
    short_title: str | None = None
    dataset: str
    viz: str
    where: list[ColumnCondition] = []
    filtered_by: list[FilterName] = []
    alert_annotations: bool = False
    reference_levels: list[ReferenceLevel] = []
    may_be_empty: bool = False
    params: dict[str, Any]


class StackedTile(StrictModel):
    """A chart below another one of the same scope, equally wide."""

    chart: str
    height: int


class TilePlacement(StrictModel):
    """Charts of one kind in a row. `width` in columns of twelve, `height` in units of eight pixels."""

    chart: str
    width: int = Field(ge=1, le=12)
    height: int
    stacked: StackedTile | None = None


class TabRow(StrictModel):
    """Rows of a tab, once or for each scope of a kind: a text above charts."""

    scope: ScopeKind | None = None
    text: str | None = None
    height: int = 8
    charts: list[TilePlacement] = []


class Tab(StrictModel):
    """A tab of a dashboard."""

    tab: str
    rows: list[TabRow]


class DashboardAsset(StrictModel):
    """A dashboard for each scope. `period`: the period length that is selected first."""

    dashboard: str
    scope: Literal["workspace", "journey"]
    title: str
    filters: list[FilterName]
    period: str
    tabs: list[Tab]


class DashboardFilter(StrictModel):
    """A filter of a dashboard; without a column it is the time filter."""

    filter: FilterName
    title: str
    dataset: str | None = None
    column: str | None = None
    multi_select: bool = False
    default: str | None = None


@dataclass(frozen=True)
class DashboardAssets:
    """All assets. Charts stay raw data: they are validated once a scope has filled their placeholders."""

    datasets: dict[str, Dataset]
    charts: dict[str, dict[str, Any]]
    dashboards: dict[str, DashboardAsset]
    filters: dict[str, DashboardFilter]
    chart_defaults: dict[str, dict[str, Any]]


@cache
def read_assets() -> DashboardAssets:
    """Read the YAML files of this package."""
    folder = Path(__file__).parent / "assets"
    charts = [_load_yaml(path) for path in sorted((folder / "charts").glob("*.yml"))]
    dashboards = [
        DashboardAsset.model_validate(_load_yaml(path)) for path in sorted((folder / "dashboards").glob("*.yml"))
    ]
    datasets = [Dataset.model_validate(data) for data in _load_yaml(folder / "datasets.yml")["datasets"]]
    filters = [DashboardFilter.model_validate(data) for data in _load_yaml(folder / "filters.yml")["filters"]]
    return DashboardAssets(
        datasets={dataset.dataset: dataset for dataset in datasets},
        charts={chart["chart"]: chart for chart in charts},
        dashboards={dashboard.dashboard: dashboard for dashboard in dashboards},
        filters={dashboard_filter.filter: dashboard_filter for dashboard_filter in filters},
        chart_defaults=_load_yaml(folder / "chart_defaults.yml"),
    )


Data = TypeVar("Data")


def fill_placeholders(data: Data, values: dict[str, Any]) -> Data:
    """`data` with every `${name}` filled in. A text that is only a placeholder becomes the value itself, also a list or
    None."""
    filled: Any = data
    if isinstance(data, str):
        name = data.removeprefix("${").removesuffix("}")
        is_placeholder_only = data == f"${{{name}}}" and name in values
        filled = values[name] if is_placeholder_only else Template(data).substitute(values)
    elif isinstance(data, list):
        filled = [fill_placeholders(item, values) for item in data]
    elif isinstance(data, dict):
        filled = {key: fill_placeholders(item, values) for key, item in data.items()}
    result: Data = filled
    return result


def _load_yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
