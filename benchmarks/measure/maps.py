"""The measured workspace: three journeys of five stages, and their sources, as YAML."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

AS_OF = datetime(2026, 10, 31)  # noqa: DTZ001
"""UTC, naive. All events are in the year before it."""
DAYS = 365
WINDOW, IDLE = timedelta(days=14), timedelta(days=5)
TIERS, REGIONS = ("gold", "silver", "bronze"), ("north", "south", "east", "west")
# A key of sixteen characters or more, as jkpi asks for; these customers are made up, so it need not be a secret.
KEY = "benchmark-of-made-up-customers"
SIZES = (3, 2, 3, 2, 2)
"""Touchpoints of each stage."""


@dataclass(frozen=True)
class JourneyShape:
    """A journey: the touchpoints of its stages, and what differs between journeys."""

    journey: str
    timezone: str
    stages: dict[str, tuple[str, ...]]
    tolerance: str
    channels: tuple[str, ...]

    @property
    def touchpoints(self) -> list[str]:
        return [touchpoint for names in self.stages.values() for touchpoint in names]


JOURNEYS = (
    JourneyShape(
        "repair",
        "Europe/Istanbul",
        {
            "report": ("fault_reported", "fault_reported_again", "search_failed"),
            "diagnose": ("case_opened", "fault_diagnosed"),
            "schedule": ("visit_requested", "visit_confirmed", "visit_moved"),
            "fix": ("technician_arrived", "machine_running"),
            "confirm": ("repair_confirmed", "repair_rated"),
        },
        "12h",
        ("phone", "back_office", "phone", "field", "email"),
    ),
    JourneyShape(
        "order",
        "Europe/Paris",
        {
            "choose": ("offer_asked", "offer_asked_again", "price_questioned"),
            "buy": ("order_placed", "order_confirmed"),
            "deliver": ("parcel_sent", "parcel_announced", "parcel_delayed"),
            "receive": ("parcel_received", "parcel_opened"),
            "settle": ("invoice_paid", "order_rated"),
        },
        "1d",
        ("web", "web", "email", "store", "web"),
    ),
    JourneyShape(
        "contract",
        "UTC",
        {
            "apply": ("application_sent", "application_sent_again", "paper_missing"),
            "examine": ("application_read", "identity_checked"),
            "sign": ("contract_sent", "contract_explained", "contract_changed"),
            "open": ("contract_signed", "access_given"),
            "use": ("first_use", "contract_rated"),
        },
        "8h",
        ("web", "back_office", "email", "web", "app"),
    ),
)


def microseconds(length: timedelta | datetime) -> int:
    """A duration, or a timestamp since 1970 (UTC, naive), in whole microseconds."""
    span = length - datetime(1970, 1, 1) if isinstance(length, datetime) else length  # noqa: DTZ001
    return span // timedelta(microseconds=1)


def journey_yaml(shape: JourneyShape) -> dict[str, Any]:
    """YAML document of one journey."""
    first, _, third, fourth, fifth = shape.stages.values()
    kpis: dict[int, list[dict[str, Any]]] = {
        0: [
            {"kpi": "occurrence", "touchpoint": first[2]},
            {"kpi": "repeat_contact", "touchpoint": first[1]},
            {"kpi": "ces", "survey": f"{shape.journey}_effort", "question": "effort", "polarity": "high_is_easy"},
            {"kpi": "drop_off", "window": "2d"},
        ],
        1: [{"kpi": "drop_off", "window": "2d"}, {"kpi": "time_in_stage", "tolerance": "1d"}],
        2: [{"kpi": "drop_off", "window": "3d"}],
        3: [
            {"kpi": "drop_off", "window": "3d"},
            {"kpi": "time_to_resolve", "from": third[0], "to": fourth[0], "tolerance": shape.tolerance},
        ],
        4: [
            {"kpi": "csat", "survey": f"{shape.journey}_end", "question": "satisfaction"},
            {"kpi": "nps", "survey": f"{shape.journey}_end", "question": "recommend"},
        ],
    }
    return {
        "journey": shape.journey,
        "title": shape.journey.capitalize(),
        "version": 1,
        "owner": "head-of-service",
        "timezone": shape.timezone,
        "viewpoint": {"persona": "a customer"},
        "scope": {"starts_with": [first[0]], "ends_with": [fifth[0]], "window": "14d", "session_gap": "5d"},
        "segments": ["value_tier", "region"],
        "stages": [
            {
                "stage": stage,
                "touchpoints": [
                    {"touchpoint": touchpoint, "channel": shape.channels[number]} for touchpoint in touchpoints
                ],
                "kpis": kpis[number],
            }
            for number, (stage, touchpoints) in enumerate(shape.stages.items())
        ],
        "kpis": [{"kpi": "conversion"}, {"kpi": "volume"}],
    }


_EVENTS = {
    "source": "events",
    "kind": "touchpoints",
    "from": {"files": "data/events/*.parquet"},
    "allowed_lateness": "1d",
    "columns": {
        "event_id": "number",
        "customer_id": "customer",
        "touchpoint": "touchpoint",
        "channel": "channel",
        "occurred_at": "happened",
        "segments": ["value_tier", "region"],
    },
}


def source_yaml() -> list[dict[str, Any]]:
    """One source of events, and one of responses for each scale. The effort survey has no segments."""
    columns: dict[str, Any] = {
        "response_id": "number",
        "customer_id": "customer",
        "survey": "survey",
        "question": "question",
        "score": "score",
        "responded_at": "answered",
    }
    answers = [
        {
            "source": f"answers_{question}",
            "kind": "responses",
            "from": {"files": f"data/{question}/*.parquet"},
            "scale": list(scale),
            "allowed_lateness": "1d",
            "columns": columns | ({"segments": ["value_tier", "region"]} if question != "effort" else {}),
        }
        for question, scale in SCALES.items()
    ]
    return [_EVENTS, *answers]


SCALES = {"effort": (1, 7), "satisfaction": (1, 5), "recommend": (0, 10)}


def write_workspace(workspace: Path, memory_limit: str | None = None) -> None:
    """Write jkpi.yml, journeys, sources and the pseudonym key."""
    settings: dict[str, Any] = {"workspace": "benchmark", "as_of": f"{AS_OF.isoformat()}Z", "synthetic": True}
    if memory_limit:
        settings["memory_limit"] = memory_limit
    files: dict[str, Any] = {"jkpi.yml": settings, ".jkpi/pseudonym.key": KEY}
    files |= {f"journeys/{shape.journey}.yml": journey_yaml(shape) for shape in JOURNEYS}
    files |= {f"sources/{source['source']}.yml": source for source in source_yaml()}
    for name, content in files.items():
        path = workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False)
        path.write_text(text, encoding="utf-8")
