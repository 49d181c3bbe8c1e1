"""The fingerprint of what a KPI counts: it changes where the number would mean something else, and only there."""

from __future__ import annotations

import hashlib
import json

from jkpi.journeys.behaviour_kpis import Conversion, FirstContact, PeakEnd, SelfService
from jkpi.journeys.kpi_base import KpiBase
from jkpi.journeys.model import Journey
from jkpi.journeys.survey_kpis import Ces, Emotion, Scored

_SPEECH = {"name", "title", "target", "direction"}


def definition(journey: Journey, kpi: KpiBase) -> str:
    """The first 12 hex digits of the SHA-256 over kind and every key that changes the number, defaults filled in.

    Keys that are not given are left out, so that a key which a later release adds changes no fingerprint. What the
    number takes from elsewhere in the map belongs to it: the journey's window, who is staffed, which survey asks for
    effort the other way round.
    """
    keys = kpi.model_dump(mode="json", by_alias=True, exclude=_SPEECH, exclude_none=True)
    if isinstance(kpi, Scored) and kpi.box_edge is not None:
        keys["box"] = kpi.box_edge
    if isinstance(kpi, Emotion):
        keys["emotion"] = kpi.name
    if kpi.needs_journey_window or (isinstance(kpi, Conversion) and kpi.window is None):
        keys["journey_window"] = journey.model_dump(mode="json")["scope"]["window"]
    if isinstance(kpi, SelfService) or (isinstance(kpi, FirstContact) and kpi.of is None):
        keys["staffed"] = sorted(journey.staffed)
    if isinstance(kpi, PeakEnd):
        keys["turned"] = sorted(
            [other.survey, other.question or ""]
            for _, other, _, _ in journey.all_kpis()
            if isinstance(other, Ces) and other.polarity == "low_is_easy"
        )
    spelled = json.dumps(keys, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(spelled.encode()).hexdigest()[:12]
