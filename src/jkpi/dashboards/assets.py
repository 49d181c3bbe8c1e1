"""The dashboards as code: YAML beside this file, read and checked. `${name}` in it is filled in for each subject."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template
from typing import Any, Literal, TypeVar

import yaml
from pydantic import Field, model_validator

from jkpi.documents.documents import Strict

Each = Literal["workspace", "journey", "stage", "kpi", "duration", "moment"]
FilterName = Literal["journey", "segment", "period", "time"]


class Metric(Strict):
    """One number of a dataset. `format` is d3's."""

    metric: str
    title: str
    sql: str
    format: str | None = None
    description: str | None = None


class Dataset(Strict):
    """A published table, its column of time, and what may be asked of it."""

    dataset: str
    table: str
    time: str
    metrics: list[Metric]


class Condition(Strict):
    """One condition on a column; exactly one of the others is given."""

    column: str
    equals: str | None = None
    among: list[str] | None = None
    below: int | None = None
    is_: Literal["given", "missing", "true"] | None = Field(None, alias="is")

    @model_validator(mode="after")
    def _says_one_thing(self) -> Condition:
        if sum(part is not None for part in (self.equals, self.among, self.below, self.is_)) != 1:
            raise ValueError(f"the condition on {self.column} says nothing, or more than one thing")
        return self


class Level(Strict):
    """A level drawn across a chart, such as a target."""

    name: str
    at: float
    color: str


class Chart(Strict):
    """A chart for each subject. `short` is its name on a dashboard; `marks` draws the alerts of its KPI into it."""

    chart: str
    each: Each
    title: str
    short: str | None = None
    dataset: str
    viz: str
    where: list[Condition] = []
    filtered_by: list[FilterName] = []
    marks: bool = False
    lines: list[Level] = []
    may_be_empty: bool = False
    params: dict[str, Any]


class Under(Strict):
    """A chart that stands below another one of the same subject, as wide as that."""

    chart: str
    height: int


class Placed(Strict):
    """Charts of one kind in a row; of twelve columns wide, of eight pixels high."""

    chart: str
    width: int = Field(ge=1, le=12)
    height: int
    under: Under | None = None


class Line(Strict):
    """Rows of a tab, for each subject of a kind or once: a text over charts."""

    each: Each | None = None
    text: str | None = None
    height: int = 8
    charts: list[Placed] = []


class Tab(Strict):
    """A tab of a dashboard."""

    tab: str
    rows: list[Line]


class Dashboard(Strict):
    """A dashboard for each subject. `period`: by which readings are shown at first."""

    dashboard: str
    each: Literal["workspace", "journey"]
    title: str
    filters: list[FilterName]
    period: str
    tabs: list[Tab]


class Filter(Strict):
    """A filter of a dashboard; without a column it is the one of time."""

    filter: FilterName
    title: str
    dataset: str | None = None
    column: str | None = None
    many: bool = False
    default: str | None = None


@dataclass(frozen=True)
class Assets:
    """All of it. Charts are kept as data: they are checked when a subject has filled them."""

    datasets: dict[str, Dataset]
    charts: dict[str, dict[str, Any]]
    dashboards: dict[str, Dashboard]
    filters: dict[str, Filter]
    looks: dict[str, dict[str, Any]]


@cache
def read_assets() -> Assets:
    """The YAML of this package."""
    folder = Path(__file__).parent / "assets"
    charts = [_load(path) for path in sorted((folder / "charts").glob("*.yml"))]
    dashboards = [Dashboard.model_validate(_load(path)) for path in sorted((folder / "dashboards").glob("*.yml"))]
    datasets = [Dataset.model_validate(data) for data in _load(folder / "datasets.yml")["datasets"]]
    filters = [Filter.model_validate(data) for data in _load(folder / "filters.yml")["filters"]]
    return Assets(
        datasets={dataset.dataset: dataset for dataset in datasets},
        charts={chart["chart"]: chart for chart in charts},
        dashboards={dashboard.dashboard: dashboard for dashboard in dashboards},
        filters={one.filter: one for one in filters},
        looks=_load(folder / "looks.yml"),
    )


Data = TypeVar("Data")


def fill(data: Data, values: dict[str, Any]) -> Data:
    """The same with every `${name}` filled in. A text that is nothing else takes the value as it is, a list or None
    as well."""
    filled: Any = data
    if isinstance(data, str):
        name = data.removeprefix("${").removesuffix("}")
        whole = data == f"${{{name}}}" and name in values
        filled = values[name] if whole else Template(data).substitute(values)
    elif isinstance(data, list):
        filled = [fill(item, values) for item in data]
    elif isinstance(data, dict):
        filled = {key: fill(item, values) for key, item in data.items()}
    result: Data = filled
    return result


def _load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
