"""KPIs of survey responses."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from jkpi.documents.durations import Duration
from jkpi.journeys.kpi_base import KpiBase
from jkpi.journeys.types import Identifier, WholeNumber

Scale = tuple[WholeNumber, WholeNumber]
_TOUCHPOINT_FIELD = Field(None, description="Only responses about this touchpoint; all of the survey if not given.")


class _SurveyKpi(KpiBase):
    survey: Identifier
    question: Identifier | None = Field(
        None, description="The question; all questions of the survey on this scale if not given."
    )
    touchpoint: Identifier | None = _TOUCHPOINT_FIELD


class ScoredKpi(_SurveyKpi):
    """A KPI over scores on one scale. Scales are never pooled."""

    scale: Scale

    @field_validator("scale", check_fields=False)
    @classmethod
    def _rising(cls, scale: Scale) -> Scale:
        if scale[0] >= scale[1]:
            raise ValueError(f"a scale goes from the lowest to the highest score, not from {scale[0]} to {scale[1]}")
        return scale

    @property
    def box_start(self) -> int | None:
        """The score at which the counted box starts, included; None if the kind has no box."""
        return None


class Csat(ScoredKpi):
    """Share of responses in the top box of their scale."""

    statistic = "top_box"
    label = "Satisfaction"

    kpi: Literal["csat"]
    scale: Scale = Field((1, 5), description="The lowest and the highest score.")
    box: Annotated[WholeNumber, Field(ge=1, validate_default=True)] = Field(2, description="How many top scores count.")
    direction: Literal["higher"] | None = None

    @field_validator("box")
    @classmethod
    def _leaves_some_out(cls, box: int, info: ValidationInfo) -> int:
        return _box_within(box, info)

    @property
    def box_start(self) -> int:
        return self.scale[1] - self.box + 1


class CsatMean(ScoredKpi):
    """The mean score on its own scale."""

    statistic = "mean"
    unit = "points"
    label = "Mean satisfaction"
    no_promise_reason = "it is a mean, not a share. Use csat with a box instead"

    kpi: Literal["csat_mean"]
    scale: Scale = Field((1, 5), description="The lowest and the highest score.")
    direction: Literal["higher"] | None = None


class Nps(ScoredKpi):
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
                "nps is defined on the scale 0 to 10 only (groups 0-6, 7-8, 9-10),"
                f" not on {scale[0]} to {scale[1]}. Use csat with a box instead"
            )
        return scale

    @property
    def box_start(self) -> int:
        return 9


class Ces(ScoredKpi):
    """Customer effort score: share of responses in the easy box.

    Polarity has no default, because surveys ask both ways and a wrong guess would invert the result.
    """

    statistic = "share_easy"
    label = "Ease"

    kpi: Literal["ces"]
    scale: Scale = Field((1, 7), description="The lowest and the highest score.")
    polarity: Literal["high_is_easy", "low_is_easy"] = Field(description="Which end of the scale means little effort.")
    box: Annotated[WholeNumber, Field(ge=1)] | None = Field(
        None, description="How many scores at the easy end count; 3 on scales of 7 and more, 2 on 4 to 6, else 1."
    )
    direction: Literal["higher"] | None = None

    @field_validator("box")
    @classmethod
    def _leaves_some_out(cls, box: int | None, info: ValidationInfo) -> int | None:
        return None if box is None else _box_within(box, info)

    @property
    def box_start(self) -> int:
        low, high = self.scale
        points = high - low + 1
        count = self.box or (3 if points >= 7 else 2 if points >= 4 else 1)
        return high - count + 1 if self.polarity == "high_is_easy" else low + count - 1


class Emotion(KpiBase):
    """Share of responses in which an emotion is present, of those with present or absent; unknown is counted apart.

    An emotion is present or absent. It has no scale, so it is not averaged or weighted.
    """

    statistic = "emotion"
    default_direction = "lower"
    label = "Emotion"

    kpi: Literal["emotion"]
    name: Identifier = Field(description="Which emotion: frustrated, relieved.")
    survey: Identifier | None = Field(None, description="Only responses of this survey; all surveys if not given.")
    touchpoint: Identifier | None = _TOUCHPOINT_FIELD


class ResponseRate(KpiBase):
    """Share of eligible invitations with a response; unknown eligibility counts as eligible.

    Source: AAPOR, Standard Definitions, response rate 1.
    """

    statistic = "response_rate"
    label = "Response rate"

    kpi: Literal["response_rate"]
    survey: Identifier
    window: Duration = Field(description="How long after the invitation a response counts.")

    def decided_within(self, journey_window: timedelta) -> timedelta:
        return self.window


def _box_within(box: int, info: ValidationInfo) -> int:
    low, high = info.data.get("scale", (0, box + 1))  # an invalid scale is reported already
    if box > high - low:
        raise ValueError(f"a box of {box} contains every score from {low} to {high}, so all responses would count")
    return box
