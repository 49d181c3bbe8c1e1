"""KPIs that are read from what happens: passages, stage visits and events."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from jkpi.documents.durations import Duration
from jkpi.journeys.kpi_base import Direction, KpiBase
from jkpi.journeys.types import DUE_DATE, Identifier, Tolerance, WholeNumber

_CALENDAR_FIELD = Field(
    None, description="Count open hours of this calendar only; a tolerance of 1d is then 24 of them."
)


class DropOff(KpiBase):
    """Share of mature stage visits that reached no later stage within the window."""

    statistic = "drop_off"
    default_direction = "lower"
    allowed_levels = frozenset({"stage"})
    label = "Drop-off"

    kpi: Literal["drop_off"]
    window: Duration


class Conversion(KpiBase):
    """Of a stage: share of mature visits that went on within the window. Of a journey: share that reached its end."""

    statistic = "conversion"
    label = "Conversion"

    kpi: Literal["conversion"]
    window: Duration | None = Field(None, description="Needed on a stage; on a journey the journey's window holds.")


class TimeToResolve(KpiBase):
    """From one touchpoint to another within an instance: share within tolerance, median and p90."""

    statistic = "share_within"
    label = "Time to resolve"
    needs_journey_window = True

    kpi: Literal["time_to_resolve"]
    from_: Identifier = Field(alias="from", description="The touchpoint that starts the clock.")
    to: Identifier = Field(description="The touchpoint that stops it.")
    tolerance: Tolerance = Field(description="What the customer still bears, such as 4h; or due: what was promised.")
    calendar: Identifier | None = _CALENDAR_FIELD
    direction: Literal["higher"] | None = None

    @field_validator("calendar")
    @classmethod
    def _counts_something(cls, calendar: str | None, info: ValidationInfo) -> str | None:
        if calendar is not None and info.data.get("tolerance") == DUE_DATE:
            raise ValueError(
                "tolerance: due is a date that was promised to each case, and a date needs no calendar:"
                " leave calendar: out, or give a tolerance such as 4h"
            )
        return calendar


class TimeInStage(KpiBase):
    """From entering to leaving a stage: median and p90, and the share within tolerance if there is one."""

    statistic = "share_within"
    allowed_levels = frozenset({"stage"})
    label = "Time in stage"
    needs_journey_window = True

    kpi: Literal["time_in_stage"]
    tolerance: Duration | None = Field(None, description="Without it there is a median, and no share to judge.")
    calendar: Identifier | None = _CALENDAR_FIELD
    direction: Direction | None = None

    @field_validator("tolerance")
    @classmethod
    def _fits_direction(cls, tolerance: timedelta | None, info: ValidationInfo) -> timedelta | None:
        if tolerance is not None and info.data.get("direction") == "lower":
            raise ValueError(
                "with a tolerance the share within it is judged, and a higher share is better, not a lower"
            )
        return tolerance

    @property
    def better_direction(self) -> Direction:
        return self.direction or ("lower" if self.tolerance is None else "higher")

    @property
    def main_unit(self) -> str:
        return "seconds" if self.tolerance is None else "share"

    @property
    def main_statistic(self) -> str:
        return "median" if self.tolerance is None else "share_within"


class RepeatContact(KpiBase):
    """Share of instances in which a touchpoint happened at least twice."""

    statistic = "repeat_contact"
    default_direction = "lower"
    label = "Repeat contact"
    needs_journey_window = True

    kpi: Literal["repeat_contact"]
    touchpoint: Identifier
    at_least: Annotated[WholeNumber, Field(ge=2)] = 2


class Occurrence(KpiBase):
    """Share of instances in which a touchpoint happened at least so often."""

    statistic = "occurrence"
    default_direction = "lower"
    label = "Occurrence"
    needs_journey_window = True

    kpi: Literal["occurrence"]
    touchpoint: Identifier
    at_least: Annotated[WholeNumber, Field(ge=1)] = 1


class FirstContact(KpiBase):
    """Of the instances that needed a contact at all, the share that was completed with exactly one."""

    statistic = "first_contact"
    label = "Solved at first contact"
    needs_journey_window = True

    kpi: Literal["first_contact"]
    touchpoint: Identifier | None = Field(
        None, description="The touchpoint that is a contact; any staffed one if not given."
    )
    direction: Literal["higher"] | None = None


class SelfService(KpiBase):
    """Of the completed instances, the share that met no staffed touchpoint."""

    statistic = "self_service"
    label = "Self-service"
    needs_journey_window = True

    kpi: Literal["self_service"]


class PeakEnd(KpiBase):
    """Per instance the mean of its most extreme and its last score, each scaled 0-1; and how many instances have any.

    Source: D. Kahneman et al., "When More Pain Is Preferred to Less", Psychological Science 4 (6), 1993.
    """

    statistic = "peak_end"
    unit = "score"
    allowed_levels = frozenset({"journey"})
    label = "Peak and end"
    needs_journey_window = True
    no_promise_reason = "a mean of scores has no share that could be promised; use csat, with a box, for that"

    kpi: Literal["peak_end"]
    window: Duration = Field(
        timedelta(days=7), description="How long after an instance was decided an answer still belongs to it."
    )
    direction: Literal["higher"] | None = None


class Volume(KpiBase):
    """Instances of a stage or a journey, or events of one touchpoint."""

    statistic = "volume"
    unit = "count"
    label = "Volume"
    no_promise_reason = "a count has no share that could be promised"

    kpi: Literal["volume"]
    touchpoint: Identifier | None = None
