"""The published JSON Schema of a journey map, for completion and checking in editors."""

from __future__ import annotations

from typing import Any

from jkpi.journeys.model import Journey


def journey_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12, of one file under `journeys/`."""
    described = Journey.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **described, "title": "A jkpi journey map"}
