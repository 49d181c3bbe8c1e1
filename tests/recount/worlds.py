"""Small worlds at the edges of the definitions: a map, a few rows, and some readings counted by hand.

A file of worlds/ is one world, and one journey of a common workspace: so the product counts all of them in one run.
Names that journeys share (touchpoints, surveys, cases ...) get the name of the world as prefix.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tests.recount.facts import TABLES, Facts, MapVersion, facts_of, read_yaml, span

HERE = Path(__file__).parent / "worlds"
AS_OF = pd.Timestamp("2026-12-01T12:00:00")
BASE: dict[str, Any] = {
    "version": 1,
    "owner": "desk",
    "timezone": "Europe/Berlin",
    "viewpoint": {"persona": "somebody"},
    "scope": {"starts_with": ["asked"], "ends_with": ["confirmed"], "window": "20d", "session_gap": "5d"},
}
STAGES = {
    "ask": {"asked": "web", "called": "phone"},
    "help": {"visited": "field", "fixed": "web"},
    "thank": {"confirmed": "web"},
}
_SHARED = ("touchpoint", "from", "to", "starts_with", "ends_with", "survey", "measure", "calendar")
_WORDS = {
    "n": "sample_size",
    "open": "open_count",
    "low": "ci_low",
    "high": "ci_high",
    "effective": "effective_sample_size",
}


@dataclass(frozen=True)
class World:
    """One world with prefixed names. documents: the map's versions in order. late: source -> allowed_lateness."""

    name: str
    documents: tuple[dict[str, Any], ...]
    calendars: dict[str, dict[str, Any]]
    tables: dict[str, pd.DataFrame]
    late: dict[str, str]
    expected: tuple[dict[str, Any], ...]

    def facts(self) -> Facts:
        """Input of the recount, as of AS_OF."""
        versions = [
            MapVersion(one, one.get("valid_from") if number else None) for number, one in enumerate(self.documents)
        ]
        late = {source: span(text) for source, text in self.late.items()}
        return facts_of(self.tables, versions, AS_OF, late, self.calendars)


def names() -> list[str]:
    return sorted(path.stem for path in HERE.glob("*.yml"))


def world(name: str) -> World:
    """The world of that name. Keys of its file: map, kpis (by stage or `journey`), then (its next versions), rows."""
    written = read_yaml(HERE / f"{name}.yml")
    documents = [_document(name, written.get("map", {}), written["kpis"])]
    for number, change in enumerate(written.get("then", []), start=2):
        changed = {**written.get("map", {}), **change.get("map", {}), "version": number}
        documents.append(_document(name, changed, {**written["kpis"], **change.get("kpis", {})}))
    calendars = {
        f"{name}_{calendar}": {"calendar": f"{name}_{calendar}", **hours}
        for calendar, hours in written.get("calendars", {}).items()
    }
    late = written.get("late", {"desk": "0d"})
    return World(
        name=name,
        documents=tuple(documents),
        calendars=calendars,
        tables={table: _rows(table, written.get(key, ""), name) for key, table in _KEYS.items()},
        late={f"{name}_{source}": text for source, text in late.items()},
        expected=tuple(_expectations(written["expected"])),
    )


