"""What people read for the names of a map."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from jkpi.journeys.model import Journey

_NAMESPACE = uuid.UUID("0b3a0e52-6a4f-5d0c-9a55-6d6b70690001")


def workspace_certifier(workspace: str) -> str:
    """See `Bundle.signature`."""
    return f"jkpi {workspace}"


def slug_prefix(workspace: str) -> str:
    """What the addresses of a workspace's dashboards begin with: its name, and where that is no plain word a few digits
    that tell it from others, for Superset takes over what has the same address."""
    slug = re.sub(r"[^a-z0-9_]+", "-", workspace.lower()).strip("-")
    return f"jkpi-{slug}-" if slug == workspace else f"jkpi-{slug}-{stable_uuid(workspace, 'slug', '')[:6]}-"


def stable_uuid(workspace: str, kind: str, key: str) -> str:
    """The UUID of a thing of a workspace (RFC 9562, version 5)."""
    return str(uuid.uuid5(_NAMESPACE, f"{workspace}/{kind}/{key}"))


TableRow = dict[str, Any]

NO_JOURNEY = ("(none)", "On no map")


class MapTitles:
    """What people read for the names of a map; names that the map has no longer are shown as they are."""

    def __init__(self, journeys: Sequence[Journey]) -> None:
        self.journeys = {journey.journey: journey for journey in journeys}
        self._moments = {
            (j.journey, moment.moment): moment.display_title for j in journeys for moment in j.moments_of_truth
        }
        self._kpis: dict[tuple[str, str], tuple[str, str]] = {}
        for journey in journeys:
            digits = len(str(len(journey.stages)))
            for kpi_id, kpi, stage, position in journey.all_kpis():
                stage_label = f"{position:0{digits}}. {stage.display_title}" if stage and position else "Whole journey"
                self._kpis[journey.journey, kpi_id] = (kpi.display_title, stage_label)

    def journey_columns(self, journey: str) -> TableRow:
        map_journey = self.journeys.get(journey)
        name, title = (journey, map_journey.title if map_journey else journey) if journey else NO_JOURNEY
        return {"journey": name, "journey_title": title}

    def moment_columns(self, journey: str, moment: str, kpi: str) -> TableRow:
        title, stage = self._kpis.get((journey, kpi), (kpi, ""))
        return {
            "moment": moment,
            "moment_title": self._moments.get((journey, moment), moment),
            "kpi": kpi,
            "kpi_title": title,
            "stage_label": stage,
        }

    def today(self, journey: str, now: datetime) -> date:
        map_journey = self.journeys.get(journey)
        return now.astimezone(ZoneInfo(map_journey.timezone) if map_journey else UTC).date()
