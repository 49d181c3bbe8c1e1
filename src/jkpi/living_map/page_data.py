"""What the page is made of: rows of the warehouse as frozen dataclasses, nothing formatted yet.

Units: shares 0 to 1, durations in seconds, NPS -100 to 100. `datetime` values are naive UTC, `date` values are days
of the journey's own time zone. None means "not measured", never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True)
class Reading:
    """One row of fct_kpi_readings for all customers together."""

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


@dataclass(frozen=True)
class Kpi:
    """A KPI of the map with its readings, those of its definition alone; `is_redefined`: earlier ones had another.
    `stage` is None for a KPI of the whole journey."""

    kpi: str
    stage: str | None
    kind: str
    title: str
    unit: str
    direction: str
    target: float | None
    rule: Mapping[str, Any]
    weeks: tuple[Reading, ...] = ()
    last_day: Reading | None = None
    baseline: float | None = None
    is_redefined: bool = False


@dataclass(frozen=True)
class Moment:
    moment: str
    kpi: str
    statistic: str | None
    promise: float | None
    owner: str
    title: str | None = None


@dataclass(frozen=True)
class Touchpoint:
    touchpoint: str
    stage: str
    title: str | None
    channel: str
    stage_side: str
    evidence: str
    is_staffed: bool
    count_events: int | None = None
    count_events_28d: int | None = None
    last_evidence_at: datetime | None = None


@dataclass(frozen=True)
class Stage:
    stage: str
    title: str
    owner: str
    content: Mapping[str, Any]
    visits_28d: int | None = None


@dataclass(frozen=True)
class Source:
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
    refused: str | None
    blind: tuple[tuple[datetime, datetime, str], ...] = ()


@dataclass(frozen=True)
class Stray:
    """A touchpoint the data speak of and the map does not."""

    touchpoint: str
    count_events: int


END = "(end)"
"""Where a passage goes when it is over."""


@dataclass(frozen=True)
class Move:
    """Visits of `stage` that went on to `next_stage`; `(end)`: the passage ended there, and that is decided."""

    stage: str
    next_stage: str
    count: int


@dataclass(frozen=True)
class Score:
    """The answers to one question, on its scale turned to 0..1, 1 is best; never pooled with another question's."""

    kpi: str
    stage: str | None
    mean: float
    count: int


@dataclass(frozen=True)
class Week:
    """A weekly reading as measured by now; whether it is too small to be shown; and as it was first published."""

    reading: Reading
    hidden: bool = False
    published: Reading | None = None


@dataclass(frozen=True)
class Insights:
    """peaks, ends: touchpoint -> passages whose strongest, or last, answer was given there. slices: (KPI, segment,
    segment value) -> its weeks, primary statistic only, oldest first. versions: (version, valid from)."""

    moves: tuple[Move, ...] = ()
    scores: tuple[Score, ...] = ()
    peaks: tuple[tuple[str, int], ...] = ()
    ends: tuple[tuple[str, int], ...] = ()
    slices: tuple[tuple[tuple[str, str, str], tuple[Week, ...]], ...] = ()
    versions: tuple[tuple[int, date], ...] = ()


@dataclass(frozen=True)
class Facts:
    """Everything known of one journey. `last_week` is the Monday of the newest week the charts show."""

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
    stages: tuple[Stage, ...] = ()
    touchpoints: tuple[Touchpoint, ...] = ()
    kpis: tuple[Kpi, ...] = ()
    moments: tuple[Moment, ...] = ()
    sources: tuple[Source, ...] = ()
    strays: tuple[Stray, ...] = ()
    first_evidence_at: datetime | None = None
    last_evidence_at: datetime | None = None
    measured: bool = field(default=False)
    insights: Insights = field(default_factory=Insights)
