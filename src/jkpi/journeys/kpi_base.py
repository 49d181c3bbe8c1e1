"""The base class of all KPI kinds."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import Field

from jkpi.documents.models import StrictModel
from jkpi.journeys.types import Identifier, Number, Text, title_from_name

Direction = Literal["higher", "lower"]


class KpiBase(StrictModel):
    """Keys that all KPIs share.

    Class attributes of each kind:
        statistic: the main statistic, evaluated and shown first. unit: its unit (share 0-1, points, score 0-1, seconds
            or count).
        default_direction: the better direction unless the map gives one.
        needs_journey_window: the window of the journey decides which instances are counted.
        no_promise_reason: why it cannot be a moment of truth; "" if it can.
    """

    statistic: ClassVar[str]
    unit: ClassVar[str] = "share"
    default_direction: ClassVar[Direction] = "higher"
    allowed_levels: ClassVar[frozenset[str]] = frozenset({"stage", "journey"})
    label: ClassVar[str]
    needs_journey_window: ClassVar[bool] = False
    no_promise_reason: ClassVar[str] = ""

    kpi: str
    name: Identifier | None = Field(None, description="Name within the stage; the kind if not given.")
    title: Text | None = Field(None, description="Title for people.")
    target: Number | None = Field(None, description="The wanted value in the unit of the KPI: 0-1 for shares.")
    direction: Direction | None = Field(
        None, description="Whether higher or lower is better, for kinds where both are possible."
    )

    @property
    def short_id(self) -> str:
        """The KPI id without its stage."""
        return self.name or self.kpi

    @property
    def display_title(self) -> str:
        """The title, or one made from the name or the kind."""
        return self.title or (title_from_name(self.name) if self.name else self.label)

    @property
    def better_direction(self) -> Direction:
        """The better direction."""
        return self.direction or self.default_direction

    def decided_within(self, journey_window: timedelta) -> timedelta:
        """The longest time from the event that a case is counted by until its outcome can no longer change. With a
        calendar it is open time."""
        return journey_window if self.needs_journey_window else timedelta(0)

    @property
    def main_unit(self) -> str:
        """The unit of the main statistic."""
        return self.unit

    @property
    def main_statistic(self) -> str:
        """The statistic that is shown first, and evaluated if it is a proportion."""
        return self.statistic
