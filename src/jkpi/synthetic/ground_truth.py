"""The drops injected into the examples, in one place for the generator, tests and documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

FIRST_DAY = date(2025, 10, 1)
AS_OF = datetime(2026, 6, 30, 6, 0, tzinfo=UTC)


@dataclass(frozen=True)
class InjectedDrop:
    """A drop of one moment of truth that starts on a local day and still lasts at `AS_OF`."""

    journey: str
    moment: str
    kpi: str
    starts_on: date
    segment: str
    driven_by: str
    timezone: str
    lost_source: str
    lost_on: date


EXAMPLE_DROPS: Mapping[str, InjectedDrop] = {
    "equipment_repair": InjectedDrop(
        journey="equipment_repair",
        moment="technician_on_site",
        kpi="repair.time_to_resolve",
        starts_on=date(2026, 6, 15),
        segment="region",
        driven_by="south",
        timezone="Europe/Istanbul",
        lost_source="visits",
        lost_on=date(2026, 4, 14),
    ),
    "spare_parts": InjectedDrop(
        journey="spare_parts",
        moment="part_available",
        kpi="quote.drop_off",
        starts_on=date(2026, 6, 9),
        segment="part_class",
        driven_by="hydraulic",
        timezone="Europe/Berlin",
        lost_source="erp",
        lost_on=date(2026, 3, 11),
    ),
}

EXAMPLES = tuple(EXAMPLE_DROPS)
