"""A random world: every kind of KPI, and instances that nobody would write by hand."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pandas as pd

from tests.recount.worlds import AS_OF, World, moments_of

Rng = np.random.Generator
FIRST = pd.Timestamp("2026-10-05")
"""Berlin puts its clocks back on 25 October; the map changes on 4 November, a Wednesday."""
STAGES = {
    "ask": {"asked": "web", "called": "phone", "called_again": "phone"},
    "plan": {"planned": "web", "moved": "chat"},
    "help": {"visited": "field", "fixed": "web"},
    "thank": {"confirmed": "web", "thanked": "web"},
}
TIERS, REGIONS = ["gold", "silver", "bronze"], ["north", "south"]
QUESTIONS = [("after", "content", 1, 5), ("after", "recommend", 0, 10), ("effort", "hard", 1, 7), ("other", "q", 1, 5)]


def random_world(seed: int, instances: int = 500) -> World:
    """Make the world of that seed: hundreds of instances in two months, some of them open."""
    rng = np.random.default_rng(seed)
    name = f"random{seed}"
    customers = [f"{name}_customer{number}" for number in range(instances // 3)]
    events = [row for number in range(instances) for row in _instance_events(rng, name, number, customers)]
    cases = sorted({row["case_id"] for row in events if row["case_id"]})
    answers = [_answer(rng, name, number, cases, customers) for number in range(instances)]
    invitations = [_invitation(rng, name, number, cases, customers) for number in range(instances // 2)]
    known = [
        {
            "customer_id": one,
            "valid_from": _moment(rng, -20),
            "segments": _segments_text(rng, 0.8),
            "source": f"{name}_desk",
        }
        for one in customers
        for _ in range(int(rng.integers(0, 3)))
    ]
    gap = pd.Timestamp("2026-11-12")
    data_gaps = [{"source": f"{name}_web", "starts_at": gap, "ends_at": gap + pd.Timedelta(hours=9)}]
    tables = {
        "touchpoint_events": events,
        "survey_responses": answers,
        "survey_invitations": invitations,
        "customers": known,
        "blind_spots": data_gaps,
    }
    return World(
        name=name,
        documents=_documents(name, seed),
        calendars={f"{name}_office": {"calendar": f"{name}_office", **_OFFICE}},
        tables={table: _frame(rows) for table, rows in tables.items()},
        late={f"{name}_desk": "0d", f"{name}_web": "1d", f"{name}_survey": "3h"},
        expected=(),
    )


_OFFICE = {
    "timezone": "Europe/Berlin",
    "versions": [
        {"hours": {"mon-fri": ["09:00-12:30", "13:30-18:00"], "sat": ["22:00-02:00"]}},
        {"from": pd.Timestamp("2026-11-02").date(), "hours": {"mon-sun": ["08:00-20:00"]}},
    ],
    "holidays": [pd.Timestamp("2026-10-13").date()],
    "changes": {pd.Timestamp("2026-11-11").date(): ["11:11-12:00"]},
}


def _documents(name: str, seed: int) -> tuple[dict[str, Any], ...]:
    def of(touchpoint: str) -> str:
        return f"{name}_{touchpoint}"

    wait = {"from": of("asked"), "to": of("fixed")}
    after, effort = f"{name}_after", f"{name}_effort"
    kpis: dict[str, list[dict[str, Any]]] = {
        "ask": [
            {"kpi": "volume"},
            {"kpi": "volume", "name": "calls", "touchpoint": of("called")},
            {"kpi": "drop_off", "window": "2d"},
            {"kpi": "time_in_stage", "tolerance": "6h"},
            {"kpi": "time_in_stage", "name": "in_hours", "tolerance": "4h", "calendar": f"{name}_office"},
            {"kpi": "csat", "survey": after, "question": "content"},
            {"kpi": "csat_mean", "survey": after, "touchpoint": of("called")},
            {"kpi": "ces", "survey": effort, "polarity": "low_is_easy"},
            {"kpi": "emotion", "name": "angry"},
            {"kpi": "emotion", "name": "glad", "direction": "higher", "survey": after, "touchpoint": of("fixed")},
        ],
        "plan": [{"kpi": "conversion", "window": "1d"}, {"kpi": "time_in_stage"}, {"kpi": "first_contact"}],
        "help": [
            {"kpi": "time_to_resolve", "tolerance": "1d", **wait},
            {"kpi": "time_to_resolve", "name": "how_long", **wait},
            {"kpi": "promises_kept", **wait},
            {"kpi": "promises_kept", "name": "soon", "within": "12h", "from": of("asked"), "to": of("visited")},
            {"kpi": "time_to_resolve", "name": "in_hours", "tolerance": "9h", "calendar": f"{name}_office", **wait},
            {"kpi": "response_rate", "survey": after, "window": "3d"},
            {"kpi": "repeat_contact", "touchpoint": of("called_again")},
        ],
        "thank": [{"kpi": "nps", "survey": after, "question": "recommend"}],
    }
    whole: list[dict[str, Any]] = [
        {"kpi": "conversion"},
        {"kpi": "volume"},
        {"kpi": "first_contact"},
        {"kpi": "first_contact", "name": "one_call", "touchpoint": of("called")},
        {"kpi": "self_service"},
        {"kpi": "occurrence", "touchpoint": of("moved")},
        {"kpi": "peak_end", "window": "2d"},
    ]
    first: dict[str, Any] = {
        **{"journey": name, "title": name, "version": 1, "owner": "desk", "timezone": "Europe/Berlin"},
        "viewpoint": {"persona": "somebody", **({"segment": {"tier": ["gold", "silver"]}} if seed % 2 else {})},
        "scope": {
            **{"starts_with": [of("asked")], "ends_with": [of("confirmed"), of("thanked")]},
            **{"window": "9d", "session_gap": "3d"},
        },
        "segments": ["tier", "region", ["tier", "region"]],
        "min_cell_size": 3,
        "stages": [
            {
                "stage": stage,
                "touchpoints": [{"touchpoint": of(one), "channel": channel} for one, channel in touchpoints.items()],
                "kpis": kpis[stage],
            }
            for stage, touchpoints in STAGES.items()
        ],
        "kpis": whole,
    }
    first["moments_of_truth"] = moments_of(first)
    second = copy.deepcopy(first) | {"version": 2, "valid_from": pd.Timestamp("2026-11-04").date()}
    second["stages"][0]["kpis"][5]["box"] = 1
    second["stages"][0]["kpis"][2]["window"] = "1d"
    second["stages"][2]["kpis"][0]["tolerance"] = "12h"
    second["stages"][2]["kpis"][3]["within"] = "1d"
    second["stages"][2]["kpis"][6]["title"] = "Only the name is new"
    second["stages"][0]["kpis"][7]["scale"] = [1, 7]  # the default, written out
    del second["kpis"][5]
    return first, second


def _instance_events(rng: Rng, name: str, number: int, customers: list[str]) -> list[dict[str, Any]]:
    """Up to a dozen events, roughly along the map, some at the same time, of a case or of a customer without one."""
    touchpoints = [(one, position) for position, stage in enumerate(STAGES.values()) for one in stage]
    stages = np.array([position for _, position in touchpoints])
    at = _moment(rng)
    case = f"{name}_case{number}" if rng.random() < 0.6 else None
    customer = customers[int(rng.integers(0, len(customers)))]
    rows: list[dict[str, Any]] = []
    where = 0.0
    for step in range(int(rng.integers(1, 13))):
        near = np.exp(-0.8 * np.abs(stages - where))
        touchpoint = touchpoints[int(rng.choice(len(stages), p=near / near.sum()))][0]
        if step == 0 and rng.random() < 0.8:
            touchpoint = "asked"
        due = at + pd.Timedelta(minutes=int(rng.integers(-60, 3 * 1440)))
        rows.append(
            {
                **{"event_id": f"{name}:{number}:{step}", "case_id": case},
                "customer_id": customer if case is None or rng.random() < 0.9 else None,
                "touchpoint": f"{name}_{touchpoint}" if rng.random() < 0.97 else f"{name}_not_on_the_map",
                **{"occurred_at": at, "due_at": due if rng.random() < 0.3 else pd.NaT},
                **{"segments": _segments_text(rng, 0.4), "source": f"{name}_{rng.choice(['desk', 'web'])}"},
            }
        )
        where += 0.6 * float(rng.random())
        at += pd.Timedelta(minutes=int(rng.choice([0, 1, 37, 60, 300, 1440, 2881, 4320, 7000])))
    return rows


def _answer(rng: Rng, name: str, number: int, cases: list[str], customers: list[str]) -> dict[str, Any]:
    survey, question, low, high = QUESTIONS[int(rng.integers(0, len(QUESTIONS)))]
    touchpoint = rng.choice(np.array([None, "called", "fixed", "visited"], dtype=object))
    emotion = rng.choice(["angry", "glad"]) if rng.random() < 0.4 else None
    return {
        **{"response_id": f"{name}:{number}", **_whose(rng, cases, customers)},
        **{"survey": f"{name}_{survey}", "question": question},
        # Not from rng, so that the worlds are the same with and without weights.
        "weight": (None, 1.0, 0.25, 1 / 3, 2.5)[number % 5],
        "score": float(rng.integers(low, high + 1)) if rng.random() < 0.9 else None,
        **{"scale_min": float(low), "scale_max": float(high)},
        "touchpoint": f"{name}_{touchpoint}" if touchpoint else None,
        "emotion": emotion,
        "emotion_state": rng.choice(["present", "absent", "unknown"]) if emotion else None,
        **{"responded_at": _moment(rng), "segments": _segments_text(rng, 0.3), "source": f"{name}_survey"},
    }


def _invitation(rng: Rng, name: str, number: int, cases: list[str], customers: list[str]) -> dict[str, Any]:
    return {
        **{"invitation_id": f"{name}:{number}", **_whose(rng, cases, customers), "survey": f"{name}_after"},
        **{"invited_at": _moment(rng), "eligible": [True, True, None, False][int(rng.integers(0, 4))]},
        **{"segments": _segments_text(rng, 0.3), "source": f"{name}_survey"},
    }


def _whose(rng: Rng, cases: list[str], customers: list[str]) -> dict[str, Any]:
    case = cases[int(rng.integers(0, len(cases)))] if rng.random() < 0.6 else None
    customer = customers[int(rng.integers(0, len(customers)))] if case is None or rng.random() < 0.7 else None
    return {"case_id": case, "customer_id": customer}


def _moment(rng: Rng, earlier: int = 0) -> pd.Timestamp:
    """A random second from FIRST to a few days after AS_OF; rows after AS_OF must not be counted."""
    days = (AS_OF - FIRST).days + 3 + earlier
    return FIRST + pd.Timedelta(days=earlier) + pd.Timedelta(seconds=int(rng.integers(0, days * 86_400)))


def _segments_text(rng: Rng, known: float) -> str:
    drawn = {"tier": str(rng.choice(TIERS)), "region": str(rng.choice(REGIONS))}
    return json.dumps({column: value for column, value in drawn.items() if rng.random() < known})


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    times = [column for column in frame.columns.astype(str) if column.endswith("_at") or column == "valid_from"]
    return frame.astype(dict.fromkeys(times, "datetime64[us]"))
