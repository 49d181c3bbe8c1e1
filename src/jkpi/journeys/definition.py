"""Fingerprint of a KPI's definition: changes if, and only if, the number would mean something else. Pure."""

from __future__ import annotations

import hashlib
import json

from jkpi.journeys.behaviour_kpis import Conversion, FirstContact, PeakEnd, SelfService
from jkpi.journeys.kpi_base import KpiBase
from jkpi.journeys.model import Journey
from jkpi.journeys.survey_kpis import Ces, Emotion, ScoredKpi

_LABEL_KEYS = {"name", "title", "target", "direction"}


def definition_fingerprint(journey: Journey, kpi: KpiBase) -> str:
    """The first 12 hex digits of the SHA-256 over the kind and every key that changes the number, with defaults.

    Keys without a value are left out, so that keys added by later releases change no fingerprint. Parts of the map that
    the number depends on are included: the journey's window, the staffed touchpoints, the polarity of effort surveys.
    """
    keys = kpi.model_dump(mode="json", by_alias=True, exclude=_LABEL_KEYS, exclude_none=True)
    if isinstance(kpi, ScoredKpi) and kpi.box_start is not None:
        keys["box"] = kpi.box_start
    if "touchpoint" in keys:  # hashed under the key's former names, so that fingerprints stay the same
        keys["on" if isinstance(kpi, ScoredKpi | Emotion) else "of"] = keys.pop("touchpoint")
    if isinstance(kpi, Emotion):
        keys["emotion"] = kpi.name
    if kpi.needs_journey_window or (isinstance(kpi, Conversion) and kpi.window is None):
        keys["journey_window"] = journey.model_dump(mode="json")["scope"]["window"]
    if isinstance(kpi, SelfService) or (isinstance(kpi, FirstContact) and kpi.touchpoint is None):
        keys["staffed"] = sorted(journey.staffed_touchpoints)
    if isinstance(kpi, PeakEnd):
        keys["turned"] = sorted(
            [other.survey, other.question or ""]
            for _, other, _, _ in journey.all_kpis()
            if isinstance(other, Ces) and other.polarity == "low_is_easy"
        )
    text = json.dumps(keys, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
