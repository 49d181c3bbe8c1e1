"""The data of a page: rows of the warehouse as frozen dataclasses, not yet formatted.

Units: shares 0 to 1, durations in seconds, NPS -100 to 100. `datetime` values are naive UTC, `date` values are days
of the journey's own time zone. None means "not measured", never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True)
class KpiReading:
    """One row of fct_kpi_readings for all customers together. wave: name of the survey wave; None for a week or day."""

    statistic: str
    period_start: date
    value: float | None
    low: float | None
    high: float | None
    sample_size: int
    open_count: int
    status: str
    unit: str
    is_primary: bool
    wave: str | None = None


AGE_BANDS = (0, 1, 7, 28, 90)
"""First day of each age band of rpt_open_promises."""


@dataclass(frozen=True)
class OpenPromises:
    """Promised cases of one age that are open now. from_days: first day of the band of AGE_BANDS."""

    from_days: int
    not_due: int
    overdue: int


@dataclass(frozen=True)
class PromiseBulk:
    """A day on which many promises fall due together, most of which began on one day."""

    due_date: date
    count: int
    started_date: date
    started_count: int


@dataclass(frozen=True)
class KpiData:
    """A KPI of the map with the readings of its current definition; `is_redefined`: earlier ones had another.
    `stage` is None for a KPI of the whole journey. `weeks`: the newest 26 weeks; all waves if `is_by_wave`, that is, if
    a moment of truth evaluates it by survey wave."""

    kpi: str
    stage: str | None
    kind: str
    title: str
    unit: str
    direction: str
    target: float | None
    parameters: Mapping[str, Any]
    weeks: tuple[KpiReading, ...] = ()
    last_day: KpiReading | None = None
    baseline: float | None = None
    is_redefined: bool = False
    is_by_wave: bool = False
    open_promises: tuple[OpenPromises, ...] = ()
    promise_bulks: tuple[PromiseBulk, ...] = ()


@dataclass(frozen=True)
class MomentData:
    """promise: to all customers, and to each segment value that is not in segment_promises: (segment, value) ->
    promise."""

    moment: str
    kpi: str
    statistic: str | None
    promise: float | None
    owner: str
    title: str | None = None
    segment_promises: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def promise_to(self, segment: str, value: str) -> float | None:
        """The promise to a segment value: its own, else that to all customers."""
        return self.segment_promises.get((segment, value), self.promise)


@dataclass(frozen=True)
class TouchpointData:
    touchpoint: str
    stage: str
    title: str | None
    channel: str
    stage_side: str
    confirmation: str
    is_staffed: bool
    count_events: int | None = None
    count_events_28d: int | None = None
    last_event_at: datetime | None = None


@dataclass(frozen=True)
class StageData:
    stage: str
    title: str
    owner: str
    content: Mapping[str, Any]
    visits_28d: int | None = None


@dataclass(frozen=True)
class SourceData:
    source: str
    title: str
    kind: str
    owner: str
    schedule: str
    late_seconds: int
    newest_row_at: datetime | None
    loaded_at: datetime | None
    rows_read: int
    rows_rejected: int
    refusal_reason: str | None
    data_gaps: tuple[tuple[datetime, datetime, str], ...] = ()


@dataclass(frozen=True)
class UnmappedTouchpoint:
    """A touchpoint in the data that is on no map."""

    touchpoint: str
    count_events: int


JOURNEY_END = "(end)"
"""The next stage of an instance that has ended."""


@dataclass(frozen=True)
class StageTransition:
    """Visits of `stage` that continued to `next_stage`; `(end)`: mature instances that ended there."""

    stage: str
    next_stage: str
    count: int


@dataclass(frozen=True)
class QuestionScore:
    """The responses to one question, scaled to 0..1 with 1 as best; never pooled with another question."""

    kpi: str
    stage: str | None
    mean: float
    count: int


@dataclass(frozen=True)
class SegmentWeek:
    """A weekly reading as measured now; whether it is too small to show; and as first published."""

    reading: KpiReading
    is_suppressed: bool = False
    first_published: KpiReading | None = None


@dataclass(frozen=True)
class JourneyInsights:
    """peaks, ends: touchpoint -> instances whose strongest, or last, response is there. segment_weeks: (KPI, segment,
    segment value) -> its weeks, primary statistic only, oldest first. versions: (version, valid from)."""

    transitions: tuple[StageTransition, ...] = ()
    scores: tuple[QuestionScore, ...] = ()
    peaks: tuple[tuple[str, int], ...] = ()
    ends: tuple[tuple[str, int], ...] = ()
    segment_weeks: tuple[tuple[tuple[str, str, str], tuple[SegmentWeek, ...]], ...] = ()
    versions: tuple[tuple[int, date], ...] = ()


@dataclass(frozen=True)
class PageData:
    """The data of one journey. `last_week` is the Monday of the newest week the charts show."""

    journey: str
    title: str
    version: int
    owner: str
    timezone: str
    persona: str | None
    persona_segment: Mapping[str, Any]
    valid_from: datetime | None
    starts_with: tuple[str, ...]
    ends_with: tuple[str, ...]
    window_seconds: int | None
    last_week: date
    stages: tuple[StageData, ...] = ()
    touchpoints: tuple[TouchpointData, ...] = ()
    kpis: tuple[KpiData, ...] = ()
    moments: tuple[MomentData, ...] = ()
    sources: tuple[SourceData, ...] = ()
    unmapped_touchpoints: tuple[UnmappedTouchpoint, ...] = ()
    first_event_at: datetime | None = None
    last_event_at: datetime | None = None
    is_measured: bool = field(default=False)
    insights: JourneyInsights = field(default_factory=JourneyInsights)
