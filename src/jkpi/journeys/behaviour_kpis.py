"""KPIs of behaviour: journey instances, stage visits, touchpoint events and totals."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from jkpi.documents.durations import Duration
from jkpi.journeys.kpi_base import Direction, KpiBase
from jkpi.journeys.types import Identifier, WholeNumber


class DropOff(KpiBase):
    """Share of mature stage visits that reached no later stage within the window."""

    statistic = "drop_off"
    default_direction = "lower"
    allowed_levels = frozenset({"stage"})
    label = "Drop-off"

    kpi: Literal["drop_off"]
    window: Duration

    def decided_within(self, journey_window: timedelta) -> timedelta:
        return self.window


class Conversion(KpiBase):
    """Share of mature stage visits that reached a later stage, or of mature journey instances that reached the end."""

    statistic = "conversion"
    label = "Conversion"

    kpi: Literal["conversion"]
    window: Duration | None = Field(None, description="Required on a stage; a journey uses its own window.")

    def decided_within(self, journey_window: timedelta) -> timedelta:
        return self.window or journey_window


class DurationKpi(KpiBase):
    """Keys of the kinds about a duration: median and p90, and share within tolerance if one is given."""

    statistic = "share_within"
    needs_journey_window = True

    tolerance: Duration | None = Field(None, description="Without it there is a median but no share.")
    calendar: Identifier | None = Field(
        None, description="Count only the open hours of this calendar; a tolerance of 1d is then 24 open hours."
    )
    direction: Direction | None = None

    @field_validator("tolerance")
    @classmethod
    def _fits_direction(cls, tolerance: timedelta | None, info: ValidationInfo) -> timedelta | None:
        if tolerance is not None and info.data.get("direction") == "lower":
            raise ValueError(
                "with a tolerance the KPI is the share within it, and a higher share is better. Leave direction: out"
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

    def decided_within(self, journey_window: timedelta) -> timedelta:
        return self.tolerance or journey_window


class TimeToResolve(DurationKpi):
    """From one touchpoint to another within an instance: median and p90, and share within tolerance if one is given."""

    label = "Time to resolve"

    kpi: Literal["time_to_resolve"]
    from_: Identifier = Field(alias="from", description="The touchpoint that starts the clock.")
    to: Identifier = Field(description="The touchpoint that stops it.")


class TimeInStage(DurationKpi):
    """Time from entering to leaving a stage: median and p90, and share within tolerance if one is given."""

    allowed_levels = frozenset({"stage"})
    label = "Time in stage"

    kpi: Literal["time_in_stage"]


class PromisesKept(KpiBase):
    """Of the promises that fall due on a day, the share that was kept: `to` happened by the case's `due_at`.

    A promise counts on the local day on which it falls due, and is decided when that day is over. Cases without a
    promise are counted apart (`without_promise`). `closed_within` is the share closed early, by the day of the start.
    """

    statistic = "promises_kept"
    label = "Promises kept"
    needs_journey_window = True

    kpi: Literal["promises_kept"]
    from_: Identifier = Field(alias="from", description="The touchpoint that starts the clock.")
    to: Identifier = Field(description="The touchpoint by which the promise is kept.")
    within: Duration | None = Field(
        None,
        description="The time from the start that closed_within asks for; a quarter of each promise, at most 7d, if not"
        " given.",
    )
    direction: Literal["higher"] | None = None

    def decided_within(self, journey_window: timedelta) -> timedelta:
        return timedelta(0)  # a promise counts on the day on which it falls due


class RepeatContact(KpiBase):
    """Share of journey instances in which a touchpoint happened at least twice."""

    statistic = "repeat_contact"
    default_direction = "lower"
    label = "Repeat contact"
    needs_journey_window = True

    kpi: Literal["repeat_contact"]
    touchpoint: Identifier
    at_least: Annotated[WholeNumber, Field(ge=2)] = 2


class Occurrence(KpiBase):
    """Share of journey instances in which a touchpoint happened at least `at_least` times."""

    statistic = "occurrence"
    default_direction = "lower"
    label = "Occurrence"
    needs_journey_window = True

    kpi: Literal["occurrence"]
    touchpoint: Identifier
    at_least: Annotated[WholeNumber, Field(ge=1)] = 1


class FirstContact(KpiBase):
    """Of the journey instances with a contact, the share completed with exactly one."""

    statistic = "first_contact"
    label = "Solved at first contact"
    needs_journey_window = True

    kpi: Literal["first_contact"]
    touchpoint: Identifier | None = Field(
        None, description="The touchpoint that counts as contact; any staffed one if not given."
    )
    direction: Literal["higher"] | None = None


class SelfService(KpiBase):
    """Of the completed journey instances, the share without a staffed touchpoint."""

    statistic = "self_service"
    label = "Self-service"
    needs_journey_window = True

    kpi: Literal["self_service"]


class PeakEnd(KpiBase):
    """Per journey instance the mean of its most extreme and its last score, each scaled to 0-1; and how many have any.

    Source: D. Kahneman et al., "When More Pain Is Preferred to Less", Psychological Science 4 (6), 1993.
    """

    statistic = "peak_end"
    unit = "score"
    allowed_levels = frozenset({"journey"})
    label = "Peak and end"
    needs_journey_window = True
    no_promise_reason = "it is a mean of scores, not a share. Use csat with a box instead"

    kpi: Literal["peak_end"]
    window: Duration = Field(
        timedelta(days=7), description="How long after its end a response still belongs to a journey instance."
    )
    direction: Literal["higher"] | None = None

    def decided_within(self, journey_window: timedelta) -> timedelta:
        return journey_window + self.window


class Volume(KpiBase):
    """Number of stage visits, of journey instances, or of events of one touchpoint."""

    statistic = "volume"
    unit = "count"
    label = "Volume"
    no_promise_reason = "it is a count, not a share"

    kpi: Literal["volume"]
    touchpoint: Identifier | None = None


class Rate(KpiBase):
    """Share of a total, from sources of kind `counts`: sum of numerators over sum of denominators in a period."""

    statistic = "rate"
    label = "Rate"

    kpi: Literal["rate"]
    measure: Identifier = Field(description="A measure of a source of kind counts.")
    direction: Direction = Field(description="Whether a higher or a lower rate is better.")
