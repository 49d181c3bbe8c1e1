"""KPIs over totals: rows that come counted already, so many of so many in a period."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from jkpi.journeys.kpi_base import Direction, KpiBase
from jkpi.journeys.types import Name


class Rate(KpiBase):
    """Share of counted things in a period: the sum of what was counted over the sum of what it was counted of."""

    statistic = "rate"
    label = "Rate"

    kpi: Literal["rate"]
    measure: Name = Field(description="The measure of a source of kind counts.")
    direction: Direction = Field(description="Whether a higher or a lower rate is better.")
