"""Landed rows of a workspace and its maps. Nothing that was measured is read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import pandas as pd
import yaml

UNITS = {"m": "min", "h": "h", "d": "D", "w": "W"}
TIMES: Final = "datetime64[us]"
TABLES = {
    "touchpoint_events": "event_id customer_id case_id touchpoint occurred_at due_at segments source",
    "survey_responses": "response_id customer_id case_id touchpoint survey question score scale_min scale_max weight"
    " emotion emotion_state wave responded_at segments source",
    "survey_invitations": "invitation_id customer_id case_id survey wave invited_at eligible segments source",
    "customers": "customer_id valid_from segments source",
    "period_counts": "measure covers period_start numerator denominator segments source",
    "blind_spots": "source starts_at ends_at",
}
"""Landing table -> the columns read."""
_TIME_OF = {"touchpoint_events": "occurred_at", "survey_responses": "responded_at", "survey_invitations": "invited_at"}


@dataclass(frozen=True)
class MapVersion:
    """One version of a map: its YAML, and the local day from which it is in force (None: always)."""

    document: dict[str, Any]
    since: date | None = None

    @property
    def number(self) -> int:
        return int(self.document["version"])


@dataclass(frozen=True)
class Facts:
    """Rows landed up to `as_of` (naive UTC), the versions of one journey in order, and calendars by name."""

    versions: tuple[MapVersion, ...]
    as_of: pd.Timestamp
    events: pd.DataFrame
    answers: pd.DataFrame
    invitations: pd.DataFrame
    customers: pd.DataFrame
    counts: pd.DataFrame
    data_gaps: pd.DataFrame
    late: Mapping[str, pd.Timedelta] = field(default_factory=dict)
    calendars: Mapping[str, dict[str, Any]] = field(default_factory=dict)


class _Loader(yaml.SafeLoader):
    """Reads `on` as text, not as a boolean."""


_Loader.yaml_implicit_resolvers = {
    first: [one for one in resolvers if first in "tf" or not one[0].endswith(":bool")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file of a workspace."""
    return dict(yaml.load(path.read_text(), _Loader))


def span(text: str) -> pd.Timedelta:
    """Parse a duration such as `12h` or `2d`."""
    return pd.Timedelta(int(text[:-1]), unit=UNITS[text[-1]])  # type: ignore[arg-type]


def of(keys: pd.Series, values: pd.Series) -> pd.Series:
    """Look up each key in `values`; the result has the index of `keys`, missing where there is no value."""
    known = values.set_axis(values.index.astype(object))
    found = known.reindex(pd.Index(keys.to_numpy(dtype=object), dtype=object))
    return found.set_axis(keys.index).rename(None)


