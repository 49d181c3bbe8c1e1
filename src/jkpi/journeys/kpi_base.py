"""What every KPI of a map may say of itself, and what is fixed about each kind."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from jkpi.documents.documents import Strict
from jkpi.journeys.types import Name, Number, Text, humanised

Direction = Literal["higher", "lower"]


class KpiBase(Strict):
    """What every KPI may say of itself.

    Class attributes: `statistic` is the one that is judged and shown first, `unit` its unit (share 0-1, points, score
    0-1, seconds or count), `better` the direction unless the map says otherwise; `needs_journey_window` says that the
    journey's own window decides its members; `no_promise` is why no moment can rest on it, empty where one can.
    """

    statistic: ClassVar[str]
    unit: ClassVar[str] = "share"
    better: ClassVar[Direction] = "higher"
    levels: ClassVar[frozenset[str]] = frozenset({"stage", "journey"})
    label: ClassVar[str]
    needs_journey_window: ClassVar[bool] = False
    no_promise: ClassVar[str] = ""

    kpi: str
    name: Name | None = Field(None, description="Its name within the stage; the kind where it is not given.")
    title: Text | None = Field(None, description="What people read.")
    target: Number | None = Field(None, description="The value that is wanted, in the KPI's unit: 0-1 for shares.")
    direction: Direction | None = Field(None, description="Whether higher or lower is better, where it can be either.")

    @property
    def short_id(self) -> str:
        """The id without the stage."""
        return self.name or self.kpi

    @property
    def shown(self) -> str:
        """The title, or one made from the name or the kind."""
        return self.title or (humanised(self.name) if self.name else self.label)

    @property
    def wanted(self) -> Direction:
        """Which direction is better."""
        return self.direction or self.better

    @property
    def measured_unit(self) -> str:
        """The unit of the first statistic."""
        return self.unit

    @property
    def first_statistic(self) -> str:
        """The statistic that is shown first, and judged where it is a proportion."""
        return self.statistic
