"""The view models of the templates: texts, our own markup, and numbers for widths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from jkpi.living_map.states import StateLabel, displayed_state


@dataclass(frozen=True)
class GoalStatus:
    """A value against a promise or target: `key` is good, unclear or bad; never shown by colour alone."""

    key: str
    label: str


@dataclass(frozen=True)
class LabelledValue:
    """A value with its label. `statistic`: the statistic of a reading."""

    value: str
    label: str
    statistic: str = ""


@dataclass(frozen=True)
class OpenPromisesRow:
    """Open cases of one age, by whether their promise is due: all as text."""

    age: str
    not_due: str
    overdue: str


@dataclass(frozen=True)
class KpiView:
    """`value` is None without a final reading; `note` says why."""

    anchor: str
    definition: str
    title: str
    statistic: str
    value: str | None
    caption: str
    interval: str | None
    n: str | None
    week: str | None
    goal: str | None
    goal_status: GoalStatus | None
    baseline: str | None
    note: str | None
    extras: tuple[LabelledValue, ...]
    stack: Markup | None
    chart: Markup | None
    moment: str | None
    state: StateLabel | None
    open_promises: tuple[OpenPromisesRow, ...] = ()
    promise_bulks: tuple[str, ...] = ()


@dataclass(frozen=True)
class AlertView:
    """An open alert. `key`: the segment as in the switch of the page; `segment_label` is empty for the total. `value`,
    `interval`: as estimated; `counted`: the counts as they are. `promise_text`: the promise to a segment if it is not
    that to all customers. `includes_text`: drops that are part of it."""

    key: str
    segment_label: str
    state: StateLabel
    value: str | None
    counted: str
    caption: str
    baseline_text: str
    interval: str | None
    n: str | None
    period: str
    since: str
    onset_text: str
    promise_text: str = ""
    includes_text: str = ""


@dataclass(frozen=True)
class BreachView:
    """A segment below its promise, without an alert. `key`: the segment as in the switch of the page."""

    key: str
    segment_label: str
    value: str
    detail: str


@dataclass(frozen=True)
class MomentView:
    """`alerts`: its open alerts, that of the total first; `firing_segments`: their segments as text. The other figures
    are of the latest final week, which may be before the drop. `early_warning`: its open early warning as text.
    `breaches`: segments below their promise without an alert, the furthest first; `breach_heading`: how many.
    `volume_drop`: its open drop of volume as text."""

    anchor: str
    title: str
    stage_title: str
    state: StateLabel
    since: str | None
    value: str | None
    caption: str
    kpi_title: str
    promise: str | None
    goal_status: GoalStatus | None
    interval: str | None
    n: str | None
    week: str | None
    last_day: str | None
    note: str | None
    owner: str
    chart: Markup | None
    kpi_anchor: str
    firing_segments: str = ""
    alerts: tuple[AlertView, ...] = ()
    early_warning: str = ""
    breaches: tuple[BreachView, ...] = ()
    breach_heading: str = ""
    volume_drop: str = ""

    @property
    def displayed_state(self) -> StateLabel:
        """The state as one label: a firing segment is shown even if the total is ok."""
        return displayed_state(self.state, is_partly_firing=bool(self.firing_segments))

    @property
    def total_alert(self) -> AlertView | None:
        """The open alert about the total, if it has figures."""
        return next((alert for alert in self.alerts if not alert.segment_label and alert.value), None)

    @property
    def segment_alerts(self) -> tuple[AlertView, ...]:
        return tuple(alert for alert in self.alerts if alert.segment_label)


@dataclass(frozen=True)
class TouchpointView:
    touchpoint: str
    title: str
    channel: str
    icon: str
    side: str
    confirmed: bool
    has_events: bool
    volume: str
    last_event: str
    staffed: bool = False


@dataclass(frozen=True)
class TransitionView:
    """A transition of a stage. `kind`: on_map, skip, back or dropped_off; share 0..1 of the mature visits."""

    target: str
    kind: str
    label: str
    count: str
    percent: str
    share: float


@dataclass(frozen=True)
class ScoreView:
    """A point of the satisfaction curve."""

    kpi: str
    value: str
    n: str
    curve: Markup
    peak_end_notes: tuple[str, ...]


@dataclass(frozen=True)
class StageView:
    """One column. `texts`: the lanes of plain sentences, by lane key."""

    stage: str
    anchor: str
    number: int
    title: str
    owner: str
    visits: str
    flow_ribbon: Markup | None
    texts: Mapping[str, tuple[str, ...]]
    touchpoints: tuple[TouchpointView, ...]
    kpis: tuple[KpiView, ...]
    moments: tuple[MomentView, ...]
    owners: tuple[LabelledValue, ...]
    transitions: tuple[TransitionView, ...] = ()
    score: ScoreView | None = None
    stories: tuple[tuple[str, tuple[str, ...]], ...] = ()
    initiatives: tuple[LabelledValue, ...] = ()


@dataclass(frozen=True)
class LaneView:
    """One row. `key` chooses the template of its cells; a view of the map is a choice of lanes."""

    key: str
    title: str
    hint: str
    side: str


@dataclass(frozen=True)
class SourceView:
    source: str
    title: str
    kind: str
    owner: str
    key: str
    label: str
    newest: str
    detail: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class WeekRow:
    week: str
    value: str
    interval: str
    n: str
    status: str


@dataclass(frozen=True)
class DefinitionView:
    anchor: str
    kpi_anchor: str
    title: str
    stage_title: str
    formula: str
    maturity: str
    direction: str
    weeks: tuple[WeekRow, ...]


@dataclass(frozen=True)
class Headline:
    """The headline of a page. `key`: a state or `empty`. `segments`: a headline for each segment with an alert, by its
    key in the switch of the page."""

    key: str
    text: str
    detail: str
    segments: tuple[tuple[str, Headline], ...] = ()


@dataclass(frozen=True)
class DiagramView:
    """One of the six views: its lanes in order, the lines above them, and the lanes that are empty."""

    key: str
    title: str
    question: str
    lanes: tuple[str, ...]
    dividers: Mapping[str, str]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class MapPage:
    journey: str
    file: str
    title: str
    persona: str | None
    persona_detail: str | None
    scope: str | None
    owner: str
    version: str
    as_of: str
    newest: str
    synthetic: bool
    headline: Headline
    moments: tuple[MomentView, ...]
    lanes: tuple[LaneView, ...]
    stages: tuple[StageView, ...]
    kpis: tuple[KpiView, ...]
    sources: tuple[SourceView, ...]
    unmapped_touchpoints: tuple[LabelledValue, ...]
    definitions: tuple[DefinitionView, ...]
    legend: tuple[StateLabel, ...]
    diagrams: tuple[DiagramView, ...] = ()
    owner_names: tuple[str, ...] = ()
    timeline: str = ""


@dataclass(frozen=True)
class IndexPage:
    workspace: str
    as_of: str
    synthetic: bool
    pages: tuple[MapPage, ...]
