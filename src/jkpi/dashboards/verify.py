"""Each chart's query, run as a browser would run it when its dashboard is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jkpi.dashboards.bundle import Bundle, MadeChart
from jkpi.dashboards.charts import Params, query_context
from jkpi.dashboards.layout import default_mask
from jkpi.dashboards.push import There
from jkpi.errors import SystemFailure


@dataclass(frozen=True)
class Proof:
    """What the charts answered. `empty`: the ones without a number that should have one; `broken`: name and reason."""

    charts: int
    empty: tuple[str, ...]
    broken: tuple[tuple[str, str], ...]


def prove(client: Any, bundle: Bundle, there: There) -> Proof:
    """Run every chart's query; one that fails does not stop the others."""
    empty, broken = [], []
    for made in bundle.charts.values():
        try:
            rows = rows_of(client, bundle, there, made)
        except SystemFailure as error:
            broken.append((made.name, error.message))
            continue
        if not made.asset.may_be_empty and not _has_numbers(made, rows):
            empty.append(made.name)
    return Proof(len(bundle.charts), tuple(empty), tuple(broken))


def rows_of(client: Any, bundle: Bundle, there: There, made: MadeChart) -> list[dict[str, Any]]:
    """The rows of a chart, with the filters of its dashboard as they stand at first.

    Raises:
        SystemFailure: the query fails.
    """
    dataset_id = there.datasets[bundle.dataset_uuid(made.asset.dataset)]
    asked = query_context(made.params, dataset_id, first_filters(bundle, made))
    answer = client.ask("POST", "chart/data", json=asked)["result"][0]
    if answer.get("error"):
        raise SystemFailure(str(answer["error"]))
    rows: list[dict[str, Any]] = answer["data"]
    return rows


def first_filters(bundle: Bundle, made: MadeChart) -> list[Params]:
    """What the filters of a dashboard add to a chart before anybody touches them."""
    found: list[Params] = []
    for name in made.asset.filtered_by:
        one = bundle.assets.filters[name]
        if name == "period":
            one = one.model_copy(update={"default": made.subject.values.get("period", "week")})
        found += default_mask(one)["extraFormData"].get("filters", [])
    return found


def _has_numbers(made: MadeChart, rows: list[dict[str, Any]]) -> bool:
    metrics = made.params.get("metrics") or [made.params[key] for key in ("metric",) if key in made.params]
    if not metrics:
        return bool(rows)
    return any(row.get(metric) is not None for row in rows for metric in metrics)
