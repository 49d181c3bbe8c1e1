"""The KPIs that a map can ask for: one model a kind, and what is fixed about each."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from jkpi.documents import Duration, Strict
from jkpi.journeys.words import Name, Number, Text, Tolerance, Whole, humanised

Direction = Literal["higher", "lower"]
Scale = tuple[Whole, Whole]


class KpiBase(Strict):
    """What every KPI may say of itself.

    Class attributes: `statistic` is the one that is judged and shown first, `unit` its unit (share 0-1, points, seconds
    or count), `better` the direction unless the map says otherwise.
    """

    statistic: ClassVar[str]
    unit: ClassVar[str] = "share"
    better: ClassVar[Direction] = "higher"
    levels: ClassVar[frozenset[str]] = frozenset({"stage", "journey"})
    label: ClassVar[str]

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


class _Survey(KpiBase):
    survey: Name
    question: Name | None = Field(None, description="The question; all of the survey's on this scale if not given.")

    @property
    def box_edge(self) -> int:
        """The score at which the counted box begins, toward the good end; itself in the box."""
        raise NotImplementedError


class Csat(_Survey):
    """Share of answers in the top box of their scale."""

    statistic = "top_box"
    label = "Satisfaction"

    kpi: Literal["csat"]
    scale: Scale = Field((1, 5), description="The lowest and the highest score.")
    box: Annotated[Whole, Field(ge=1, validate_default=True)] = Field(2, description="How many top scores count.")
    direction: Literal["higher"] | None = None

    @field_validator("scale")
    @classmethod
    def _rising(cls, scale: Scale) -> Scale:
        return _rising_scale(scale)

    @field_validator("box")
    @classmethod
    def _leaves_some_out(cls, box: int, info: ValidationInfo) -> int:
        return _box_within(box, info)

    @property
    def box_edge(self) -> int:
        return self.scale[1] - self.box + 1


class Nps(_Survey):
    """100 times (share of promoters, 9-10, minus share of detractors, 0-6).

    Source: F. F. Reichheld, "The One Number You Need to Grow", Harvard Business Review, December 2003.
    """

    statistic = "nps"
    unit = "points"
    label = "Net promoter score"

    kpi: Literal["nps"]
    scale: Scale = Field((0, 10), description="Always 0 to 10.")
    direction: Literal["higher"] | None = None

    @field_validator("scale")
    @classmethod
    def _zero_to_ten(cls, scale: Scale) -> Scale:
        if scale != (0, 10):
            raise ValueError(
                "nps is defined on the scale 0 to 10 only: its groups (0-6, 7-8, 9-10) mean nothing on"
                f" {scale[0]} to {scale[1]}; use csat with a box there"
            )
        return scale

    @property
    def box_edge(self) -> int:
        return 9


class Ces(_Survey):
    """Customer effort: the share of answers in the easy box, and the mean on its own scale.

    Polarity has no default: surveys ask both ways, and a guess would turn the number round.
    """

    statistic = "share_easy"
    label = "Ease"

    kpi: Literal["ces"]
    scale: Scale = Field((1, 7), description="The lowest and the highest score.")
    polarity: Literal["high_is_easy", "low_is_easy"] = Field(description="Which end of the scale means little effort.")
    box: Annotated[Whole, Field(ge=1)] | None = Field(
        None, description="How many scores at the easy end count; 3 on scales of 7 and more, 2 on 4 to 6, else 1."
    )
    direction: Literal["higher"] | None = None

    @field_validator("scale")
    @classmethod
    def _rising(cls, scale: Scale) -> Scale:
        return _rising_scale(scale)

    @field_validator("box")
    @classmethod
    def _leaves_some_out(cls, box: int | None, info: ValidationInfo) -> int | None:
        return None if box is None else _box_within(box, info)

    @property
    def box_edge(self) -> int:
        low, high = self.scale
        points = high - low + 1
        count = self.box or (3 if points >= 7 else 2 if points >= 4 else 1)
        return high - count + 1 if self.polarity == "high_is_easy" else low + count - 1


class DropOff(KpiBase):
    """Share of mature stage visits that reached no later stage within the window."""

    statistic = "drop_off"
    better = "lower"
    levels = frozenset({"stage"})
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
    """From one touchpoint to another within an instance: share within tolerance, median and p90 of closed cases."""

    statistic = "share_within"
    label = "Time to resolve"

    kpi: Literal["time_to_resolve"]
    from_: Name = Field(alias="from", description="The touchpoint that starts the clock.")
    to: Name = Field(description="The touchpoint that stops it.")
    tolerance: Tolerance = Field(description="What the customer still bears, such as 4h; or due: what was promised.")
    direction: Literal["higher"] | None = None


class TimeInStage(KpiBase):
    """From entering to leaving a stage: median and p90 of closed visits, and the share within tolerance if given."""

    statistic = "share_within"
    levels = frozenset({"stage"})
    label = "Time in stage"

    kpi: Literal["time_in_stage"]
    tolerance: Duration | None = Field(None, description="Without it there is a median, and no share to judge.")
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
    def wanted(self) -> Direction:
        return self.direction or ("lower" if self.tolerance is None else "higher")

    @property
    def measured_unit(self) -> str:
        return "seconds" if self.tolerance is None else "share"

    @property
    def first_statistic(self) -> str:
        return "median_closed" if self.tolerance is None else "share_within"


class RepeatContact(KpiBase):
    """Share of instances in which a touchpoint happened at least twice."""

    statistic = "repeat_contact"
    better = "lower"
    label = "Repeat contact"

    kpi: Literal["repeat_contact"]
    of: Name
    at_least: Annotated[Whole, Field(ge=2)] = 2


class Occurrence(KpiBase):
    """Share of instances in which a touchpoint happened at least so often."""

    statistic = "occurrence"
    better = "lower"
    label = "Occurrence"

    kpi: Literal["occurrence"]
    of: Name
    at_least: Annotated[Whole, Field(ge=1)] = 1


class Volume(KpiBase):
    """Instances of a stage or a journey, or events of one touchpoint."""

    statistic = "volume"
    unit = "count"
    label = "Volume"

    kpi: Literal["volume"]
    of: Name | None = None


def _rising_scale(scale: Scale) -> Scale:
    if scale[0] >= scale[1]:
        raise ValueError(f"a scale goes from its lowest to its highest score, not from {scale[0]} to {scale[1]}")
    return scale


def _box_within(box: int, info: ValidationInfo) -> int:
    low, high = info.data.get("scale", (0, box + 1))  # a wrong scale has been told already
    if box > high - low:
        raise ValueError(f"a box of {box} holds every score from {low} to {high}: all answers would count")
    return box
