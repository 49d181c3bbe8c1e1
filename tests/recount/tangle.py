"""Passages no example has: stages left and entered again, asked twice, told out of order, segments that come and go.

What the definitions leave open is left out: no passage completes twice, none names a case that was never seen.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import yaml

FIRST = pd.Timestamp("2026-03-05")
NOW = pd.Timestamp("2026-04-10T12:34:56")
"""Later events are landed as well: they must not be seen. Berlin's clocks change in between."""

Rng = np.random.Generator


@dataclass(frozen=True)
class Shape:
    """What rows are drawn from: of touchpoints the name, stage and source; of questions survey, name, scale, source."""

    touchpoints: list[tuple[str, int, str]]
    starts: list[str]
    ends: list[str]
    segments: list[str]
    questions: list[tuple[str, str, int, int, str]]


def tangle(workspace: Path, sources: dict[str, str], blind: str, passages: int = 700, seed: int = 5) -> None:
    """Replace all landed facts; `sources` says which source each touchpoint and survey question is read from."""
    (path,) = (workspace / "journeys").glob("*.yml")
    shape = _shape(yaml.safe_load(path.read_text()), sources)
    rng = np.random.default_rng(seed)
    events = [row for number in range(passages) for row in _passage(shape, rng, number)]
    on_the_map = {name for name, _, _ in shape.touchpoints}
    seen = sorted({row["case_id"] for row in events if row["occurred_at"] <= NOW and row["touchpoint"] in on_the_map})
    answers = [_answer(shape, rng, number, seen) for number in range(passages)]
    day = pd.Timestamp("2026-03-24")
    spots = [{"source": blind, "starts_at": day, "ends_at": day + pd.Timedelta(days=1), "reason": "", "found_at": NOW}]
    with duckdb.connect(str(workspace / "warehouse.duckdb")) as connection:
        for table, rows in (("touchpoint_events", events), ("survey_responses", answers), ("blind_spots", spots)):
            frame = pd.DataFrame(rows)
            connection.execute(f"delete from raw.{table}")
            connection.register("landed", frame)
            connection.execute(f"insert into raw.{table} by name select * from landed")
            connection.unregister("landed")


def _shape(journey: dict[str, Any], sources: dict[str, str]) -> Shape:
    kpis = [kpi for stage in journey["stages"] for kpi in stage["kpis"] if "survey" in kpi]
    asked = [(kpi["survey"], kpi["question"], *kpi.get("scale", [0, 10])) for kpi in kpis]
    return Shape(
        touchpoints=[
            (touchpoint["touchpoint"], position, sources[touchpoint["touchpoint"]])
            for position, stage in enumerate(journey["stages"])
            for touchpoint in stage["touchpoints"]
        ],
        starts=journey["scope"]["starts_with"],
        ends=journey["scope"]["ends_with"],
        segments=journey["segments"],
        questions=[(survey, name, low, high, sources[name]) for survey, name, low, high in asked],
    )


def _passage(shape: Shape, rng: Rng, number: int) -> list[dict[str, Any]]:
    """Up to 13 events within a week, roughly along the map."""
    count = int(rng.integers(1, 14))
    begins = FIRST + pd.Timedelta(seconds=int(rng.integers(0, 40 * 86400)))
    seconds = np.sort(rng.choice(int(6.5 * 86400 * rng.random() ** 2) + 50, size=count, replace=False))
    stages = np.array([position for _, position, _ in shape.touchpoints])
    source_of = {name: source for name, _, source in shape.touchpoints}
    rows: list[dict[str, Any]] = []
    where, complete = 0.0, False
    for at in (begins + pd.Timedelta(seconds=int(second)) for second in seconds):
        near = np.exp(-0.35 * np.abs(stages - where))
        name = shape.touchpoints[int(rng.choice(len(stages), p=near / near.sum()))][0]
        if not rows and rng.random() < 0.8:
            name = shape.starts[int(rng.integers(0, len(shape.starts)))]
        where = min(where + 0.6 * float(rng.random()), float(stages.max()))
        if complete and name in shape.ends:
            continue
        complete = complete or name in shape.ends
        due = at + pd.Timedelta(seconds=int(rng.integers(-3600, 5 * 86400)))
        rows.append(
            {
                "event_id": f"E{number}-{len(rows)}",
                "customer_id": f"customer {number // 3}",
                "case_id": f"C{number}",
                "touchpoint": name if rng.random() < 0.97 else "not_on_the_map",
                "occurred_at": at,
                "due_at": due if rng.random() < 0.3 else pd.NaT,
                "segments": _segments(shape, rng, 0.6),
                "attributes": "{}",
                "content_hash": f"E{number}-{len(rows)}",
                "source": source_of[name],
                "batch_id": "tangled",
                "loaded_at": NOW,
            }
        )
    return rows


def _answer(shape: Shape, rng: Rng, number: int, cases: list[str]) -> dict[str, Any]:
    """An answer of a known case, or of a customer alone."""
    survey, question, low, high, source = shape.questions[int(rng.integers(0, len(shape.questions)))]
    return {
        "response_id": f"R{number}",
        "customer_id": f"customer {number // 2}",
        "case_id": cases[int(rng.integers(0, len(cases)))] if rng.random() < 0.7 else None,
        "survey": survey,
        "question": question,
        "score": float(rng.integers(low, high + 1)),
        "scale_min": float(low),
        "scale_max": float(high),
        "responded_at": FIRST + pd.Timedelta(seconds=int(rng.integers(0, 45 * 86400))),
        "segments": _segments(shape, rng, 0.3),
        "content_hash": f"R{number}",
        "source": source,
        "batch_id": "tangled",
        "loaded_at": NOW,
    }


def _segments(shape: Shape, rng: Rng, known: float) -> str:
    drawn = {name: f"v{rng.integers(0, 3)}" if rng.random() < 0.7 else None for name in shape.segments}
    return json.dumps({name: value for name, value in drawn.items() if rng.random() < known})
