"""What is planted in each example, in one place, so that tests and documents name it from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

FIRST_DAY = date(2025, 10, 1)
AS_OF = datetime(2026, 6, 30, 6, 0, tzinfo=UTC)


@dataclass(frozen=True)
class PlantedFall:
    """A fall of one moment of truth that begins on a local day and still goes on at `AS_OF`."""

    journey: str
    moment: str
    kpi: str
    starts_on: date
    segment: str
    carried_by: str
    timezone: str
    lost_source: str
    lost_on: date


PLANTED: Mapping[str, PlantedFall] = {
    "equipment_repair": PlantedFall(
        journey="equipment_repair",
        moment="technician_on_site",
        kpi="repair.time_to_resolve",
        starts_on=date(2026, 6, 15),
        segment="region",
        carried_by="south",
        timezone="Europe/Istanbul",
        lost_source="visits",
        lost_on=date(2026, 4, 14),
    ),
    "spare_parts": PlantedFall(
        journey="spare_parts",
        moment="part_available",
        kpi="quote.drop_off",
        starts_on=date(2026, 6, 9),
        segment="part_class",
        carried_by="hydraulic",
        timezone="Europe/Berlin",
        lost_source="erp",
        lost_on=date(2026, 3, 11),
    ),
}

EXAMPLES = tuple(PLANTED)
