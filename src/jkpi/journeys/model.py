"""The journey map as its YAML defines it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from jkpi.documents.durations import Duration, LongDuration
from jkpi.documents.models import StrictModel
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
"""Prefix of the ids of KPIs of the whole journey."""

TOTAL_SEGMENT = "all"
"""The segment of all customers; reserved."""


class Viewpoint(StrictModel):
    """Whose experience the map describes."""

    persona: Text
    segment: dict[Identifier, Annotated[list[SegmentValue], Field(min_length=1)]] = Field(
        {}, description="Segment -> values of this persona; only journey instances with one of them count."
    )


class Scope(StrictModel):
    """Where a journey instance starts and ends, and how long it may take."""

    starts_with: Annotated[list[Identifier], Field(min_length=1)] = Field(
        description="Touchpoints that start a journey instance."
    )
    ends_with: Annotated[list[Identifier], Field(min_length=1)] = Field(description="Touchpoints that complete it.")
    window: Duration = Field(description="The longest a journey instance may take; afterwards its outcome is decided.")
    session_gap: Duration = Field(description="After this long without an event a new journey instance starts.")


class Touchpoint(StrictModel):
    """A point where customer and company meet."""

    touchpoint: Identifier
    title: Text | None = None
    channel: Identifier
    frontstage: bool = Field(True, description="Whether the customer sees it.")
    confirmation: Literal["hypothesis", "confirmed_by_customers"] = "hypothesis"
    staffed: bool | None = Field(None, description="Whether your staff is involved; by the channel if not given.")

    @property
    def display_title(self) -> str:
        """The title, or one made from the name."""
        return self.title or title_from_name(self.touchpoint)

    @property
    def is_staffed(self) -> bool:
        """`staffed` if given, else whether the channel is usually staffed."""
        return self.channel in STAFFED_CHANNELS if self.staffed is None else self.staffed


class UserStory(StrictModel):
    """A user story of the user story map."""

    story: Text
    release: Text | None = Field(
        None, description="When it is planned, such as now, next or a date; open if not given."
    )


class Initiative(StrictModel):
    """What is being done to improve a stage."""

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
    thoughts: list[Text] = Field([], description="What the customer thinks; shown in the mental model.")
    backstage: list[Text] = Field(
        [], description="What you do where the customer does not see it; shown in the service blueprint."
    )
    support: list[Text] = Field([], description="Systems and partners behind it; shown in the service blueprint.")
    stories: list[UserStory] = Field([], description="Shown in the user story map.")
    initiatives: list[Initiative] = Field([], description="What is being done about it, by whom, until when.")
    touchpoints: Annotated[list[Touchpoint], Field(min_length=1)]
    kpis: list[Kpi] = []

    @property
    def display_title(self) -> str:
        """The title, or one made from the name."""
        return self.title or title_from_name(self.stage)


class Escalation(StrictModel):
    """Receivers that are notified if nobody acknowledges in time."""

    after: Duration
    to: Annotated[list[Text], Field(min_length=1)]


class PromiseBySegment(StrictModel):
    """Promises that differ between segments."""

    default: Number | None = Field(
        None,
        description="For all customers, and for each segment value that is not named under by. Left out: these are"
        " compared with their own baseline alone.",
    )
    by: Annotated[
        dict[SegmentName, Annotated[dict[SegmentValue, Number], Field(min_length=1)]],
        Field(
            min_length=1,
            description="Segment -> value -> promise. The moment must evaluate the segment (segments). A combination"
            " and its values are joined by +, such as tier+region: {gold+south: 0.95}.",
        ),
    ]


def _promise_form(value: Any) -> str:
    return "by_segment" if isinstance(value, dict | PromiseBySegment) else "number"


Promise = Annotated[
    Annotated[Number, Tag("number")] | Annotated[PromiseBySegment, Tag("by_segment")], Discriminator(_promise_form)
]
"""One promise for all, or promises by segment."""


class Moment(StrictModel):
    """A KPI that decides the relationship: it has an owner, and usually a promise."""

    moment: Identifier
    title: Text | None = None
    kpi: Annotated[str, Field(description="The id of a KPI of this map: stage.name, or journey.name.")]
    promise: Promise | None = Field(
        None,
        description="What you promise: a share from 0 to 1, or points from -100 to 100 for nps; one number, or promises"
        " by segment. Left out, the moment is compared with its own baseline alone, as a time without tolerance must"
        " be.",
    )
    min_drop: Annotated[
        Number,
        Field(
            gt=0,
            description="The smallest drop worth a notification, in the unit of the KPI. For a time without tolerance:"
            " of the share done within the usual median, so 0.1 means from 0.5 to 0.4.",
        ),
    ]
    period: Literal["day", "week", "wave"] = Field(
        "day",
        description="Whether its readings are evaluated by day, by week, or by survey wave: each wave is compared with"
        " the one before.",
    )
    baseline: Literal["usual", "local"] = Field(
        "usual",
        description="usual: the weeks before. local: also lowered by a slow fall of the last weeks, for KPIs that"
        " drift: fewer false alarms, but slow true falls are found later or not at all.",
    )
    false_alarm_every: LongDuration | None = Field(
        None,
        description="False-alarm budget: at most one false alarm in this time, such as 1y; from jkpi.yml if not given.",
    )
    owner: Text
    notify: list[Text] = Field([], description="Receivers; the default receiver if none is given.")
    segments: list[SegmentName] = Field(
        [], description="Segments that are evaluated as well; tier+region combines two."
    )
    escalate: Escalation | None = None

    @property
    def display_title(self) -> str:
        """The title, or one made from the name."""
        return self.title or title_from_name(self.moment)

    @property
    def default_promise(self) -> float | None:
        """The promise to all customers, and to each segment value without one of its own; None if there is none."""
        return self.promise.default if isinstance(self.promise, PromiseBySegment) else self.promise

    @property
    def segment_promises(self) -> dict[tuple[str, str], float]:
        """(segment, value) -> the promise of its own."""
        if not isinstance(self.promise, PromiseBySegment):
            return {}
        return {(name, value): number for name, values in self.promise.by.items() for value, number in values.items()}

    def promise_to(self, segment: str, value: str) -> float | None:
        """The promise to a segment value: its own, else the default."""
        return self.segment_promises.get((segment, value), self.default_promise)


class Journey(StrictModel):
    """One map: the ordered stages toward a customer's goal."""

    journey: Identifier
    title: Text
    version: Annotated[WholeNumber, Field(ge=1)]
    owner: Text
    timezone: Timezone = Field(description="Time zone of the days of the journey: an IANA name, such as Europe/Paris.")
    focus: Text | None = Field(None, description="What the map is about, in one sentence.")
    viewpoint: Viewpoint
    scope: Scope
    segments: list[SegmentParts] = Field(
        [], description="Names; an inner list, such as [tier, region], combines several."
    )
    min_cell_size: Annotated[WholeNumber, Field(ge=1)] = Field(
        1, description="Readings of a segment with fewer members are suppressed."
    )
    valid_from: IsoDate | None = Field(
        None, description="First day on which this version is valid; the time it was first loaded if not given."
    )
    stages: Annotated[list[Stage], Field(min_length=1)]
    kpis: list[Kpi] = Field([], description="KPIs of the journey as a whole.")
    moments_of_truth: list[Moment] = []

    @property
    def staffed_touchpoints(self) -> list[str]:
        """Names of the staffed touchpoints."""
        return [point.touchpoint for stage in self.stages for point in stage.touchpoints if point.is_staffed]

    def all_kpis(self) -> Iterator[tuple[str, Kpi, Stage | None, int | None]]:
        """(id, KPI, stage, position of the stage from 1); stage and position are None for KPIs of the journey."""
        for position, stage in enumerate(self.stages, start=1):
            for kpi in stage.kpis:
                yield f"{stage.stage}.{kpi.short_id}", kpi, stage, position
        for kpi in self.kpis:
            yield f"{JOURNEY_LEVEL}.{kpi.short_id}", kpi, None, None


def journey_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12, of one file under `journeys/`."""
    schema = Journey.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "A jkpi journey map"}
