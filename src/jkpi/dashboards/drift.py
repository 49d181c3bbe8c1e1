"""What differs between the bundle and what Superset holds: only keys that the bundle gives count. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jkpi.dashboards.bundle import Bundle
from jkpi.dashboards.charts import mark_layer

Held = Mapping[str, Any]

_MOST = 3
# What Superset fills in by itself, or writes otherwise on export.
_ITS_OWN = {"version", "query_context", "external_url", "is_managed_externally", "allow_csv_upload"}


def differences(bundle: Bundle, held: Mapping[str, Held], numbers: Mapping[int, str]) -> list[str]:
    """The differences in words, the first three of each thing.

    Args:
        held: UUID -> what Superset exports for it.
        numbers: id of a chart in Superset -> its UUID.
    """
    found: list[str] = []
    own_numbers = dict(enumerate(bundle.charts, start=1))
    for content in bundle.files.values():
        if "uuid" not in content:
            continue
        name = _name(content)
        there = held.get(content["uuid"])
        if there is None:
            found.append(f"missing: {name}")
            continue
        wanted = _comparable(content, own_numbers)
        made = bundle.charts.get(content["uuid"])
        if made is not None and made.marks is not None:
            number = next((number for number, uuid in numbers.items() if uuid == made.marks), 0)
            wanted["params"]["annotation_layers"].append(mark_layer(number))
        places = list(_differ(wanted, _comparable(there, numbers)))
        found += [f"{name}: {place}" for place in places[:_MOST]]
        found += [f"{name}: {len(places) - _MOST} more"] if len(places) > _MOST else []
    return found


def _name(content: Held) -> str:
    keys = ("slice_name", "dashboard_title", "table_name", "database_name")
    return next(str(content[key]) for key in keys if key in content)


def _comparable(content: Held, numbers: Mapping[int, str]) -> dict[str, Any]:
    """The same with charts named by UUID where it holds their numbers."""
    copied: dict[str, Any] = json.loads(json.dumps(content, default=str))
    for component in copied.get("position", {}).values():
        if isinstance(component, dict) and component.get("type") == "CHART":
            component["meta"].pop("chartId", None)
    for one in copied.get("metadata", {}).get("native_filter_configuration", ()):
        scope = one.get("scope", {})
        scope["excluded"] = sorted(numbers.get(number, "?") for number in scope.get("excluded", ()))
        one.pop("chartsInScope", None)
    for list_of, key in (("columns", "column_name"), ("metrics", "metric_name")):
        if list_of in copied:
            copied[list_of] = {item[key]: item for item in copied[list_of]}
    return copied


def _differ(wanted: Any, there: Any, place: str = "") -> Iterator[str]:
    if isinstance(wanted, dict) and isinstance(there, dict):
        for key, value in wanted.items():
            if key not in _ITS_OWN:
                yield from _differ(value, there.get(key), f"{place}.{key}" if place else key)
        if place in ("columns", "metrics", "position"):
            yield from (f"{place}.{key} is not ours" for key in there if key not in wanted)
    elif isinstance(wanted, list) and isinstance(there, list) and len(wanted) == len(there):
        for number, (one, other) in enumerate(zip(wanted, there, strict=True)):
            yield from _differ(one, other, f"{place}.{number}")
    elif wanted != there and not (wanted in (None, "", [], {}) and there in (None, "", [], {})):
        yield place
