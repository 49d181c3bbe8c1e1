"""Records of alerts: an evaluated series, a stored alert, a transition. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

from jkpi.alerts.detection.episodes import EarlyWarning, Episode, LineKind, SeriesResult
from jkpi.alerts.series.watched import Series
from jkpi.alerts.statistics.rules import AlertRule

AlertKind = Literal[
    "drop", "early_warning", "data_gap", "error", "no_events", "unmapped", "wrong_order", "silent", "missing", "volume"
]
TransitionType = Literal["opened", "reopened", "worsened", "resolved", "corrected", "superseded", "ended"]
OPENING_TRANSITIONS: frozenset[TransitionType] = frozenset({"opened", "reopened"})
ALERTING_TRANSITIONS: frozenset[TransitionType] = OPENING_TRANSITIONS | {"worsened"}
SILENT_TRANSITIONS: frozenset[TransitionType] = frozenset({"ended"})
STATUS_AFTER: dict[TransitionType, str] = {
    "opened": "open",
    "reopened": "open",
    "worsened": "open",
    "resolved": "resolved",
    "ended": "resolved",
    "corrected": "corrected",
    "superseded": "superseded",
}
STALE_AFTER = timedelta(days=28)
"""A series is stale if its last mature day is longer than this before the day that should be mature."""


@dataclass(frozen=True)
class EvaluatedSeries:
    """A series and its result. is_inhibited: its moment or stage dropped with it and is reported instead.

    inhibited_by: id of that series. early_warning: open early warning of its undecided cohorts. definition_since: first
    day of the current KPI definition, if another one came before. definition: the current one. rule: what it was
    evaluated against. is_stale: its last mature day is long before the due day, so its state is no news.
    """

    series: Series
    result: SeriesResult
    is_inhibited: bool = False
    first_day: date | None = None
    suspended_days: frozenset[date] = frozenset()
    is_stale: bool = False
    definition_since: date | None = None
    definition: str | None = None
    rule: AlertRule | None = None
    early_warning: EarlyWarning | None = None
    inhibited_by: str | None = None


@dataclass(frozen=True)
class StoredAlert:
    """An alert in the state database.

    rule_at_firing: rule terms when it was notified. notified_lines: detections that were notified, as (line, onset).
    mentioned_lines: lines of past notifications, as (transition number, line). number, last_transition: of its newest
    transition. last_alerting_number: number of the newest transition in ALERTING_TRANSITIONS. final_days: days up to
    its firing or end that had a final reading when it was notified. last_day: last evaluated day of its series.
    series_missing: as in its newest transition.
    """

    alert_id: str
    series_id: str
    journey: str
    moment: str
    segment: str
    segment_value: str
    kind: AlertKind
    status: str
    onset: date
    fired_on: date
    closed_on: date | None
    number: int
    rule_at_firing: Mapping[str, Any]
    notified_lines: tuple[tuple[str, date], ...] = ()
    mentioned_lines: tuple[tuple[int, str], ...] = ()
    title: str = ""
    owner: str = ""
    receivers: tuple[str, ...] = ()
    last_transition: TransitionType = "opened"
    last_alerting_number: int = 1
    final_days: frozenset[date] = frozenset()
    last_day: date | None = None
    series_missing: bool = False

    @property
    def is_open(self) -> bool:
        return self.status == "open"


@dataclass(frozen=True)
class Transition:
    """A change of an alert. evaluated: None if the map no longer declares the series, or if it is missing from the data
    (series_missing)."""

    alert_id: str
    number: int
    transition_type: TransitionType
    kind: AlertKind
    onset: date
    happened_on: date
    evaluated: EvaluatedSeries | None
    episode: Episode | None = None
    stored_alert: StoredAlert | None = field(default=None, repr=False)
    series_missing: bool = False

    @property
    def transition_id(self) -> str:
        return f"{self.alert_id}.{self.number}"

    def mentioned(self, line: LineKind) -> bool:
        """Whether an earlier notification reported the same figure. The share within the usual median is one figure;
        the KPI itself, against baseline or promise, is the other."""
        earlier_lines = (
            earlier_line
            for number, earlier_line in (self.stored_alert.mentioned_lines if self.stored_alert else ())
            if number < self.number
        )
        return any((earlier_line == "median") == (line == "median") for earlier_line in earlier_lines)