def _document(name: str, changes: dict[str, Any], kpis: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    document = copy.deepcopy({"journey": name, "title": name, **BASE, **changes})
    stages = document.pop("stages", STAGES)
    document["stages"] = [
        {
            "stage": stage,
            "touchpoints": [{"touchpoint": one, "channel": channel} for one, channel in touchpoints.items()],
            "kpis": copy.deepcopy(kpis.get(stage, [])),
        }
        for stage, touchpoints in stages.items()
    ]
    document["kpis"] = copy.deepcopy(kpis.get("journey", []))
    document["moments_of_truth"] = moments_of(document)
    return dict(_prefixed(document, name))


def moments_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """A moment of truth for each KPI of a stage that has an early line: moving on, a tolerance, or a promise."""
    return [
        {
            **{"moment": f"{stage['stage']}_{entry.get('name', entry['kpi'])}", "owner": "desk", "notify": ["desk"]},
            **{"kpi": f"{stage['stage']}.{entry.get('name', entry['kpi'])}", "promise": 0.5, "min_drop": 0.1},
        }
        for stage in document["stages"]
        for entry in stage["kpis"]
        if entry["kpi"] in ("drop_off", "conversion", "promises_kept") or "tolerance" in entry
    ]


def _prefixed(value: Any, name: str, shared: bool = False) -> Any:
    if isinstance(value, dict):
        return {key: _prefixed(one, name, key in _SHARED) for key, one in value.items()}
    if isinstance(value, list):
        return [_prefixed(one, name, shared) for one in value]
    return f"{name}_{value}" if shared and isinstance(value, str) else value


_KEYS = {
    "events": "touchpoint_events",
    "answers": "survey_responses",
    "invitations": "survey_invitations",
    "customers": "customers",
    "counts": "period_counts",
    "data_gaps": "blind_spots",
}
_PLACES = {
    "events": ["case_id", "customer_id", "touchpoint", "occurred_at"],
    "answers": ["case_id", "customer_id", "asked", "score", "scale", "responded_at"],
    "invitations": ["case_id", "customer_id", "survey", "invited_at"],
    "customers": ["customer_id", "valid_from"],
    "counts": ["measure", "covers", "period_start", "numerator", "denominator"],
    "data_gaps": ["source", "starts_at", "ends_at"],
}
_IDENTITIES = {
    "events": "event_id",
    "answers": "response_id",
    "invitations": "invitation_id",
    "counts": "count_id",
}
_NAMED = ("case_id", "customer_id", "touchpoint", "survey", "measure", "source")
_OPTIONS = {
    "due": "due_at",
    "on": "touchpoint",
    "source": "source",
    "emotion": "emotion",
    "state": "emotion_state",
    "wave": "wave",
    "weight": "weight",
}


def _rows(table: str, text: str, name: str) -> pd.DataFrame:
    """Parse one row a line: the columns in order, `-` for none, then `key=value`: an option, else a segment.

    `times=50` lands the row so often, each with an id of its own.
    """
    (key,) = (key for key, one in _KEYS.items() if one == table)
    rows = []
    for number, line in enumerate(text.split("\n")):
        words = line.split("#")[0].split()
        if not words:
            continue
        plain = [word for word in words if "=" not in word]
        row: dict[str, Any] = {
            column: None if word == "-" else word for column, word in zip(_PLACES[key], plain, strict=True)
        }
        segments, times = {}, 1
        for option, value in (word.split("=", 1) for word in words if "=" in word):
            if option == "eligible":
                row["eligible"] = value == "yes"
            elif option == "times":
                times = int(value)
            elif option in _OPTIONS:
                row[_OPTIONS[option]] = value
            else:
                segments[option] = value
        if key == "answers":
            row["survey"], _, row["question"] = row.pop("asked").partition("/")
            row["question"] = None if row["question"] in ("", "-") else row["question"]
            row["scale_min"], row["scale_max"] = (row.pop("scale") or "-").split("-")[:2]
            row = {column: value or None for column, value in row.items()}
        row.setdefault("source", "desk")
        row |= {column: f"{name}_{row[column]}" for column in _NAMED if row.get(column)}
        identity = _IDENTITIES.get(key)
        if key != "data_gaps":
            row["segments"] = json.dumps(segments)
        rows += [{**row, **({identity: f"{name}:{number:04}:{one}"} if identity else {})} for one in range(times)]
    frame = pd.DataFrame(rows, columns=None if rows else TABLES[table].split())
    for column in frame.columns.astype(str):
        if column.endswith("_at") or column in ("valid_from", "period_start"):
            frame[column] = pd.to_datetime(frame[column]).astype("datetime64[us]")
        elif column in ("score", "scale_min", "scale_max", "weight", "numerator", "denominator"):
            frame[column] = frame[column].astype(float)
    return frame


def _expectations(text: str) -> Iterator[dict[str, Any]]:
    """Parse lines that name a reading (kpi, statistic, period, its first day) and its values counted by hand."""
    for line in text.split("\n"):
        words = line.split("#")[0].split()
        if not words:
            continue
        kpi, statistic, period, start, *rest = words
        found: dict[str, Any] = {"kpi": kpi, "statistic": statistic, "period": period}
        found |= {"period_start": pd.Timestamp(start), "segment": "all", "segment_value": "all", "absent": False}
        written = {}
        for word in rest:
            key, _, value = word.partition("=")
            if key == "absent":
                found["absent"] = True
            elif key == "in":
                found["segment"], found["segment_value"] = value.split(":")
            else:
                written[_WORDS.get(key, key)] = value
        yield {**found, "values": written}
