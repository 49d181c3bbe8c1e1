"""A journey map as its YAML holds it. Pure: no file is read here, and nothing is looked up elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from jkpi.documents.documents import StrictModel
from jkpi.documents.durations import Duration, LongDuration
from jkpi.journeys.kpi_registry import Kpi
from jkpi.journeys.types import (
    STAFFED_CHANNELS,
    Feeling,
    Identifier,
    IsoDate,
    Number,
    SegmentName,
    SegmentParts,
    SegmentValue,
    Text,
    Timezone,
    WholeNumber,
    title_from_name,
)

JOURNEY_LEVEL = "journey"
"""What stands before the dot in the id of a KPI of the whole journey."""

TOTAL_SEGMENT = "all"
"""The segment that means everybody: no segment of a map may be called so."""


class Viewpoint(StrictModel):
    """Whose experience it is."""

    persona: Text
    segment: dict[Identifier, Annotated[list[SegmentValue], Field(min_length=1)]] = Field(
        {}, description="Segment -> the values that this persona stands for: only passages with one of them count."
    )


class Scope(StrictModel):
    """From where to where, and how long."""

    starts_with: Annotated[list[Identifier], Field(min_length=1)] = Field(
        description="Touchpoints that begin a passage."
    )
    ends_with: Annotated[list[Identifier], Field(min_length=1)] = Field(description="Touchpoints that complete it.")
    window: Duration = Field(description="The longest a passage may take; after it, it is decided.")
    session_gap: Duration = Field(description="A silence this long ends a passage; what follows is a new one.")


class Touchpoint(StrictModel):
    """Where customer and company meet."""

    touchpoint: Identifier
    title: Text | None = None
    channel: Identifier
    frontstage: bool = Field(True, description="Whether the customer sees it happen.")
    confirmation: Literal["hypothesis", "confirmed_by_customers"] = "hypothesis"
    staffed: bool | None = Field(None, description="Whether it needs a person of ours; by the channel if not given.")

    @property
    def display_title(self) -> str:
        """The title, or one made from the name."""
        return self.title or title_from_name(self.touchpoint)

    @property
    def is_staffed(self) -> bool:
        """What the map says; else whether the channel is one where somebody answers."""
        return self.channel in STAFFED_CHANNELS if self.staffed is None else self.staffed


class UserStory(StrictModel):
    """What somebody wants to be able to do, cut small enough to build."""

    story: Text
    release: Text | None = Field(None, description="When it comes, such as now, next or a date; open if not given.")


class Initiative(StrictModel):
    """Something that is being done about a stage."""

    action: Text
    owner: Text | None = Field(None, description="The stage's owner if not given.")
    due: IsoDate | None = None


class Stage(StrictModel):
    """One step toward the customer's goal, with the lanes of the map."""

    stage: Identifier
    title: Text | None = None
    owner: Text | None = Field(None, description="The department; the journey's owner if not given.")
    goals: list[Text] = []
    actions: list[Text] = []
    feelings: list[Feeling] = []
    pains: list[Text] = []
    opportunities: list[Text] = []
    thoughts: list[Text] = Field([], description="What goes through the customer's mind: for the mental model.")
    backstage: list[Text] = Field([], description="What we do unseen: for the service blueprint.")
    support: list[Text] = Field([], description="Systems and partners it rests on: for the service blueprint.")
    stories: list[UserStory] = Field([], description="For the user story map.")
    initiatives: list[Initiative] = Field([], description="What is being done about it, by whom, until when.")
    touchpoints: Annotated[list[Touchpoint], Field(min_length=1)]
    kpis: list[Kpi] = []

    @property
    def display_title(self) -> str:
        """The title, or one made from the name."""
        return self.title or title_from_name(self.stage)


class Escalation(StrictModel):
    """Who is told when nobody has acknowledged for so long."""

    after: Duration
    to: Annotated[list[Text], Field(min_length=1)]


class Moment(StrictModel):
    """A KPI that decides the relationship: it has an owner and a promise."""

    moment: Identifier
    title: Text | None = None
    kpi: Annotated[str, Field(description="The id of a KPI of this map: stage.name, or journey.name.")]
    promise: Number | None = Field(
        None,
        description="What is promised: a share 0-1, for nps points from -100 to 100. None for a time without tolerance,"
        " which is judged by how many take longer than usual.",
    )
    min_drop: Annotated[
        Number,
        Field(
            gt=0,
            description="The smallest fall worth waking somebody, in its unit; of durations also of the share that is"
            " done within the usual median: 0.1 where half used to be, and only 0.4 are.",
        ),
    ]
    period: Literal["day", "week"] = Field("day", description="Whether its readings are judged by day or by week.")
    false_alarm_every: LongDuration | None = Field(
        None, description="So rarely it may be told of falsely, such as 1y; what jkpi.yml says if not given."
    )
    owner: Text
    notify: list[Text] = Field([], description="Receivers; the workspace's default receiver if none is given.")
    segments: list[SegmentName] = Field(
        [], description="Segments in which it is judged as well; tier+region combines two."
    )
    escalate: Escalation | None = None

    @property
    def display_title(self) -> str:
        """The title, or one made from the name."""
        return self.title or title_from_name(self.moment)


class Journey(StrictModel):
    """An ordered set of stages toward a customer's goal."""

    journey: Identifier
    title: Text
    version: Annotated[WholeNumber, Field(ge=1)]
    owner: Text
    timezone: Timezone = Field(description="Where its days are cut: an IANA zone, such as Europe/Paris.")
    focus: Text | None = Field(None, description="What the map is about, in a sentence.")
    viewpoint: Viewpoint
    scope: Scope
    segments: list[SegmentParts] = Field(
        [], description="Names; a list in the list, such as [tier, region], combines them."
    )
    min_cell_size: Annotated[WholeNumber, Field(ge=1)] = Field(
        1, description="A reading of a segment over fewer members than this is not shown."
    )
    valid_from: IsoDate | None = Field(
        None, description="The day from which this version is in force; the moment it was first loaded if not given."
    )
    stages: Annotated[list[Stage], Field(min_length=1)]
    kpis: list[Kpi] = Field([], description="KPIs of the journey as a whole.")
    moments_of_truth: list[Moment] = []

    @property
    def staffed_touchpoints(self) -> list[str]:
        """The touchpoints at which somebody of ours is met."""
        return [point.touchpoint for stage in self.stages for point in stage.touchpoints if point.is_staffed]

    def all_kpis(self) -> Iterator[tuple[str, Kpi, Stage | None, int | None]]:
        """(id, KPI, its stage, the stage's position from 1); stage and position are None for the journey's own."""
        for position, stage in enumerate(self.stages, start=1):
            for kpi in stage.kpis:
                yield f"{stage.stage}.{kpi.short_id}", kpi, stage, position
        for kpi in self.kpis:
            yield f"{JOURNEY_LEVEL}.{kpi.short_id}", kpi, None, None
