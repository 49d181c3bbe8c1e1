"""The landed facts of a workspace and its map, as they are written: nothing measured is read here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import yaml

UNITS = {"m": "min", "h": "h", "d": "D", "w": "W"}


@dataclass(frozen=True)
class Facts:
    """Events, answers and blind spots in UTC without offset, up to `as_of`; and the map's YAML."""

    journey: dict[str, Any]
    as_of: pd.Timestamp
    events: pd.DataFrame
    answers: pd.DataFrame
    blind: pd.DataFrame
    late: dict[str, pd.Timedelta]

    @property
    def zone(self) -> str:
        return str(self.journey["timezone"])

    @property
    def segments(self) -> list[str]:
        return list(self.journey.get("segments", []))

    @property
    def window(self) -> pd.Timedelta:
        return span(self.journey["scope"]["window"])


def span(text: str) -> pd.Timedelta:
    """`12h`, `2d` as a length of time."""
    return pd.Timedelta(int(text[:-1]), unit=UNITS[text[-1]])


def read_facts(workspace: Path, warehouse: Path | None = None, as_of: pd.Timestamp | None = None) -> Facts:
    """Those of a workspace with one journey, up to `as_of` (UTC); its own warehouse and time unless named."""
    settings = yaml.safe_load((workspace / "jkpi.yml").read_text())
    (path,) = (workspace / "journeys").glob("*.yml")
    journey = yaml.safe_load(path.read_text())
    as_of = as_of or pd.Timestamp(settings["as_of"]).tz_convert("UTC").tz_localize(None)
    with duckdb.connect(str(warehouse or workspace / "warehouse.duckdb"), read_only=True) as connection:
        events = connection.execute("select * from raw.touchpoint_events").df()
        answers = connection.execute("select * from raw.survey_responses").df()
        blind = connection.execute("select * from raw.blind_spots").df()
        late = connection.execute("select source, late_seconds from raw.map_sources").fetchall()
    stage_of = {
        touchpoint["touchpoint"]: position
        for position, stage in enumerate(journey["stages"])
        for touchpoint in stage["touchpoints"]
    }
    events = events[(events["occurred_at"] <= as_of) & events["touchpoint"].isin(list(stage_of))]
    events = events.assign(position=events["touchpoint"].map(stage_of), segments=_documents(events["segments"]))
    answers = answers[answers["responded_at"] <= as_of]
    answers = answers.assign(segments=_documents(answers["segments"]))
    return Facts(
        journey=journey,
        as_of=as_of,
        events=_in_seconds(events.sort_values(["case_id", "occurred_at"], ignore_index=True)),
        answers=_in_seconds(answers.reset_index(drop=True)),
        blind=_in_seconds(blind),
        late={source: pd.Timedelta(seconds=seconds) for source, seconds in late},
    )


def read_readings(warehouse: Path) -> pd.DataFrame:
    """What the product says: the rows to compare with."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute("select * from marts.fct_kpi_readings").df()


def _documents(texts: pd.Series) -> pd.Series:
    known = {text: json.loads(text) for text in texts.dropna().unique()}
    return texts.map(lambda text: known.get(text, {}))


def _in_seconds(frame: pd.DataFrame) -> pd.DataFrame:
    """One unit for all times, so that no difference of units hides in a comparison."""
    return frame.astype(dict.fromkeys(frame.select_dtypes("datetime").columns, "datetime64[us]"))