def segments_of(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """Name of each segment or combination -> its columns."""
    wanted = [[entry] if isinstance(entry, str) else list(entry) for entry in document.get("segments", [])]
    return {"+".join(parts): parts for parts in wanted}


def viewpoint_of(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """Column -> the values that are in the viewpoint of the journey."""
    chosen = document.get("viewpoint", {}).get("segment", {})
    return {column: [str(value) for value in values] for column, values in chosen.items()}


def facts_of(
    tables: Mapping[str, pd.DataFrame],
    versions: Sequence[MapVersion],
    as_of: pd.Timestamp,
    late: Mapping[str, pd.Timedelta] = {},
    calendars: Mapping[str, dict[str, Any]] = {},
) -> Facts:
    """Make facts from landed tables. Missing tables and columns are empty; rows after `as_of` are left out.

    The columns of the segments are spread out beside the facts: `segment <name>`, None where a row does not say.
    """
    names = sorted(
        {part for one in versions for parts in segments_of(one.document).values() for part in parts}
        | {column for one in versions for column in viewpoint_of(one.document)}
    )
    read = {table: _table(tables.get(table), table, as_of, names) for table in TABLES}
    return Facts(
        versions=tuple(versions),
        as_of=as_of,
        events=read["touchpoint_events"],
        answers=read["survey_responses"],
        invitations=read["survey_invitations"],
        customers=read["customers"],
        counts=read["period_counts"],
        data_gaps=read["blind_spots"],
        late=late,
        calendars=calendars,
    )


def read_facts(
    workspace: Path,
    url: str,
    as_of: pd.Timestamp | None = None,
    journey: str | None = None,
    earlier: Iterable[Mapping[str, Any]] = (),
) -> Facts:
    """Read facts from a workspace's warehouse up to `as_of` (naive UTC, default: the workspace's as_of).

    journey: which one, where the workspace has several. earlier: the YAML of versions that it no longer holds.
    """
    from jkpi.warehouse.open import open_warehouse

    settings = read_yaml(workspace / "jkpi.yml")
    documents = [read_yaml(path) for path in sorted((workspace / "journeys").glob("*.yml"))]
    (current,) = [one for one in documents if journey in (None, one["journey"])]
    calendars = [read_yaml(path) for path in sorted((workspace / "calendars").glob("*.yml"))]
    as_of = as_of or pd.Timestamp(settings["as_of"]).tz_convert("UTC").tz_localize(None)
    with open_warehouse(url) as warehouse:
        loaded = warehouse.rows(
            "select version, valid_from from raw.map_journeys where journey = :journey", {"journey": current["journey"]}
        )
        sources = warehouse.rows("select source, late_seconds from raw.map_sources")
        there = warehouse.rows("select table_name from information_schema.tables where table_schema = 'raw'")
        tables = {}
        for table, columns in TABLES.items():
            if table not in {row["table_name"] for row in there}:
                continue
            rows = warehouse.rows(f"select {', '.join(columns.split())} from raw.{table}")
            tables[table] = pd.DataFrame(rows, columns=columns.split())
    first_loaded = {row["version"]: row["valid_from"] for row in loaded}
    versions = [
        MapVersion(dict(one), _since(one, first_loaded.get(one["version"]), first=number == 0))
        for number, one in enumerate(sorted([*earlier, current], key=lambda one: one["version"]))
    ]
    late = {row["source"]: pd.Timedelta(seconds=row["late_seconds"]) for row in sources}
    return facts_of(tables, versions, as_of, late, {one["calendar"]: one for one in calendars})


def _since(document: Mapping[str, Any], loaded: pd.Timestamp | None, first: bool) -> date | None:
    if first:
        return None
    if document.get("valid_from"):
        return pd.Timestamp(document["valid_from"]).date()
    assert loaded is not None
    return pd.Timestamp(loaded).tz_localize("UTC").tz_convert(document["timezone"]).date()


def _table(frame: pd.DataFrame | None, table: str, as_of: pd.Timestamp, names: Sequence[str]) -> pd.DataFrame:
    columns = TABLES[table].split()
    frame = pd.DataFrame(columns=columns) if frame is None else frame.reindex(columns=columns)
    for column in columns:
        if column.endswith("_at") or column in ("period_start", "valid_from"):
            frame[column] = pd.to_datetime(frame[column]).astype(TIMES)
        elif column in ("score", "scale_min", "scale_max", "numerator", "denominator"):
            frame[column] = frame[column].astype(float)
        else:
            frame[column] = frame[column].astype(object).where(frame[column].notna(), None)
    if table in _TIME_OF:
        frame = frame[frame[_TIME_OF[table]] <= as_of]
    frame = frame.reset_index(drop=True)
    if "segments" in columns:
        frame = _spread(frame, names)
    return frame


def _spread(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    texts = frame.pop("segments")
    known = {text: json.loads(text) for text in texts.dropna().unique()}
    for name in names:
        values_by_text = {text: document.get(name) for text, document in known.items()}
        values = [None if (value := values_by_text.get(text)) is None else str(value) for text in texts]
        frame[f"segment {name}"] = pd.Series(values, index=frame.index, dtype=object)
    return frame
